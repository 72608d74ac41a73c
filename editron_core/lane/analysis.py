"""Analyse: each usable file of a batch becomes evidence and a proxy, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.domain.batch import BatchStatus, Hold, MediaFile, MediaProbe
from editron_core.domain.evidence import Evidence
from editron_core.domain.operations import Subject
from editron_core.domain.progress import Step
from editron_core.errors import EditronError, Held, Interrupted, MediaError
from editron_core.lane import holding
from editron_core.lane.abreast import side_by_side
from editron_core.lane.desk import Desk, Made, Progress, code_version
from editron_core.lane.document import Outcome
from editron_core.lane.engines import Engines
from editron_core.lane.intake import reason, settle
from editron_core.store import Stage


def analyze(desk: Desk, engines: Engines, outcome: Outcome) -> Outcome:
    """The evidence of every usable file; one that cannot be decoded fails, and the others go on.

    Raises Held where the batch, or a file of it, is paused: the other files are analysed before. What
    else keeps a file from being analysed is raised once the others are done, and is no fault of the file.
    """
    store, batch = desk.store, outcome.batch
    holding.check(store, Subject(batch.id))
    usable = [file for file in outcome.files if file.status is not BatchStatus.FAILED]
    files = [file for file in usable if file.hold is Hold.NONE]
    if not files:
        holding.check(store, *(Subject(batch.id, file_id=f.id) for f in usable if f.hold is Hold.PAUSED))
        return outcome
    with desk.timed("analyze"):
        if batch.status is not BatchStatus.ANALYZED:
            store.batches.set_status(batch.id, BatchStatus.ANALYZING)
        # Copies of one file are one; the copy with a transcript speaks for all.
        copies: dict[str, list[MediaFile]] = {}
        for file in files:
            copies.setdefault(file.sha256, []).append(file)
        groups = [sorted(group, key=lambda f: f.transcript_path is None) for group in copies.values()]
        troubles: list[Exception] = []
        results = side_by_side(
            desk.settings.jobs, lambda group: _spared(desk, engines, group, troubles), groups
        )
        if troubles:
            raise troubles[0]
        paused = [file.id for file in store.files.list(batch.id) if file.hold is Hold.PAUSED]
        holding.check(store, *(Subject(batch.id, file_id=file_id) for file_id in paused))
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


def analyze_file(desk: Desk, engines: Engines, batch_id: str, file_id: str) -> Made:
    """The evidence of one file of a batch, for callers that spread the files themselves.

    Raises NotFound, and MediaError for a file that cannot be used; it is for the caller, who may want to
    try again, to say that the file has failed.
    """
    store = desk.store
    file = store.files.get(file_id)
    batch = store.batches.get(batch_id)
    with desk.timed("analyze"):
        if batch.status not in (BatchStatus.ANALYZING, BatchStatus.ANALYZED):
            store.batches.set_status(batch.id, BatchStatus.ANALYZING)
        if file.status is not BatchStatus.ANALYZED:
            store.files.set_status(file.id, BatchStatus.ANALYZING)
        if file.probe is None:
            raise MediaError("was never probed", subject=file.name, remedy="ingest it again")
        made = _analysed(desk, engines, file, file.probe)
        store.files.set_status(file.id, BatchStatus.ANALYZED)
    return made


def _spared(
    desk: Desk, engines: Engines, copies: Sequence[MediaFile], troubles: list[Exception]
) -> Made | None:
    """`_one`, whose failure is put aside so that the other files go on."""
    try:
        return _one(desk, engines, copies)
    except Interrupted:
        raise
    except Held:  # the file alone, or all of its batch?
        holding.check(desk.store, Subject(copies[0].batch_id))
    except (EditronError, OSError) as error:
        troubles.append(error)
    return None


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
    file = desk.with_transcript(file)
    stage = Stage("analyze", (file.sha256,), engines.identity(file), code_version("analyze", "media"))

    def work(folder: Path, tell: Progress) -> dict[str, Any]:
        options = AnalyzeOptions(
            speech=engines.speech(file),
            eye=engines.eye,
            shot_detector=engines.shots,
            device=engines.device,
        )
        evidence = observe(Path(desk.at_hand(file).path), probe, folder, options, tell)
        return {"rows": evidence.table.height, "duration": str(evidence.duration)}

    step = Step("analyze", file.name, float(probe.duration), batch=file.batch_id, file=file.id)
    return desk.make(stage, step, work)
