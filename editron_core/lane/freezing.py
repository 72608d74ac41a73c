"""What people said of files, taken from the store to be frozen, and where the bytes of these files are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from editron_core.domain.label import LabelSource
from editron_core.errors import EditronError, UsageError
from editron_core.ingest import sources
from editron_core.ingest.sources import Found
from editron_core.qa.people import Rated
from editron_core.review import labels
from editron_core.store import Store
from editron_core.store.blobs import hash_file


def rated(store: Store, footage: Path | None = None) -> tuple[tuple[Rated, ...], dict[str, str]]:
    """What people rated blind and what follows from their decisions, a value per file and way; and why files
    cannot be frozen, by SHA-256: nobody has their bytes.

    Bytes are looked for below `footage`, then among the files that were taken in. Raises UsageError where
    `footage` is no folder, and where there is no label.
    """
    if footage is not None and not footage.is_dir():
        raise UsageError("is no folder", subject=str(footage), remedy="check the path")
    said = {source: labels.to_freeze(store, source) for source in LabelSource}
    if not any(said.values()):
        raise UsageError(
            "nobody has rated a file or decided about a cut",
            remedy='rate one: editron review rate FILE --as NAME --ratings "3 4 5"',
        )
    here = dict(_below(footage)) if footage is not None else {}
    found: list[Rated] = []
    missing: dict[str, str] = {}
    taken_in = store.labels.files()
    for source, files in said.items():
        for sha256, ratings in files.items():
            place = here.get(sha256) or _taken_in(store, taken_in.get(sha256))
            if place is None:
                missing[sha256] = _absent(sha256)
                continue
            decided = source is LabelSource.DECISION
            found.append(Rated(place, sha256, decided, ratings.window_s, ratings.ratings))
    return tuple(found), missing


def _below(folder: Path) -> Iterator[tuple[str, Found]]:
    """The footage below a folder, by SHA-256."""
    for found in sources.expand([str(folder)]).found:
        path = Path(found.locator)
        if path.is_file():
            yield hash_file(path), found


def _taken_in(store: Store, file_id: str | None) -> Found | None:
    """A file that was taken in, with its transcript, where its bytes are still there."""
    if file_id is None:
        return None
    file = store.files.get(file_id)
    if not Path(file.path).is_file():
        return None
    transcript = Path(file.transcript_path) if file.transcript_path else None
    if transcript is None or not transcript.is_file():
        return Found(file.name, Path(file.path))
    # Its name keeps the language: transcript.en.srt
    language = Path(transcript.stem).suffix.removeprefix(".") or None
    return Found(file.name, Path(file.path), transcript, language)


def _absent(sha256: str) -> str:
    error: EditronError = UsageError(
        "was rated, and its bytes are nowhere",
        subject=f"file {sha256[:12]}",
        remedy="name the folder that holds it: editron qa freeze --from-labels FOOTAGE",
    )
    return str(error)
