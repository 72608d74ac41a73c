"""What has outlived its time, one thing at a time; `retention` says which of it goes when, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from editron_core.config import ObjectPlace, Settings
from editron_core.domain.batch import MediaBatch, StorageTier
from editron_core.errors import NotFound
from editron_core.store import Store, retention
from editron_core.store.blobs import last_touched, weight
from editron_core.store.remote import is_there, open_blobs

PROXY = "proxy.mp4"
NEXT = {StorageTier.HOT: StorageTier.WARM, StorageTier.WARM: StorageTier.COLD}
BLOBS, ARCHIVE = "blobs", "archive"


class Action(StrEnum):
    """What is done with something that has outlived its time."""

    LOWER_TIER = "lower tier"
    DELETE_BATCH = "delete batch"
    ARCHIVE_ORIGINAL = "archive original"
    DROP_ORIGINAL = "drop original"
    DROP_PROXY = "drop proxy"
    DROP_INTERRUPTED = "drop interrupted work"
    DROP_HALF = "drop incomplete folder"
    DROP_UNREFERENCED = "drop unreferenced"
    DROP_ROWS = "drop rows"
    FORGET_STAGES = "forget stages"


@dataclass(frozen=True)
class Item:
    """One thing that goes, or is moved."""

    action: Action
    subject: str
    """A batch id, a content hash, a path, or the name of a table."""
    bytes: int = 0
    """What it frees on the local disk."""
    why: str = ""
    batch: str = ""
    """The batch that it belongs to, and..."""
    original: str = ""
    """... the hash of the original: whoever has that is looked at again before it is carried out."""


def lowered(batch: MediaBatch, days: float) -> Item:
    """A batch that has stood at its tier for so long goes to the next one, or altogether."""
    why = f"{batch.storage_tier} for {days:g} days"
    action = Action.LOWER_TIER if batch.storage_tier in NEXT else Action.DELETE_BATCH
    return Item(action, batch.id, why=why, batch=batch.id)


def originals(store: Store, settings: Settings, tiers: dict[str, StorageTier]) -> Iterator[Item]:
    """The originals that leave: those that no batch which is hot, or needs them, shares."""
    archive = open_blobs(settings.archived) if is_there(settings.archived) else None
    for sha256, batches in sorted(retention.owners(store).items()):
        mine = {tiers.get(batch, StorageTier.HOT) for batch in batches}
        if StorageTier.HOT in mine:
            continue
        here = store.blobs.size(sha256)
        if StorageTier.WARM in mine:
            if here:
                yield Item(Action.ARCHIVE_ORIGINAL, sha256, here, "its batch is warm", original=sha256)
        elif here or (archive and archive.size(sha256)):
            yield Item(Action.DROP_ORIGINAL, sha256, here, "its batch is cold", original=sha256)


def proxies(store: Store, tiers: dict[str, StorageTier]) -> Iterator[Item]:
    """The proxies that go: those that only cold batches share."""
    owners = retention.owners(store)
    cold = {
        sha256
        for sha256, batches in owners.items()
        if {tiers.get(batch, StorageTier.HOT) for batch in batches} == {StorageTier.COLD}
    }
    for sha256, key in retention.analyses_of(store, cold):
        try:
            held = store.blobs.contents(key)
        except NotFound:
            continue
        if PROXY in held:
            yield Item(Action.DROP_PROXY, key, held[PROXY], "its batch is cold", original=sha256)


def interrupted(store: Store, settings: Settings) -> Iterator[Item]:
    """Work and downloads that whoever began them will not go on with."""
    age = settings.orphan_hours * 3600
    for entry in (*store.blobs.abandoned(age), *retention.left_by_stages(store), *_downloads(store, age)):
        yield Item(Action.DROP_INTERRUPTED, str(entry), weight(entry), "whoever made it is gone")
    for key, half in store.blobs.halves(age):
        yield Item(Action.DROP_HALF, key, half.size, "nobody completed it")


def _downloads(store: Store, age: float) -> Iterator[Path]:
    folder = store.blobs.root / "downloads"
    if folder.is_dir():
        limit = datetime.now(UTC).timestamp() - age
        yield from (entry for entry in sorted(folder.iterdir()) if last_touched(entry) < limit)


def unreferenced(store: Store, archived: Path | ObjectPlace, before: datetime) -> Iterator[Item]:
    """Files and folders that no row names, written before a time."""
    files, folders = retention.referenced(store)
    limit, why = before.timestamp(), "nothing names it"
    homes = {BLOBS: store.blobs, **({ARCHIVE: open_blobs(archived)} if is_there(archived) else {})}
    for home, blobs in homes.items():
        for sha256, kept in blobs.files():
            if sha256 not in files and kept.touched < limit:
                yield Item(Action.DROP_UNREFERENCED, f"{home}/files/{sha256}", kept.size, why)
    for key, kept in store.blobs.folders():
        if key not in folders and kept.touched < limit:
            yield Item(Action.DROP_UNREFERENCED, f"{BLOBS}/folders/{key}", kept.size, why)


def rows(store: Store, before: datetime) -> Iterator[Item]:
    """Rows that nobody needs any more, last changed before a time."""
    why = f"last changed before {before:%Y-%m-%d}"
    counts = retention.outlived_rows(store, before)
    if any(counts.values()):
        yield Item(Action.DROP_ROWS, ", ".join(f"{n} {name}" for name, n in counts.items() if n), why=why)
    stages = retention.outlived_stages(store, before)
    if stages:
        yield Item(Action.FORGET_STAGES, f"{len(stages)} stages", why=f"no batch needs them, {why}")
