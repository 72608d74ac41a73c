"""Dropbox sources: what is asked of them, what they list, and the batches that are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from editron_core.domain.batch import BatchStatus, MediaBatch
from editron_core.domain.intake import DropboxSource, SourceEntry, SourceKind
from editron_core.errors import UsageError
from editron_core.store.database import Database
from editron_core.store.models import EntryRow, FileRow, ProjectRow, SourceRow, utc_now
from editron_core.store.outbox import emit
from editron_core.store.records.batches import NewBatch, insert_batch, read_batch
from editron_core.store.records.common import digest, locked, new_id, one, why
from editron_core.store.records.operations import announce
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut

CHANGING = (
    *("label", "account_id", "source_url", "folder_path", "project_id", "storage_tier"),
    *("checksum_required", "reference_name_template", "auto_ingest", "kind"),
    *("access_token", "refresh_token", "link_password", "needs_reauth"),
)
"""What people change of a source; the rest is what the passes over it come to."""
LOOKS_ELSEWHERE = ("account_id", "source_url", "folder_path", "kind")
"""Changing one of these begins the listing anew."""
AT_ONCE = 500
"""Rows asked for in one statement: engines limit how many parameters one has."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What one page of a listing changed."""

    fresh: int
    """Entries that are new, or of another content than before: they wait to be taken into a batch."""
    removed: int


@dataclass(frozen=True, slots=True)
class Taken:
    """One entry that goes into a batch."""

    remote_id: str
    name: str
    """The file's name, as people know it."""
    source: str
    """What the file is fetched by; unique in the batch."""


class Sources:
    """Where footage comes from by itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, source: DropboxSource) -> DropboxSource:
        """Record a source; its counters and times are given here, and its `id` where it has none. It is
        dirty: nobody has looked yet.

        Raises NotFound where its project is not there; UsageError where it has neither link nor account.
        """
        with self._database.write() as session:
            row = SourceRow(id=source.id or new_id(), cursor="", dirty_seq=1, synced_seq=0)
            _change(session, row, source)
            session.add(row)
            session.flush()
            _tell(session, row, "created", {"label": row.label})
            return _source(row)

    def get(self, source_id: str) -> DropboxSource:
        """The source with this id. Raises NotFound."""
        with self._database.read() as session:
            return _source(one(session, SourceRow, source_id))

    def list(self) -> tuple[DropboxSource, ...]:
        """All sources, the oldest first."""
        with self._database.read() as session:
            rows = session.scalars(select(SourceRow).order_by(SourceRow.created_at, SourceRow.id))
            return tuple(_source(row) for row in rows)

    def page(self, *, after: Key | None = None, limit: int = LIMIT) -> Slice[DropboxSource]:
        """Sources, the newest first."""
        with self._database.read() as session:
            order = Order((SourceRow.created_at, SourceRow.id))
            return cut(session, select(SourceRow), order, after, limit).map(_source)

    def change(self, source_id: str, changes: Mapping[str, Any]) -> DropboxSource:
        """Change some of `CHANGING`. One that looks elsewhere from now on is listed anew, and it is dirty.

        Raises NotFound, UsageError.
        """
        odd = sorted(set(changes) - set(CHANGING))
        if odd:
            raise UsageError("cannot be changed", subject=", ".join(odd))
        with self._database.write() as session:
            row = locked(session, SourceRow, source_id)
            before = _source(row)
            after = replace(before, **changes)
            _change(session, row, after)
            if any(getattr(before, name) != getattr(after, name) for name in LOOKS_ELSEWHERE):
                row.cursor = ""
                session.execute(delete(EntryRow).where(EntryRow.source_id == row.id))
            row.dirty_seq += 1
            session.flush()
            _tell(session, row, "changed", {"label": row.label})
            return _source(row)

    def delete(self, source_id: str) -> None:
        """Remove a source; the batches that were made of it stay. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, SourceRow, source_id)
            _tell(session, row, "deleted", {"label": row.label})
            session.delete(row)

    def mark_dirty(self, account_ids: Sequence[str]) -> tuple[str, ...]:
        """Note that something changed in these accounts; returns the ids of the sources concerned.

        Only the counters are raised: cheap enough for each notification, and one that comes during a pass
        leaves the source dirty behind it.
        """
        with self._database.write() as session:
            # In one order of ids: two notifications that raise the same sources do not wait for each other.
            columns = (SourceRow.id, SourceRow.project_id, SourceRow.dirty_seq > SourceRow.synced_seq)
            query = (
                select(*columns)
                .where(SourceRow.account_id.in_(list(account_ids)))
                .order_by(SourceRow.id)
                .with_for_update()
            )
            found = session.execute(query).all()
            ids = [key for key, _, _ in found]
            raised = update(SourceRow).where(SourceRow.id.in_(ids)).values(dirty_seq=SourceRow.dirty_seq + 1)
            if ids:
                session.execute(raised, execution_options={"synchronize_session": False})
            for key, project_id, dirty in found:
                if not dirty:  # of many notifications in a row the first says it all
                    emit(session, "source.dirty", key, project_id=project_id)
            return tuple(ids)

    def nudge(self, source_id: str) -> DropboxSource:
        """Note that a person wants a source looked at: that counts until a pass which began later went well,
        also where changes are not taken in by themselves. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, SourceRow, source_id)
            was_dirty = row.dirty_seq > row.synced_seq
            row.dirty_seq += 1
            row.asked_seq = row.dirty_seq
            if not was_dirty:
                _tell(session, row, "dirty", {})
            return _source(row)

    def due(self, stale_before: datetime) -> tuple[DropboxSource, ...]:
        """The sources to look at now: dirty, or last looked at before that, or those that a person asked for;
        none that needs a person first."""
        stale = or_(SourceRow.last_processed_at.is_(None), SourceRow.last_processed_at < stale_before)
        by_itself = and_(SourceRow.auto_ingest, or_(SourceRow.dirty_seq > SourceRow.synced_seq, stale))
        asked = SourceRow.asked_seq > SourceRow.synced_seq
        query = select(SourceRow).where(~SourceRow.needs_reauth, or_(by_itself, asked))
        with self._database.read() as session:
            rows = session.scalars(query.order_by(SourceRow.last_processed_at, SourceRow.id))
            return tuple(_source(row) for row in rows)

    def begin(self, source_id: str) -> int:
        """How often a source was notified by now: what a pass that begins now will have seen."""
        with self._database.read() as session:
            return one(session, SourceRow, source_id).dirty_seq

    def record(
        self,
        source_id: str,
        cursor: str,
        entries: Sequence[SourceEntry],
        *,
        removed: Sequence[str] = (),
    ) -> Listed:
        """Take in one page of a listing together with the cursor behind it.

        `removed` are paths that are gone, with all below them: what waits there waits no more. An entry
        that is known with the same rev and content changes nothing; one of another content waits to be
        taken in again. Raises NotFound.
        """
        with self._database.write() as session:
            row = locked(session, SourceRow, source_id)
            gone = sum(_remove(session, source_id, path) for path in removed)
            fresh = sum(_upsert(session, source_id, some) for some in _parts(list(entries)))
            row.cursor = cursor
            return Listed(fresh, gone)

    def reset(self, source_id: str) -> None:
        """Begin the listing anew because the cursor is void; what is known of the entries stays."""
        with self._database.write() as session:
            locked(session, SourceRow, source_id).cursor = ""

    def waiting(self, source_id: str) -> tuple[SourceEntry, ...]:
        """The entries that wait to be taken into a batch, by path."""
        query = select(EntryRow).where(EntryRow.source_id == source_id, EntryRow.taken_at.is_(None))
        with self._database.read() as session:
            rows = session.scalars(query.order_by(EntryRow.path_key, EntryRow.remote_id))
            return tuple(_entry(row) for row in rows)

    def waiting_files(self) -> dict[str, int]:
        """How many entries of each source wait to be taken; sources where none does are left out."""
        query = select(EntryRow.source_id, func.count()).where(EntryRow.taken_at.is_(None))
        with self._database.read() as session:
            return dict(session.execute(query.group_by(EntryRow.source_id)).tuples().all())

    def take(
        self, source_id: str, new: NewBatch, taken: Sequence[Taken], stage: str = "produce"
    ) -> MediaBatch:
        """Make a batch of waiting entries with all its files, and ask for `stage` of it, in one transaction.

        Raises NotFound, and UsageError where one of them waits no more or nothing is to be taken.
        """
        with self._database.write() as session:
            locked(session, SourceRow, source_id)
            batch = insert_batch(session, new)
            mine = {one.remote_id: one for one in taken}
            rows = _known(session, source_id, list(mine))
            if (
                not mine
                or len(mine) != len(taken)
                or any(key not in rows or rows[key].taken_at is not None for key in mine)
            ):
                raise UsageError("are taken already, or not listed", subject=f"entries of source {source_id}")
            for position, entry in enumerate(taken):
                session.add(_file(batch.id, position, entry))
                rows[entry.remote_id].taken_at, rows[entry.remote_id].batch_id = utc_now(), batch.id
            batch.file_count = len(taken)
            session.flush()
            announce(session, batch.id, stage, {})
            return read_batch(session, batch)

    def finish(self, source_id: str, seq: int) -> DropboxSource:
        """Record that the pass which began at `seq` went well."""
        with self._database.write() as session:
            row = locked(session, SourceRow, source_id)
            row.synced_seq = max(row.synced_seq, seq)
            row.last_processed_at, row.last_error, row.needs_reauth = utc_now(), None, False
            _tell(session, row, "synced", {})
            return _source(row)

    def fail(self, source_id: str, error: str, *, needs_reauth: bool = False) -> DropboxSource:
        """Record why a pass ended; the source stays as dirty as it was, unless only a person can go on."""
        with self._database.write() as session:
            row = locked(session, SourceRow, source_id)
            row.last_processed_at, row.last_error = utc_now(), error
            row.needs_reauth = needs_reauth
            _tell(session, row, "failed", {**why(error), "needs_reauth": needs_reauth})
            return _source(row)


def _change(session: Session, row: SourceRow, source: DropboxSource) -> None:
    link = source.kind is SourceKind.SHARED_LINK
    if not (source.source_url if link else source.account_id):
        raise UsageError("needs a link" if link else "needs an account", subject=f"source {source.label}")
    if source.project_id is not None:
        one(session, ProjectRow, source.project_id)
    for name in CHANGING:
        setattr(row, "ingest_strategy" if name == "kind" else name, getattr(source, name))


def _parts(rows: list[Any]) -> list[list[Any]]:
    return [rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)]


def _known(session: Session, source_id: str, remote_ids: list[str]) -> dict[str, EntryRow]:
    found: dict[str, EntryRow] = {}
    for some in _parts(remote_ids):
        query = select(EntryRow).where(EntryRow.source_id == source_id, EntryRow.remote_id.in_(some))
        found |= {row.remote_id: row for row in session.scalars(query.with_for_update())}
    return found


def _upsert(session: Session, source_id: str, entries: list[SourceEntry]) -> int:
    known = _known(session, source_id, [entry.remote_id for entry in entries])
    fresh = 0
    for entry in entries:
        row = known.get(entry.remote_id)
        if row is None:
            row = EntryRow(source_id=source_id, remote_id=entry.remote_id, content_hash="", rev="")
            session.add(row)
            known[entry.remote_id] = row
            other = True
        elif entry.content_hash and row.content_hash:
            other = entry.content_hash != row.content_hash
        else:
            other = entry.rev != row.rev or entry.size_bytes != row.size_bytes
        row.path, row.path_key = entry.path, entry.path.lower()
        row.rev, row.content_hash, row.size_bytes = entry.rev, entry.content_hash, entry.size_bytes
        if other:
            row.taken_at, row.batch_id = None, None
            fresh += 1
    session.flush()
    return fresh


def _remove(session: Session, source_id: str, path: str) -> int:
    key = path.lower()
    below = EntryRow.path_key.startswith(f"{key.rstrip('/')}/", autoescape=True)
    # What was taken stays known: a file that moves is gone here and new there, and is not fetched again.
    waits = (EntryRow.source_id == source_id, EntryRow.taken_at.is_(None))
    which = (*waits, or_(EntryRow.path_key == key, below))
    result: Any = session.execute(delete(EntryRow).where(*which))
    return int(result.rowcount)


def _file(batch_id: str, position: int, entry: Taken) -> FileRow:
    return FileRow(
        id=digest(batch_id, entry.source),
        batch_id=batch_id,
        position=position,
        filename=entry.name,
        source=entry.source,
        status=BatchStatus.QUEUED,
    )


def _tell(session: Session, row: SourceRow, what: str, data: dict[str, Any]) -> None:
    emit(session, f"source.{what}", row.id, project_id=row.project_id, data=data)


def _source(row: SourceRow) -> DropboxSource:
    same = {name: getattr(row, name) for name in CHANGING if name != "kind"}
    return DropboxSource(
        id=row.id,
        kind=row.ingest_strategy,
        cursor=row.cursor,
        dirty_seq=row.dirty_seq,
        synced_seq=row.synced_seq,
        last_error=row.last_error,
        last_processed_at=row.last_processed_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        **same,
    )


def _entry(row: EntryRow) -> SourceEntry:
    return SourceEntry(
        remote_id=row.remote_id,
        path=row.path,
        rev=row.rev,
        content_hash=row.content_hash,
        size_bytes=row.size_bytes,
        taken_at=row.taken_at,
        batch_id=row.batch_id,
    )
