"""What operators see of flow runs: spans that join their caller's trace, metrics of all processes, secrets.

The trace of who begins a run travels with the run as a label, the one that Prefect itself uses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import runtime
from prefect.context import FlowRunContext

from editron_core import log, secrets, telemetry
from editron_core.config import settings
from editron_core.errors import SecretError, StoreError
from editron_core.lane import gauges
from editron_core.store import Store

TRACE_LABEL = "__OTEL_TRACEPARENT"
"""Prefect's own label for the span that a run belongs to."""
_log = log.get(__name__)


def begin() -> None:
    """Set up logs, spans and secrets for a process of the flows, as the settings say. Idempotent."""
    here = settings()
    log.configure(here.service_log_level, here.log_format)
    telemetry.configure(here)
    secrets.register("prefect", from_block)


@contextmanager
def flow_run(run: str) -> Iterator[None]:
    """The span of a flow run; one that ends well is written down as its flow's last success."""
    name = str(runtime.flow_run.flow_name)
    with telemetry.span(f"flow {name}", parent=_caller(), run=run) as seen:
        context = FlowRunContext.get()
        if seen.traceparent and context and context.flow_run:
            # Tasks ask the label, wherever they run: here, in threads and on Dask's machines.
            context.flow_run.labels[TRACE_LABEL] = seen.traceparent
        yield
    succeeded(name)


@contextmanager
def task_run() -> Iterator[None]:
    """The span of a Prefect task; on another machine it is known by its run's id."""
    name, run = runtime.task_run.task_name, runtime.flow_run.id
    if name is None:  # called outside of any task
        yield
        return
    with telemetry.span(f"task {name}", parent=_caller(), run=str(run or "")):
        yield


def succeeded(flow: str) -> None:
    """Write down that a run of the flow has ended well."""
    telemetry.gauge("flow_last_success_timestamp_seconds", time.time(), flow=flow)


def labels() -> dict[str, bool | int | float | str]:
    """What a run that is begun here carries along, so that it joins our trace."""
    here = telemetry.traceparent()
    return {TRACE_LABEL: here} if here else {}


def serve(store: Store) -> telemetry.Server | None:
    """Serve the metrics of all flow processes, where EDITRON_METRICS_PORT says so.

    A port that is taken, as by another worker of this machine, is a warning: work goes on without.
    """
    here = settings()
    if here.metrics_port is None:
        return None
    try:
        return telemetry.serve_metrics(
            here.metrics_port, gauges=gauges.reader(store, here), host=here.metrics_host
        )
    except StoreError as error:
        _log.warning("metrics_not_served", error=str(error))
        return None


def from_block(reference: str) -> str:
    """The value that `block-name` or `block-name/field` names: a Secret block, or a field of its JSON."""
    from prefect.blocks.system import Secret

    name, _, field = reference.partition("/")
    subject = f"prefect:{reference}"
    try:
        block: Any = Secret.load(name, _sync=True)  # type: ignore[call-arg]  # the dispatcher takes it
    except ValueError as error:
        raise SecretError(
            "there is no such Secret block", subject=subject, remedy="prefect block create secret"
        ) from error
    value = block.get()
    if field:
        value = value.get(field) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise SecretError(f"has no text at {field or 'its value'}", subject=subject)
    return value


def _caller() -> str:
    """The span that this run was begun from; empty where it is in the trace already, or in none."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or telemetry.current():
        return ""
    return str(run.labels.get(TRACE_LABEL, ""))
