"""Idempotency-Key: a request that is sent again has no second effect, and gets the first one's answer.

The key holds for a day, for whoever sent it, for one method and path. The claim is written down before the
request is carried out and marked in the transaction that takes effect, so that neither a hundred at once nor
a process that is killed in between make two of one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope, Send

from editron_core.api.deps import KEY
from editron_core.api.guards import Body
from editron_core.api.problem import Refused, answer
from editron_core.api.table import IDEMPOTENCY_KEY, Entry
from editron_core.domain import codec
from editron_core.store.outbox import claimed

if TYPE_CHECKING:
    from editron_core.store import Store

PASSING = (409, 425, 429)
"""Answers that may be others the next time: not kept, nor is any 5xx."""
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True)
class Claim:
    """A request that is to take effect once."""

    key: str
    who: str
    """The caller's key; empty for whoever is on this machine while there is none."""
    method: str
    path: str
    body: Body
    unkept: bool
    """Whether the answer is a secret that nobody keeps."""

    @property
    def scope(self) -> str:
        """What the key holds for."""
        return f"{self.who} {self.method} {self.path}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the body, whatever order its keys come in."""
        body = self.body
        content = codec.canonical(body.value) if body.value is not None else body.raw or b""
        return hashlib.sha256(content).hexdigest()


def key(headers: Headers, entry: Entry, method: str) -> str | None:
    """The key of a request; null where it has none. Raises Refused (400) where it must, or for an odd one."""
    text = headers.get(IDEMPOTENCY_KEY)
    if text is None and entry.needs_key:
        raise Refused(400, "needs an Idempotency-Key, such as a fresh UUID in quotes")
    if text is None or method != "POST" or entry.body.kind == "raw":
        return None
    if not re.fullmatch(KEY, text.strip()):
        raise Refused(400, "the Idempotency-Key is no string of 1 to 255 printable characters")
    return text.strip().strip('"')


async def once(app: ASGIApp, claim: Claim, scope: Scope, send: Send) -> None:
    """Carry out a claimed request, or give the answer that it got before.

    Raises Refused: 409 while it is being carried out, 422 where the key came with another body.
    """
    store: Store = scope["app"].state.store
    known = await run_in_threadpool(store.idempotency.begin, claim.scope, claim.key, claim.fingerprint)
    if known is not None:
        again = Response(known.body, known.status, {REPLAYED: "true"}, known.content_type or None)
        await again(scope, claim.body.receive, send)
        return
    # The store has marked its own thread; the request goes on in others.
    token = claimed.set((claim.scope, claim.key))
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    try:
        await app(scope, claim.body.receive, keep)
    except BaseException:
        await run_in_threadpool(store.idempotency.forget, claim.scope, claim.key)
        raise
    finally:
        claimed.reset(token)
    status, kind, content = _whole(messages)
    if status >= 500 or status in PASSING:
        await run_in_threadpool(store.idempotency.forget, claim.scope, claim.key)
    else:
        if claim.unkept and status < 400:
            told = answer(scope, Refused(409, "was carried out; its answer held a secret, shown once"))
            status, kind, content = told.status_code, told.media_type or "", bytes(told.body)
        await run_in_threadpool(store.idempotency.finish, claim.scope, claim.key, status, kind, content)
    for message in messages:
        await send(message)


def _whole(messages: list[Message]) -> tuple[int, str, bytes]:
    """Status, media type and body of an answer."""
    start = messages[0]
    content = b"".join(message.get("body", b"") for message in messages[1:])
    return int(start["status"]), Headers(raw=start["headers"]).get("content-type", ""), content
