"""Runs are begun here: parameters checked, and the same wish twice is one run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Scheduled

from editron_core.config import settings
from editron_core.domain import codec
from editron_core.domain.job import RenderPriority
from editron_core.errors import SourceError, UsageError
from editron_core.lane import production
from flows import observing, server

HEAD_START = timedelta(days=1)
"""A rush is due for so long already when it is begun: it overtakes whatever has waited for less."""


@dataclass(frozen=True)
class Triggered:
    """A run that was begun, or had been by an earlier identical wish."""

    id: str
    name: str
    state: str
    """Prefect's name of its state when we asked."""


def trigger(flow: str, parameters: Mapping[str, object], key: str = "", *, priority: str = "") -> Triggered:
    """Begin a run of `flow`, or find the one that was begun under the same key.

    Without a key, `produce` gets one from its parameters and from what lies at its sources, so that it runs
    again when that changes; other flows run each time. Asked for so, a run that failed is tried again,
    as the same run; under a key that was given it stays as it is, else a watched folder that cannot be
    used would be tried at every look. A rush, by `priority` or by the order, begins before all runs that
    wait. Raises UsageError for an unknown flow or parameter, ServerUnreachable.
    """
    with connected() as client:
        deployment = _deployment(client, flow)
        checked = check(flow, parameters, deployment.parameter_openapi_schema or {})
        again, key = not key, key or _identity(flow, checked)
        try:
            run = client.create_flow_run_from_deployment(
                deployment.id,
                parameters=checked,
                state=Scheduled(scheduled_time=_begins(priority or _priority(checked))),
                idempotency_key=key or None,
                labels=observing.labels(),
            )
        except PrefectHTTPStatusError as error:
            raise UsageError(_refusal(error), subject=flow, remedy="check the parameters") from error
        if again and run.state is not None and run.state.is_final() and not run.state.is_completed():
            again_at = _begins(priority or _priority(checked))
            client.set_flow_run_state(run.id, Scheduled(scheduled_time=again_at, name="Again"), force=True)
            run = client.read_flow_run(run.id)
        return _triggered(run)


@contextmanager
def connected() -> Iterator[SyncPrefectClient]:
    """A client of the running server. Raises ServerUnreachable where it does not answer, or stops to."""
    api = server.known(settings())
    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.TransportError as error:
        raise server.ServerUnreachable("does not answer any more", subject=api) from error


def check(flow: str, parameters: Mapping[str, object], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the flow declares them, words from a command line read as their types.

    `order.brief` is the field of a parameter. Raises UsageError for a name that the flow does not know.
    """
    read: dict[str, Any] = {}
    for name, value in parameters.items():
        head, _, field = name.partition(".")
        declared = schema.get("properties", {}).get(head)
        fields = _fields(declared or {}, schema)
        if declared is None or (field and field not in fields):
            known = [*schema.get("properties", {}), *(f"{head}.{each}" for each in fields)]
            raise UsageError("is no parameter", subject=f"{flow} {name}", remedy=f"use {', '.join(known)}")
        if field:
            read.setdefault(head, {})[field] = _typed(value, fields[field])
        else:
            read[head] = _typed(value, declared)
    return read


def _fields(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a parameter that is an object of ours; empty for all others."""
    for kind in (declared, *declared.get("anyOf", ()), *declared.get("allOf", ())):
        name = str(kind.get("$ref", "")).rpartition("/")[2]
        if name:
            return dict(schema.get("definitions", {}).get(name, {}).get("properties", {}))
    return {}


def _typed(value: object, declared: Mapping[str, Any]) -> object:
    if not isinstance(value, str) or declared.get("type") == "string":
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    if declared.get("type") == "array" and not isinstance(parsed, list):
        return [value]
    return parsed


def _priority(parameters: Mapping[str, Any]) -> str:
    return str((parameters.get("order") or {}).get("priority", ""))


def _begins(priority: str) -> datetime:
    """When a run is due. Of runs that are due, whoever is free takes the one that has been for longest."""
    head_start = HEAD_START if priority == RenderPriority.RUSH else timedelta()
    return datetime.now(UTC) - head_start


def _identity(flow: str, parameters: Mapping[str, Any]) -> str:
    if flow != "produce":
        return ""
    sources = [str(one) for one in parameters.get("sources", ())]
    try:
        lies_there = production.fingerprint(sources)
    except SourceError:  # a batch, or a place that only the workers see
        lies_there = ""
    return codec.content_hash([flow, dict(parameters), lies_there])


def _deployment(client: SyncPrefectClient, flow: str) -> Any:
    try:
        return client.read_deployment_by_name(f"{flow}/{settings().deployment}")
    except ObjectNotFound as error:
        known = sorted(one.name for one in client.read_flows())
        raise UsageError(
            "is no flow that is served", subject=flow, remedy=f"use {', '.join(known)}" if known else ""
        ) from error


def _refusal(error: PrefectHTTPStatusError) -> str:
    """The server's own words, in one line."""
    try:
        detail = error.response.json().get("detail", "")
    except ValueError:
        detail = error.response.text
    return " ".join(str(detail).split()) or f"was refused with {error.response.status_code}"


def _triggered(run: FlowRun) -> Triggered:
    return Triggered(str(run.id), run.name, run.state.name if run.state and run.state.name else "Scheduled")
