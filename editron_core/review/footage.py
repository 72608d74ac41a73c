"""What was seen in one file of a batch, where the analysis left it."""

from __future__ import annotations

import json
from pathlib import Path

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import Evidence
from editron_core.domain.transcript import Transcript
from editron_core.errors import NotFound
from editron_core.store import FileInShort, Store

ANALYZE = "analyze"
"""The stage whose output holds evidence, proxy and peaks."""


def analysed(store: Store, file: MediaFile | FileInShort) -> Path:
    """The folder that the last analysis of the file left. Raises NotFound where there is none."""
    run = store.ledger.newest(ANALYZE, (file.sha256,)) if file.sha256 else None
    if run is None or run.output is None:
        raise NotFound("was not analysed yet", subject=file.name, remedy="wait for it, or look at its error")
    try:
        return store.blobs.folder(run.output)
    except NotFound as error:
        raise NotFound(
            "has lost its analysis", subject=file.name, remedy="editron analyze makes it again"
        ) from error


def evidence(store: Store, file: MediaFile) -> Evidence:
    """The evidence of a file. Raises NotFound."""
    return Evidence.load(analysed(store, file))


def proxy(store: Store, file: MediaFile) -> Path | None:
    """The copy that people play; null for a file without a picture, or while there is none."""
    try:
        path = analysed(store, file) / "proxy.mp4"
    except NotFound:
        return None
    return path if path.is_file() else None


def peaks(folder: Path) -> tuple[float, list[float]]:
    """The loudest sample of each stretch, 0..1, and how many stretches make a second; 0 without sound."""
    path = folder / "peaks.json"
    if not path.is_file():
        return 0.0, []
    held = json.loads(path.read_text("utf-8"))
    return float(held["per_second"]), [float(peak) for peak in held["peaks"]]


def transcript(folder: Path) -> Transcript | None:
    """The transcript that an analysis left; null where nobody could write one."""
    path = folder / "transcript.json"
    return codec.load(Transcript, json.loads(path.read_text("utf-8"))) if path.is_file() else None
