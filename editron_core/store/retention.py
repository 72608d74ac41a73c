"""What the store knows of what is still needed, and how what is not goes.

Whatever is removed was first made unknown in one transaction that looks again: a crash in between leaves
bytes that nothing refers to, and the next pass removes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from editron_core.domain.intake import TransferStatus
from editron_core.domain.job import RenderJobStatus, StageStatus
from editron_core.domain.registry import QaKind
from editron_core.domain.webhook import DeliveryStatus
from editron_core.errors import NotFound
from editron_core.store.blobs import Blobs
from editron_core.store.leases import Holder
from editron_core.store.models import (
    Base,
    BrandAssetRow,
    DeadLetterRow,
    DeliveryRow,
    DispatchRow,
    EndedSessionRow,
    EventRow,
    FileRow,
    IdempotencyRow,
    JobRow,
    LeaseRow,
    PromotionRow,
    QaRunRow,
    SessionRow,
    StageRow,
    UploadRow,
    utc_now,
)
from editron_core.store.records.events import outlived
from editron_core.store.store import Store

ANALYZE = "analyze"
BLOB = "blob:"
PREFIX = 16
"""Digits of a stage's key in the name of its folder."""


def owners(store: Store) -> dict[str, set[str]]:
    """The batches that each original belongs to, by the original's hash."""
    found: dict[str, set[str]] = {}
    query = select(FileRow.checksum_sha256, FileRow.batch_id).where(FileRow.checksum_sha256 != "")
    with store.database.read() as session:
        for sha256, batch in session.execute(query):
            found.setdefault(sha256, set()).add(batch)
    return found


def batches_of(store: Store, sha256: str) -> set[str]:
    """The batches that an original belongs to."""
    with store.database.read() as session:
        return set(session.scalars(select(FileRow.batch_id).where(FileRow.checksum_sha256 == sha256)))


def analyses_of(store: Store, sha256s: set[str]) -> list[tuple[str, str]]:
    """Hash of the original and key of the output, for each finished analysis of one of these."""
    query = select(StageRow.inputs, StageRow.output).where(
        StageRow.stage == ANALYZE, StageRow.status == StageStatus.DONE, StageRow.output.is_not(None)
    )
    with store.database.read() as session:
        rows = session.execute(query.order_by(StageRow.key)).all()
    return [(inputs[0], output) for inputs, output in rows if inputs and inputs[0] in sha256s]


def referenced(store: Store) -> tuple[set[str], set[str]]:
    """The hashes of files and the keys of folders in the blob store that some row names."""
    with store.database.read() as session:
        files = set(session.scalars(select(FileRow.checksum_sha256)))
        files |= set(session.scalars(select(PromotionRow.notebook_sha256)))
        files |= set(session.scalars(select(BrandAssetRow.sha256)))
        files |= set(session.scalars(select(UploadRow.sha256)))
        folders = set(session.scalars(select(StageRow.output)))
        transcripts = session.scalars(select(FileRow.transcript_path))
        folders |= {Path(path).parent.name for path in transcripts if path}
        for result in session.scalars(select(QaRunRow.result).where(QaRunRow.kind == QaKind.REGRESS)):
            for frame in (result or {}).get("frames", ()):
                files |= {one.removeprefix(BLOB) for one in frame.values() if str(one).startswith(BLOB)}
        for urls, facts in session.execute(select(JobRow.output_urls, JobRow.facts)):
            files |= {url.removeprefix(BLOB) for url in urls if url.startswith(BLOB)}
            folders.add(str(facts.get("request", {}).get("cut", "")))
    return {one for one in files if one}, {one for one in folders if one}


def left_by_stages(store: Store) -> list[Path]:
    """Folders of stages in the making whose holder is dead, lost its lease, or never gave it back."""
    found = []
    with store.database.read() as session:
        now = store.database.now(session)
        for entry in sorted(store.blobs.tmp.iterdir()):
            name, _, fence = entry.name.rpartition("-")
            key = name.rpartition("-")[2]
            if len(key) != PREFIX or not fence.isdigit():
                continue
            lease = session.scalars(
                select(LeaseRow).where(LeaseRow.name.startswith(f"stage:{key}", autoescape=True))
            ).first()
            if lease is None or lease.fence != int(fence) or _free(lease, now):
                found.append(entry)
    return found


def outlived_rows(store: Store, before: datetime) -> dict[str, int]:
    """How many rows of each kind are older than `before` and needed by nobody."""
    with store.database.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table).where(*which)) or 0
            for name, (table, which) in _outlived(before).items()
        }


def drop_rows(store: Store, before: datetime) -> dict[str, int]:
    """Remove `outlived_rows`; returns how many went."""
    gone = {}
    with store.database.write() as session:
        for name, (table, which) in _outlived(before).items():
            result: Any = session.execute(delete(table).where(*which))
            gone[name] = int(result.rowcount)
    return gone


def outlived_stages(store: Store, before: datetime) -> list[str]:
    """Keys of stages that ended before `before` and whose inputs no batch knows any more."""
    with store.database.read() as session:
        known = set(session.scalars(select(FileRow.checksum_sha256)))
        for content_hash, timelines in session.execute(select(SessionRow.content_hash, SessionRow.timelines)):
            known |= {content_hash, *_timeline_hashes(timelines)}
        rows = session.execute(
            select(StageRow.key, StageRow.inputs).where(
                StageRow.updated_at < before, StageRow.status != StageStatus.RUNNING
            )
        ).all()
    return [key for key, inputs in rows if not inputs or inputs[0] not in known]


def drop_stages(store: Store, keys: Iterable[str], before: datetime) -> None:
    """Forget stages, so that their folders are referred to no more."""
    wanted = list(keys)
    with store.database.write() as session:
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            session.execute(delete(StageRow).where(StageRow.key.in_(some), StageRow.updated_at < before))


def archive(store: Store, archived: Blobs, sha256: str) -> None:
    """Move an original to another blob store: copied and checked, then recorded, then removed here."""
    try:
        here = store.blobs.path(sha256)
    except NotFound:  # an earlier pass got that far
        here = None
    if here is not None:
        archived.put(here, sha256=sha256)
    with store.database.write() as session:
        rows = session.scalars(select(FileRow).where(FileRow.checksum_sha256 == sha256).with_for_update())
        for row in rows:
            row.file_path = str(archived.path(sha256, Path(row.file_path).suffix))
    store.blobs.drop_file(sha256)


def drop_proxy(store: Store, key: str, name: str) -> None:
    """Keep the evidence of an analysis without its proxy: under a new key, and then the old folder goes."""
    kept = store.blobs.without(key, name)
    with store.database.write() as session:
        for row in session.scalars(select(StageRow).where(StageRow.output == key).with_for_update()):
            row.output = kept
    store.blobs.drop_folder(key)


def _outlived(before: datetime) -> dict[str, tuple[type[Base], tuple[ColumnElement[bool], ...]]]:
    pending = DeliveryStatus.PENDING
    return {
        "dead_letters": (DeadLetterRow, (DeadLetterRow.resolved_at < before,)),
        "dispatches": (DispatchRow, (DispatchRow.done_at < before,)),
        "leases": (LeaseRow, (_ended_lease(before),)),
        "events": (EventRow, tuple(outlived(before))),
        "deliveries": (DeliveryRow, (DeliveryRow.created_at < before, DeliveryRow.status != pending)),
        "idempotency": (IdempotencyRow, (IdempotencyRow.expires_at < utc_now(),)),
        "ended_sessions": (EndedSessionRow, (EndedSessionRow.expires_at < utc_now(),)),
        "uploads": (UploadRow, (UploadRow.status == TransferStatus.DONE, UploadRow.updated_at < before)),
    }


def _ended_lease(before: datetime) -> ColumnElement[bool]:
    """A fence must not come twice while a late riser may hold the old one: leases go long after their
    work, and never those of a stage or render job that somebody may yet finish."""
    young = StageRow.updated_at >= before
    stages = select("stage:" + StageRow.key).where(young | (StageRow.status != StageStatus.DONE))
    ended = (RenderJobStatus.COMPLETE, RenderJobStatus.FAILED)
    jobs = select("job:" + JobRow.id).where((JobRow.updated_at >= before) | JobRow.status.not_in(ended))
    return (
        (LeaseRow.expires_at < before.timestamp())
        & (LeaseRow.name.startswith("stage:") | LeaseRow.name.startswith("job:"))
        & LeaseRow.name.not_in(stages)
        & LeaseRow.name.not_in(jobs)
    )


def _timeline_hashes(timelines: list[Any]) -> list[str]:
    from editron_core.domain import codec
    from editron_core.domain.timeline import Timeline

    return [codec.load(Timeline, one).content_hash for one in timelines]


def _free(lease: LeaseRow, now: float) -> bool:
    holder = Holder(lease.host, lease.pid, lease.process_start)
    return lease.expires_at <= now or holder.dead


def ago(now: datetime, days: float) -> datetime:
    """The instant so many days before `now`."""
    return now - timedelta(days=days)
