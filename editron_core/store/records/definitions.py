"""Brand kits as they were applied, under hashes of their content."""

from __future__ import annotations

from editron_core.domain import codec
from editron_core.domain.brand import BrandKit
from editron_core.store.database import Database
from editron_core.store.models import BrandRow
from editron_core.store.records.common import one


class Brands:
    """Brand kits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, kit: BrandKit, project_id: str | None = None) -> str:
        """Keep a kit that was applied; returns the id to get it by, the hash of project and content."""
        document = codec.dump(kit)
        key = codec.content_hash({"project": project_id, "kit": document})
        values = {
            "id": key,
            "project_id": project_id,
            "name": kit.name,
            "version": kit.version,
            "document": document,
        }
        with self._database.write() as session:
            self._database.insert_missing(session, BrandRow, values, by="id")
        return key

    def get(self, brand_id: str) -> BrandKit:
        """The kit with this id. Raises NotFound."""
        with self._database.read() as session:
            return codec.load(BrandKit, one(session, BrandRow, brand_id).document)
