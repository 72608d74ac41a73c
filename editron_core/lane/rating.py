"""Which file a person rates: one on the disk, or one that was taken in before."""

from __future__ import annotations

from pathlib import Path

from editron_core.errors import NotFound, UsageError
from editron_core.media.probe import probe
from editron_core.review.labels import Footage
from editron_core.store import Store
from editron_core.store.blobs import hash_file


def footage_of(store: Store, wanted: str) -> Footage:
    """The footage at a path, or of a file in the store by its name or id.

    Raises UsageError where there is none or several, MediaError for a file that cannot be used.
    """
    path = Path(wanted)
    if path.is_file():
        return Footage(path.name, hash_file(path), probe(path).duration)
    try:
        file = store.files.find(wanted)
    except NotFound as error:
        raise UsageError(
            "is neither a file nor the name or id of one taken in before",
            subject=wanted,
            remedy="editron status BATCH shows the files of a batch",
        ) from error
    if file.probe is None:
        raise UsageError("was never probed", subject=file.name, remedy="take it in again: editron ingest")
    return Footage(file.name, file.sha256, file.probe.duration)
