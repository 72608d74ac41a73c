"""`editron jobs`: pause, resume, cancel and retry a batch, a file or a render job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, open_store

if TYPE_CHECKING:
    from editron_core.store import Store

app = typer.Typer(no_args_is_help=True, help="Pause, resume, cancel and retry a batch, a file or a render.")

Id = Annotated[str, typer.Argument(help="A batch, a file or a render job, as `editron status` shows it.")]
PARTS = {
    "held": {"kind": "held", "id": "id", "name": "name", "status": "status", "hold": "hold"},
    "queue": {
        "id": "id",
        "priority": "priority",
        "status": "render",
        "hold": "hold",
        "progress_percent": "%",
        "worker": "worker",
    },
    "dead_letters": {
        "stage": "given up",
        "name": "of",
        "attempts": "tries",
        "error_class": "error",
        "reason": "reason",
    },
}


@app.command("list")
def list_jobs(as_json: Json = False) -> None:
    """Show what is held, what waits to be rendered and in which order, and what was given up."""
    from editron_core.lane import jobs

    with open_store() as store:
        data = jobs.listing(store)
    if as_json:
        terminal.show_json(data)
        return
    letters = [{**row, "name": row["subject"], "reason": row["message"]} for row in data["dead_letters"]]
    shown = {**data, "dead_letters": letters}
    for part, columns in PARTS.items():
        if shown[part]:
            terminal.show_rows(shown[part], columns)
    if not any(shown[part] for part in PARTS):
        terminal.out.print("Nothing is held, nothing waits to be rendered, nothing was given up.")


@app.command("pause")
def pause(thing: Id, as_json: Json = False) -> None:
    """Stop before the next stage; a stage that runs is stopped within seconds and done again later."""
    from editron_core.lane import jobs

    _do(jobs.pause, thing, as_json)


@app.command("resume")
def resume(thing: Id, as_json: Json = False) -> None:
    """Let it go on from the last finished stage, where `editron flows` runs or by the same command again."""
    from editron_core.lane import jobs

    _do(jobs.resume, thing, as_json)


@app.command("cancel")
def cancel(thing: Id, as_json: Json = False) -> None:
    """End it for good; nothing that is finished is lost, and `retry` takes it up all the same."""
    from editron_core.lane import jobs

    _do(jobs.cancel, thing, as_json)


@app.command("retry")
def retry(thing: Id, as_json: Json = False) -> None:
    """Begin again with what failed, was given up or was cancelled."""
    from editron_core.lane import jobs

    _do(jobs.retry, thing, as_json)


def _do(action: Callable[[Store, str], dict[str, Any]], thing: str, as_json: bool) -> None:
    with open_store() as store:
        told = action(store, thing)
    if as_json:
        terminal.show_json(told)
        return
    word = {"none": "may go on", "paused": "is paused", "cancelled": "is cancelled"}[told["hold"]]
    terminal.out.print(f"{told['kind']} {told['id'][:8]} {terminal.plain(told['name'])} {word}")
