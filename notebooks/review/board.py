# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Board: a card per batch, in the column of the stage that it is at."""

import marimo

app = marimo.App(width="full", app_title="Board · Editron")

with app.setup:
    import ui

    from editron_core.review import board


@app.cell
def _():
    ui.bar("board")
    return


@app.cell
def _():
    ui.view("board", lambda query: board.shown(ui.store(), query))
    return


if __name__ == "__main__":
    app.run()
