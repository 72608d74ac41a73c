"""Where one file may be cut: at sentence ends, in pauses and at shot cuts, never inside a word.

All points lie on the grid of the timeline, counted from the file's first frame, so that the span
between two of them is a whole number of timeline frames. A word counts as cut when a frame or more
of it, but not all of it, is inside.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from editron_core.domain.evidence import Evidence
from editron_core.domain.transcript import Word
from editron_core.times import Span

LEAD = Fraction(12, 100)
"""Seconds kept before the first word, where there is room."""
TAIL = Fraction(25, 100)
"""Seconds kept after the last word, where there is room."""
FLASH = Fraction(2, 5)
"""A piece of another shot shorter than this, in seconds, flashes."""
PAUSE = Fraction(3, 10)
"""A gap between words that the ear hears as a pause, in seconds."""
SNAP = Fraction(1)
"""Seconds that an end may move to a better place."""

# What a place to cut costs, in seconds that one would rather move to avoid it.
_SENTENCE, _SHOT, _ASKED, _SILENCE, _PAUSE, _GAP = map(Fraction, ("0", "0", "0.3", "1", "1.5", "3"))
_FLASHING, _TOUCHING = Fraction(6), Fraction(1, 2)


@dataclass(frozen=True, slots=True, order=True)
class _Point:
    cost: Fraction
    at: Fraction


class CutPoints:
    """The places where one file may be cut, on the grid of one timeline."""

    def __init__(self, evidence: Evidence, duration: Fraction, fps: Fraction, rate: Fraction) -> None:
        """`duration`: seconds of usable footage; `fps`: the file's; `rate`: the timeline's."""
        self.frame = 1 / rate
        self.end = max(self.frame, floor(duration * rate) / rate)
        """The last usable instant on the grid."""
        self._rate = rate
        # Inside a shot by one frame of file or timeline, whichever lasts longer.
        self._inside = max(self.frame, 1 / fps)
        self._cuts = sorted({shot.start for shot in evidence.shots[1:]})
        transcript = evidence.transcript
        self._words: tuple[Word, ...] = transcript.words if transcript else ()
        self._word_starts = [word.span.start for word in self._words]
        sentences = transcript.sentences() if transcript else ()
        self._sentences = [sentence.span for sentence in sentences]
        self._opening = {sentence.words[0].span for sentence in sentences}
        self._closing = {sentence.words[-1].span for sentence in sentences}
        self._longest = max((word.span.duration for word in self._words), default=Fraction(0))

    def snap(self, span: Span) -> Span:
        """`span` with both ends at the best place near them; at least one frame, inside the file."""
        start = self.start_near(span.start, span.start - SNAP, min(span.start + SNAP, span.middle))
        end = self.end_near(span.end, max(span.end - SNAP, start + self.frame), span.end + SNAP)
        return Span(start, max(end, start + self.frame))

    def trim(self, span: Span, most: Fraction) -> Span:
        """`span` shortened to at most `most` seconds, at the best end; as it is where it fits.

        Only a single word longer than that is cut: no such word was ever spoken.
        """
        if span.duration <= most:
            return span
        latest = self._floor(span.start + most)
        found = self._best(latest, self._ends(span.start + most / 2, latest))
        found = found or self._best(latest, self._ends(span.start, latest)) or latest
        return Span(span.start, max(found, span.start + self.frame))

    def grow(self, span: Span, least: Fraction, most: Fraction) -> Span:
        """`span` lengthened to at least `least` and at most `most` seconds where the file allows.

        Two thirds of what is missing are added after it: a payoff needs its aftermath.
        """
        lacking = least - span.duration
        if lacking <= 0:
            return span
        wanted = min(self.end, span.end + lacking * 2 / 3)
        end = self.end_near(wanted, wanted, min(self.end, span.start + most))
        latest = end - least
        if span.start <= latest:
            return Span(span.start, end)
        earliest = max(Fraction(0), end - most)
        start = self.start_near(max(latest, Fraction(0)), earliest, max(latest, Fraction(0)))
        if end - start >= least:
            return Span(start, end)
        # The file begins too late: what is still missing is added behind.
        end = self.end_near(min(self.end, start + least), start + least, min(self.end, start + most))
        return Span(start, max(end, span.end))

    def start_near(self, wanted: Fraction, earliest: Fraction, latest: Fraction) -> Fraction:
        """The best place to begin between the bounds; beyond them only where no place is inside."""
        for reach in (Fraction(0), Fraction(2), Fraction(8)):
            found = self._best(wanted, self._starts(max(Fraction(0), earliest - reach), latest, wanted))
            if found is not None:
                return found
        return Fraction(0)

    def end_near(self, wanted: Fraction, earliest: Fraction, latest: Fraction) -> Fraction:
        """The best place to end between the bounds; beyond them only where no place is inside."""
        for reach in (Fraction(0), Fraction(2), Fraction(8)):
            found = self._best(wanted, self._ends(earliest, min(self.end, latest + reach), wanted))
            if found is not None:
                return found
        return self.end

    def cuts_word(self, span: Span) -> Word | None:
        """The first word that `span` would cut, if any."""
        for word in self._around(span.start):
            if self._cut_at_start(span.start, word):
                return word
        for word in self._around(span.end):
            if self._cut_at_end(span.end, word):
                return word
        return None

    def _best(self, wanted: Fraction, points: Iterator[_Point]) -> Fraction | None:
        priced = (_Point(point.cost + abs(point.at - wanted), point.at) for point in points)
        best = min(priced, default=None)
        return best.at if best else None

    def _starts(self, low: Fraction, high: Fraction, asked: Fraction | None = None) -> Iterator[_Point]:
        low = max(low, Fraction(0))
        free = [(self._floor(at), _SILENCE) for at in (low, high)]
        free += [self._asked(asked)] if asked is not None else []
        spoken = [
            (
                self._floor(max(word.span.start - LEAD, after)),
                self._word_cost(word, self._opening, after, True),
            )
            for word, after in self._before(low, high + LEAD)
        ]
        cuts = self._shots(low - self._inside, high + FLASH)
        shots = [(self._ceil(cut + inside), _SHOT) for cut in cuts for inside in (self._inside, 0)]
        shots += [(self._floor(cut - FLASH), _SILENCE) for cut in cuts]
        edge = [(Fraction(0), Fraction(0))]
        for at, cost in (*free, *spoken, *shots, *edge):
            legal = not any(self._cut_at_start(at, word) for word in self._around(at))
            if low <= at <= high and at < self.end and legal:
                yield _Point(cost + self._flash(at, before=False), at)

    def _ends(self, low: Fraction, high: Fraction, asked: Fraction | None = None) -> Iterator[_Point]:
        high = min(high, self.end)
        free = [(self._floor(high), _SILENCE), (self._ceil(low), _SILENCE)]
        free += [self._asked(asked)] if asked is not None else []
        spoken = [
            (self._end_of(word, until), self._word_cost(word, self._closing, until, False))
            for word, until in self._after(low - TAIL, high)
        ]
        cuts = self._shots(low - FLASH, high + self._inside)
        shots = [(self._floor(cut - inside), _SHOT) for cut in cuts for inside in (self._inside, 0)]
        shots += [(self._ceil(cut + FLASH), _SILENCE) for cut in cuts]
        edge = [(self.end, Fraction(0))]
        for at, cost in (*free, *spoken, *shots, *edge):
            legal = not any(self._cut_at_end(at, word) for word in self._around(at))
            if low <= at <= high and at > 0 and legal:
                yield _Point(cost + self._flash(at, before=True), at)

    def _asked(self, at: Fraction) -> tuple[Fraction, Fraction]:
        inside = any(sentence.start < at < sentence.end for sentence in self._sentences)
        return self._floor(at), _PAUSE if inside else _ASKED

    def _end_of(self, word: Word, until: Fraction) -> Fraction:
        # Up to a frame more than the word is better than a frame less.
        return max(self._floor(min(word.span.end + TAIL, until)), self._ceil(word.span.end))

    def _word_cost(self, word: Word, edges: set[Span], next_to: Fraction, opening: bool) -> Fraction:
        if word.span in edges:
            return _SENTENCE
        gap = word.span.start - next_to if opening else next_to - word.span.end
        return _PAUSE if gap >= PAUSE else _GAP

    def _flash(self, at: Fraction, before: bool) -> Fraction:
        """What it costs to end (`before`) or begin at `at`, this close to a shot cut."""
        for cut in self._shots(at - FLASH, at + FLASH):
            past = at - cut if before else cut - at  # seconds of the other shot that would be shown
            if 0 < past < FLASH:
                return _FLASHING
            if -self._inside < past <= 0:
                return _TOUCHING
        return Fraction(0)

    def _cut_at_start(self, at: Fraction, word: Word) -> bool:
        return word.span.start < at and word.span.end - at >= self.frame

    def _cut_at_end(self, at: Fraction, word: Word) -> bool:
        return word.span.end > at and at - word.span.start >= self.frame

    def _around(self, at: Fraction) -> tuple[Word, ...]:
        low = bisect_left(self._word_starts, at - self._longest)
        return self._words[low : bisect_right(self._word_starts, at)]

    def _before(self, low: Fraction, high: Fraction) -> Iterator[tuple[Word, Fraction]]:
        """Words that start between the bounds, each with the end of the word before it."""
        first, last = bisect_left(self._word_starts, low), bisect_right(self._word_starts, high)
        for k in range(first, last):
            yield self._words[k], self._words[k - 1].span.end if k else Fraction(0)

    def _after(self, low: Fraction, high: Fraction) -> Iterator[tuple[Word, Fraction]]:
        """Words that end between the bounds, each with the start of the word after it."""
        first = bisect_left(self._word_starts, low - self._longest)
        pairs = pairwise((*self._words[first:], None))
        for word, following in pairs:
            if word is None or word.span.start > high:
                return
            if low <= word.span.end <= high:
                yield word, following.span.start if following else self.end

    def _shots(self, low: Fraction, high: Fraction) -> list[Fraction]:
        return self._cuts[bisect_left(self._cuts, low) : bisect_right(self._cuts, high)]

    def _floor(self, at: Fraction) -> Fraction:
        return floor(at * self._rate) / self._rate

    def _ceil(self, at: Fraction) -> Fraction:
        return ceil(at * self._rate) / self._rate
