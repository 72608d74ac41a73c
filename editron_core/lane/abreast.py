"""Work on several things at once, in the threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from editron_core import process

R = TypeVar("R")
T = TypeVar("T")


def side_by_side(jobs: int, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`work` on every item, so many at once; an exception stops what has not begun."""
    if jobs == 1:
        return [work(item) for item in items]
    contexts = [copy_context() for _ in items]
    with ThreadPoolExecutor(jobs) as pool:
        try:
            # Each in a copy of our context, so that its spans and log lines belong where ours do.
            return list(pool.map(lambda item, here: here.run(work, item), items, contexts))
        except KeyboardInterrupt:
            process.stop_all()  # else the pool would wait for the children of its other threads
            pool.shutdown(cancel_futures=True)
            process.resume()  # all of ours have ended; a notebook may go on with something else
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
