# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""QA board: what is not as it was blessed, and who looks after it."""

import marimo

app = marimo.App(width="full", app_title="QA board · Editron")

with app.setup:
    import ui

    from editron_core.review import qaboard


@app.cell
def _():
    ui.bar("qa")
    return


@app.cell
def _():
    ui.view("qa", lambda query: qaboard.shown(ui.store(), query))
    return


if __name__ == "__main__":
    app.run()
