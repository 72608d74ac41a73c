"""Sign-off: decisions recorded against exactly the cut that was shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from editron_core.domain.job import Decision, EditSession, EditSessionStatus, Verdict
from editron_core.domain.timeline import Timeline
from editron_core.edit import ripple
from editron_core.review import labels, signoff
from editron_core.store import NewSession, Store
from editron_core.times import Span


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person thinks."""

    verdict: Verdict
    author: str
    note: str = ""


def decide(store: Store, session_id: str, timeline: str, opinion: Opinion) -> EditSession:
    """Record an opinion on one cut of a session, or on all of them where `timeline` is empty.

    The labels that follow from it are recorded with it.
    """
    session = store.sessions.get(session_id)
    cuts = (signoff.find_timeline(session, timeline),) if timeline else session.timelines
    for cut in cuts:
        decision = _decision(session, cut, opinion)
        store.decisions.add(decision, labels.of_decision(decision, cut))
    made = store.decisions.list(session.id)
    if session.status in (EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.APPROVED):
        open_cuts = signoff.unsigned(session, made)
        reached = EditSessionStatus.NEEDS_REVIEW if open_cuts else EditSessionStatus.APPROVED
        return store.sessions.set_status(session.id, reached)
    rejected = any(signoff.standing(t, made) is signoff.Standing.REJECTED for t in session.timelines)
    if session.status is EditSessionStatus.COMPLETE and rejected:
        return store.sessions.set_status(session.id, EditSessionStatus.NEEDS_REVIEW)
    return session


def trim(store: Store, session_id: str, timeline: str, keep: Span, author: str) -> EditSession:
    """Trim one clip of a cut and let what follows move up; returns the new session, yet unsigned.

    Raises UsageError where `keep` names no clip.
    """
    session = store.sessions.get(session_id)
    cut = signoff.find_timeline(session, timeline)
    trimmed = ripple.trim(cut, keep)
    decision = replace(_decision(session, cut, Opinion(Verdict.TRIM, author)), trim=keep)
    store.decisions.add(decision, labels.of_decision(decision, cut, trimmed))
    cuts = tuple(trimmed if one is cut else one for one in session.timelines)
    new = NewSession(
        batch_id=session.batch_id,
        deliverable_type=session.deliverable_type,
        timelines=cuts,
        aspect_ratios=session.aspect_ratios,
        reference_style=session.reference_style,
        include_captions=any(one.cues for one in cuts),
        metadata={
            **session.metadata,
            "trimmed_from": session.metadata.get("trimmed_from", session.content_hash),
        },
    )
    made = store.sessions.ensure(new)
    if made.status is EditSessionStatus.ASSEMBLING:
        made = store.sessions.set_status(made.id, EditSessionStatus.NEEDS_REVIEW)
    return made


def _decision(session: EditSession, cut: Timeline, opinion: Opinion) -> Decision:
    return Decision(
        id="",
        session_id=session.id,
        timeline=cut.name,
        content_hash=cut.content_hash,
        verdict=opinion.verdict,
        author=opinion.author,
        note=opinion.note,
    )
