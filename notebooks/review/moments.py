# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
"""Review: play the cuts, sign them off, or change them."""

import marimo

app = marimo.App(width="full", app_title="Review · Editron")

with app.setup:
    import ui

    from editron_core.review import moments


@app.cell
def _():
    ui.bar("moments")
    return


@app.cell
def _():
    me = ui.who()["name"]
    ui.view("moments", lambda query: moments.desk(ui.store(), query, me))
    return


if __name__ == "__main__":
    app.run()
