"""Holds as the stages meet them: asked before each stage, and while one runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from editron_core import log, process
from editron_core.domain.batch import Hold
from editron_core.domain.operations import Subject
from editron_core.domain.progress import Step
from editron_core.errors import EditronError, Held, StoreError
from editron_core.store import Store

ASK_EVERY_S = 1.0
"""A running stage learns of a pause within this time, and ends its children at once."""
_log = log.get(__name__)


def subjects(step: Step) -> tuple[Subject, ...]:
    """What a step works for: its file or its render job, else its batch."""
    if not step.batch:
        return ()
    return (Subject(step.batch, file_id=step.file or None, job_id=step.job or None),)


def held(store: Store, *wanted: Subject) -> Held | None:
    """The error to raise where one of these things, or its batch, is paused or cancelled; else null."""
    found = store.holds.standing(wanted)
    if found is None:
        return None
    subject, hold = found
    paused = hold is Hold.PAUSED
    return Held(
        "is paused" if paused else "was cancelled",
        subject=f"{subject.kind} {subject.id[:8]}",
        remedy=f"editron jobs {'resume' if paused else 'retry'} {subject.id[:8]}",
    )


def check(store: Store, *wanted: Subject) -> None:
    """Raises Held where one of these things, or its batch, is paused or cancelled."""
    error = held(store, *wanted)
    if error is not None:
        raise error


@contextmanager
def stoppable(store: Store, *wanted: Subject) -> Iterator[process.Scope]:
    """Run a stage that ends by itself once one of these things is paused or cancelled: Held is raised.

    Its child processes are killed within about a second of that; what runs in this process ends where it
    next looks at the scope.
    """
    with process.scope() as scope:
        over, found = threading.Event(), list[Held]()
        asking = threading.Thread(
            target=_ask, args=(store, wanted, scope, over, found), daemon=True, name="holds"
        )
        asking.start()
        try:
            yield scope
        except EditronError as error:
            if found and not isinstance(error, Held):
                raise found[0] from error
            raise
        finally:
            over.set()
            asking.join()


def _ask(
    store: Store,
    wanted: tuple[Subject, ...],
    scope: process.Scope,
    over: threading.Event,
    found: list[Held],
) -> None:
    while not over.wait(ASK_EVERY_S):
        try:
            error = held(store, *wanted)
        except StoreError as trouble:  # the next look may succeed; the stage itself notices anyway
            _log.warning("holds_not_read", error=str(trouble))
            continue
        if error is not None:
            found.append(error)
            scope.stop()
            return
