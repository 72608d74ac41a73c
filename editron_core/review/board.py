"""What the project board shows: a card per batch, in the column of the stage that it is at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from editron_core.domain.batch import MediaBatch
from editron_core.domain.board import Task, TaskStatus, order
from editron_core.store import Store

MOST = 2_000
"""Tasks that are looked at, those that moved last: 400 batches."""


def shown(store: Store, query: dict[str, Any]) -> dict[str, Any]:
    """The cards, the batch that moved last first, and who can look after one."""
    tasks = sorted(store.tasks.page(limit=MOST).items, key=lambda task: task.batch_id)
    there = store.batches.some(task.batch_id for task in tasks)
    batches = [
        _card(there[key], order(tuple(mine)))
        for key, mine in groupby(tasks, lambda task: task.batch_id)
        if key in there  # else it was deleted while we looked
    ]
    members = [{"id": one.id, "name": one.name} for one in store.members.list() if one.active]
    return {"batches": sorted(batches, key=lambda one: one["updated"], reverse=True), "members": members}


def _card(batch: MediaBatch, tasks: Sequence[Task]) -> dict[str, Any]:
    here = next((task for task in tasks if task.status is not TaskStatus.DONE), None)
    task = here or tasks[-1]
    app = "moments" if here is not None and here.stage == "review" else "report"
    return {
        "id": batch.id,
        "name": batch.reference_name or batch.source_url,
        "stage": here.stage.value if here else "done",
        "status": task.status.value,
        "note": task.note,
        "task": task.id,
        "assignee": task.assignee_id,
        "link": f"/apps/{app}/?batch={batch.id}",
        "stages": [{"stage": one.stage.value, "status": one.status.value} for one in tasks],
        "updated": max((one.updated_at.isoformat() for one in tasks if one.updated_at), default=""),
    }
