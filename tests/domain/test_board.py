"""The board: where the tasks of a batch stand, from where the batch, its sessions and its jobs stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editron_core.domain.batch import BatchStatus, Hold
from editron_core.domain.board import BatchState, BoardStage, Task, TaskStatus, order, project
from editron_core.domain.job import EditSessionStatus, RenderJobStatus

ANALYZED = BatchState(BatchStatus.ANALYZED, arrived=True)
RENDERING, FAILED, QUEUED = RenderJobStatus.RENDERING, RenderJobStatus.FAILED, RenderJobStatus.QUEUED
NEEDS_REVIEW, APPROVED = EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.APPROVED
COMPLETE, ASSEMBLING = EditSessionStatus.COMPLETE, EditSessionStatus.ASSEMBLING


def board(state: BatchState) -> str:
    """One letter a stage: to do, Doing, Blocked, done (x)."""
    letters = {TaskStatus.TODO: "-", TaskStatus.DOING: "D", TaskStatus.BLOCKED: "B", TaskStatus.DONE: "x"}
    found = project(state)
    assert list(found) == list(BoardStage)
    return "".join(letters[one.status] for one in found.values())


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (BatchState(BatchStatus.QUEUED), "-----"),
        (BatchState(BatchStatus.DOWNLOADING), "D----"),
        (BatchState(BatchStatus.READY, arrived=True), "x----"),
        (BatchState(BatchStatus.ANALYZING, arrived=True), "xD---"),
        (ANALYZED, "xx---"),
        (replace(ANALYZED, sessions=((ASSEMBLING, False),)), "xxD--"),
        (replace(ANALYZED, sessions=((NEEDS_REVIEW, False),)), "xxx--"),
        (replace(ANALYZED, sessions=((NEEDS_REVIEW, True), (NEEDS_REVIEW, False))), "xxxD-"),
        (replace(ANALYZED, sessions=((APPROVED, True),)), "xxxx-"),
        (replace(ANALYZED, sessions=((APPROVED, True),), jobs=((RENDERING, Hold.NONE, ""),)), "xxxxD"),
        (replace(ANALYZED, sessions=((COMPLETE, True),)), "xxxxx"),
        # Rendered in development, without a signature: somebody has yet to look.
        (replace(ANALYZED, sessions=((COMPLETE, False),)), "xxx-x"),
        (replace(ANALYZED, sessions=((COMPLETE, True), (APPROVED, True))), "xxxxD"),
    ],
)
def test_the_tasks_follow_the_lane(state: BatchState, wanted: str) -> None:
    assert board(state) == wanted


@pytest.mark.parametrize(
    ("state", "wanted", "stage", "note"),
    [
        (BatchState(BatchStatus.FAILED, error="no such link"), "B----", BoardStage.INGEST, "no such link"),
        (BatchState(BatchStatus.FAILED, error="bad", arrived=True), "xB---", BoardStage.ANALYZE, "bad"),
        (BatchState(BatchStatus.READY, Hold.PAUSED, arrived=True), "xB---", BoardStage.ANALYZE, "paused"),
        (
            replace(ANALYZED, sessions=((APPROVED, True),), jobs=((FAILED, Hold.NONE, "disk full"),)),
            "xxxxB",
            BoardStage.RENDER,
            "disk full",
        ),
        (
            replace(ANALYZED, sessions=((APPROVED, True),), jobs=((QUEUED, Hold.CANCELLED, ""),)),
            "xxxxB",
            BoardStage.RENDER,
            "cancelled",
        ),
    ],
)
def test_what_failed_or_is_held_blocks_its_task_and_says_why(
    state: BatchState, wanted: str, stage: BoardStage, note: str
) -> None:
    assert board(state) == wanted
    assert project(state)[stage].note == note


def test_tasks_are_shown_in_the_lanes_order() -> None:
    tasks = [Task(f"b:{stage}", "b", stage, TaskStatus.TODO) for stage in reversed(BoardStage)]
    assert [task.stage for task in order(tasks)] == list(BoardStage)
