# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Brand kits: how deliverables look, version by version, and which of them a project inherits."""

import marimo

app = marimo.App(width="full", app_title="Brand kits · Editron")

with app.setup:
    import ui

    from editron_core.review import brands


@app.cell
def _():
    ui.bar("brands")
    return


@app.cell
def _():
    ui.view("brands", lambda query: brands.shown(ui.store(), query))
    return


if __name__ == "__main__":
    app.run()
