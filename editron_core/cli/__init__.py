"""`editron`: one command per verb. Arguments in, lane called, outcome printed; no logic of its own.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 failed with one clear
line, 2 bad usage.
"""

from __future__ import annotations

import signal
from typing import Annotated, NoReturn

import typer

from editron_core import __version__, process
from editron_core.cli import (
    commands,
    flows,
    housekeeping,
    jobs,
    keys,
    mcp,
    profiles,
    qa,
    review,
    serve,
    sources,
    terminal,
    tune,
)

app = typer.Typer(
    name="editron",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Footage in; finished, captioned, checked videos out.

    [bold]editron demo[/] shows the whole lane on footage that it draws itself.
    [bold]editron run FOLDER[/] does the same with yours. [bold]editron doctor[/] tells what is installed.

    Every command prints one JSON document with [bold]--json[/]. State lives in EDITRON_HOME (.editron).""",
)
for command in (
    commands.demo,
    commands.run,
    commands.ingest,
    commands.analyze,
    commands.moments,
    commands.edit,
    commands.render,
    commands.status,
    tune.tune,
    housekeeping.housekeeping,
    serve.serve,
    mcp.mcp,
    commands.doctor,
):
    app.command()(command)
app.add_typer(review.app, name="review")
app.add_typer(jobs.app, name="jobs")
app.add_typer(sources.app, name="sources")
app.add_typer(profiles.app, name="profiles")
app.add_typer(qa.app, name="qa")
app.add_typer(flows.app, name="flows")
app.add_typer(keys.app, name="keys")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        terminal.out.print(__version__)
        raise typer.Exit


def main() -> NoReturn:
    """The console script."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        app()
    finally:
        process.stop_all()
    raise SystemExit(0)
