"""What was seen in one file of a batch, where the analysis left it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import Evidence
from editron_core.domain.transcript import Transcript
from editron_core.errors import NotFound
from editron_core.store import FileInShort, Store

ANALYZE = "analyze"
"""The stage whose output holds evidence, proxy and peaks."""
PROXY = "proxy.mp4"


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
    return _loaded(analysed(store, file))


def proxy(store: Store, file: MediaFile) -> Path:
    """The copy that people play. Raises NotFound where there is none, as of a file without a picture."""
    path = analysed(store, file) / PROXY
    if not path.is_file():
        raise NotFound("has no proxy: it holds no picture", subject=file.name)
    return path


def playable(store: Store, file: MediaFile) -> bool:
    """Whether there is a copy that people can play."""
    try:
        return proxy(store, file).is_file()
    except NotFound:
        return False


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


@lru_cache(maxsize=16)
def _loaded(folder: Path) -> Evidence:
    # Folders are named by what they hold: what was read once stays right.
    return Evidence.load(folder)
