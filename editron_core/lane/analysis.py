"""Analyse: each usable file of a batch becomes evidence and a proxy, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.evidence import Evidence
from editron_core.domain.progress import Step
from editron_core.errors import MediaError
from editron_core.lane.desk import Desk, Made, Progress, code_version
from editron_core.lane.document import Outcome
from editron_core.lane.engines import Engines
from editron_core.lane.intake import reason, settle
from editron_core.store import Stage


def analyze(desk: Desk, engines: Engines, outcome: Outcome) -> Outcome:
    """The evidence of every usable file; one that cannot be decoded fails, and the others go on."""
    store, batch = desk.store, outcome.batch
    files = [file for file in outcome.files if file.status is not BatchStatus.FAILED]
    if not files:
        return outcome
    with desk.timed("analyze"):
        if batch.status is not BatchStatus.ANALYZED:
            store.batches.set_status(batch.id, BatchStatus.ANALYZING)
        with ThreadPoolExecutor(desk.settings.jobs) as pool:
            results = list(pool.map(lambda file: _one(desk, engines, file), files))
        batch = settle(desk, batch.id, BatchStatus.ANALYZED)
        # Of two copies of one file, the one with a transcript speaks for both.
        pairs = sorted(zip(files, results, strict=True), key=lambda pair: pair[0].transcript_path is not None)
        made = {file.sha256: result for file, result in pairs if result}
        evidence = {file_id: Evidence.load(result.folder) for file_id, result in made.items()}
    proxies = {file_id: result.folder / "proxy.mp4" for file_id, result in made.items()}
    return replace(
        outcome,
        batch=batch,
        files=store.files.list(batch.id),
        evidence=evidence,
        proxies={file_id: path for file_id, path in proxies.items() if path.exists()},
    )


def _one(desk: Desk, engines: Engines, file: MediaFile) -> Made | None:
    """The finished analysis of a file; null where the file turned out to be unusable."""
    probe = file.probe
    if probe is None:
        raise MediaError("was never probed", subject=file.name, remedy="ingest it again")
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

    if file.status is not BatchStatus.ANALYZED:
        desk.store.files.set_status(file.id, BatchStatus.ANALYZING)
    try:
        made = desk.make(stage, Step("analyze", file.name, float(probe.duration)), work)
    except MediaError as error:
        desk.store.files.set_status(file.id, BatchStatus.FAILED, reason(error, file.name))
        return None
    desk.store.files.set_status(file.id, BatchStatus.ANALYZED)
    return made
