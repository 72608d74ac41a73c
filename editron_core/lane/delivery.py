"""Deliver: copies for people in a folder of their own, the moments as clips, and the report."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from editron_core.domain.job import Deliverable
from editron_core.domain.progress import Step
from editron_core.errors import StoreError
from editron_core.lane.cutting import INTERCHANGE
from editron_core.lane.desk import Desk, Progress
from editron_core.lane.document import Cut, Outcome
from editron_core.media.clips import cut_clip
from editron_core.report import RunDocument, write_report


def deliver(desk: Desk, outcome: Outcome, out: Path) -> Outcome:
    """Fill `out` with deliverables, captions, interchange files, moment clips and `report.html`.

    What lies there from an earlier run of the same batch is replaced. Raises StoreError where the disk
    refuses.
    """
    with desk.timed("deliver"), desk.watched(Step("deliver", str(out))) as (tell, _):
        try:
            out.mkdir(parents=True, exist_ok=True)
            placed = tuple(_deliverable(one, out) for one in outcome.deliverables)
            for cut in outcome.cuts:
                _interchange(cut, out)
            clips = _clips(outcome, out, tell)
        except OSError as error:
            raise StoreError(
                error.strerror or str(error), subject=str(error.filename or out), remedy="name another --out"
            ) from error
        done = replace(outcome, deliverables=placed)
        return replace(done, report=write_report(_document(done, clips), out))


def _deliverable(one: Deliverable, out: Path) -> Deliverable:
    captions = tuple(str(_copied(Path(path), out / "captions")) for path in one.captions)
    return replace(one, path=str(_copied(Path(one.path), out)), captions=captions)


def _interchange(cut: Cut, out: Path) -> None:
    for timeline in cut.session.timelines:
        for path in sorted((cut.folder / INTERCHANGE / timeline.name).iterdir()):
            _copied(path, out / "edit")


def _copied(path: Path, folder: Path) -> Path:
    """A copy under the same name, whole or not there at all."""
    folder.mkdir(exist_ok=True)
    aside, target = folder / f".{path.name}.part", folder / path.name
    try:
        shutil.copyfile(path, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target


def _clips(outcome: Outcome, out: Path, tell: Progress) -> tuple[Path | None, ...]:
    """A clip per moment, best first; null where the file has no picture."""
    folder = out / "media"
    folder.mkdir(exist_ok=True)
    chosen = outcome.selection.moments if outcome.selection else ()
    made: list[Path | None] = []
    for count, moment in enumerate(chosen, start=1):
        proxy = outcome.proxies.get(moment.file_id)
        path = folder / f"moment-{count:02d}.mp4"
        if proxy is not None:
            cut_clip(proxy, moment.span, path)
        made.append(path if proxy else None)
        tell(count / len(chosen))
    return tuple(made)


def _document(outcome: Outcome, clips: tuple[Path | None, ...]) -> RunDocument:
    return RunDocument(
        title=outcome.batch.reference_name,
        batch_id=outcome.batch.id,
        files=(*outcome.footage.values(), *outcome.failed_files),
        brief=outcome.brief,
        evidence=outcome.evidence,
        curves=outcome.curves,
        selection=outcome.selection,
        clips=clips,
        insights=outcome.insights,
        deliverables=outcome.deliverables,
        findings=outcome.findings,
        profile=outcome.profile,
        timings=outcome.timings,
    )
