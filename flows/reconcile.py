"""What Prefect leaves lying is taken up again: runs whose process died, and dispatches nobody began.

Prefect never runs a crashed run again, and a new run of the same parameters would be another run. So the
same run is scheduled again, three times at most; then it becomes a dead letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Failed, Scheduled

from editron_core import log, telemetry
from editron_core.domain.operations import DeadLetter, Dispatch
from editron_core.errors import Busy, EditronError, NotFound, UsageError
from editron_core.lane import attendant
from editron_core.store import Store
from flows import observing, runs
from flows.trigger import connected, trigger

TAG = "editron"
"""Carried by every deployment of ours."""
EVERY_S = 15.0
BEGIN_S = 30.0
"""How long after it was said to run a run may be without its lease: its process is still starting."""
PENDING_S = 60.0
POOL_PENDING_S = 900.0
"""The same for runs that were handed out and did not begin: a pool may have to fetch an image first."""
RECOVERED = "Recovered"
"""Name of the state by which a run is taken up; as many of these as a run had, so often it was."""
MOST = 3
_log = log.get(__name__)


@dataclass(frozen=True)
class Reconciled:
    """What one pass did."""

    recovered: tuple[str, ...] = ()
    """Names of the runs that were scheduled again."""
    given_up: tuple[str, ...] = ()
    dispatched: tuple[str, ...] = ()
    """Keys of the dispatches that were begun."""


def once(store: Store) -> Reconciled:
    """One pass. Raises ServerUnreachable, StoreError."""
    recovered: list[str] = []
    given_up: list[str] = []
    with connected() as client:
        for run in _suspects(client):
            with _dead(store, run) as dead:
                if dead and _times(client, run) < MOST:
                    client.set_flow_run_state(run.id, Scheduled(name=RECOVERED), force=True)
                    _log.warning("run_recovered", run=str(run.id), name=run.name)
                    recovered.append(run.name)
                elif dead:
                    _give_up(client, run)
                    given_up.append(run.name)
    begun = tuple(one.key for one in store.dispatches.pending() if _dispatch(store, one))
    observing.succeeded("reconcile")
    return Reconciled(tuple(recovered), tuple(given_up), begun)


@flow(name="reconcile")
def reconcile() -> Reconciled:
    """One pass, for installations whose workers are not `editron flows`, which makes one every 15 s."""
    with runs.open_store() as store:
        return once(store)


def _suspects(client: SyncPrefectClient) -> list[FlowRun]:
    kinds = [StateType.CRASHED, StateType.RUNNING, StateType.PENDING]
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=kinds))
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    found = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state), deployment_filter=ours)
    return [run for run in found if _age_s(run) >= _patience_s(run)]


def _patience_s(run: FlowRun) -> float:
    if run.state_type is StateType.PENDING:
        return POOL_PENDING_S if run.work_pool_name else PENDING_S
    return BEGIN_S if run.state_type is StateType.RUNNING else 0.0


def _age_s(run: FlowRun) -> float:
    since = run.state.timestamp if run.state else None
    return (datetime.now(UTC) - since).total_seconds() if since else 0.0


@contextmanager
def _dead(store: Store, run: FlowRun) -> Iterator[bool]:
    """Whether nobody alive holds the run's lease; while the block runs, nobody else can take it."""
    try:
        with store.leases.hold(runs.lease_name(run.id)):
            yield True
    except Busy:
        yield False


def _times(client: SyncPrefectClient, run: FlowRun) -> int:
    return sum(state.name == RECOVERED for state in client.read_flow_run_states(run.id))


def _give_up(client: SyncPrefectClient, run: FlowRun) -> None:
    message = f"its process died {MOST + 1} times"
    client.set_flow_run_state(run.id, Failed(message=message), force=True)
    runs.record(DeadLetter("run", f"run {run.name}", "Crashed", message, attempts=MOST + 1))


def _dispatch(store: Store, one: Dispatch) -> bool:
    """Begin what a change in the store asks for; one that cannot be begun becomes a dead letter.

    False where somebody else is at it, such as the process beside a served API, or was quicker.
    """
    try:
        with store.leases.hold(attendant.lease_name(one.key)):
            if not store.dispatches.waits(one.key):
                return False
            try:
                with telemetry.span("dispatch", parent=one.traceparent, run=one.key):
                    _begin(store, one)
            except (UsageError, NotFound) as error:
                kind, why = runs.reason(error)
                runs.record(DeadLetter(one.stage, f"dispatch {one.key}", kind, why, batch_id=one.batch_id))
            store.dispatches.done(one.key)
    except Busy:
        return False
    return True


def _begin(store: Store, one: Dispatch) -> None:
    if one.stage == "produce":
        asked = store.batches.get(one.batch_id).metadata
        trigger("produce", {"sources": [one.batch_id]}, key=one.key, priority=_priority(asked))
    elif one.stage == "render":
        session = one.facts.get("session") or store.jobs.get(str(one.facts["job"])).session_id
        asked = store.sessions.get(str(session)).metadata
        trigger("finish", {"session": session}, key=one.key, priority=_priority(asked))
    elif one.stage == "job":
        job = store.jobs.get(str(one.facts["job"]))
        trigger("render_job", {"job": job.id}, key=one.key, priority=job.priority.value)
    else:
        raise UsageError("is begun by no flow", subject=one.stage)


def _priority(facts: Mapping[str, Any]) -> str:
    """The priority of the order that a batch or a session was made by; empty where none is known."""
    return str(facts.get("order", {}).get("priority", ""))


def attend(store: Store) -> Reconciled:
    """`once`, for a loop that goes on whatever happens: what cannot be reached now may be later."""
    try:
        return once(store)
    except EditronError as error:
        _log.warning("not_reconciled", error=str(error))
        return Reconciled()
