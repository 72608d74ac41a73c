"""Outgoing webhooks: each endpoint is told of the events that it wants, in their order.

An endpoint has one sender at a time, over all processes, by a lease. A delivery is recorded with its id
before anything is sent: after a crash it is sent again under the same id, and receivers know it by that.
Endpoints do not wait for one another; a slow or dead one holds up its own events only.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from editron_core import log, telemetry
from editron_core.config import Settings
from editron_core.domain import webhook
from editron_core.domain.event import Event
from editron_core.domain.webhook import SCHEDULE_S, Endpoint
from editron_core.errors import Busy, EditronError, NotFound, SourceError, StoreError
from editron_core.ingest import addresses
from editron_core.sealing import seal, unseal
from editron_core.store import Store
from editron_core.store.records.endpoints import Attempt

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
WHOLE_S = 30.0
"""An answer that is not there by then is none, however it trickles."""
MOST_ANSWER = 64 << 10
"""Bytes of an answer that are read; nobody sees them."""
MOST_BODY = 20_000
MOST_WAIT_S = 24 * 3600.0
"""The longest wait that a receiver may ask for."""
SENDERS = 32
"""Endpoints that are served at a time."""
LOOK_S = 0.5
IN_A_ROW = 100
"""Events for one endpoint before it is looked again at who else waits."""
JITTER = 0.1
GONE = 410
_log = log.get(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt."""

    status: int | None
    """HTTP status; null where there was no answer."""
    error: str = ""
    """Why it failed, in one line; empty where it went well."""
    wait_s: float | None = None
    """How long the receiver asked us to wait."""
    final: bool = False
    """Whether it never wants to be told again."""


@contextmanager
def sending(settings: Settings) -> Iterator[None]:
    """Deliver in a thread while the block runs."""
    with Store.open(settings.database, settings.blobs) as store:
        sender = Sender(store, settings)
        thread = threading.Thread(target=sender.run, name="webhooks", daemon=True)
        thread.start()
        try:
            yield
        finally:
            sender.stop()
            thread.join()


def drain(store: Store, settings: Settings) -> int:
    """Deliver all that is due now, for whoever runs no server; returns how many deliveries were attempted."""
    sender, count = Sender(store, settings), 0
    try:
        while sent := sender.drain():
            count += sent
    finally:
        sender.close()
    return count


def new_endpoint_id() -> str:
    """A fresh identifier, known before the secret is sealed for it."""
    return uuid.uuid4().hex


def sealed(endpoint_id: str, secret: str, settings: Settings) -> str:
    """A secret as it is kept. Raises UsageError where no sealing key is set."""
    return seal(secret, _place(endpoint_id), settings)


def check(url: str, settings: Settings) -> None:
    """Raises SourceError where a URL may not be told anything: it leads to an address that is not public,
    is none, or holds a password."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SourceError(f"is no address: {error}", subject="url") from error
    if parsed.userinfo or parsed.fragment:
        raise SourceError("holds a user, password or fragment", subject=addresses.label(parsed))
    addresses.targets(parsed, allow_private=settings.allow_private_urls)


class Sender:
    """Delivers what is due. One per process; several processes share the endpoints."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="webhooks")
        self._at_work: dict[str, Future[int]] = {}
        self._stop = threading.Event()

    def run(self, look_s: float = LOOK_S) -> None:
        """Deliver until `stop` is called from another thread."""
        while not self._stop.is_set():
            try:
                self.look()
            except StoreError as error:
                _log.warning("webhooks_not_looked_for", error=str(error))
            self._stop.wait(look_s)
        self.close()

    def stop(self) -> None:
        """End `run`; what is being sent is finished first."""
        self._stop.set()

    def look(self) -> None:
        """Begin with every endpoint that has something due and nobody at it."""
        self._at_work = {key: one for key, one in self._at_work.items() if not one.done()}
        for endpoint_id in self._store.endpoints.due():
            if endpoint_id not in self._at_work:
                self._at_work[endpoint_id] = self._pool.submit(self._serve, endpoint_id)

    def drain(self) -> int:
        """Deliver what is due now, at most `IN_A_ROW` for each endpoint, and wait for it; returns how many
        deliveries were attempted."""
        self.look()
        return sum(one.result() for one in self._at_work.values())

    def close(self) -> None:
        """Give the threads back."""
        self._stop.set()
        self._pool.shutdown(wait=True)

    def _serve(self, endpoint_id: str) -> int:
        count = 0
        try:
            with self._store.leases.hold(f"endpoint:{endpoint_id}"):
                while count < IN_A_ROW and not self._stop.is_set():
                    attempt = self._store.endpoints.begin(endpoint_id)
                    if attempt is None:
                        break
                    count += 1
                    if not self._attempt(attempt):
                        break
        except (Busy, NotFound):  # another process is at it, or it was deleted
            return count
        except EditronError as error:
            _log.warning("webhook_not_served", endpoint=endpoint_id, error=str(error))
        return count

    def _attempt(self, attempt: Attempt) -> bool:
        """Whether the delivery arrived."""
        outcome = self._send(attempt)
        telemetry.count("webhook_attempts", outcome="failed" if outcome.error else "delivered")
        delivery, store = attempt.delivery, self._store
        if not outcome.error:
            store.endpoints.delivered(delivery.id, outcome.status or 0)
            return True
        again_at = None if outcome.final else _next(delivery.attempts, outcome.wait_s)
        store.endpoints.failed(delivery.id, outcome.error, outcome.status, again_at)
        if again_at is None:
            _log.warning("webhook_disabled", endpoint=attempt.endpoint.id, reason=outcome.error)
        return False

    def _send(self, attempt: Attempt) -> Outcome:
        try:
            secrets = _secrets(attempt.endpoint, self._settings)
            content = body(attempt.event)
            headers = webhook.headers(attempt.delivery.id, int(time.time()), content, secrets)
            return post(attempt.endpoint.url, content, headers, self._settings)
        except EditronError as error:  # refused address, lost sealing key: an operator has to act
            return Outcome(None, str(error))


def body(event: Event) -> bytes:
    """The bytes that tell of an event: thin, since whoever wants more asks the API."""
    ids = {"event": event.id, "subject_id": event.subject_id}
    of = {"batch_id": event.batch_id, "project_id": event.project_id}
    instant = event.created_at.isoformat() if event.created_at else ""
    told = {"type": event.kind, "timestamp": instant, "data": {**ids, **of, **event.data}}
    content = json.dumps(told, separators=(",", ":")).encode()
    if len(content) > MOST_BODY:
        told["data"] = {**ids, **of}
        content = json.dumps(told, separators=(",", ":")).encode()
    return content


def post(url: str, content: bytes, headers: dict[str, str], settings: Settings) -> Outcome:
    """Send one message. The address that is connected to is one that was just checked; a redirect is not
    followed. Raises SourceError for an address that is refused."""
    parsed = httpx.URL(url)
    candidates = addresses.targets(parsed, allow_private=settings.allow_private_urls)
    given = {**headers, "Content-Type": "application/json", "User-Agent": "editron"}
    limits = httpx.Limits(max_keepalive_connections=0)  # one connection never serves two names
    with httpx.Client(timeout=TIMEOUT, limits=limits, trust_env=False, follow_redirects=False) as client:
        for number, target in enumerate(candidates, start=1):
            request = client.build_request(
                "POST",
                target.url,
                content=content,
                headers={**given, "Host": target.host},
                extensions={"sni_hostname": target.name, "timeout": TIMEOUT.as_dict()},
            )
            try:
                return _answered(client, request)
            except httpx.ConnectError as error:
                if number == len(candidates):
                    return Outcome(None, f"does not let us connect: {type(error).__name__}")
            except httpx.TransportError as error:
                return Outcome(None, f"the connection fails: {type(error).__name__}")
    raise AssertionError("a name has at least one address")


def _answered(client: httpx.Client, request: httpx.Request) -> Outcome:
    until = time.monotonic() + WHOLE_S
    response = client.send(request, stream=True)
    try:
        read = 0
        for chunk in response.iter_raw():
            read += len(chunk)
            if read > MOST_ANSWER or time.monotonic() > until:
                break
    finally:
        response.close()
    status = response.status_code
    if 200 <= status < 300:
        return Outcome(status)
    asked = response.headers.get("Retry-After", "")
    wait = min(float(asked), MOST_WAIT_S) if re.fullmatch(r"\d{1,9}", asked) else None
    return Outcome(status, f"answers {status}", wait, final=status == GONE)


def _next(attempts: int, wait_s: float | None) -> datetime | None:
    """When the attempt after so many follows; null where there is none any more."""
    if attempts >= len(SCHEDULE_S):
        return None
    wait = SCHEDULE_S[attempts] * (1 + random.SystemRandom().uniform(0, JITTER))
    return datetime.now(UTC) + timedelta(seconds=max(wait, wait_s or 0.0))


def _secrets(endpoint: Endpoint, settings: Settings) -> list[str]:
    """The secrets to sign with: the one of now, and the one before while both hold."""
    until = endpoint.old_secret_until
    kept = [endpoint.secret]
    if endpoint.old_secret and until is not None and datetime.now(UTC) < until:
        kept.append(endpoint.old_secret)
    found = [unseal(one, _place(endpoint.id), settings) for one in kept]
    return [one.reveal() for one in found if one is not None]


def _place(endpoint_id: str) -> str:
    return f"webhook_endpoints/{endpoint_id}/secret"
