"""The flows as a program: `editron flows` starts this as a child.

python -m flows serve
python -m flows run produce -p sources=/footage/match -p order.brief="the goal"
"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from editron_core.cli.shared import reported
from editron_core.config import settings
from editron_core.errors import UsageError
from flows import server

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command("serve")
def serve(host: str = server.HOST, port: int = server.PORT, limit: int = 4) -> None:
    """Serve all flows with their schedules until told to end."""
    from flows import serving

    with reported():
        serving.serve(host, port, limit, lambda line: print(line, flush=True))  # noqa: T201


@app.command("run")
def run(
    flow: str,
    parameter: Annotated[list[str] | None, typer.Option("-p", help="key=value; may be repeated.")] = None,
    key: Annotated[str, typer.Option(help="Runs begun under one key are one run.")] = "",
) -> None:
    """Begin a run; prints it as JSON."""
    with reported():
        server.adopt(settings(), server.known(settings()))
        from flows.trigger import trigger

        found = trigger(flow, _pairs(parameter or []), key)
        typer.echo(json.dumps({"flow": flow, "run": found.id, "name": found.name, "state": found.state}))


def _pairs(words: list[str]) -> dict[str, object]:
    pairs: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError("is no parameter", subject=word, remedy="such as -p sources=/footage")
        pairs[name] = value
    return pairs


if __name__ == "__main__":
    app()
