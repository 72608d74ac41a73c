"""`editron profiles`: the scoring profiles that choose moments."""

from __future__ import annotations

from typing import Annotated

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, Knobs, read_knobs, reported

app = typer.Typer(no_args_is_help=True, help="The scoring profiles that choose moments.")


@app.command("list")
def list_profiles(as_json: Json = False) -> None:
    """Show the scoring profiles that ship with Editron."""
    from editron_core.score import profile

    with reported():
        known = [profile.load(name) for name in profile.shipped()]
    terminal.show_profiles(known, as_json)


@app.command("show")
def show_profile(
    name: Annotated[str, typer.Argument(help="A name or a .toml file.")],
    knob: Knobs = None,
    as_json: Json = False,
) -> None:
    """Show what a profile weighs, asks for and keeps, and its hash."""
    from editron_core.score import profile

    with reported():
        found = profile.load(name)
        turned = read_knobs(knob)
        found = found.with_knobs(**turned) if turned else found
    terminal.show_profile(found, as_json)
