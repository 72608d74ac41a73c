# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Labels: people rate footage window by window, blind to every score."""

import marimo

app = marimo.App(width="full", app_title="Labels · Editron")

with app.setup:
    import ui

    from editron_core.review import blind


@app.cell
def _():
    ui.bar("labels")
    return


@app.cell
def _():
    rater = ui.who()["name"]
    ui.view("labels", lambda query: blind.shown(ui.store(), query, rater))
    return


if __name__ == "__main__":
    app.run()
