"""Render: each timeline of each cut becomes checked deliverables, recorded as a render job."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from editron_core import telemetry
from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import (
    Deliverable,
    EditSession,
    EditSessionStatus,
    Finding,
    RenderJob,
    RenderJobStatus,
    StageStatus,
)
from editron_core.domain.progress import Step
from editron_core.domain.timeline import Timeline
from editron_core.edit.fonts import fonts_dir
from editron_core.errors import Busy, Held, Interrupted, LeaseLost, Stale, UsageError, Withdrawn
from editron_core.lane import destinations, revising
from editron_core.lane.cutting import CAPTIONS, brand_facts, preset_names
from editron_core.lane.desk import Desk, Made, Progress, code_version
from editron_core.lane.document import Cut, Outcome
from editron_core.lane.order import Order
from editron_core.render.encode import render as encode
from editron_core.render.encode import video_encoder
from editron_core.render.plan import RenderPlan
from editron_core.review import revisions, signoff
from editron_core.store import NewJob, Stage

TELL_EVERY_S = 1.0
"""Progress goes to the store at most this often."""


@dataclass(frozen=True)
class _Left:
    """What the rendering of one cut left."""

    deliverables: list[Deliverable]
    findings: tuple[Finding, ...] = ()


def render(desk: Desk, outcome: Outcome, order: Order) -> Outcome:
    """The deliverables of every cut, and copies of them at the destinations of the order.

    In production mode, raises UsageError for an unsigned cut. A destination that fails is a finding.
    """
    made: list[Deliverable] = []
    findings = list(outcome.findings)
    with desk.timed("render"):
        for cut in outcome.cuts:
            refuse_unsigned(desk, cut.session)
            left = _session(desk, cut, outcome.footage, order)
            made += left.deliverables
            findings += left.findings
    return replace(outcome, deliverables=tuple(made), findings=tuple(findings))


def signed(desk: Desk, outcome: Outcome) -> Outcome:
    """The outcome with those cuts alone of which every timeline is approved as it is now."""
    approved = [cut for cut in outcome.cuts if not signoff.of(desk.store, cut.session).unsigned]
    sessions = desk.store.sessions.list(outcome.batch.id)
    standing = (cut for cut in approved if revisions.superseding(cut.session, sessions) is None)
    return replace(outcome, cuts=tuple(standing))


def refuse_unsigned(desk: Desk, session: EditSession) -> None:
    """Raises UsageError for a session of which production may not render every cut."""
    if desk.settings.mode != "production":
        return
    open_cuts = signoff.of(desk.store, session).unsigned
    if open_cuts:
        raise UsageError(
            "is not signed off, and production renders signed cuts only",
            subject=", ".join(timeline.name for timeline in open_cuts),
            remedy=f"editron review approve {session.id[:8]}",
        )


def finished(desk: Desk, cut: Cut, files: dict[str, MediaFile], order: Order) -> RenderJob | None:
    """The job that rendered a cut just so, where that still counts and what it left is not lost."""
    session, jobs = desk.store.sessions.get(cut.session.id), desk.store.jobs
    if session.status not in (EditSessionStatus.COMPLETE, EditSessionStatus.RENDERING):
        return None
    known = [desk.store.ledger.find(_stage(cut, timeline, files).key) for timeline in cut.session.timelines]
    if not all(run is not None and run.status is StageStatus.DONE for run in known):
        return None
    new = request(cut, order)
    done = (job for job in jobs.list(session.id) if job.status is RenderJobStatus.COMPLETE)
    job = next((job for job in done if _answers(job, new)), None)
    if job is not None and session.status is EditSessionStatus.RENDERING:
        # Whoever rendered it was killed right after it had said so.
        desk.store.sessions.set_status(session.id, EditSessionStatus.COMPLETE)
    return job


def left(desk: Desk, cut: Cut, files: dict[str, MediaFile], job: RenderJob) -> list[Deliverable]:
    """The deliverables that the job of a cut left, where they lie; one that was lost is made again."""
    return _make(desk, cut, files, job, lambda share: None)


def lease_name(session: str) -> str:
    """The lease under which a session is rendered: by one at a time."""
    return f"render:{session}"


def _session(desk: Desk, cut: Cut, files: dict[str, MediaFile], order: Order) -> _Left:
    job = finished(desk, cut, files, order)
    if job is not None:
        made = left(desk, cut, files, job)
        return _Left(made, destinations.send(desk, job, cut, made).findings)
    with desk.store.leases.hold(lease_name(cut.session.id)):
        job = desk.store.jobs.claim_one(desk.store.jobs.ensure(request(cut, order)).id, me())
        return _Left(*carried_out(desk, job, cut, files))


def carried_out(
    desk: Desk, job: RenderJob, cut: Cut, files: dict[str, MediaFile]
) -> tuple[list[Deliverable], tuple[Finding, ...]]:
    """Render the cuts of a claimed job, which says how far it is and how it ended, and send copies.

    Returns what it left, and which destinations failed. Raises Withdrawn where people want the cut no more,
    before it begins or until it is complete: nothing of it is sent after that.
    """
    try:
        return _carried_out(desk, job, cut, files)
    except Withdrawn:
        _set_aside(desk, cut)
        raise


def _carried_out(
    desk: Desk, job: RenderJob, cut: Cut, files: dict[str, MediaFile]
) -> tuple[list[Deliverable], tuple[Finding, ...]]:
    sessions, jobs = desk.store.sessions, desk.store.jobs
    _assure_wanted(desk, job)
    sessions.set_status(cut.session.id, EditSessionStatus.RENDERING)
    try:
        with jobs.holding(job):
            tell = _sparing(lambda share: jobs.progress(job.id, 100 * share))
            made = _make(desk, cut, files, job, tell)
            _assure_wanted(desk, job)
            sent = destinations.send(desk, job, cut, made)
    except (LeaseLost, Withdrawn):
        raise  # whoever took the job over says how it ends
    except (Held, Interrupted, Busy, KeyboardInterrupt):
        jobs.set_status(job.id, RenderJobStatus.QUEUED, fence=job.fence)
        raise
    except BaseException as error:
        jobs.set_status(job.id, RenderJobStatus.FAILED, str(error) or "interrupted", fence=job.fence)
        sessions.set_status(cut.session.id, EditSessionStatus.FAILED)
        raise
    if sent.findings:
        jobs.delivered(job.id, made, sent.urls)
        jobs.set_status(job.id, RenderJobStatus.FAILED, sent.findings[0].message, fence=job.fence)
    else:
        jobs.complete(job.id, made, sent.urls, fence=job.fence)
    revising.settled(desk.store, sessions.set_status(cut.session.id, EditSessionStatus.COMPLETE))
    return made, sent.findings


def _assure_wanted(desk: Desk, job: RenderJob) -> None:
    """Raises Withdrawn for a job whose cut people want no more; that it is withdrawn is written down."""
    jobs = desk.store.jobs
    try:
        refuse_unsigned(desk, revising.current(desk.store, job.session_id))
    except (Stale, UsageError) as error:
        jobs.withdraw(job.id, str(error))
    refuse_withdrawn(jobs.get(job.id))


def refuse_withdrawn(job: RenderJob) -> None:
    """Raises Withdrawn, with the reason, for a job whose cut people want no more."""
    if job.withdrawn:
        raise Withdrawn(str(job.last_error), subject=f"render job {job.id[:8]}")


def _set_aside(desk: Desk, cut: Cut) -> None:
    """The session of a withdrawn job waits for people again; one that was signed meanwhile begins anew."""
    sessions = desk.store.sessions
    if sessions.get(cut.session.id).status is not EditSessionStatus.RENDERING:
        return
    session = sessions.set_status(cut.session.id, EditSessionStatus.NEEDS_REVIEW)
    with suppress(Stale):
        revising.settled(desk.store, revising.current(desk.store, session.id))


def request(cut: Cut, order: Order) -> NewJob:
    """The job that renders a cut, with all that a worker who knows nothing else needs."""
    return NewJob(
        session_id=cut.session.id,
        formats=tuple(preset_names(cut.blueprint).values()),
        destinations=order.destinations,
        priority=order.priority,
        metadata={"cut": cut.key, "blueprint": codec.dump(cut.blueprint), "brand": codec.dump(cut.brand)},
    )


def _answers(job: RenderJob, new: NewJob) -> bool:
    return (job.formats, job.destinations, job.metadata) == (new.formats, new.destinations, new.metadata)


def me() -> str:
    """This process, as the name of a worker."""
    return f"{platform.node()}:{os.getpid()}"


def _make(
    desk: Desk, cut: Cut, files: dict[str, MediaFile], job: RenderJob, tell: Progress
) -> list[Deliverable]:
    made: list[Deliverable] = []
    total = len(cut.session.timelines)
    for count, timeline in enumerate(cut.session.timelines):

        def work(
            folder: Path, watch: Progress, timeline: Timeline = timeline, count: int = count
        ) -> dict[str, Any]:
            def both(share: float) -> None:
                watch(share)
                tell((count + share) / total)

            used = {clip.file_id: desk.at_hand(files[clip.file_id]) for clip in timeline.clips}
            found = encode(_plan(cut, timeline, used, folder), both)
            for check in (check for one in found for check in one.checks if not check.passed):
                telemetry.count("check_failures", check=check.name)
            return {"deliverables": codec.dump([_by_name(one) for one in found])}

        session = cut.session
        step = Step(
            "render",
            timeline.name,
            float(timeline.duration),
            batch=session.batch_id,
            session=session.id,
            job=job.id,
        )
        made += _placed(desk.make(_stage(cut, timeline, files), step, work), cut, timeline)
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
    # A cut without a word has none, and an object store keeps no empty folders.
    return tuple(path for path in sorted(folder.glob("*")) if path.suffix in (".srt", ".vtt"))


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
