"""Sign-off: decisions recorded against exactly the cut that was shown, and edits that ask for new ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from editron_core.domain.job import Decision, EditSession, Verdict
from editron_core.domain.timeline import Clip, Timeline
from editron_core.edit import ripple
from editron_core.errors import NotFound, UsageError
from editron_core.lane import captioning, revising
from editron_core.lane.revising import Change
from editron_core.review import labels, signoff
from editron_core.store import Store
from editron_core.times import Span


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person thinks."""

    verdict: Verdict
    author: str
    note: str = ""


def decide(store: Store, session_id: str, timeline: str, opinion: Opinion) -> EditSession:
    """Record an opinion on one cut of a session, or on all of them where `timeline` is empty.

    The labels that follow from it are recorded with it. Raises Stale where another session has taken its
    place: what was shown is not what would be signed.
    """
    session = revising.current(store, session_id)
    cuts = (signoff.find_timeline(session, timeline),) if timeline else session.timelines
    for cut in cuts:
        decision = _decision(session, cut, opinion)
        store.decisions.add(decision, labels.of_decision(decision, cut))
    return revising.settled(store, session)


def withdraw(store: Store, session_id: str, timeline: str, author: str) -> EditSession:
    """Take back the last word of `author` on one cut of a session; what they said before it stands again.

    Raises UsageError where there is none.
    """
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    mine = [
        decision
        for decision in store.decisions.list(session.id)
        if decision.author == author
        and decision.content_hash == cut.content_hash
        and decision.verdict is not Verdict.TRIM
        and decision.withdrawn_at is None
    ]
    if not mine:
        raise UsageError(f"{author} has said nothing of it that stands", subject=cut.name)
    again = labels.of_decision(mine[-2], cut) if len(mine) > 1 else ()
    store.decisions.withdraw(mine[-1].id, [replace(one, decision_id=mine[-2].id) for one in again])
    return revising.settled(store, session)


def trim(store: Store, session_id: str, timeline: str, keep: Span, author: str) -> EditSession:
    """Trim one clip of a cut and let what follows move up; returns the new session, yet unsigned.

    Raises UsageError where `keep` names no clip, Stale where the session is not the current one.
    """
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    trimmed = ripple.trim(cut, keep)
    decision = replace(_decision(session, cut, Opinion(Verdict.TRIM, author)), trim=keep)
    store.decisions.add(decision, labels.of_decision(decision, cut, trimmed))
    return _changed(store, session, cut, trimmed, Change("trim", author))


def retime(
    store: Store, session_id: str, timeline: str, index: int, source: Span, author: str
) -> EditSession:
    """Let clip number `index` (from 0) show `source` (seconds of its file): a trim where that is less.

    Raises UsageError where the file has no such stretch.
    """
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    if not 0 <= index < len(cut.clips):
        raise UsageError(f"has no clip {index + 1}", subject=cut.name)
    place, clip = list(cut.placed())[index]
    source = _settled_ends(source, clip.source, cut.rate)
    if clip.source.start <= source.start and source.end <= clip.source.end:
        keep = source.shift(place.start - clip.source.start)
        return trim(store, session_id, timeline, keep, author)
    length = _length(store, session, clip)
    wanted = source.clamp(Span(Fraction(0), length))
    extended = ripple.extend(cut, index, wanted)
    if extended.clips[index].source.end > length:  # rounded up to a frame that is not there
        extended = ripple.extend(cut, index, Span(wanted.start, wanted.end - 1 / cut.rate))
    return _changed(store, session, cut, extended, Change("extend", author))


def split(store: Store, session_id: str, timeline: str, at: Fraction, author: str) -> EditSession:
    """Cut the clip that shows at `at` seconds in two; see `ripple.split`."""
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    return _changed(store, session, cut, ripple.split(cut, at), Change("split", author))


def merge(store: Store, session_id: str, timeline: str, first: int, author: str) -> EditSession:
    """Make one clip of clip number `first` (from 0) and the next; see `ripple.merge`."""
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    return _changed(store, session, cut, ripple.merge(cut, first), Change("merge", author))


def remove(store: Store, session_id: str, timeline: str, index: int, author: str) -> EditSession:
    """Take clip number `index` (from 0) out, and let what follows move up."""
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    return _changed(store, session, cut, ripple.remove(cut, index), Change("remove", author))


def move(store: Store, session_id: str, timeline: str, places: tuple[int, int], author: str) -> EditSession:
    """Put the clip of the first of two numbers (from 0) where the second is."""
    session = revising.current(store, session_id)
    cut = signoff.find_timeline(session, timeline)
    return _changed(store, session, cut, ripple.move(cut, *places), Change("move", author))


def _changed(
    store: Store, session: EditSession, cut: Timeline, changed: Timeline, done: Change
) -> EditSession:
    # Captioned as the cut will be when it is made again: what is signed is what is rendered.
    (told,) = captioning.recaptioned(store, session.batch_id, (changed,))
    cuts = tuple(told if one is cut else one for one in session.timelines)
    return revising.replace_cuts(store, session, cuts, done)


def _settled_ends(wanted: Span, was: Span, rate: Fraction) -> Span:
    """`wanted`, with the ends that lie within half a frame of where they were left there."""
    start, end = (
        old if abs(new - old) < 1 / (2 * rate) else new
        for new, old in ((wanted.start, was.start), (wanted.end, was.end))
    )
    return Span(start, max(start, end))


def _length(store: Store, session: EditSession, clip: Clip) -> Fraction:
    """Seconds that the file of a clip lasts. Raises NotFound where it is not in the batch any more."""
    for file in store.files.list(session.batch_id):
        if file.sha256 == clip.file_id and file.probe is not None:
            return file.probe.duration
    raise NotFound("has lost its file", subject=f"session {session.id[:8]}")


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
