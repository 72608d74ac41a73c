"""Whether the work is carried out elsewhere: by flows on a Prefect server, with a worker that is alive."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from editron_core.config import Settings

ANSWER_S = 5.0
ALIVE_S = 60.0
"""A worker asks for work every few seconds; Prefect too takes it for dead after so long without that."""


class Flows(StrEnum):
    """What there is of our flows."""

    NONE = "none"
    """No server answers that knows them."""
    ASLEEP = "asleep"
    """A server knows them, but no worker has asked it for work lately: what it is given waits for ever."""
    AWAKE = "awake"


def flows(settings: Settings) -> Flows:
    """What a Prefect server says of our flows: the given one, or the one of this home."""
    import httpx

    api = address(settings)
    if not api:
        return Flows.NONE
    wanted = {"deployments": {"name": {"any_": [settings.deployment]}}}
    try:
        answer = httpx.post(f"{api.removesuffix('/')}/deployments/filter", json=wanted, timeout=ANSWER_S)
        found = answer.raise_for_status().json()
        return _state(found, _now(answer.headers.get("date", ""))) if found else Flows.NONE
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError):
        return Flows.NONE


def flows_answer(settings: Settings) -> bool:
    """Whether flows do the work: they are served, and a worker of theirs is alive."""
    return flows(settings) is Flows.AWAKE


def address(settings: Settings) -> str:
    """The Prefect server that is asked: the given one, else what `editron flows` leaves for its own."""
    if settings.prefect_api_url:
        return settings.prefect_api_url
    try:
        return str(json.loads((settings.home / "prefect" / "server.json").read_text("utf-8"))["api"])
    except (OSError, ValueError, KeyError):  # none was ever started here
        return ""


def _state(deployments: Iterable[dict[str, Any]], now: datetime) -> Flows:
    asked = [datetime.fromisoformat(one["last_polled"]) for one in deployments if one["last_polled"]]
    alive = any(now - when < timedelta(seconds=ALIVE_S) for when in asked)
    return Flows.AWAKE if alive else Flows.ASLEEP


def _now(date: str) -> datetime:
    """The server's own time, which its marks are held against; ours where it does not tell."""
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return datetime.now(UTC)
