"""Deliver: copies for people in a folder of their own, the moments as clips, and the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from editron_core.config import DELIVERED
from editron_core.domain.job import Deliverable
from editron_core.domain.progress import Step
from editron_core.lane.copying import copied, translated
from editron_core.lane.cutting import INTERCHANGE
from editron_core.lane.desk import Desk, Progress
from editron_core.lane.document import Cut, Outcome
from editron_core.media.clips import cut_clip
from editron_core.report import RunDocument, write_report


def deliver(desk: Desk, outcome: Outcome, out: Path) -> Outcome:
    """Fill `out` with deliverables, captions, interchange files, moment clips and `report.html`.

    What an earlier run left there and this one does not make is removed; what is not ours stays.
    Raises StoreError where the disk refuses.
    """
    step = Step("deliver", str(out), batch=outcome.batch.id)
    with desk.timed("deliver"), desk.watched(step) as (tell, _):
        return desk.tried(step, lambda watch: _delivered(outcome, out, watch), tell)


def _delivered(outcome: Outcome, out: Path, tell: Progress) -> Outcome:
    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
        placed = tuple(_deliverable(one, out) for one in outcome.deliverables)
        edits = [path for cut in outcome.cuts for path in _interchange(cut, out)]
        clips = _clips(outcome, out, tell)
        done = replace(outcome, deliverables=placed)
        report = write_report(_document(done, clips), out)
        made = [Path(one.path) for one in placed]
        made += [Path(path) for one in placed for path in one.captions]
        made += [*edits, *(clip for clip in clips if clip), report]
        _tidy(out, sorted({path.relative_to(out).as_posix() for path in made}))
    return replace(done, report=report)


def _tidy(out: Path, made: list[str]) -> None:
    """Remove what the last run delivered and this one did not; write down what this one did."""
    marker = out / DELIVERED
    try:
        before = json.loads(marker.read_text("utf-8"))
    except (OSError, ValueError):  # nothing was delivered here before, or nobody knows what
        before = []
    inside = out.resolve()
    for name in set(before) - set(made):
        stale = (out / name).resolve()
        if stale.is_relative_to(inside):
            stale.unlink(missing_ok=True)
    aside = marker.with_suffix(".part")
    aside.write_text(json.dumps(made), "utf-8")
    aside.replace(marker)


def _deliverable(one: Deliverable, out: Path) -> Deliverable:
    captions = tuple(str(copied(Path(path), out / "captions")) for path in one.captions)
    return replace(one, path=str(copied(Path(one.path), out)), captions=captions)


def _interchange(cut: Cut, out: Path) -> list[Path]:
    folders = [cut.folder / INTERCHANGE / timeline.name for timeline in cut.session.timelines]
    return [copied(path, out / "edit") for folder in folders for path in sorted(folder.iterdir())]


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
        canary=outcome.canary,
        timings=outcome.timings,
    )
