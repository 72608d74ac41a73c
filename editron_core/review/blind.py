"""What the page shows by which people rate footage: the footage, and never what the machine made of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from editron_core.domain.batch import MediaFile
from editron_core.domain.label import Raters
from editron_core.review import footage, labels
from editron_core.store import Store

MOST_BATCHES = 50
MOST_FILES = 500
"""Files that are offered, of the newest batches."""


def shown(store: Store, query: dict[str, Any], rater: str) -> dict[str, Any]:
    """The files there are to rate, who rated them, and the windows of the one that `query` names.

    `rater` is who looks: of the others' ratings only the count and the agreement are told. Raises NotFound.
    """
    rated = {row["file_sha256"]: row for row in labels.summary(store, Raters.PEOPLE)}
    chosen = store.files.get(str(query["file"])) if query.get("file") else None
    return {
        "files": [_row(file, rated.get(file.sha256), rater) for file in _files(store)],
        "chosen": _windows(store, chosen) if chosen else None,
    }


def _files(store: Store) -> list[MediaFile]:
    """Every file once that somebody can look at."""
    found: dict[str, MediaFile] = {}
    for batch in store.batches.list(limit=MOST_BATCHES):
        for file in store.files.list(batch.id):
            pictured = file.probe is not None and file.probe.video is not None
            if pictured and file.sha256 and footage.playable(store, file):
                found.setdefault(file.sha256, file)
            if len(found) == MOST_FILES:
                return list(found.values())
    return list(found.values())


def _row(file: MediaFile, rated: dict[str, Any] | None, rater: str) -> dict[str, Any]:
    return {
        "id": file.id,
        "name": file.name,
        "duration": float(file.probe.duration) if file.probe else 0.0,
        "raters": len(rated["raters"]) if rated else 0,
        "mine": bool(rated and rater in rated["raters"]),
        "agreement": rated["agreement"] if rated else None,
    }


def _windows(store: Store, file: MediaFile) -> dict[str, Any]:
    duration = file.probe.duration if file.probe else Fraction(0)
    windows = labels.Footage(file.name, file.sha256, duration).windows
    return {
        "id": file.id,
        "name": file.name,
        "proxy": f"/api/files/{file.id}/proxy",
        "windows": [[float(one.start), float(one.end)] for one in windows],
    }
