"""Where a moment may begin and end: at cuts and between sentences, never inside a word.

A file's instants are compared as whole numbers of a tick that all of them are multiples of: as exact as
fractions, and ten times as fast.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm

from editron_core.domain.evidence import Evidence
from editron_core.score.profile import Lengths
from editron_core.times import MICRO, Span

_Ends = tuple[int, int]
"""Where a stretch starts and ends, in ticks."""
_Priced = tuple[int, int]
"""An instant and what it costs to end there, both in ticks."""

LEAD = Fraction(12, 100)
"""Seconds kept before a sentence: the ear needs the breath."""
TAIL = Fraction(25, 100)
"""Seconds kept after a sentence."""
NEAR_CUT = Fraction(4, 10)
"""A cut so close to a sentence's end takes its place: no sliver of the next shot is shown."""
FREE_COST = Fraction(3, 2)
"""An end that lies at neither a cut nor a sentence costs as much as moving it by so many seconds."""
SLIVER_COST = Fraction(1)
"""So does a cut less than `NEAR_CUT` inside either end."""


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Stretches that must not be cut into, in time order."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    """The latest end so far: overlapping stretches count as one."""

    @classmethod
    def of(cls, spans: Iterable[_Ends]) -> _Blocks:
        ordered = sorted((start, end) for start, end in spans if end > start)
        return cls(tuple(start for start, _ in ordered), tuple(accumulate((end for _, end in ordered), max)))

    def cuts(self, at: int) -> bool:
        """Whether `at` lies strictly inside a stretch."""
        i = bisect_left(self.starts, at) - 1
        return i >= 0 and at < self.ends[i]


@dataclass(frozen=True, slots=True)
class _Clock:
    """So many ticks a second."""

    rate: int

    def ticks(self, at: Fraction) -> int:
        """The tick at `at`, or the last one before it."""
        return at.numerator * self.rate // at.denominator

    def ends(self, spans: Iterable[Span]) -> list[_Ends]:
        return [(self.ticks(span.start), self.ticks(span.end)) for span in spans]

    def span(self, start: int, end: int) -> Span:
        return Span(Fraction(start, self.rate), Fraction(end, self.rate))


class Snapper:
    """Moves the ends of spans of one file to where an editor would cut."""

    def __init__(self, evidence: Evidence, lengths: Lengths) -> None:
        said = [word.span for word in evidence.transcript.words] if evidence.transcript else []
        sentences = [s.span for s in evidence.transcript.sentences()] if evidence.transcript else []
        cuts = sorted({shot.start for shot in evidence.shots[1:]})
        self.whole = Span(Fraction(0), evidence.duration)
        wanted = [evidence.step, evidence.duration, lengths.min, lengths.target, lengths.max, *cuts]
        wanted += [at for span in said for at in (span.start, span.end)]
        self._clock = clock = _Clock(lcm(2 * MICRO, *{at.denominator for at in wanted}))
        self._last = clock.ticks(evidence.duration)
        self._lengths = clock.ticks(lengths.min), clock.ticks(lengths.max)
        self._reach = clock.ticks(max(Fraction(2), lengths.target / 2))
        self._near_cut = clock.ticks(NEAR_CUT)
        self._free, self._sliver = clock.ticks(FREE_COST), clock.ticks(SLIVER_COST)
        self._cuts = [clock.ticks(at) for at in cuts]
        spoken, whole = clock.ends(said), clock.ends(sentences)
        self._sentences, self._words = _Blocks.of(whole), _Blocks.of(spoken)
        self._sentence_points = _points(whole, self._cuts, clock)
        self._word_points = _points(spoken, [], clock)

    def snap(self, span: Span) -> Span:
        """The nearest span whose ends fall on cuts or between sentences, of an allowed length.

        Where no such span is near (somebody talks on), the end and then the start may fall between two
        words of a sentence. A file shorter than the shortest moment is one span.
        """
        if self._last <= self._lengths[0]:
            return self.whole
        for heads, tails in self._tiers(self._clock.ticks(span.start), self._clock.ticks(span.end)):
            best = self._cheapest(heads, tails)
            if best is not None:
                return self._clock.span(*best)
        return span.clamp(self.whole)

    def _tiers(self, start: int, end: int) -> Iterator[tuple[list[_Priced], list[_Priced]]]:
        """Where the span may start and end: by sentences, then less and less strictly."""
        whole, words = (self._sentence_points, self._sentences), (self._word_points, self._words)
        for (starts, no_start), (ends, no_end) in ((whole, whole), (whole, words), (words, words)):
            yield self._near(start, starts[0], no_start), self._near(end, ends[1], no_end)

    def _near(self, at: int, points: Sequence[int], blocks: _Blocks) -> list[_Priced]:
        """Allowed ends near `at`, each with what it costs."""
        reach, last = self._reach, self._last
        fixed = {0, last, *_between(points, at, reach), *_between(self._cuts, at, reach)}
        found = [(p, abs(p - at)) for p in fixed if abs(p - at) <= reach and not blocks.cuts(p)]
        if 0 <= at <= last and not blocks.cuts(at):
            found.append((at, self._free))
        return found

    def _cheapest(self, heads: list[_Priced], tails: list[_Priced]) -> _Ends | None:
        """The pair of an allowed length that costs least; ties go to the earlier."""
        shortest, longest = self._lengths
        allowed = [
            (head + tail + self._sliver * self._slivers(start, end), start, end)
            for start, head in heads
            for end, tail in tails
            if shortest <= end - start <= longest
        ]
        return min(allowed)[1:] if allowed else None

    def _slivers(self, start: int, end: int) -> int:
        near = self._near_cut
        first = bisect_right(self._cuts, start)
        last = bisect_left(self._cuts, end) - 1
        early = first < len(self._cuts) and self._cuts[first] < min(end, start + near)
        late = last >= 0 and self._cuts[last] > max(start, end - near)
        return int(early) + int(late)


def _points(spans: Sequence[_Ends], cuts: Sequence[int], clock: _Clock) -> tuple[list[int], list[int]]:
    """Where to begin before and where to end after each span, in time order."""
    if not spans:
        return [], []
    lead, tail, near = clock.ticks(LEAD), clock.ticks(TAIL), clock.ticks(NEAR_CUT)
    ordered = sorted(spans)
    gaps = [(last[1], this[0]) for last, this in pairwise(ordered)]
    starts = [max(0, ordered[0][0] - lead), *(max(after, before - lead) for after, before in gaps)]
    ends = [*(min(before, after + tail) for after, before in gaps), ordered[-1][1] + tail]
    for i, (start, end) in enumerate(ordered):
        gap_from = ordered[i - 1][1] if i else 0
        gap_to = ordered[i + 1][0] if i + 1 < len(ordered) else end + near
        starts[i] = max((c for c in _between(cuts, start, near) if gap_from <= c <= start), default=starts[i])
        ends[i] = min((c for c in _between(cuts, end, near) if end <= c <= gap_to), default=ends[i])
    return sorted(starts), sorted(ends)


def _between(points: Sequence[int], at: int, reach: int) -> Sequence[int]:
    return points[bisect_left(points, at - reach) : bisect_right(points, at + reach)]
