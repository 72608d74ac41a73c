"""Brand kits: their versions, which of them a project's exports inherit, and the files that they use.

A version is never changed. What was exported with one can be exported with it again.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.brand import BrandKit
from editron_core.domain.review import BrandAsset, BrandVersion
from editron_core.errors import Conflict
from editron_core.store.database import Database
from editron_core.store.models import BrandAssetRow, BrandRow, ProjectBrandRow, ProjectRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, one
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


class Brands:
    """Brand kits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, kit: BrandKit, project_id: str | None = None) -> str:
        """Keep a kit that was applied; returns the id to get it by, the hash of project and content."""
        with self._database.write() as session:
            return self._insert(session, kit, project_id, "")

    def save(self, kit: BrandKit, author: str, project_id: str | None = None) -> BrandVersion:
        """Keep a kit that a person made as the next version of its name; `kit.version` is given here.

        What is the same as the newest version is that version. Raises NotFound where its project is not
        there.
        """
        with self._database.write() as session:
            self._database.alone(session, f"brand {project_id} {kit.name}")
            if project_id is not None:
                one(session, ProjectRow, project_id)
            mine = (BrandRow.name == kit.name, BrandRow.project_id.is_not_distinct_from(project_id))
            query = (
                select(BrandRow).where(*mine).order_by(BrandRow.version.desc(), BrandRow.created_at.desc())
            )
            last = session.scalars(query.limit(1)).first()
            if last is not None:
                before = codec.load(BrandKit, last.document)
                if replace(kit, version=before.version) == before:
                    return _version(session, last)
            made = replace(kit, version=1 + (last.version if last else 0))
            key = self._insert(session, made, project_id, author)
            data = {"name": kit.name, "version": made.version, "author": author}
            emit(session, "brand.saved", key, project_id=project_id, data=data)
            return _version(session, one(session, BrandRow, key))

    def get(self, brand_id: str) -> BrandKit:
        """The kit with this id. Raises NotFound."""
        with self._database.read() as session:
            return codec.load(BrandKit, one(session, BrandRow, brand_id).document)

    def version(self, brand_id: str) -> BrandVersion:
        """Where the kit with this id stands. Raises NotFound."""
        with self._database.read() as session:
            return _version(session, one(session, BrandRow, brand_id))

    def page(
        self,
        *,
        name: str | None = None,
        project_id: str | None = None,
        after: Key | None = None,
        limit: int = LIMIT,
    ) -> Slice[BrandVersion]:
        """The versions of one name or of all, of one project or of all, the newest first."""
        query = select(BrandRow)
        query = query.where(BrandRow.name == name) if name is not None else query
        query = query.where(BrandRow.project_id == project_id) if project_id is not None else query
        with self._database.read() as session:
            rows = cut(session, query, Order((BrandRow.created_at, BrandRow.id)), after, limit)
            return rows.map(lambda row: _version(session, row))

    def choose(self, project_id: str, brand_id: str, author: str) -> None:
        """Let a project's exports inherit a version from now on. Raises NotFound; Conflict where the
        version is another project's."""
        with self._database.write() as session:
            locked(session, ProjectRow, project_id)
            brand = one(session, BrandRow, brand_id)
            if brand.project_id not in (None, project_id):
                raise Conflict("is another project's", subject=f"brand kit {brand.name}")
            row = session.get(ProjectBrandRow, project_id)
            if row is None:
                row = ProjectBrandRow(project_id=project_id)
                session.add(row)
            row.brand_id, row.author = brand_id, author
            data = {"name": brand.name, "version": brand.version, "author": author}
            emit(session, "brand.chosen", brand_id, project_id=project_id, data=data)

    def chosen(self, project_id: str) -> BrandVersion | None:
        """The version that a project's exports inherit; null where nobody has chosen one."""
        with self._database.read() as session:
            row = session.get(ProjectBrandRow, project_id)
            return _version(session, one(session, BrandRow, row.brand_id)) if row else None

    def add_asset(self, asset: BrandAsset) -> BrandAsset:
        """Record a file whose bytes lie in the blob store, so that they stay there. Raises NotFound where
        its project is not there."""
        with self._database.write() as session:
            if asset.project_id is not None:
                one(session, ProjectRow, asset.project_id)
            values = {
                "sha256": asset.sha256,
                "name": asset.name,
                "kind": asset.kind,
                "size_bytes": asset.size_bytes,
                "project_id": asset.project_id,
            }
            self._database.insert_missing(session, BrandAssetRow, values, by="sha256")
            emit(session, "asset.added", asset.sha256, project_id=asset.project_id, data={"kind": asset.kind})
            return _asset(one(session, BrandAssetRow, asset.sha256))

    def asset(self, sha256: str) -> BrandAsset:
        """The file of this content. Raises NotFound."""
        with self._database.read() as session:
            return _asset(one(session, BrandAssetRow, sha256))

    def assets(
        self, *, kind: str | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[BrandAsset]:
        """The files of one kind or of all, the newest first."""
        query = select(BrandAssetRow)
        query = query.where(BrandAssetRow.kind == kind) if kind is not None else query
        with self._database.read() as session:
            order = Order((BrandAssetRow.created_at, BrandAssetRow.sha256))
            return cut(session, query, order, after, limit).map(_asset)

    def drop_asset(self, sha256: str) -> None:
        """Forget a file. Raises NotFound; Conflict where a version uses it: that must stay reproducible."""
        with self._database.write() as session:
            row = locked(session, BrandAssetRow, sha256)
            for name, version, document in session.execute(
                select(BrandRow.name, BrandRow.version, BrandRow.document)
            ):
                if sha256 in str(document):
                    raise Conflict(f"is used by {name} {version}", subject=row.name)
            emit(session, "asset.deleted", sha256, project_id=row.project_id)
            session.delete(row)

    def _insert(self, session: Session, kit: BrandKit, project_id: str | None, author: str) -> str:
        document = codec.dump(kit)
        key = codec.content_hash({"project": project_id, "kit": document})
        values = {
            "id": key,
            "project_id": project_id,
            "name": kit.name,
            "version": kit.version,
            "document": document,
            "author": author,
        }
        self._database.insert_missing(session, BrandRow, values, by="id")
        return key


def _version(session: Session, row: BrandRow) -> BrandVersion:
    chosen = select(func.count()).select_from(ProjectBrandRow).where(ProjectBrandRow.brand_id == row.id)
    return BrandVersion(
        id=row.id,
        name=row.name,
        version=row.version,
        project_id=row.project_id,
        author=row.author,
        chosen=bool(session.scalar(chosen)),
        created_at=row.created_at,
    )


def _asset(row: BrandAssetRow) -> BrandAsset:
    return BrandAsset(row.sha256, row.name, row.kind, row.size_bytes, row.project_id, row.created_at)
