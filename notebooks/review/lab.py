# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Scoring lab: other weights, and at once the moments that they choose."""

import marimo

app = marimo.App(width="full", app_title="Scoring lab · Editron")

with app.setup:
    import ui

    from editron_core.config import settings
    from editron_core.lane import registry
    from editron_core.lane.engines import Engines
    from editron_core.review.lab import Lab, Shelf


@app.cell
def _():
    ui.bar("lab")
    return


@app.cell
def _():
    shelf = Shelf(lambda: registry.listing(ui.store()), lambda name: registry.applied(ui.store(), name))
    lab = Lab(ui.store(), shelf, Engines(settings()).prompts)
    ui.view("lab", lab.shown)
    return


if __name__ == "__main__":
    app.run()
