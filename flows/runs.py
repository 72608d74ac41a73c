"""What every flow run does around its work: a lease that proves it alive, an end that leaves no children.

Prefect takes a run whose process was killed for running until a heartbeat is missed three times. The lease
`run:<id>` in our store tells at once on the same machine, and after 30 s elsewhere: see `flows.reconcile`.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from prefect import runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.flows import Flow
from prefect.tasks import Task, exponential_backoff

from editron_core import log, process, retry
from editron_core.config import settings
from editron_core.domain.operations import DeadLetter
from editron_core.errors import Busy, EditronError, Held, LeaseLost
from editron_core.lane import Lane
from editron_core.lane.desk import is_buried
from editron_core.redact import redact
from editron_core.store import Store
from flows import observing
from flows.keep import with_parent
from flows.server import ServerUnreachable

TAKE_OVER_S = 60.0
"""How long a run waits for one of the same id that is still ending."""
RETRIES = 3
_log = log.get(__name__)
P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def attended() -> Iterator[None]:
    """Hold the lease of this flow run while the block runs, and end our children with it."""
    run = runtime.flow_run.id
    if run is None or runtime.deployment.id is None:  # called by hand: nobody would start it again
        yield
        return
    observing.begin()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, frame: _leave())
    with_parent(_leave)
    # The span is the outer one, since a run that waits for its lease is at work, too.
    with (
        observing.flow_run(str(run)),
        open_store() as store,
        store.leases.hold(lease_name(run), wait_s=TAKE_OVER_S),
    ):
        _jitter()  # under the lease, however long it is: else the run would be taken for dead
        yield


def lease_name(run: object) -> str:
    """The lease that a flow run holds while its process lives."""
    return f"run:{run}"


@contextmanager
def open_store() -> Iterator[Store]:
    """The store that the settings name."""
    with Store.open(settings().database, settings().blobs) as store:
        yield store


@contextmanager
def open_lane() -> Iterator[Lane]:
    """The lane over that store, for one task that operators see."""
    observing.begin()
    with observing.task_run(), open_store() as store:
        yield Lane(store, settings())


def stage(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """A task with our retries: three, each after twice the delay, and none where trying again is no use.

    The lane itself tries three times what may pass, and what it gave up stays so; this is for what keeps us
    from the lane, and for work that others are at. Nothing is cached by Prefect: the ledger alone says what
    is finished.
    """
    return task(
        name=name,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(settings().retry_s),
        retry_condition_fn=_worth_retrying,
        cache_policy=NO_CACHE,
    )


def bury(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A failed flow run becomes a dead letter; not one that was held, or whose reason is one already."""
    error = state.result(raise_on_failure=False)
    if not isinstance(error, Held) and not is_buried(error):
        letter = DeadLetter(flow.name, f"run {flow_run.name}", *reason(error), attempts=flow_run.run_count)
        record(letter)


def record(letter: DeadLetter) -> None:
    """Write down what was given up, for `editron jobs`."""
    _log.error("given_up", stage=letter.stage, subject=letter.subject, error=letter.message)
    with open_store() as store:
        store.dead_letters.record(letter)


def reason(error: object) -> tuple[str, str]:
    """Class and one line of an error."""
    return type(error).__name__, redact(next(iter(str(error).splitlines()), ""))


def _worth_retrying(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    if isinstance(error, Busy | LeaseLost | ServerUnreachable):
        return True
    return not is_buried(error) and (not isinstance(error, EditronError) or retry.passing(error))


def _jitter() -> None:
    """Scheduled runs of many installations do not all begin at the same instant."""
    if "auto-scheduled" in (runtime.flow_run.tags or ()):
        time.sleep(random.uniform(0, settings().jitter_s))


def _leave() -> None:
    # Whoever takes this run up finds the ledger; a slow goodbye would only keep the operator waiting.
    process.stop_all()
    os._exit(143)
