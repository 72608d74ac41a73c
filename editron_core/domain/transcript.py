"""What was said in one file, word by word."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from editron_core.times import Span

SENTENCE_END = tuple(".!?…。！？؟।")
SENTENCE_PAUSE_S = 0.8
"""A silence this long between two words ends a sentence even without a full stop."""
_SHORTENED = "mr. mrs. ms. dr. prof. st. sr. jr. vs. e.g. i.e. z.b. d.h. bzw. ca. nr. sra. mme."
ABBREVIATIONS = frozenset(_SHORTENED.split())
"""Words whose full stop ends no sentence, in lower case."""
_QUOTES = "\"'”’»)]"


def ends_sentence(word: str) -> bool:
    """Whether the spoken `word` closes a sentence by its punctuation."""
    bare = word.rstrip(_QUOTES)
    return bare.endswith(SENTENCE_END) and bare.lower() not in ABBREVIATIONS


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its punctuation."""

    text: str
    span: Span
    confidence: float | None = None
    """The engine's probability, 0..1; null for a supplied transcript."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A run of words that one should not cut into."""

    text: str
    span: Span
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Transcript:
    """Words in time order; spans may touch, and never run backwards."""

    language: str
    """ISO 639-1 code, or `und` where nobody knows."""
    words: tuple[Word, ...]
    source: str
    """What made it: `faster-whisper <model>` or the name of the supplied file."""
    aligned: bool = True
    """Whether word times were measured on the sound (not spread over a cue)."""

    @property
    def text(self) -> str:
        """All words joined by spaces, NFC."""
        return unicodedata.normalize("NFC", " ".join(word.text for word in self.words))

    def sentences(self) -> tuple[Sentence, ...]:
        """Words grouped at sentence punctuation and at pauses of `SENTENCE_PAUSE_S`."""
        return self._sentences

    @cached_property
    def _sentences(self) -> tuple[Sentence, ...]:
        groups: list[list[Word]] = []
        for word in self.words:
            last = groups[-1][-1] if groups else None
            if (
                last is None
                or ends_sentence(last.text)
                or word.span.start - last.span.end >= SENTENCE_PAUSE_S
            ):
                groups.append([])
            groups[-1].append(word)
        return tuple(
            Sentence(" ".join(w.text for w in g), Span(g[0].span.start, max(w.span.end for w in g)), tuple(g))
            for g in groups
        )

    def within(self, span: Span) -> tuple[Word, ...]:
        """The words whose middle lies inside `span`."""
        first, last = (
            bisect_left(self.words, end, key=lambda word: word.span.middle) for end in (span.start, span.end)
        )
        return self.words[first:last]
