"""What may pass is tried again; what will not get better is not."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Iterator
from typing import TypeVar

from editron_core.errors import (
    OutOfMemory,
    ProcessFailed,
    ProcessTimedOut,
    StoreError,
    Unreachable,
)
from editron_core.redact import redact

ATTEMPTS = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
"""The delay doubles from one attempt to the next, and up to a second by chance is added."""
TAIL_LINES = 20
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

T = TypeVar("T")


def passing(error: BaseException) -> bool:
    """Whether the same work may go well a little later: the machine or another one is at fault, for now.

    So are a database or disk that refuses, a child that its limits or somebody's signal ended, a server
    that does not answer, and a GPU that is full. Not so are footage that is broken, what is not there or
    was tampered with, and work that others hold: these are said at once.
    """
    if isinstance(error, ProcessTimedOut | OutOfMemory | Unreachable):
        return True
    if isinstance(error, ProcessFailed):
        return bool(error.limit) or error.code < 0 or "No space left" in error.tail
    if isinstance(error, OSError):
        return error.errno in DISK_FULL
    return type(error) is StoreError


def persist(work: Callable[[], T], given_up: Callable[[Exception, int], None]) -> T:
    """What `work` returns, tried up to 3 times with exponential delay while its failure may pass.

    Raises the last failure, after `given_up` was told of it and of how often the work was tried.
    """
    import stamina

    count = 0
    try:
        for attempt in stamina.retry_context(
            on=passing, attempts=ATTEMPTS, timeout=None, wait_initial=FIRST_WAIT_S, wait_max=LONGEST_WAIT_S
        ):
            with attempt:
                count += 1
                return work()
    except Exception as error:
        given_up(error, count)
        raise
    raise AssertionError("the loop ends by returning or raising")


def log_tail(error: BaseException) -> str:
    """The last lines that were said before an error: by the child process where one failed, else our own
    calls that led to it."""
    for one in _chain(error):
        if isinstance(one, ProcessFailed) and one.tail:
            return "\n".join(one.tail.splitlines()[-TAIL_LINES:])
    lines = redact("".join(traceback.format_exception(error))).splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__
