"""The queue of render jobs: of all that wait the most urgent is rendered first, by whoever is free."""

from __future__ import annotations

import time
from collections.abc import Sequence

from editron_core import log
from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.brand import BrandKit
from editron_core.domain.job import RenderJob, RenderJobStatus
from editron_core.domain.operations import Subject
from editron_core.domain.progress import Step
from editron_core.edit.blueprint import Blueprint
from editron_core.errors import Busy, EditronError, Interrupted, LeaseLost
from editron_core.lane import holding, rendering
from editron_core.lane.desk import Desk, mark_buried
from editron_core.lane.document import Cut, Outcome
from editron_core.lane.order import Order

LOOK_EVERY_S = 1.0
ENDED = (RenderJobStatus.COMPLETE, RenderJobStatus.FAILED)
_log = log.get(__name__)


def enqueue(desk: Desk, outcome: Outcome, order: Order) -> tuple[RenderJob, ...]:
    """A render job for every cut, for whichever worker is free: see `render_next` and `work_off`.

    Where a cut was rendered just so, its job is the one that did that. In production mode, raises UsageError
    for an unsigned cut.
    """
    for cut in outcome.cuts:
        rendering.refuse_unsigned(desk, cut.session)
    return tuple(
        rendering.finished(desk, cut, outcome.footage, order)
        or desk.store.jobs.ensure(rendering.request(cut, order))
        for cut in outcome.cuts
    )


def render_next(desk: Desk, worker: str) -> RenderJob | None:
    """Claim the most urgent render job and carry it out; null where none is waiting.

    Raises what the rendering raises; the job says how it ended.
    """
    job = desk.store.jobs.claim(worker)
    if job is None:
        return None
    _carry_out(desk, job)
    return desk.store.jobs.get(job.id)


def work_off(desk: Desk, wanted: Sequence[str]) -> tuple[RenderJob, ...]:
    """Carry out what is most urgent, whoever asked for it, until the jobs with these ids have ended.

    Returns them as they ended. Raises Held where one of them is paused or cancelled, and what its rendering
    raised. How the jobs of others end is said by these alone.
    """
    while True:
        jobs = [desk.store.jobs.get(one) for one in wanted]
        waiting = [job for job in jobs if job.status not in ENDED]
        for job in jobs:
            _look_at(desk, job)
        if not waiting:
            return tuple(jobs)
        if not _worked(desk, wanted):
            time.sleep(LOOK_EVERY_S)


def _worked(desk: Desk, wanted: Sequence[str]) -> bool:
    """Whether a job was free to be carried out, and was."""
    job = desk.store.jobs.claim(rendering.me())
    if job is None:
        return False
    try:
        _carry_out(desk, job)
    except Interrupted:
        raise
    except (Busy, LeaseLost) as error:  # its session is being rendered already, or somebody else took it over
        _log.info("job_left", job=job.id, why=str(error))
        return False
    except Exception as error:
        if job.id in wanted:
            raise
        _log.warning("job_failed", job=job.id, error=str(error))
    return True


def _look_at(desk: Desk, job: RenderJob) -> None:
    """Raises Held for a job that may not go on, Withdrawn for one that people want no more, and the failure
    of one that somebody else carried out."""
    batch = desk.store.sessions.get(job.session_id).batch_id
    subject = Subject(batch, job_id=job.id)
    rendering.refuse_withdrawn(job)
    if job.status not in ENDED:
        holding.check(desk.store, subject)
    elif job.status is RenderJobStatus.FAILED and not job.deliverables:
        error = EditronError(job.last_error or "failed", subject=f"render job {job.id[:8]}")
        if any(letter.job_id == job.id for letter in desk.store.dead_letters.list(batch_id=batch)):
            mark_buried(error)
        raise error


def _carry_out(desk: Desk, job: RenderJob) -> None:
    """A claimed job of the queue, which waits again where another render of its session is at work."""
    cut, files = _opened(desk, job)
    try:
        with desk.store.leases.hold(rendering.lease_name(cut.session.id)):
            rendering.carried_out(desk, job, cut, files)
    except Busy:
        desk.store.jobs.set_status(job.id, RenderJobStatus.QUEUED, fence=job.fence)
        raise


def _opened(desk: Desk, job: RenderJob) -> tuple[Cut, dict[str, MediaFile]]:
    """The cut that a claimed job renders and the files that it takes from, by what they hold.

    A job that cannot be begun has failed: else it would look as if it were at work.
    """
    session = desk.store.sessions.get(job.session_id)
    try:
        asked = job.metadata
        plan, kit = codec.load(Blueprint, asked["blueprint"]), codec.load(BrandKit, asked["brand"])
        files = desk.store.files.list(session.batch_id)
        footage = Outcome(desk.store.batches.get(session.batch_id), files).footage
        cut = Cut(session, plan, kit, desk.store.blobs.folder(asked["cut"]), asked["cut"])
    except Exception as error:
        desk.store.jobs.set_status(job.id, RenderJobStatus.FAILED, str(error), fence=job.fence)
        what, batch = session.deliverable_type, session.batch_id
        desk.give_up(Step("render", what, batch=batch, session=session.id, job=job.id), error)
        raise
    return cut, footage
