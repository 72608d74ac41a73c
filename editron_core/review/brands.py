"""What the page of brand kits shows: each kit with its versions, and which of them each project inherits."""

from __future__ import annotations

from typing import Any

from editron_core.domain import codec
from editron_core.domain.brand import BrandKit
from editron_core.domain.review import BrandAsset, BrandVersion
from editron_core.edit import fonts
from editron_core.errors import DefinitionError, NotFound
from editron_core.store import Store
from editron_core.store.retention import BLOB

MOST = 500
"""Versions and files that the page knows, the newest; older ones are found through the API."""


def shown(store: Store, query: dict[str, Any]) -> dict[str, Any]:
    """All kits, the one that changed last first; the version that the query names, else the newest of all.

    Raises NotFound for a version that is not there.
    """
    # A kit from a `brand.toml` names files of some disk, and was made by no person: it is not edited here.
    versions = [one for one in store.brands.page(limit=MOST).items if one.author]
    projects = store.projects.list()
    names = {one.id: one.name for one in projects}
    wanted = str(query.get("version") or "") or (versions[0].id if versions else "")
    chosen = {one.id: version.id for one in projects if (version := store.brands.chosen(one.id))}
    return {
        "kits": _kits(store, versions, names),
        "version": _version(store, wanted) if wanted else None,
        "plain": codec.dump(BrandKit()),
        "projects": [{"id": one.id, "name": one.name, "brand": chosen.get(one.id, "")} for one in projects],
        "assets": [_asset(store, one) for one in store.brands.assets(limit=MOST).items],
        "families": list(fonts.families(BrandKit())),
    }


def _kits(store: Store, versions: list[BrandVersion], projects: dict[str, str]) -> list[dict[str, Any]]:
    kits: dict[tuple[str, str | None], list[BrandVersion]] = {}
    for one in versions:
        kits.setdefault((one.name, one.project_id), []).append(one)
    return [
        {
            "name": name,
            "project": project,
            "project_name": projects.get(project or "", ""),
            "colours": codec.dump(store.brands.get(max(mine, key=lambda one: one.version).id).colours),
            "versions": [
                {
                    "id": one.id,
                    "version": one.version,
                    "author": one.author,
                    "at": one.created_at.isoformat() if one.created_at else "",
                    "chosen": one.chosen,
                }
                for one in sorted(mine, key=lambda one: -one.version)
            ],
        }
        for (name, project), mine in kits.items()
    ]


def _version(store: Store, brand_id: str) -> dict[str, Any]:
    found = store.brands.version(brand_id)
    kit = codec.dump(store.brands.get(brand_id))
    return {"id": found.id, "project": found.project_id, "kit": kit}


def _asset(store: Store, one: BrandAsset) -> dict[str, Any]:
    return {
        "ref": f"{BLOB}{one.sha256}",
        "name": one.name,
        "kind": one.kind,
        "bytes": one.size_bytes,
        "url": f"/api/brands/assets/{one.sha256}",
        "family": _family(store, one) if one.kind == "font" else "",
    }


def _family(store: Store, font: BrandAsset) -> str:
    try:
        return fonts.read_face(store.blobs.path(font.sha256)).family
    except (NotFound, DefinitionError):  # it was cleared away: no kit can take it any more
        return ""
