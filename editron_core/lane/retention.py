"""Retention: what has outlived its time, by the tiers of batches, and how it goes.

    hot     everything stays where it is
    warm    proxies and evidence stay; originals are moved to the archive
    cold    evidence and deliverables stay; originals and proxies go

Nothing goes that an open session, an unsigned cut or an unfinished render job may need. A pass can be
broken off anywhere and begun again: what was half done is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from editron_core import log
from editron_core.config import ObjectPlace, Settings
from editron_core.domain.batch import BatchStatus, Hold, MediaBatch, StorageTier
from editron_core.domain.job import EditSession, EditSessionStatus, RenderJobStatus
from editron_core.errors import EditronError, NotFound
from editron_core.lane import outlived
from editron_core.lane.outlived import BLOBS, NEXT, PROXY, Action, Item
from editron_core.review import signoff
from editron_core.store import Store, retention
from editron_core.store.blobs import remove
from editron_core.store.remote import RemoteBlobs, is_there, open_blobs

AT_WORK = (BatchStatus.QUEUED, BatchStatus.DOWNLOADING, BatchStatus.ANALYZING)
LEASE = "housekeeping"
UNUSED_S = 3600.0
"""A copy of what lies in an object store that a stage may be reading was asked for within this time."""
FROM = {
    Action.ARCHIVE_ORIGINAL: (StorageTier.WARM, StorageTier.COLD),
    Action.DROP_ORIGINAL: (StorageTier.COLD,),
    Action.DROP_PROXY: (StorageTier.COLD,),
}
"""The tiers that every batch of an original must stand at for it to go."""
_log = log.get(__name__)


@dataclass(frozen=True)
class Plan:
    """What a pass would do."""

    items: tuple[Item, ...]
    kept: dict[str, str]
    """Why a batch that has outlived its tier is left alone, by its id."""
    archive: Path | ObjectPlace
    """Where originals are moved to."""
    bytes_before: datetime
    """What nothing names goes if it was written before."""
    rows_before: datetime
    """Rows that nobody needs go if they were last changed before."""
    at_hand: int = 0
    """Bytes of copies of what lies in an object store that are kept here."""

    @property
    def bytes(self) -> int:
        """What all of it frees on the local disk."""
        return sum(item.bytes for item in self.items)


@dataclass(frozen=True)
class Done:
    """What a pass did."""

    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()
    """What could not be carried out, a line each; the next pass tries again."""

    @property
    def bytes(self) -> int:
        """What all of it freed on the local disk."""
        return sum(item.bytes for item in self.items)


def plan(store: Store, settings: Settings, now: datetime | None = None) -> Plan:
    """What has outlived its time; nothing is changed."""
    now = now or datetime.now(UTC)
    kept: dict[str, str] = {}
    tiers: dict[str, StorageTier] = {}
    items: list[Item] = []
    for batch in _all(store):
        ttl = _ttl(settings, batch.storage_tier)
        over = ttl is not None and _touched(batch) <= retention.ago(now, ttl)
        reason = why_kept(store, batch)
        tier = batch.storage_tier
        if reason and (over or tier is not StorageTier.HOT):
            kept[batch.id] = reason
        if over and not reason:
            items.append(outlived.lowered(batch, ttl or 0.0))
            tier = NEXT.get(tier, tier)
        tiers[batch.id] = StorageTier.HOT if reason else tier
    items += outlived.originals(store, settings, tiers)
    items += outlived.proxies(store, tiers)
    items += outlived.interrupted(store, settings)
    bytes_before = retention.ago(now, settings.orphan_hours / 24)
    rows_before = retention.ago(now, settings.rows_days)
    items += outlived.unreferenced(store, settings.archived, bytes_before)
    items += outlived.rows(store, rows_before)
    return Plan(
        tuple(items), kept, settings.archived, bytes_before, rows_before, at_hand=settings.blob_cache_bytes
    )


def carry_out(store: Store, wanted: Plan) -> Done:
    """Do what a plan says, where it still holds. Raises Busy where another pass is under way."""
    done: list[Item] = []
    problems: list[str] = []
    with store.leases.hold(LEASE):
        for item in wanted.items:
            try:
                if _still(store, item):
                    _do(store, item, wanted)
                    done.append(item)
            except (EditronError, OSError) as error:
                problems.append(f"{item.action} {item.subject}: {error}")
                _log.warning("retention_failed", action=item.action, subject=item.subject, error=str(error))
        if isinstance(store.blobs, RemoteBlobs):
            unused_s = (datetime.now(UTC) - wanted.bytes_before).total_seconds()
            store.blobs.evict(wanted.at_hand, max(UNUSED_S, unused_s))
    return Done(tuple(done), tuple(problems))


def why_kept(store: Store, batch: MediaBatch) -> str | None:
    """Why nothing of a batch may go, in words; null where it may. A cancelled batch holds nothing back."""
    if batch.hold is Hold.CANCELLED:
        return None
    if batch.status in AT_WORK:
        return f"it is {batch.status}"
    superseded: set[str] = set()
    for session in store.sessions.list(batch.id):  # the newest first
        for job in store.jobs.list(session.id):
            waiting = job.status in (RenderJobStatus.QUEUED, RenderJobStatus.RENDERING)
            if waiting and job.hold is not Hold.CANCELLED:
                return f"render job {job.id[:8]} is {job.status}"
        family = str(session.metadata.get("trimmed_from", session.content_hash))
        if family not in superseded:
            reason = _open(store, session)
            if reason:
                return reason
        superseded.add(family)
    return None


def _open(store: Store, session: EditSession) -> str | None:
    if session.status is not EditSessionStatus.COMPLETE:
        return f"session {session.id[:8]} is open ({session.status})"
    unsigned = signoff.of(store, session).unsigned
    return f"{unsigned[0].name} of session {session.id[:8]} is not signed off" if unsigned else None


def _all(store: Store) -> Iterator[MediaBatch]:
    offset, page = 0, 500
    while found := store.batches.list(limit=page, offset=offset):
        yield from found
        offset += page


def _ttl(settings: Settings, tier: StorageTier) -> float | None:
    return {
        StorageTier.HOT: settings.hot_days,
        StorageTier.WARM: settings.warm_days,
        StorageTier.COLD: settings.cold_days,
    }[tier]


def _touched(batch: MediaBatch) -> datetime:
    assert batch.updated_at is not None  # every row is dated
    return batch.updated_at


def _still(store: Store, item: Item) -> bool:
    """Whether the batches that an item belongs to still let it go."""
    mine = retention.batches_of(store, item.original) if item.original else {item.batch} - {""}
    for batch_id in mine:
        try:
            batch = store.batches.get(batch_id)
        except NotFound:
            continue
        if why_kept(store, batch) or batch.storage_tier not in FROM.get(item.action, StorageTier):
            return False
    return True


def _do(store: Store, item: Item, wanted: Plan) -> None:
    if item.action is Action.LOWER_TIER:
        batch = store.batches.get(item.subject)
        store.batches.set_tier(batch.id, NEXT[batch.storage_tier])
    elif item.action is Action.DELETE_BATCH:
        store.batches.delete(item.subject)
    elif item.action is Action.ARCHIVE_ORIGINAL:
        retention.archive(store, open_blobs(wanted.archive), item.subject)
    elif item.action is Action.DROP_ORIGINAL:
        store.blobs.drop_file(item.subject)
        if is_there(wanted.archive):
            open_blobs(wanted.archive).drop_file(item.subject)
    elif item.action is Action.DROP_PROXY:
        retention.drop_proxy(store, item.subject, PROXY)
    elif item.action is Action.DROP_INTERRUPTED:
        remove(Path(item.subject))
    elif item.action is Action.DROP_HALF:
        store.blobs.drop_folder(item.subject)
    elif item.action is Action.DROP_UNREFERENCED:
        _drop_unreferenced(store, item.subject, wanted)
    else:
        _do_rows(store, item, wanted)


def _do_rows(store: Store, item: Item, wanted: Plan) -> None:
    if item.action is Action.DROP_ROWS:
        retention.drop_rows(store, wanted.rows_before)
    else:
        before = wanted.rows_before
        retention.drop_stages(store, retention.outlived_stages(store, before), before)


def _drop_unreferenced(store: Store, subject: str, wanted: Plan) -> None:
    """Remove what nothing named when the plan was made, unless something names it by now."""
    files, folders = retention.referenced(store)
    home, kind, key = subject.split("/")
    blobs = store.blobs if home == BLOBS else open_blobs(wanted.archive)
    kept = blobs.find(kind, key)
    if kept is None or kept.touched >= wanted.bytes_before.timestamp():
        return
    if kind == "folders" and key not in folders:
        blobs.drop_folder(key)
    elif kind == "files" and key not in files:
        blobs.drop_file(key)
