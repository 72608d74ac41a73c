"""Word times for a supplied transcript.

English is aligned to the sound, cue by cue, by pocketsphinx's acoustic model, which is in its wheel.
Everything else, and any cue that will not align, has its words spread over the speech in it in
proportion to their letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from editron_core.analyze import pronounce
from editron_core.analyze.subtitles import Line, Script
from editron_core.domain.transcript import Transcript, Word
from editron_core.media.audio import RATE, Sound
from editron_core.times import Span

LANGUAGE = "en"
"""What the aligner's acoustic model and dictionary know."""
PAD = Fraction(3, 10)
"""Seconds around a cue that the aligner may use, as far as the neighbours leave them free: cue times are
set for readers, not by the sound."""
LONGEST = Fraction(60)
"""Seconds that are aligned at once; the cost grows with the square. Measured: 65 s in 3.6 s."""
FRAMES_PER_S = 100
BEAM = 1e-120
"""With the default beams the right path is lost and no alignment comes back (pocketsphinx #464)."""
KNOWN_SHARE = 0.5
"""A cue of which fewer words are in the English dictionary is in another language."""
ALIGNED_SHARE = Fraction(9, 10)
"""A transcript counts as aligned when this share of its words was measured."""
VARIANT = re.compile(r"\(\d+\)$")


@dataclass(frozen=True, slots=True)
class Timed:
    """The words of one line with their times, and whether they were measured."""

    words: tuple[Word, ...]
    measured: bool


def to_words(script: Script, sound: Sound | None, speech: Sequence[Span], end: Fraction) -> Transcript:
    """A transcript with word times inside [0, `end`), cue times kept.

    `speech` is where the VAD hears somebody, in order. Without a `sound` nothing can be measured.
    Lines that lie wholly after `end` are left out.
    """
    aligner = Aligner() if sound is not None and script.language == LANGUAGE else None
    if script.timed:
        lines = [line for line in script.lines if line.span is not None and line.span.start < end]
        timed = [_cue(line, where, aligner, sound, speech) for line, where in _windows(lines, end)]
    else:
        timed = [_whole(script, aligner, sound, speech, end)]
    words = [word for line in timed for word in line.words]
    measured = sum(len(line.words) for line in timed if line.measured)
    return Transcript(
        language=script.language,
        words=in_order(words, end),
        source=script.name,
        aligned=bool(words) and measured >= ALIGNED_SHARE * len(words),
    )


def in_order(words: Sequence[Word], end: Fraction) -> tuple[Word, ...]:
    """The words with spans that never run backwards and stay inside [0, end]."""
    kept: list[Word] = []
    at = Fraction(0)
    for word in words:
        start = min(max(word.span.start, at), end)
        stop = min(max(word.span.end, start), end)
        kept.append(Word(word.text, Span(start, stop), word.confidence))
        at = stop
    return tuple(kept)


def spread(words: Sequence[str], over: Sequence[Span]) -> tuple[Word, ...]:
    """Words laid end to end over stretches of time, each as long as its letters ask for.

    A word never straddles a gap: it lies in the stretch that holds its middle.
    """
    letters = [max(1, sum(char.isalnum() for char in word)) for word in words]
    ends = np.cumsum([float(span.duration) for span in over])
    total, every = float(ends[-1]), sum(letters)
    placed, before = [], 0
    for word, count in zip(words, letters, strict=True):
        first, last = before / every * total, (before + count) / every * total
        own = min(int(np.searchsorted(ends, (first + last) / 2, side="right")), len(over) - 1)
        shift = float(over[own].end) - float(ends[own])
        placed.append(Word(word, Span.of(first + shift, last + shift).clamp(over[own])))
        before += count
    return tuple(placed)


class Aligner:
    """pocketsphinx, set up to find a known text in a sound."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(
            samprate=RATE,
            loglevel="FATAL",
            lm=None,
            maxhmmpf=-1,
            beam=BEAM,
            wbeam=BEAM,
            pbeam=BEAM,
        )

    def times(self, words: Sequence[str], samples: np.ndarray) -> list[Span | None] | None:
        """Where in the samples each word is said, in seconds from their start.

        A word that cannot be pronounced has None. The whole is None where the text does not fit the
        sound or is not English.
        """
        pieces = [pronounce.pieces(word) for word in words]
        said = [piece for own in pieces for piece in own]
        if not said or not self._learn(said):
            return None
        self._decoder.set_align_text(" ".join(said))
        self._decoder.start_utt()
        self._decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = [
            Span(Fraction(part.start_frame, FRAMES_PER_S), Fraction(part.end_frame + 1, FRAMES_PER_S))
            for part in self._decoder.seg() or ()
            if VARIANT.sub("", part.word) not in ("<sil>", "(NULL)", "<s>", "</s>", "[NOISE]", "[SPEECH]")
        ]
        if len(found) != len(said):
            return None
        spans = iter(found)
        return [_hull([next(spans) for _ in own]) for own in pieces]

    def _learn(self, said: Sequence[str]) -> bool:
        """Teach the dictionary what it lacks; False where it lacks so much that this is not English."""
        missing = [word for word in dict.fromkeys(said) if self._decoder.lookup_word(word) is None]
        unknown = sum(word in missing for word in said)
        sounds = {word: pronounce.phones(word) for word in missing}
        if unknown > (1 - KNOWN_SHARE) * len(said) or not all(sounds.values()):
            return False
        for number, (word, phones) in enumerate(sounds.items()):
            self._decoder.add_word(word, phones, number == len(sounds) - 1)
        return True


def _cue(
    line: Line, where: Span, aligner: Aligner | None, sound: Sound | None, speech: Sequence[Span]
) -> Timed:
    """One cue's words; `where` is how far the aligner may look."""
    assert line.span is not None
    if line.starts:
        return Timed(_by_marks(line), True)
    if len(line.words) == 1 and line.span.duration <= 1:
        return Timed((Word(line.words[0], line.span),), True)
    if aligner is not None and sound is not None and where.duration <= LONGEST:
        timed = _aligned(line.words, where, aligner, sound)
        if timed is not None:
            return Timed(timed, True)
    heard = [part for part in (span.clamp(line.span) for span in speech) if part.duration > 0]
    enough = sum((part.duration for part in heard), Fraction(0)) >= line.span.duration * Fraction(3, 10)
    return Timed(spread(line.words, heard if enough and heard else [line.span]), False)


def _windows(lines: Sequence[Line], end: Fraction) -> Iterator[tuple[Line, Span]]:
    """Each cue with the stretch that is its own: itself, and up to `PAD` of the gaps beside it."""
    spans = [line.span for line in lines if line.span is not None]
    for number, (line, span) in enumerate(zip(lines, spans, strict=True)):
        floor = spans[number - 1].end if number else Fraction(0)
        ceiling = spans[number + 1].start if number + 1 < len(spans) else end
        start = min(span.start, max(floor, span.start - PAD))
        stop = max(min(span.end, end), min(ceiling, span.end + PAD))
        yield line, Span(start, max(start, min(stop, end)))


def _aligned(words: Sequence[str], where: Span, aligner: Aligner, sound: Sound) -> tuple[Word, ...] | None:
    first = int(where.start * RATE)
    samples = sound.read(first, int(where.end * RATE))
    if len(samples) < RATE // 10 or not samples.any():
        return None
    times = aligner.times(words, samples)
    if times is None:
        return None
    offset = Fraction(first, RATE)
    at, placed = offset, []
    for word, span in zip(words, times, strict=True):
        own = span.shift(offset) if span is not None else Span(at, at)
        placed.append(Word(word, own))
        at = own.end
    return tuple(placed)


def _by_marks(line: Line) -> tuple[Word, ...]:
    """Words by the file's own marks; those between two marks share the time between them."""
    assert line.span is not None
    placed: list[Word] = []
    marked = [n for n, start in enumerate(line.starts) if start is not None] or [0]
    marked[0] = 0
    for number, first in enumerate(marked):
        after = marked[number + 1] if number + 1 < len(marked) else len(line.words)
        start = line.starts[first] or line.span.start
        until = line.starts[after] if after < len(line.words) else line.span.end
        stop = max(start, until) if until is not None else start
        placed += spread(line.words[first:after], [Span(start, stop)])
    return tuple(placed)


def _whole(
    script: Script, aligner: Aligner | None, sound: Sound | None, speech: Sequence[Span], end: Fraction
) -> Timed:
    """The words of a text without any times, over the whole sound."""
    words = [word for line in script.lines for word in line.words]
    where = Span(speech[0].start, speech[-1].end) if speech else Span(Fraction(0), end)
    if aligner is not None and sound is not None and speech and where.duration <= LONGEST:
        around = Span(max(Fraction(0), where.start - PAD), min(end, where.end + PAD))
        timed = _aligned(words, around, aligner, sound)
        if timed is not None:
            return Timed(timed, True)
    return Timed(spread(words, list(speech) or [where]), False)


def _hull(spans: Sequence[Span]) -> Span | None:
    return Span(spans[0].start, spans[-1].end) if spans else None
