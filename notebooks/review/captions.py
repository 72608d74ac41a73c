# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Captions: put right what is written, and see it as the export will show it."""

import marimo

app = marimo.App(width="full", app_title="Captions · Editron")

with app.setup:
    import ui

    from editron_core.lane import captioning
    from editron_core.review import captions


@app.cell
def _():
    ui.bar("captions")
    return


@app.cell
def _():
    ui.view("captions", lambda query: captions.desk(ui.store(), query, captioning.of_file))
    return


if __name__ == "__main__":
    app.run()
