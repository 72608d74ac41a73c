"""Notifications on their way to the store: many that come at once are one durable write.

Each is answered only when the write that holds it is on the disk. While one write is under way the next ones
gather, so that the number of writes a second is the disk's, and that of notifications is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from editron_core.store import Store

GATHER_S = 0.004
"""How long the first one waits for others: a write costs as much processor time as twenty answers."""


class Marks:
    """What waits to be written, for the event loop of one app."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._waiting: list[tuple[Sequence[str], asyncio.Future[int]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._accounts: dict[str, str] = {}
        """The account of each source that was ever marked."""

    async def mark(self, accounts: Sequence[str]) -> int:
        """Make the sources of accounts dirty, for good; returns how many they are. Raises StoreError."""
        if not accounts:
            return 0
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((accounts, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_S)
            batch, self._waiting = self._waiting, []
            try:
                found = await run_in_threadpool(self._marked, sorted({a for some, _ in batch for a in some}))
            except Exception as error:  # noqa: BLE001  each of them raises it
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for accounts, done in batch:
                if not done.done():  # whoever asked may be gone
                    done.set_result(sum(account in accounts for account in found))

    def _marked(self, accounts: list[str]) -> list[str]:
        """The account of each source that was made dirty."""
        ids = self.store.sources.mark_dirty(accounts)
        if any(self._accounts.get(key) not in accounts for key in ids):
            self._accounts = {source.id: source.account_id for source in self.store.sources.list()}
        return [self._accounts.get(key, "") for key in ids]
