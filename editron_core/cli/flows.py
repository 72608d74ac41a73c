"""`editron flows`: production. Starts `python -m flows` as a child: nothing here knows Prefect."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from editron_core import process
from editron_core.cli import terminal
from editron_core.cli.shared import Json, reported
from editron_core.errors import Interrupted, ProcessFailed

GRACE_S = 9.0
"""How long the child may take to end all that it has started."""
ENDLESS = process.Limits(wall_s=10 * 365 * 86400.0, memory=None, open_files=8192)
app = typer.Typer(help="Serve the flows: watched folders, nightly jobs, renders after sign-off.")


@app.callback(invoke_without_command=True)
def flows(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where Prefect's pages can be reached from.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any free one.")] = 4200,
    limit: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 4,
    as_json: Json = False,
) -> None:
    """Serve all flows with their schedules until Ctrl-C, on a Prefect server of our own.

    PREFECT_API_URL names another server; then none is started.
    """
    if context.invoked_subcommand is not None:
        return
    words = ["serve", "--host", host, "--port", str(port), "--limit", str(limit)]
    with reported():
        said: list[str] = []
        for_people = terminal.err if as_json else terminal.out

        def say(line: str) -> None:
            said.append(line)
            for_people.print(terminal.plain(line), soft_wrap=True)

        _child(words, say)
        if as_json:
            terminal.show_json({"said": said})


@app.command("run")
def run(
    flow: Annotated[str, typer.Argument(help="produce, finish, nightly_qa, ...")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", help="key=value, such as -p sources=/footage; may be repeated."),
    ] = None,
    key: Annotated[str, typer.Option(help="Runs begun under one key are one run.")] = "",
    as_json: Json = False,
) -> None:
    """Begin a run of a flow that is served; the same footage and order twice is one run."""
    words = ["run", flow, *(word for pair in parameter or [] for word in ("-p", pair))]
    with reported():
        lines: list[str] = []
        _child([*words, *(["--key", key] if key else [])], lines.append)
        found = json.loads(lines[-1])
        if as_json:
            terminal.show_json(found)
        else:
            terminal.out.print(f"{found['flow']} {found['name']}: {found['state']} ({found['run']})")


def _child(words: list[str], say: Callable[[str], object]) -> None:
    """Run `python -m flows` and hand on its lines; its error is ours, with its exit code."""
    try:
        with process.spawn([sys.executable, "-m", "flows", *words], limits=ENDLESS) as child:
            try:
                for raw in child.stdout:
                    say(raw.decode("utf-8", "replace").rstrip())
            except (KeyboardInterrupt, Interrupted):
                child.end(GRACE_S)
                say("stopped; runs go on when the flows are served again")
    except ProcessFailed as error:
        lines = [line for line in error.tail.splitlines() if line.strip()]
        terminal.fail(lines[-1].strip().removeprefix("error: ") if lines else str(error))
        raise typer.Exit(error.code if error.code in (1, 2) else 1) from error
