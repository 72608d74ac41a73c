"""The project board: a task for each stage of each batch, moved by what happens to the batch.

The board is a projection. `project` says where the tasks of a batch stand from where the batch, its edit
sessions and its render jobs stand, and from nothing else: it can be built anew at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from editron_core.domain.batch import BatchStatus, Hold
from editron_core.domain.job import EditSessionStatus, RenderJobStatus


class BoardStage(StrEnum):
    """The columns of the board, in the lane's order."""

    INGEST = "ingest"
    ANALYZE = "analyze"
    EDIT = "edit"
    REVIEW = "review"
    RENDER = "render"


class TaskStatus(StrEnum):
    """Where a task stands."""

    TODO = "todo"
    DOING = "doing"
    BLOCKED = "blocked"
    """It failed, or an operator holds it: nothing happens until somebody acts."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Task:
    """One stage of one batch, as people follow it."""

    id: str
    """`<batch id>:<stage>`."""
    batch_id: str
    stage: BoardStage
    status: TaskStatus
    note: str = ""
    """Why it is blocked, in one line."""
    assignee_id: str | None = None
    """The member who looks after it."""
    project_id: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BatchState:
    """All that the board is made from."""

    status: BatchStatus
    hold: Hold = Hold.NONE
    error: str = ""
    """The batch's last error."""
    arrived: bool = False
    """Whether the bytes of any of its files are here."""
    sessions: tuple[tuple[EditSessionStatus, bool], ...] = ()
    """Where each edit session stands, and whether somebody has decided about a cut of it yet. Of
    sessions that take the place of one another (a trim makes a new one), only the newest."""
    jobs: tuple[tuple[RenderJobStatus, Hold, str], ...] = ()
    """Where each render job of these sessions stands, its hold, and its last error."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one task stands, and why."""

    status: TaskStatus
    note: str = ""


_TODO, _DOING, _DONE = Standing(TaskStatus.TODO), Standing(TaskStatus.DOING), Standing(TaskStatus.DONE)


def project(state: BatchState) -> dict[BoardStage, Standing]:
    """Where the task of each stage stands.

    A hold blocks the first task that is not done; so does the failure of a batch.
    """
    board = {
        BoardStage.INGEST: _ingest(state),
        BoardStage.ANALYZE: _analyze(state),
        BoardStage.EDIT: _edit(state),
        BoardStage.REVIEW: _review(state),
        BoardStage.RENDER: _render(state),
    }
    if state.hold is not Hold.NONE or state.status is BatchStatus.FAILED:
        why = str(state.hold) if state.hold is not Hold.NONE else state.error
        for stage, standing in board.items():
            if standing.status is not TaskStatus.DONE:
                board[stage] = replace(standing, status=TaskStatus.BLOCKED, note=why)
                break
    return board


def _ingest(state: BatchState) -> Standing:
    if (
        state.status is BatchStatus.FAILED
    ):  # that of the analysis fails files, and batches only with all of them
        return _DONE if state.arrived else _TODO
    if state.status is BatchStatus.QUEUED:
        return _TODO
    return _DOING if state.status is BatchStatus.DOWNLOADING else _DONE


def _analyze(state: BatchState) -> Standing:
    if state.status is BatchStatus.ANALYZING:
        return _DOING
    return _DONE if state.status is BatchStatus.ANALYZED or state.sessions else _TODO


def _edit(state: BatchState) -> Standing:
    statuses = [status for status, _ in state.sessions]
    if EditSessionStatus.ASSEMBLING in statuses:
        return _DOING
    return _DONE if statuses else _TODO


def _review(state: BatchState) -> Standing:
    waiting = [decided for status, decided in state.sessions if status is EditSessionStatus.NEEDS_REVIEW]
    if waiting:
        return _DOING if any(waiting) else _TODO
    # A cut that was rendered without a signature (development) is still to be looked at.
    past = [status for status, _ in state.sessions if status is not EditSessionStatus.ASSEMBLING]
    unsigned = [decided for _, decided in state.sessions if not decided]
    return _DONE if past and len(past) == len(state.sessions) and not unsigned else _TODO


def _render(state: BatchState) -> Standing:
    for status, hold, error in state.jobs:
        if status is RenderJobStatus.FAILED:
            return Standing(TaskStatus.BLOCKED, error)
        if hold is not Hold.NONE and status is not RenderJobStatus.COMPLETE:
            return Standing(TaskStatus.BLOCKED, str(hold))
    if any(status is RenderJobStatus.RENDERING for status, _, _ in state.jobs):
        return _DOING
    complete = [status for status, _ in state.sessions if status is EditSessionStatus.COMPLETE]
    if state.sessions and len(complete) == len(state.sessions):
        return _DONE
    return _DOING if complete else _TODO


def order(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Tasks of one batch in the lane's order."""
    stages = list(BoardStage)
    return tuple(sorted(tasks, key=lambda task: stages.index(task.stage)))
