"""Where the files of a batch are worked on side by side: threads of this process, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from editron_core.config import settings
from editron_core.errors import UsageError


@contextmanager
def open_pool() -> Iterator[TaskRunner[Any]]:
    """A pool for this run: `EDITRON_DASK` names a scheduler, else `EDITRON_JOBS` threads.

    Raises UsageError where prefect-dask is not installed.
    """
    with _pool() as pool:
        yield pool


def _pool() -> TaskRunner[Any]:
    address = settings().dask
    if address is None:
        return ThreadPoolTaskRunner(max_workers=settings().jobs)
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ModuleNotFoundError as error:
        raise UsageError(
            "needs prefect-dask", subject="EDITRON_DASK", remedy="uv sync --extra dask"
        ) from error
    return DaskTaskRunner(address=address)
