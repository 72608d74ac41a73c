"""Where speech may be broken: words into captions, captions into lines.

A seam between two words has a cost: nothing at the end of a sentence, little at a comma or before a
conjunction, much after an article or preposition. Captions are cut by dynamic programming over those
costs, the limits of the shape and the time there is to read (numbers: Netflix Timed Text Style Guide,
general requirements; the seams follow its section on line treatment).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf

from editron_core.domain.transcript import Word, ends_sentence

MIN_SHOWN = Fraction(5, 6)
"""Seconds that a caption stays at least."""
MAX_SHOWN = Fraction(7)
"""Seconds that a caption stays at most."""
READING_SPEED = 17
"""Characters per second that every adult reads at ease."""
LONG_PAUSE = Fraction(3, 2)
"""Seconds of silence that no caption reaches across."""
SHORT_PAUSE = Fraction(4, 5)

# Words that lean on the next one, and words that open a phrase, in the languages most often heard.
# A word that is missing here, or means something else in another language, only shifts a cost.
_LEANING_WORDS = """
    a an the my your his her its our their this these those no very
    der die das den dem des ein eine einen einem einer mein dein sein ihr unser kein
    le la les un une des du de mon ton son ma ta sa mes tes ses ce cette ces
    el los las una unos unas mi tu su il lo gli i uno o os as um uma het een
    of to in on at by for with from into mr. mrs. ms. dr. prof. st.
    zu im am von mit für auf bei aus nach à au aux dans en pour par sur con por para di da
"""
_OPENING_WORDS = """
    and but or nor so because that which who when while where if than then as
    of to in on at by for with from into about after before until
    und aber oder denn weil dass wenn als ob der die das mit von zu für auf bei aus nach
    et mais ou donc car que qui quand si dans pour par sur avec
    y pero o porque cuando con por para e ma perché che quando se
    en maar of want omdat dat als
"""
_LEANING = frozenset(_LEANING_WORDS.split())
_OPENING = frozenset(_OPENING_WORDS.split())
_CLAUSE_END = (",", ";", ":", "—", "–", "،", "、", "；", "：", "，", ")")
_QUOTES = "\"'”’»)]"


@dataclass(frozen=True)
class Shape:
    """What one caption may hold."""

    chars: int
    """Characters per line; a full-width one counts two."""
    lines: int = 2
    """1 or 2."""
    width: Callable[[str], float] | None = None
    """Measures a line in pixels, where captions are drawn; null for sidecars."""
    max_width: float = inf
    """Pixels that a line may be wide."""

    def fits(self, line: str) -> bool:
        """Whether `line` is short enough."""
        return length(line) <= self.chars and (self.width is None or self.width(line) <= self.max_width)


SIDECAR = Shape(chars=42)


def length(text: str) -> int:
    """Characters as a reader counts them: full-width ones twice, marks and joiners not at all."""
    return sum(_cells(char) for char in text)


def join(words: Sequence[str]) -> str:
    """Words as text; scripts that are written without spaces get none."""
    text = ""
    for word in words:
        text += word if not text or (unspaced(text[-1]) and unspaced(word[0])) else f" {word}"
    return text


def seam(before: str, after: str) -> float:
    """The cost of a break between two words: 0 at a sentence's end, up to 1.5 after an article."""
    if ends_sentence(before):
        return 0.0
    if before.rstrip(_QUOTES).endswith(_CLAUSE_END):
        return 0.15
    if before.casefold() in _LEANING:
        return 1.5
    return 0.4 if after.casefold() in _OPENING else 0.8


def lay(words: Sequence[str], shape: Shape) -> tuple[str, ...] | None:
    """`words` as at most `shape.lines` lines, broken where it reads best; null where they do not fit."""
    whole = join(words)
    if shape.fits(whole):
        return (whole,)
    if shape.lines < 2:
        return None
    best: tuple[float, tuple[str, str]] | None = None
    for at in range(1, len(words)):
        first, second = join(words[:at]), join(words[at:])
        if not (shape.fits(first) and shape.fits(second)):
            continue
        # Lines of like length read fastest; of two equally good breaks the lower line is the longer.
        uneven = abs(length(first) - length(second)) / max(length(first), length(second))
        cost = seam(words[at - 1], words[at]) + uneven + 0.1 * (length(first) > length(second))
        if best is None or cost < best[0]:
            best = (cost, (first, second))
    return best[1] if best else None


def groups(words: Sequence[Word], until: Fraction, shape: Shape) -> list[Sequence[Word]]:
    """`words` (in time order, shown no later than `until`) cut into captions that fit `shape`.

    A single word too long for the shape stands alone.
    """
    count = len(words)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(inf, 0)] * count
    for end in range(1, count + 1):
        for start in range(end - 1, -1, -1):
            cost = _cost(words, start, end, until, shape)
            if cost == inf:
                break  # a longer caption cannot fit either
            total = best[start][0] + cost
            if total < best[end][0]:
                best[end] = (total, start)
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    cuts.reverse()
    return [words[a:b] for a, b in pairwise(cuts)]


def _cost(words: Sequence[Word], start: int, end: int, until: Fraction, shape: Shape) -> float:
    chosen = words[start:end]
    texts = [word.text for word in chosen]
    spoken = chosen[-1].span.end - chosen[0].span.start
    pauses = [b.span.start - a.span.end for a, b in pairwise(chosen)]
    if len(chosen) > 1 and (spoken > MAX_SHOWN or max(pauses) > LONG_PAUSE or lay(texts, shape) is None):
        return inf
    room = (words[end].span.start if end < len(words) else until) - chosen[0].span.start
    shown = max(min(room, max(spoken + Fraction(1, 2), MIN_SHOWN)), Fraction(1, 100))
    speed = float(length(join(texts)) / shown)
    cost = 0.6 + max(0.0, speed - READING_SPEED) / 4
    cost += 3 * float(max(Fraction(0), MIN_SHOWN - shown) / MIN_SHOWN)
    cost += 1.5 * sum(pause > SHORT_PAUSE for pause in pauses)
    cost += 0.5 * sum(ends_sentence(text) for text in texts[:-1])
    if end < len(words):
        cost += seam(texts[-1], words[end].text)
    return cost


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def unspaced(char: str) -> bool:
    """Whether `char` is of a script that is written without spaces."""
    # Han, kana and their punctuation; Thai, Lao, Burmese, Khmer. Korean is written with spaces.
    code = ord(char)
    return (
        0x2E80 <= code <= 0x31FF
        or 0x3400 <= code <= 0x9FFF
        or 0xFF00 <= code <= 0xFFEF
        or 0x0E00 <= code <= 0x0EFF
        or 0x1000 <= code <= 0x109F
        or 0x1780 <= code <= 0x17FF
    )
