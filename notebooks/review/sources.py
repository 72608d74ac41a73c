# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Sources: the Dropbox folders and links that footage arrives from by itself."""

import marimo

app = marimo.App(width="full", app_title="Sources · Editron")

with app.setup:
    import ui

    from editron_core.config import settings
    from editron_core.review import sources


@app.cell
def _():
    ui.bar("sources")
    return


@app.cell
def _():
    configured = bool(settings().dropbox_app_key)
    ui.view("sources", lambda query: sources.shown(ui.store(), query, configured=configured))
    return


if __name__ == "__main__":
    app.run()
