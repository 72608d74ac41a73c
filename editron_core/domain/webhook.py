"""Outgoing webhooks by Standard Webhooks 1.0.0: who is told of what, and the signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from editron_core.domain.event import Event
from editron_core.errors import UsageError

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret that the standard allows."""
SCHEDULE_S = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""How long after an attempt's failure the next follows, after the 0 s of the first; then no more."""


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up after all attempts; the endpoint is off."""
    SKIPPED = "skipped"
    """An operator went on without it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver of events. Events reach it in their order: one that fails holds up those behind it."""

    id: str
    url: str
    kinds: tuple[str, ...] = ("*",)
    """Shell patterns over kinds of event, such as `finding.*`; progress is never sent."""
    project_id: str | None = None
    """Only events of this project; null for all."""
    description: str = ""
    enabled: bool = True
    disabled_reason: str = ""
    secret: str = field(default="", repr=False)
    """Sealed, or a reference that `secrets` resolves; stands for `whsec_<base64>`."""
    old_secret: str = field(default="", repr=False)
    """The secret before it, in use beside it until..."""
    old_secret_until: datetime | None = None
    """... this instant."""
    cursor: int = 0
    """Number of the last event that is done with."""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def wants(self, event: Event) -> bool:
        """Whether it is to be told of an event."""
        if event.fleeting or (self.project_id is not None and event.project_id != self.project_id):
            return False
        return any(fnmatchcase(event.kind, pattern) for pattern in self.kinds)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint."""

    id: str
    """The `webhook-id`: the same over all attempts."""
    endpoint_id: str
    event_id: int
    kind: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    response_status: int | None = None
    """HTTP status of the last answer; null where there was none."""
    last_error: str = ""
    """Why the last attempt failed, in one line; never what the receiver wrote."""
    created_at: datetime | None = None
    delivered_at: datetime | None = None


def new_secret() -> str:
    """A fresh secret in the form in which it is shown, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for. Raises UsageError where it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError("is no secret of a webhook", remedy=f"{PREFIX}<base64>") from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise UsageError("is no secret of a webhook", remedy=f"{PREFIX}<base64 of 24 to 64 bytes>")
    return key


def headers(message_id: str, timestamp: int, body: bytes, secret_texts: Sequence[str]) -> dict[str, str]:
    """The headers of one attempt at `timestamp` (seconds since 1970), with a signature for each secret."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    macs = (hmac.digest(key_of(secret), signed, hashlib.sha256) for secret in secret_texts)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs),
    }
