"""The lane's steps by id, as flows ask for them: each opens what the store holds and goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editron_core.domain import codec
from editron_core.domain.batch import BatchStatus
from editron_core.domain.job import Deliverable, Finding, RenderJob, RenderJobStatus, Severity
from editron_core.errors import NotFound, UsageError
from editron_core.lane import analysis, intake, rendering
from editron_core.lane.document import Outcome
from editron_core.lane.lane import Lane
from editron_core.lane.order import Order

DELIVER_WAIT_S = 600.0
"""How long a delivery waits for another one of the same batch."""
UNSIGNED = Finding(
    Severity.NOTE, "auto-approve", "rendered without sign-off: auto_approve was set, in development mode"
)


@dataclass(frozen=True)
class Taken:
    """A batch that was taken in."""

    batch: str
    files: dict[str, str]
    """The files to analyse, id and name: one of each content, the one with a transcript if there is one."""


def take_in(lane: Lane, sources: Sequence[str], order: Order | None) -> Taken:
    """Take in footage, or go on with the batch that `sources` names, and write its order down.

    Without an order a known batch keeps its own. Raises UsageError or DefinitionError for an order that
    could not be carried out, before anything is taken in, and SourceError where there is nothing to take.
    """
    known = _known(lane, sources)
    wanted = order or (ordered(lane, known) if known else Order())
    lane.check(wanted)
    outcome = lane.resume(known) if known else lane.ingest(sources)
    lane.desk.store.batches.note(outcome.batch.id, {"order": codec.dump(wanted)})
    usable = [file for file in outcome.files if file.status is not BatchStatus.FAILED]
    chosen = {file.sha256: file for file in sorted(usable, key=lambda f: f.transcript_path is not None)}
    return Taken(outcome.batch.id, {file.id: file.name for file in chosen.values()})


def ordered(lane: Lane, batch: str) -> Order:
    """What a batch was last ordered for; the plain order where nobody wrote one down. Raises NotFound."""
    facts = lane.desk.store.batches.get(batch).metadata
    return codec.load(Order, facts["order"]) if "order" in facts else Order()


def fingerprint(sources: Sequence[str]) -> str:
    """SHA-256 over what lies at the sources now: the same as long as nothing there has changed."""
    return intake.fingerprint(sources)


def analyze_file(lane: Lane, batch: str, file: str) -> str:
    """Evidence and proxy of one file; returns the content key of what it left.

    Raises MediaError where it cannot be used: `give_up` records that, once nobody will try again.
    """
    return analysis.analyze_file(lane.desk, lane.engines, batch, file).key


def give_up(lane: Lane, batch: str, file: str, reason: str) -> None:
    """Record that a file and its copies cannot be used, so that the others of the batch go on without."""
    files = lane.desk.store.files
    content = files.get(file).sha256
    for one in files.list(batch):
        if one.id == file or (content and one.sha256 == content):
            files.set_status(one.id, BatchStatus.FAILED, reason)


def scored(lane: Lane, batch: str) -> Outcome:
    """A batch with its moments, by its order. Raises UsageError where none of its files is usable."""
    outcome = lane.analyze(lane.open(batch))
    if not outcome.evidence:
        raise UsageError(
            "holds no file that can be used",
            subject=f"batch {batch[:8]}",
            remedy=f"editron status {batch[:8]}",
        )
    return lane.score(outcome, ordered(lane, batch))


def cut(lane: Lane, batch: str) -> Outcome:
    """A batch with its cuts, by its order."""
    return lane.edit(scored(lane, batch), ordered(lane, batch))


def enqueued(lane: Lane, session: str, *, auto_approve: bool = False) -> tuple[str, ...]:
    """The render jobs of a batch's cuts that are signed as they are now, put into the queue.

    The cuts are made again as the order of `session` asks: where that gives others than were signed, these
    are unsigned. `auto_approve` takes them all. Raises NotFound, and UsageError where nothing is signed or
    `auto_approve` is asked for in production.
    """
    outcome, order = _approved(lane, session, auto_approve)
    return tuple(job.id for job in lane.enqueue(outcome, order))


def rendered(lane: Lane, jobs: Sequence[str]) -> int:
    """Render what is most urgent until these jobs have ended, by us or by others; how many videos they left.

    Raises Held where one of them is paused or cancelled, and what its rendering raised.
    """
    return sum(len(job.deliverables) for job in lane.work_off(jobs))


def delivered(
    lane: Lane, session: str, out: Path | None, jobs: Sequence[str] = (), *, auto_approve: bool = False
) -> Outcome:
    """Copies for people of what these jobs left, with the report, in `out` or in a folder of the batch's own.

    Without jobs, they are enqueued and rendered before.
    """
    desk = lane.desk
    batch = desk.store.sessions.get(session).batch_id
    settings = desk.settings
    place = out or (settings.delivered or settings.home / "delivered") / batch[:8]
    with desk.store.leases.hold(f"deliver:{batch}", wait_s=DELIVER_WAIT_S):
        outcome, order = _approved(lane, session, auto_approve)
        ended = lane.work_off(jobs or [job.id for job in lane.enqueue(outcome, order)])
        if not auto_approve:  # rendering took its time: people may have changed their minds
            outcome = _signed(lane, session, outcome)
        return lane.deliver(_collected(lane, outcome, order, ended), place)


def _approved(lane: Lane, session: str, auto_approve: bool) -> tuple[Outcome, Order]:
    """A batch with the cuts that may be rendered, and the order of a session of it."""
    order = _order_of(lane, session)
    batch = lane.desk.store.sessions.get(session).batch_id
    outcome = lane.edit(lane.score(lane.analyze(lane.open(batch)), order), order)
    if auto_approve:
        refuse_auto_approve(lane)
        return replace(outcome, findings=(*outcome.findings, UNSIGNED)), order
    return _signed(lane, session, outcome), order


def _signed(lane: Lane, session: str, outcome: Outcome) -> Outcome:
    """An outcome with the cuts of it that are signed. Raises UsageError where none is."""
    signed = rendering.signed(lane.desk, outcome)
    if not signed.cuts:
        raise UsageError(
            "is not signed off as it is now, so it is not rendered",
            subject=f"session {session[:8]}",
            remedy=f"editron review approve {session[:8]}",
        )
    return signed


def _collected(lane: Lane, outcome: Outcome, order: Order, ended: Sequence[RenderJob]) -> Outcome:
    """An outcome with what was rendered of its cuts: by these jobs, and by others before."""
    by_session = {job.session_id: job for job in ended}
    made: list[Deliverable] = []
    findings = list(outcome.findings)
    for cut in outcome.cuts:
        job = by_session.get(cut.session.id) or rendering.finished(lane.desk, cut, outcome.footage, order)
        if job is None:  # signed a moment ago: whoever begins for that will deliver it
            continue
        made += rendering.left(lane.desk, cut, outcome.footage, job)
        if job.status is RenderJobStatus.FAILED:
            findings.append(Finding(Severity.FAILURE, "destination", str(job.last_error)))
    return replace(outcome, deliverables=tuple(made), findings=tuple(findings))


def refuse_auto_approve(lane: Lane) -> None:
    """Raises UsageError in production mode."""
    if lane.desk.settings.mode == "production":
        raise UsageError(
            "is for development: production renders signed cuts only",
            subject="auto_approve",
            remedy="editron review approve",
        )


def _order_of(lane: Lane, session: str) -> Order:
    found = lane.desk.store.sessions.get(session)
    if "order" not in found.metadata:
        raise UsageError("names no order", subject=f"session {session[:8]}", remedy="editron edit")
    return codec.load(Order, found.metadata["order"])


def _known(lane: Lane, sources: Sequence[str]) -> str | None:
    if len(sources) != 1 or "://" in sources[0] or Path(sources[0]).exists():
        return None
    try:
        return lane.open(sources[0]).batch.id
    except NotFound:
        return None
