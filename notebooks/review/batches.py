# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Batches: what arrived, where it stands, and what to do about it."""

import marimo

app = marimo.App(width="full", app_title="Batches · Editron")

with app.setup:
    import ui

    from editron_core.review import batches


@app.cell
def _():
    ui.bar("batches")
    return


@app.cell
def _():
    ui.view("batches", lambda query: batches.shown(ui.store(), query))
    return


if __name__ == "__main__":
    app.run()
