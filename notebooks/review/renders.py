# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Renders: how far each render job is, what went wrong, and what it left."""

import marimo

app = marimo.App(width="full", app_title="Renders · Editron")

with app.setup:
    import ui

    from editron_core.review import renders


@app.cell
def _():
    ui.bar("renders")
    return


@app.cell
def _():
    ui.view("renders", lambda query: renders.shown(ui.store(), query))
    return


if __name__ == "__main__":
    app.run()
