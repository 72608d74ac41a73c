"""Where a moment may begin and end: at cuts and between sentences, never inside a word."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from editron_core.domain.evidence import Evidence
from editron_core.score.profile import Lengths
from editron_core.times import Span

_Priced = tuple[Fraction, Fraction]
"""An instant and what it costs to end there, both in seconds."""

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

    starts: tuple[Fraction, ...]
    ends: tuple[Fraction, ...]
    """The latest end so far: overlapping stretches count as one."""

    @classmethod
    def of(cls, spans: Iterable[Span]) -> _Blocks:
        ordered = sorted(span for span in spans if span.duration > 0)
        return cls(tuple(s.start for s in ordered), tuple(accumulate((s.end for s in ordered), max)))

    def cuts(self, at: Fraction) -> bool:
        """Whether `at` lies strictly inside a stretch."""
        i = bisect_left(self.starts, at) - 1
        return i >= 0 and at < self.ends[i]


class Snapper:
    """Moves the ends of spans of one file to where an editor would cut."""

    def __init__(self, evidence: Evidence, lengths: Lengths) -> None:
        words = evidence.transcript.words if evidence.transcript else ()
        sentences = [s.span for s in evidence.transcript.sentences()] if evidence.transcript else []
        self.whole = Span(Fraction(0), evidence.duration)
        self._lengths = lengths
        self._cuts = sorted({shot.start for shot in evidence.shots[1:]})
        self._sentences = _Blocks.of(sentences)
        self._words = _Blocks.of(word.span for word in words)
        self._sentence_points = _points(sentences, self._cuts)
        self._word_points = _points([word.span for word in words], [])

    def snap(self, span: Span) -> Span:
        """The nearest span whose ends fall on cuts or between sentences, of an allowed length.

        Where no such span is near (somebody talks on), the end and then the start may fall between two
        words of a sentence. A file shorter than the shortest moment is one span.
        """
        if self.whole.duration <= self._lengths.min:
            return self.whole
        for heads, tails in self._tiers(span):
            best = self._cheapest(heads, tails)
            if best is not None:
                return best
        return span.clamp(self.whole)

    def _tiers(self, span: Span) -> Iterator[tuple[list[_Priced], list[_Priced]]]:
        """Where the span may start and end: by sentences, then less and less strictly."""
        whole, words = (self._sentence_points, self._sentences), (self._word_points, self._words)
        for (starts, no_start), (ends, no_end) in ((whole, whole), (whole, words), (words, words)):
            yield self._near(span.start, starts[0], no_start), self._near(span.end, ends[1], no_end)

    def _near(self, at: Fraction, points: Sequence[Fraction], blocks: _Blocks) -> list[_Priced]:
        """Allowed ends near `at`, each with what it costs."""
        reach = max(Fraction(2), self._lengths.target / 2)
        edges = (self.whole.start, self.whole.end)
        fixed = {p for p in (*_between(points, at, reach), *_between(self._cuts, at, reach), *edges)}
        found = [(p, abs(p - at)) for p in fixed if abs(p - at) <= reach and not blocks.cuts(p)]
        if self.whole.start <= at <= self.whole.end and not blocks.cuts(at):
            found.append((at, FREE_COST))
        return found

    def _cheapest(self, heads: list[_Priced], tails: list[_Priced]) -> Span | None:
        best: tuple[Fraction, Fraction, Fraction] | None = None
        for start, head in heads:
            for end, tail in tails:
                if not self._lengths.min <= end - start <= self._lengths.max:
                    continue
                cost = head + tail + SLIVER_COST * self._slivers(start, end)
                if best is None or (cost, start, end) < best:
                    best = (cost, start, end)
        return Span(best[1], best[2]) if best else None

    def _slivers(self, start: Fraction, end: Fraction) -> int:
        first = bisect_right(self._cuts, start)
        last = bisect_left(self._cuts, end) - 1
        early = first < len(self._cuts) and self._cuts[first] < min(end, start + NEAR_CUT)
        late = last >= 0 and self._cuts[last] > max(start, end - NEAR_CUT)
        return int(early) + int(late)


def _points(spans: Sequence[Span], cuts: Sequence[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """Where to begin before and where to end after each span, in time order."""
    if not spans:
        return [], []
    ordered = sorted(spans)
    before = [max(last.end, this.start - LEAD) for last, this in pairwise(ordered)]
    after = [min(this.start, last.end + TAIL) for last, this in pairwise(ordered)]
    starts = [max(Fraction(0), ordered[0].start - LEAD), *before]
    ends = [*after, ordered[-1].end + TAIL]
    for i, span in enumerate(ordered):
        gap_from = ordered[i - 1].end if i else Fraction(0)
        gap_to = ordered[i + 1].start if i + 1 < len(ordered) else span.end + NEAR_CUT
        starts[i] = max(
            (c for c in _between(cuts, span.start, NEAR_CUT) if gap_from <= c <= span.start),
            default=starts[i],
        )
        ends[i] = min(
            (c for c in _between(cuts, span.end, NEAR_CUT) if span.end <= c <= gap_to), default=ends[i]
        )
    return sorted(starts), sorted(ends)


def _between(points: Sequence[Fraction], at: Fraction, reach: Fraction) -> Sequence[Fraction]:
    return points[bisect_left(points, at - reach) : bisect_right(points, at + reach)]
