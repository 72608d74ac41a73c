# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Analysis: what was seen in a batch, the moments in it, and what to make of them."""

import marimo

app = marimo.App(width="full", app_title="Analysis · Editron")

with app.setup:
    import ui

    from editron_core.review import report


@app.cell
def _():
    ui.bar("report")
    return


@app.cell
def _():
    ui.view("report", lambda query: report.analysis(ui.store(), query))
    return


if __name__ == "__main__":
    app.run()
