"""`editron housekeeping`: what has outlived its time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, open_store
from editron_core.config import settings

if TYPE_CHECKING:
    from editron_core.lane.outlived import Item

COLUMNS = {"action": "what", "subject": "which", "bytes": "bytes", "reason": "why"}


def housekeeping(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go, and how many bytes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Act on storage tiers and retention: originals that are archived, and leftovers that go.

    Nothing goes that an open session, an unsigned cut or an unfinished render job may need. Webhooks that
    wait are sent, for where no server does that.
    """
    from editron_core.lane import retention, webhooks

    with open_store() as store:
        plan = retention.plan(store, settings())
        done = retention.Done(plan.items) if dry_run else retention.carry_out(store, plan)
        sent = 0 if dry_run else webhooks.drain(store, settings())
    data = {
        "dry_run": dry_run,
        "items": [_row(item) for item in done.items],
        "bytes": done.bytes,
        "kept": plan.kept,
        "problems": list(done.problems),
        "webhooks": sent,
    }
    if as_json:
        terminal.show_json(data)
    else:
        _show(data)
    if done.problems:
        raise typer.Exit(1)


def _row(item: Item) -> dict[str, Any]:
    return {"action": item.action.value, "subject": item.subject, "bytes": item.bytes, "reason": item.why}


def _show(data: dict[str, Any]) -> None:
    if data["items"]:
        terminal.show_rows(data["items"], COLUMNS)
    for batch, reason in data["kept"].items():
        terminal.out.print(f"batch {batch[:8]} is kept: {terminal.plain(reason)}", soft_wrap=True)
    for problem in data["problems"]:
        terminal.fail(problem)
    verb = "would be freed" if data["dry_run"] else "freed"
    terminal.out.print(f"{data['bytes']} bytes {verb}")
