"""Server-sent events: what happened, to everybody who follows it, without a gap and nothing twice.

One poller per process reads new events from the store and hands each, encoded once, to the followers that
want it. A follower begins with what the store holds after the number that it saw last, and goes on with
what the poller hands over; one that falls behind reads from the store again, so that a slow reader costs a
bounded queue and no more.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from editron_core import log
from editron_core.api.problem import Refused
from editron_core.domain.event import Event
from editron_core.errors import NotFound, StoreError
from editron_core.store import Store
from editron_core.store.records.events import Wanted

POLL_S = 0.25
"""How long an event takes to reach its followers, at most."""
REST_S = 2.0
"""A store that does not answer is asked again after so long."""
RECHECK_S = 10.0
"""How often it is asked whether the followers' keys and sessions still hold."""
HEARTBEAT_S = 10
"""Nothing is sent for no longer than this: proxies close what is silent."""
SEND_S = 30.0
"""A reader that takes nothing for so long is let go."""
GRACE_S = 1.0
"""How long a message that is being sent may take when the server stops."""
RETRY_MS = 3000
"""When a client that was cut off comes back."""
PAGE = 200
OWN_PAGE = 32
"""Events that are read for one follower alone, at a time."""
QUEUE = 200
"""Events that wait for one follower."""
MOST = 1000
"""Followers of one process."""
_log = log.get(__name__)


@dataclass(eq=False)
class Follower:
    """Somebody who follows events, and what waits for them."""

    wanted: Wanted
    key_id: str | None
    """The key that they came with; null where none is needed."""
    session_id: str | None = None
    """The browser's session that they came with; null for a key by itself."""
    queue: deque[tuple[int, bytes]] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    behind: bool = False
    """Whether something that should have waited did not fit."""
    ended: bool = False
    """Whether they may follow no longer."""

    def offer(self, event: Event, encoded: bytes) -> None:
        """Let an event wait, if it is wanted."""
        if self.behind or not self.wanted.holds(event):
            return
        if len(self.queue) >= QUEUE:
            self.queue.clear()
            self.behind = True
        else:
            self.queue.append((event.id, encoded))
        self.news.set()

    def end(self) -> None:
        """Let them follow no longer."""
        self.ended = True
        self.news.set()


class Hub:
    """The followers of one process. All but `Store` happens in one event loop."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._followers: set[Follower] = set()
        self._poller: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """How many follow."""
        return len(self._followers)

    def join(self, wanted: Wanted, key_id: str | None, session_id: str | None = None) -> Follower:
        """Somebody who wants to follow. Raises Refused (503) where too many do."""
        if self.size >= MOST:
            raise Refused(503, "too many follow the events of this server", {"Retry-After": "30"})
        return Follower(wanted, key_id, session_id)

    @contextmanager
    def following(self, mine: Follower) -> Iterator[None]:
        """Hand over to a follower what happens while the block runs."""
        self._followers.add(mine)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            self._followers.discard(mine)
            if not self._followers and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    async def events(self, mine: Follower, after: int) -> AsyncIterator[bytes]:
        """What `mine` wants of all that happened after that number, and then of all that happens."""
        at = after
        while not mine.ended:
            mine.behind = False  # from here on what happens waits in the queue, while we read what happened
            async for number, encoded in self._past(mine, at):
                at = number
                yield encoded
            while not mine.ended and not mine.behind:
                while mine.queue:
                    number, encoded = mine.queue.popleft()
                    if number > at:
                        at = number
                        yield encoded
                mine.news.clear()
                if not mine.ended and not mine.behind:
                    await mine.news.wait()

    async def _past(self, mine: Follower, at: int) -> AsyncIterator[tuple[int, bytes]]:
        full = True
        while full and not mine.ended:
            page = await run_in_threadpool(self._read, at, mine.wanted)
            full = len(page) == OWN_PAGE
            at = page[-1][0] if page else at
            while page:  # given away one by one: whoever reads slowly holds as little as can be
                yield page.popleft()

    def _read(self, at: int, wanted: Wanted) -> deque[tuple[int, bytes]]:
        found = self.store.events.after(at, OWN_PAGE, wanted=wanted)
        return deque((event.id, encode(event)) for event in found)

    async def _poll(self) -> None:
        at: int | None = None
        checked = time.monotonic()
        while True:
            try:
                if at is None:
                    at = await run_in_threadpool(self.store.events.newest)
                    # Whoever came before this number was known reads it from the store.
                    for mine in tuple(self._followers):
                        mine.behind = True
                        mine.news.set()
                at = await self._hand_over(at)
                if time.monotonic() - checked >= RECHECK_S:
                    checked = time.monotonic()
                    await self._check()
            except StoreError as error:
                _log.warning("events_not_read", error=str(error))
                await asyncio.sleep(REST_S)
                continue
            await asyncio.sleep(POLL_S)

    async def _hand_over(self, at: int) -> int:
        while page := await run_in_threadpool(self.store.events.after, at, PAGE):
            for event in page:
                encoded = encode(event)
                for mine in self._followers:
                    mine.offer(event, encoded)
            at = page[-1].id
            if len(page) < PAGE:
                break
            await asyncio.sleep(0)  # let the followers take what waits
        return at

    async def _check(self) -> None:
        """End the streams of keys that were revoked or have expired, and of sessions that were ended."""
        keys = {mine.key_id for mine in self._followers if mine.key_id is not None}
        sessions = {mine.session_id for mine in self._followers if mine.session_id is not None}
        gone = await run_in_threadpool(self._gone, keys, sessions)
        for mine in self._followers:
            if mine.key_id in gone or mine.session_id in gone:
                mine.end()

    def _gone(self, keys: set[str], sessions: set[str]) -> set[str]:
        ended = {one for one in sessions if self.store.keys.session_ended(one)}
        return ended | {one for one in keys if not self._valid(one)}

    def _valid(self, key_id: str) -> bool:
        try:
            return self.store.keys.get(key_id).valid()
        except NotFound:
            return False


class Stream(EventSourceResponse):
    """The answer that follows events; whoever goes away, or reads nothing for long, is forgotten."""

    def __init__(self, hub: Hub, mine: Follower, after: int) -> None:
        super().__init__(
            _stream(hub, mine, after),
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
            ping=HEARTBEAT_S,
            ping_message_factory=lambda: ServerSentEvent(comment="still here"),
            send_timeout=SEND_S,
            shutdown_event=cast(Any, _Stopping(mine)),
            shutdown_grace_period=GRACE_S,
        )
        self._hub, self._mine = hub, mine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Follow until somebody ends it."""
        with self._hub.following(self._mine):
            await super().__call__(scope, receive, send)


class _Stopping:
    """What the library sets when the server stops: whoever follows is let go at the end of a message."""

    def __init__(self, mine: Follower) -> None:
        self._mine = mine

    def set(self) -> None:
        self._mine.end()


async def _stream(hub: Hub, mine: Follower, after: int) -> AsyncIterator[bytes]:
    # The number comes first: a client that is cut off before anything happens also knows where it was.
    yield f"retry: {RETRY_MS}\nid: {after}\n\n".encode()
    async for encoded in hub.events(mine, after):
        yield encoded


def encode(event: Event) -> bytes:
    """An event as one message of a stream."""
    return f"id: {event.id}\ndata: {json.dumps(shown(event), separators=(',', ':'))}\n\n".encode()


def shown(event: Event) -> dict[str, Any]:
    """An event as its followers see it, JSON-ready."""
    return {
        "id": event.id,
        "kind": event.kind,
        "subject_id": event.subject_id,
        "batch_id": event.batch_id,
        "project_id": event.project_id,
        "data": event.data,
        "created_at": event.created_at.isoformat() if event.created_at else None,
    }
