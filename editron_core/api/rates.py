"""How often somebody may ask: each key and each address by a moving window of a minute.

The counts are this process's, and `editron serve` is one process. An address is the one that the
connection comes from: `X-Forwarded-For` counts only where `EDITRON_TRUSTED_PROXIES` names who sent it.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from editron_core.api.problem import Refused
from editron_core.config import Settings

if TYPE_CHECKING:
    from limits import RateLimitItem

SWEEP_S = 60.0
HOOKS = "/api/webhooks/"
"""Others' notifications have a count of their own."""
FREE = ("/healthz", "/apps/static/", "/apps/marimo/")
"""Beginnings of paths that cost nothing to answer: one page asks for hundreds of marimo's files at once."""


class Rates:
    """The counts of one app."""

    def __init__(self, settings: Settings) -> None:
        from limits import RateLimitItemPerMinute
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

        self._storage = MemoryStorage()
        self._storage.timer.join()
        self._storage.timer = _Swept()
        self._swept = time.monotonic()
        self._moving = MovingWindowRateLimiter(self._storage)
        self._fixed = FixedWindowRateLimiter(self._storage)  # of many: a list of all hits would be long
        self._key = RateLimitItemPerMinute(settings.rate_key, namespace="key")
        self._address = RateLimitItemPerMinute(settings.rate_address, namespace="address")
        self._logins = RateLimitItemPerMinute(settings.rate_logins, namespace="logins")
        self._hooks = RateLimitItemPerMinute(settings.rate_hooks, namespace="hooks")

    def address(self, path: str, address: str) -> None:
        """Count a request from an address. Raises Refused (429)."""
        if path.startswith(FREE):
            return
        if time.monotonic() - self._swept > SWEEP_S:
            self._sweep()
        if path.startswith(HOOKS):
            if not self._fixed.hit(self._hooks, address):
                raise _refused(self._fixed.get_window_stats(self._hooks, address).reset_time)
            return
        self._hit(self._address, address)

    def key(self, path: str, key_id: str) -> None:
        """Count a request with a key. Raises Refused (429)."""
        if not path.startswith(FREE):
            self._hit(self._key, key_id)

    def login(self, address: str) -> None:
        """Count a key that did not fit. Raises Refused (429) where an address has tried too many."""
        self._hit(self._logins, address)

    def _sweep(self) -> None:
        """Forget whoever has not asked for a minute."""
        self._swept, now = time.monotonic(), time.time()
        for who, hits in list(self._storage.events.items()):
            if not hits or hits[0].expiry < now:
                self._storage.clear(who)

    def _hit(self, limit: RateLimitItem, who: str) -> None:
        if not self._moving.hit(limit, who):
            raise _refused(self._moving.get_window_stats(limit, who).reset_time)


class _Swept(threading.Timer):
    """Stands for the library's timer, which would start a thread for almost every request to clean up."""

    def __init__(self) -> None:
        super().__init__(0, lambda: None)

    def is_alive(self) -> bool:
        """As if it were about to clean up."""
        return True


def _refused(reset: float) -> Refused:
    wait = max(1, math.ceil(reset - time.time()))
    return Refused(429, f"too many requests: try again in {wait} s", {"Retry-After": str(wait)})
