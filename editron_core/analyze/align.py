"""Word times for a supplied transcript.

English is aligned to the sound, cue by cue, by pocketsphinx's acoustic model, which is in its wheel.
Everything else, and any cue that will not align, has its words spread over the speech in it in
proportion to their letters.
"""

from __future__ import annotations

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
TOUCHING = Fraction(1, 2)
"""Cues closer than this are aligned together: the border between them is often inside a word."""
LONGEST = Fraction(30)
"""Seconds of cues that are aligned together; the cost grows with the square. Measured: 18 s in 0.3 s."""
LONGEST_WHOLE = Fraction(90)
"""Seconds up to which a text without times is aligned; beyond, a small misfit ruins all that follows."""
ASTRAY = Fraction(1)
"""A word that lies further than this outside its cue shows that the cues do not fit the sound."""
FRAMES_PER_S = 100
BEAM = 1e-200
"""With the default beams the right path is lost and no alignment comes back (pocketsphinx #464). With its
`bestpath` on, it often ends before the last word: the word lattice knows no final state."""
KNOWN_SHARE = 0.5
"""A cue of which fewer words are in the English dictionary is in another language."""
ALIGNED_SHARE = Fraction(9, 10)
"""A transcript counts as aligned when this share of its words was measured."""
SPOKEN_SHARE = Fraction(3, 10)
"""A cue with less speech than this is not where it is said: its words go over all of it."""
FILLERS = ("<", "[", "(NULL)")
"""How pocketsphinx names silence and noise."""


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
    aligner = Aligner(sound) if sound is not None and script.language == LANGUAGE else None
    if script.timed:
        timed = list(_cues([line for line in script.lines if _start(line) < end], aligner, speech, end))
    else:
        timed = [_whole(script, aligner, speech, end)]
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
    """pocketsphinx, set up to find a known English text in one sound."""

    def __init__(self, sound: Sound) -> None:
        from pocketsphinx import Decoder

        self._sound = sound
        self._decoder: Any = Decoder(
            samprate=RATE,
            loglevel="FATAL",
            lm=None,
            maxhmmpf=-1,
            bestpath=False,
            beam=BEAM,
            wbeam=BEAM,
            pbeam=BEAM,
        )

    def knows(self, words: Sequence[str]) -> bool:
        """Whether at least half of the words are in the dictionary: else this is not English."""
        said = [piece for word in words for piece in pronounce.pieces(word)]
        known = sum(self._decoder.lookup_word(piece) is not None for piece in said)
        return bool(said) and known >= KNOWN_SHARE * len(said)

    def find(self, words: Sequence[str], where: Span) -> tuple[Word, ...] | None:
        """The words with the times at which they are said; None where the sound does not fit them."""
        first = int(where.start * RATE)
        samples = self._sound.read(first, int(where.end * RATE))
        pieces = [pronounce.pieces(word) for word in words]
        said = [piece for own in pieces for piece in own]
        if not said or len(samples) < RATE // 10 or not samples.any() or not self._learn(said):
            return None
        spans = self._decode(said, samples)
        if len(spans) != len(said):
            return None
        found, at = [], Span(Fraction(0), Fraction(0))
        for word, own in zip(words, pieces, strict=True):
            at = Span(spans[0].start, spans[len(own) - 1].end) if own else Span(at.end, at.end)
            del spans[: len(own)]
            found.append(Word(word, at.shift(Fraction(first, RATE))))
        return tuple(found)

    def _decode(self, said: Sequence[str], samples: np.ndarray) -> list[Span]:
        """The span of each dictionary word from the samples' start; fewer where the text does not fit."""
        self._decoder.set_align_text(" ".join(said))
        self._decoder.start_utt()
        self._decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        return [
            Span(Fraction(part.start_frame, FRAMES_PER_S), Fraction(part.end_frame + 1, FRAMES_PER_S))
            for part in self._decoder.seg() or ()
            if not part.word.startswith(FILLERS)
        ]

    def _learn(self, said: Sequence[str]) -> bool:
        """Teach the dictionary what it lacks; False where a word has no sound in English at all."""
        missing = [word for word in dict.fromkeys(said) if self._decoder.lookup_word(word) is None]
        sounds = [pronounce.phones(word) for word in missing]
        if not all(sounds):
            return False
        for number, (word, phones) in enumerate(zip(missing, sounds, strict=True)):
            self._decoder.add_word(word, phones, number == len(missing) - 1)
        return True


def _start(line: Line) -> Fraction:
    assert line.span is not None
    return line.span.start


def _cues(
    lines: Sequence[Line], aligner: Aligner | None, speech: Sequence[Span], end: Fraction
) -> Iterator[Timed]:
    """The words of each cue."""
    own: list[Timed | None] = [Timed(_by_marks(line), True) if line.starts else None for line in lines]
    if aligner is not None:
        for first, last, where in _groups(lines, [timed is None for timed in own], aligner, end):
            own[first:last] = _together(lines[first:last], where, aligner)
    for line, timed in zip(lines, own, strict=True):
        yield timed or _by_hand(line, speech, end)


def _groups(
    lines: Sequence[Line], open_: Sequence[bool], aligner: Aligner, end: Fraction
) -> Iterator[tuple[int, int, Span]]:
    """Runs of cues to align together: first, last + 1, and how far the aligner may look."""
    spans = [line.span.clamp(Span(Fraction(0), end)) for line in lines if line.span is not None]
    ready = [free and aligner.knows(line.words) for free, line in zip(open_, lines, strict=True)]
    first = 0
    while first < len(lines):
        last = first + 1
        while (
            last < len(lines)
            and ready[first]
            and ready[last]
            and spans[last].start - spans[last - 1].end < TOUCHING
            and spans[last].end - spans[first].start <= LONGEST
        ):
            last += 1
        if ready[first]:
            floor = max((span.end for span in spans[:first]), default=Fraction(0))
            ceiling = spans[last].start if last < len(spans) else end
            begin = min(spans[first].start, max(floor, spans[first].start - PAD))
            stop = max(span.end for span in spans[first:last])
            yield first, last, Span(begin, max(begin, stop, min(ceiling, stop + PAD)))
        first = last


def _together(lines: Sequence[Line], where: Span, aligner: Aligner) -> list[Timed | None]:
    """The cues' words found in one go, else cue by cue; None for a cue that fits no sound."""
    words = aligner.find([word for line in lines for word in line.words], where)
    if words is not None:
        rest = list(words)
        found = [Timed(tuple(rest.pop(0) for _ in line.words), True) for line in lines]
        if all(_near(timed, line) for timed, line in zip(found, lines, strict=True)):
            return list(found)
    if len(lines) == 1:
        return [None]
    return [timed for line in lines for timed in _together([line], line.span or where, aligner)]


def _near(timed: Timed, line: Line) -> bool:
    """Whether all of a cue's words lie in it or close by."""
    assert line.span is not None
    first, last = line.span.start - ASTRAY, line.span.end + ASTRAY
    return all(first <= word.span.middle <= last for word in timed.words)


def _by_hand(line: Line, speech: Sequence[Span], end: Fraction) -> Timed:
    """A cue's words spread over the speech in it, or over all of it where there is hardly any."""
    assert line.span is not None
    where = line.span.clamp(Span(Fraction(0), end))
    heard = [part for part in (span.clamp(where) for span in speech) if part.duration > 0]
    enough = sum((part.duration for part in heard), Fraction(0)) >= where.duration * SPOKEN_SHARE
    # A cue of one word is as good as a mark, if it is no longer than a word.
    exact = len(line.words) == 1 and where.duration <= 1
    return Timed(spread(line.words, heard if heard and enough and not exact else [where]), exact)


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


def _whole(script: Script, aligner: Aligner | None, speech: Sequence[Span], end: Fraction) -> Timed:
    """The words of a text without any times, over the whole sound."""
    words = [word for line in script.lines for word in line.words]
    where = Span(speech[0].start, speech[-1].end) if speech else Span(Fraction(0), end)
    if aligner is not None and speech and where.duration <= LONGEST_WHOLE and aligner.knows(words):
        found = aligner.find(words, Span(max(Fraction(0), where.start - PAD), min(end, where.end + PAD)))
        if found is not None:
            return Timed(found, True)
    return Timed(spread(words, list(speech) or [where]), False)
