"""Which stretches go into a cut: moments snapped to cut points, merged, and fitted into a duration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from editron_core.domain.moment import Moment
from editron_core.edit.cutpoints import CutPoints
from editron_core.times import Span

JUMP = Fraction(1, 2)
"""Two stretches of one file this close, in seconds, are shown as one: less is a jump cut by mistake."""
LEAST_PIECE = Fraction(2)
"""Seconds below which a trimmed stretch is not worth showing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one file, and the best moment that lies in it."""

    file_id: str
    span: Span
    moment: Moment | None
    rank: int
    """0 for the best moment."""


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """`pieces` with those of one file that overlap, touch or nearly touch joined; by file, then time.

    The better moment stands for both.
    """
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.file_id, piece.span, piece.rank)):
        last = joined[-1] if joined else None
        if last and last.file_id == piece.file_id and piece.span.start - last.span.end <= JUMP:
            better = min(last, piece, key=lambda each: each.rank)
            joined[-1] = replace(better, span=Span(last.span.start, max(last.span.end, piece.span.end)))
        else:
            joined.append(piece)
    return joined


def length(pieces: Iterable[Piece]) -> Fraction:
    """Seconds that `pieces` last together."""
    return sum((piece.span.duration for piece in pieces), Fraction(0))


def within(pieces: Sequence[Piece], points: Mapping[str, CutPoints], most: Fraction) -> list[Piece]:
    """The best of `pieces` (best first) that last at most `most` seconds together, merged.

    Where the next one is too long, it is trimmed at a good place if enough of it stays.
    """
    chosen: list[Piece] = []
    least = min(LEAST_PIECE, most)
    for piece in pieces:
        trial = merged([*chosen, piece])
        left = most - length(chosen)
        if length(trial) > most and left >= least:
            # A trimmed piece may still merge with a chosen one; the sum is checked again.
            shorter = replace(piece, span=points[piece.file_id].trim(piece.span, left))
            trial = merged([*chosen, shorter]) if shorter.span.duration >= least else trial
        if length(trial) <= most:
            chosen = trial
    return chosen


def lengthened(
    pieces: Sequence[Piece], points: Mapping[str, CutPoints], least: Fraction, most: Fraction
) -> list[Piece]:
    """`pieces` grown, the best one first, until they last at least `least` seconds, where that goes."""
    grown = list(pieces)
    for piece in sorted(pieces, key=lambda piece: piece.rank):
        lacking = least - length(grown)
        if lacking <= 0:
            break
        room = piece.span.duration + most - length(grown)
        span = points[piece.file_id].grow(piece.span, piece.span.duration + lacking, room)
        trial = merged([replace(each, span=span) if each is piece else each for each in grown])
        if length(trial) <= most:
            grown = trial
    return grown


def alone(piece: Piece, points: CutPoints, least: Fraction, most: Fraction) -> Piece:
    """`piece` fitted into `least`..`most` seconds by itself; shorter only where its file is."""
    return replace(piece, span=points.trim(points.grow(piece.span, least, most), most))
