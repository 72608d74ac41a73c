"""Captions: what is said in the cut, as cues on the timeline.

Cues come from transcripts only; a clip whose file has none stays silent. A cue lies inside one clip,
comes in with the speech, and leaves a gap before the next (Netflix Timed Text Style Guide, general
requirements: 5/6..7 s, 2 x 42 characters, gap 2 frames, in within 3 frames of speech, out at most 12
frames after it unless reading needs longer; slack of 1.5 s: BBC Subtitle Guidelines).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import ceil, floor

from editron_core.domain.job import Finding, Severity
from editron_core.domain.timeline import Clip, Cue, Timeline
from editron_core.domain.transcript import Transcript, Word
from editron_core.edit import phrasing
from editron_core.edit.phrasing import MAX_SHOWN, MIN_SHOWN, READING_SPEED, SIDECAR, Shape
from editron_core.times import Span, clock

GAP_FRAMES = 2
HOLD_FRAMES = 12
SLACK = Fraction(3, 2)
"""Seconds that a cue may outlast its speech where reading needs it."""
TOP_SPEED = 20
"""Characters per second above which a cue cannot be read at ease by anyone."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words that are captioned by themselves."""

    place: Span
    """Where their cues may stand, in seconds on the timeline."""
    words: tuple[Word, ...]
    """In time order, with their times on the timeline."""
    line: int = 0
    """Number of the person's line that they are; see `Cue.line`."""


def spoken(clip: Clip, place: Span, transcript: Transcript | None) -> tuple[Word, ...]:
    """The words heard in `clip`, with their times on the timeline, cleaned of white space."""
    if transcript is None:
        return ()
    shift = place.start - clip.source.start
    words = (
        Word(" ".join(word.text.split()), word.span.clamp(clip.source).shift(shift), word.confidence)
        for word in transcript.within(clip.source)
    )
    return tuple(word for word in words if word.text)


def cues_for(
    placed: Iterable[tuple[Span, Clip]],
    transcripts: Mapping[str, Transcript | None],
    rate: Fraction,
    shape: Shape = SIDECAR,
) -> tuple[Cue, ...]:
    """The cues of a cut: `placed` clips, their files' transcripts by file id, frames per second."""
    stretches = [Stretch(place, spoken(clip, place, transcripts.get(clip.file_id))) for place, clip in placed]
    return cues_of(stretches, rate, shape)


def reshaped(timeline: Timeline, shape: Shape) -> tuple[Cue, ...]:
    """The cues of `timeline` laid out anew for another shape, from the same words."""
    return cues_of(stretches(timeline), timeline.rate, shape)


def stretches(timeline: Timeline) -> list[Stretch]:
    """What is captioned in `timeline`, as it was before it was laid out in cues."""
    found: list[Stretch] = []
    for place, _ in timeline.placed():
        cues = [cue for cue in timeline.cues if place.holds(cue.span.start)]
        for line in dict.fromkeys(cue.line for cue in cues):
            own = [cue for cue in cues if cue.line == line]
            stands = Span(own[0].span.start, own[-1].span.end) if line else place
            words = [word for cue in own for word in cue.words if place.holds(word.span.start)]
            found.append(Stretch(stands, tuple(words), line))
    return found


def cues_of(stretches: Sequence[Stretch], rate: Fraction, shape: Shape = SIDECAR) -> tuple[Cue, ...]:
    """Stretches laid out in cues of `shape`, at `rate` frames per second."""
    drafts = [draft for stretch in stretches for draft in _drafts(stretch, rate, shape)]
    return tuple(map(partial(_timed, rate=rate), drafts, (*drafts[1:], None)))


def check(cues: Sequence[Cue], rate: Fraction, shape: Shape = SIDECAR) -> tuple[Finding, ...]:
    """What breaks the rules for sidecars: one finding per rule, with its worst value and the limit."""
    frame = 1 / rate
    gaps = [(b.span.start - a.span.end, b) for a, b in pairwise(cues)]
    shown = [(cue.span.duration, cue) for cue in cues]
    speeds = [(_speed(cue), cue) for cue in cues]
    widths = [(Fraction(max(map(phrasing.length, cue.lines), default=0)), cue) for cue in cues]
    heights = [(Fraction(len(cue.lines)), cue) for cue in cues]
    least = GAP_FRAMES * frame
    rows: list[tuple[str, list[tuple[Fraction, Cue]], Callable[[Fraction], bool], str]] = [
        ("caption-overlap", gaps, lambda v: v < 0, "0 s between cues"),
        (
            "caption-gap",
            gaps,
            lambda v: 0 <= v < least,
            f"at least {GAP_FRAMES} frames ({float(least):.3f} s)",
        ),
        ("caption-short", shown, lambda v: v < MIN_SHOWN, f"at least {float(MIN_SHOWN):.2f} s"),
        ("caption-long", shown, lambda v: v > MAX_SHOWN, f"at most {float(MAX_SHOWN):.0f} s"),
        ("caption-speed", speeds, lambda v: v > READING_SPEED, f"{READING_SPEED} (at most {TOP_SPEED}) cps"),
        ("caption-width", widths, lambda v: v > shape.chars, f"at most {shape.chars} characters a line"),
        ("caption-lines", heights, lambda v: v > shape.lines, f"at most {shape.lines} lines"),
    ]
    found = (
        _finding(rule, [(v, cue) for v, cue in values if bad(v)], limit) for rule, values, bad, limit in rows
    )
    return tuple(finding for finding in found if finding)


def _finding(rule: str, bad: list[tuple[Fraction, Cue]], limit: str) -> Finding | None:
    if not bad:
        return None
    lower_is_worse = rule in ("caption-overlap", "caption-gap", "caption-short")
    worst, cue = min(bad, key=lambda row: row[0] if lower_is_worse else -row[0])
    mild = rule == "caption-speed" and worst <= TOP_SPEED
    unit = {"caption-speed": " cps", "caption-width": " characters", "caption-lines": " lines"}.get(
        rule, " s"
    )
    cues = "1 cue" if len(bad) == 1 else f"{len(bad)} cues"
    return Finding(
        Severity.NOTE if mild else Severity.WARNING,
        rule,
        f"{cues}, worst at {clock(cue.span.start)}: {float(worst):.4g}{unit}; limit {limit}",
    )


def _speed(cue: Cue) -> Fraction:
    return Fraction(phrasing.length(" ".join(cue.lines))) / max(cue.span.duration, Fraction(1, 1000))


def _drafts(stretch: Stretch, rate: Fraction, shape: Shape) -> Iterator[Cue]:
    """Cues with their lines; the span runs from the speech's in to the end of the stretch."""
    place, words = stretch.place, stretch.words
    earliest = place.start
    for group in phrasing.groups(words, place.end, shape) if words else ():
        texts = [word.text for word in group]
        start = max(earliest, floor(group[0].span.start * rate) / rate)
        if start >= place.end:
            return
        lines = phrasing.lay(texts, shape) or (phrasing.join(texts),)
        yield Cue(Span(start, place.end), lines, tuple(group), stretch.line)
        earliest = start + (GAP_FRAMES + 1) / rate


def _timed(draft: Cue, following: Cue | None, rate: Fraction) -> Cue:
    start = draft.span.start
    room = min(draft.span.end, start + MAX_SHOWN)
    chained = following is not None and following.span.start - GAP_FRAMES / rate <= room
    if following is not None and chained:
        room = following.span.start - GAP_FRAMES / rate
    if draft.line and (following is None or following.line != draft.line):
        # A person said how long the line stands.
        return replace(draft, span=Span(start, max(floor(room * rate) / rate, start + 1 / rate)))
    heard = draft.words[-1].span.end
    to_read = start + Fraction(phrasing.length(" ".join(draft.lines)), READING_SPEED)
    wanted = max(heard + HOLD_FRAMES / rate, start + MIN_SHOWN, min(to_read, heard + SLACK))
    end = min(room, ceil(wanted * rate) / rate)
    if chained and room - end < HOLD_FRAMES / rate:
        end = room  # a gap of a few frames flickers: it is closed to the least
    return replace(draft, span=Span(start, max(end, start + 1 / rate)))
