"""Analyse: each usable file of a batch becomes evidence and a proxy, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from editron_core import process
from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.domain.batch import BatchStatus, MediaFile, MediaProbe
from editron_core.domain.evidence import Evidence
from editron_core.domain.progress import Step
from editron_core.errors import MediaError
from editron_core.lane.desk import Desk, Made, Progress, code_version
from editron_core.lane.document import Outcome
from editron_core.lane.engines import Engines
from editron_core.lane.intake import reason, settle
from editron_core.store import Stage

T = TypeVar("T")
R = TypeVar("R")


def analyze(desk: Desk, engines: Engines, outcome: Outcome) -> Outcome:
    """The evidence of every usable file; one that cannot be decoded fails, and the others go on."""
    store, batch = desk.store, outcome.batch
    files = [file for file in outcome.files if file.status is not BatchStatus.FAILED]
    if not files:
        return outcome
    with desk.timed("analyze"):
        if batch.status is not BatchStatus.ANALYZED:
            store.batches.set_status(batch.id, BatchStatus.ANALYZING)
        # Copies of one file are one; the copy with a transcript speaks for all.
        copies: dict[str, list[MediaFile]] = {}
        for file in files:
            copies.setdefault(file.sha256, []).append(file)
        groups = [sorted(group, key=lambda f: f.transcript_path is None) for group in copies.values()]
        results = _side_by_side(desk.settings.jobs, lambda group: _one(desk, engines, group), groups)
        batch = settle(desk, batch.id, BatchStatus.ANALYZED)
        pairs = zip(copies, results, strict=True)
        made = {sha256: result for sha256, result in pairs if result}
        evidence = {file_id: Evidence.load(result.folder) for file_id, result in made.items()}
    proxies = {file_id: result.folder / "proxy.mp4" for file_id, result in made.items()}
    return replace(
        outcome,
        batch=batch,
        files=store.files.list(batch.id),
        evidence=evidence,
        proxies={file_id: path for file_id, path in proxies.items() if path.exists()},
    )


def _side_by_side(jobs: int, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`work` on every item, so many at once; an exception stops what has not begun."""
    if jobs == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(work, items))
        except KeyboardInterrupt:
            process.stop_all()  # else the pool would wait for the children of its other threads
            pool.shutdown(cancel_futures=True)
            process.resume()  # all of ours have ended; a notebook may go on with something else
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _one(desk: Desk, engines: Engines, copies: Sequence[MediaFile]) -> Made | None:
    """The finished analysis of a file and its copies; null where it turned out to be unusable."""
    file, probe = copies[0], copies[0].probe
    for copy in copies:
        if copy.status is not BatchStatus.ANALYZED:
            desk.store.files.set_status(copy.id, BatchStatus.ANALYZING)
    try:
        if probe is None:
            raise MediaError("was never probed", subject=file.name, remedy="ingest it again")
        made = _analysed(desk, engines, file, probe)
    except MediaError as error:
        for copy in copies:
            desk.store.files.set_status(copy.id, BatchStatus.FAILED, reason(error, file.name))
        return None
    for copy in copies:
        desk.store.files.set_status(copy.id, BatchStatus.ANALYZED)
    return made


def _analysed(desk: Desk, engines: Engines, file: MediaFile, probe: MediaProbe) -> Made:
    stage = Stage("analyze", (file.sha256,), engines.identity(file), code_version("analyze", "media"))

    def work(folder: Path, tell: Progress) -> dict[str, Any]:
        options = AnalyzeOptions(
            speech=engines.speech(file),
            eye=engines.eye,
            shot_detector=engines.shots,
            device=engines.device,
        )
        evidence = observe(Path(file.path), probe, folder, options, tell)
        return {"rows": evidence.table.height, "duration": str(evidence.duration)}

    return desk.make(stage, Step("analyze", file.name, float(probe.duration)), work)
