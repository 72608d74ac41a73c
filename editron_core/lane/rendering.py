"""Render: each timeline of each cut becomes checked deliverables, recorded as a render job."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import Deliverable, EditSessionStatus, RenderJobStatus, StageStatus
from editron_core.domain.progress import Step
from editron_core.domain.timeline import Timeline
from editron_core.edit.fonts import fonts_dir
from editron_core.errors import UsageError
from editron_core.lane.cutting import CAPTIONS, brand_facts, preset_names
from editron_core.lane.desk import Desk, Made, Progress, code_version
from editron_core.lane.document import Cut, Outcome
from editron_core.render.encode import render as encode
from editron_core.render.encode import video_encoder
from editron_core.render.plan import RenderPlan
from editron_core.review import signoff
from editron_core.store import Stage

TELL_EVERY_S = 1.0
"""Progress goes to the store at most this often."""


def render(desk: Desk, outcome: Outcome) -> Outcome:
    """The deliverables of every cut. In production mode, raises UsageError for an unsigned one."""
    made: list[Deliverable] = []
    with desk.timed("render"):
        for cut in outcome.cuts:
            refuse_unsigned(desk, cut)
            made += _session(desk, cut, outcome.footage)
    return replace(outcome, deliverables=tuple(made))


def refuse_unsigned(desk: Desk, cut: Cut) -> None:
    """Raises UsageError for a cut that production may not render."""
    if desk.settings.mode != "production":
        return
    open_cuts = signoff.unsigned(cut.session, desk.store.decisions.list(cut.session.id))
    if open_cuts:
        raise UsageError(
            "is not signed off, and production renders signed cuts only",
            subject=", ".join(timeline.name for timeline in open_cuts),
            remedy=f"editron review approve {cut.session.id[:8]}",
        )


def _session(desk: Desk, cut: Cut, files: dict[str, MediaFile]) -> list[Deliverable]:
    stages = [_stage(cut, timeline, files) for timeline in cut.session.timelines]
    known = [desk.store.ledger.find(stage.key) for stage in stages]
    rendered = all(run is not None and run.status is StageStatus.DONE for run in known)
    if rendered and desk.store.sessions.get(cut.session.id).status is EditSessionStatus.COMPLETE:
        return _make(desk, cut, stages, files, lambda share: None)
    # One render of a session at a time; what a killed one left behind is marked as failed first.
    with desk.store.leases.hold(f"render:{cut.session.id}"):
        desk.store.jobs.fail_interrupted(cut.session.id)
        return _recorded(desk, cut, stages, files)


def _recorded(
    desk: Desk, cut: Cut, stages: Sequence[Stage], files: dict[str, MediaFile]
) -> list[Deliverable]:
    """Render the cuts of a session as a render job that says how far it is and how it ended."""
    sessions, jobs = desk.store.sessions, desk.store.jobs
    job = jobs.create(cut.session.id, list(preset_names(cut.blueprint).values()))
    jobs.set_status(job.id, RenderJobStatus.RENDERING)
    sessions.set_status(cut.session.id, EditSessionStatus.RENDERING)
    try:
        tell = _sparing(lambda share: jobs.progress(job.id, 100 * share))
        made = _make(desk, cut, stages, files, tell)
    except BaseException as error:
        jobs.set_status(job.id, RenderJobStatus.FAILED, str(error) or "interrupted")
        sessions.set_status(cut.session.id, EditSessionStatus.FAILED)
        raise
    jobs.complete(job.id, made)
    sessions.set_status(cut.session.id, EditSessionStatus.COMPLETE)
    return made


def _make(
    desk: Desk, cut: Cut, stages: Sequence[Stage], files: dict[str, MediaFile], tell: Progress
) -> list[Deliverable]:
    made: list[Deliverable] = []
    total = len(stages)
    for count, (stage, timeline) in enumerate(zip(stages, cut.session.timelines, strict=True)):

        def work(
            folder: Path, watch: Progress, timeline: Timeline = timeline, count: int = count
        ) -> dict[str, Any]:
            def both(share: float) -> None:
                watch(share)
                tell((count + share) / total)

            found = encode(_plan(cut, timeline, files, folder), both)
            return {"deliverables": codec.dump([_by_name(one) for one in found])}

        left = desk.make(stage, Step("render", timeline.name, float(timeline.duration)), work)
        made += _placed(left, cut, timeline)
    return made


def _stage(cut: Cut, timeline: Timeline, files: dict[str, MediaFile]) -> Stage:
    used = sorted({clip.file_id for clip in timeline.clips})
    inputs = (timeline.content_hash, cut.key, *(files[file_id].sha256 for file_id in used))
    options = {
        "presets": preset_names(cut.blueprint),
        "brand": brand_facts(cut.brand),
        "encoder": video_encoder(),
    }
    return Stage("render", inputs, options, code_version("render", "media", "edit/fonts.py"))


def _plan(cut: Cut, timeline: Timeline, files: dict[str, MediaFile], out: Path) -> RenderPlan:
    captions = cut.folder / CAPTIONS / timeline.name
    burned = {a: captions / f"{timeline.name}-{a.replace(':', 'x')}.ass" for a in timeline.aspects}
    return RenderPlan(
        timeline=timeline,
        files=files,
        brand=cut.brand,
        presets=preset_names(cut.blueprint),
        subtitles={aspect: path for aspect, path in burned.items() if path.exists()},
        fonts=fonts_dir(cut.brand),
        sidecars=_sidecars(cut, timeline),
        out=out,
    )


def _sidecars(cut: Cut, timeline: Timeline) -> tuple[Path, ...]:
    folder = cut.folder / CAPTIONS / timeline.name
    return tuple(path for path in sorted(folder.iterdir()) if path.suffix in (".srt", ".vtt"))


def _by_name(one: Deliverable) -> Deliverable:
    """The deliverable with bare file names: what is recorded stays right when the home moves."""
    return replace(one, path=Path(one.path).name, captions=tuple(Path(p).name for p in one.captions))


def _placed(made: Made, cut: Cut, timeline: Timeline) -> list[Deliverable]:
    """The deliverables of a finished stage where they lie, with the caption files that go with them."""
    sidecars = tuple(str(path) for path in _sidecars(cut, timeline))
    found = [codec.load(Deliverable, one) for one in made.facts["deliverables"]]
    return [replace(one, path=str(made.folder / one.path), captions=sidecars) for one in found]


def _sparing(tell: Callable[[float], None]) -> Callable[[float], None]:
    """`tell`, called no more than once in `TELL_EVERY_S`."""
    last = 0.0

    def spare(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_EVERY_S:
            last = time.monotonic()
            tell(share)

    return spare
