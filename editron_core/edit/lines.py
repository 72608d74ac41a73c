"""Caption lines: what people edit, and how what they wrote becomes captions.

A line that nobody touched stays what the transcript gave: its words are captioned with their neighbours as
ever. A line that a person wrote stands by itself, from its in to its out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from fractions import Fraction

from editron_core.domain.review import CaptionLine
from editron_core.domain.timeline import Clip
from editron_core.domain.transcript import Transcript, Word
from editron_core.edit import captions, phrasing
from editron_core.edit.captions import Stretch
from editron_core.times import Span, seconds, to_frames

LONGEST = 2 * phrasing.SIDECAR.chars
"""Characters that a line of the transcript holds at most: as many as a caption."""
LEAST = Fraction(1, 1000)
MILLI = Fraction(1000)
NEAR = Fraction(1, 2)
"""Seconds around a line in which its words are looked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file's captions."""

    span: Span
    """Seconds from the file's first frame."""
    words: tuple[Word, ...]
    own: bool
    """Whether a person wrote or moved it."""


def of(transcript: Transcript | None) -> tuple[CaptionLine, ...]:
    """The lines of a file as the transcript gives them, in whole milliseconds."""
    return tuple(line for line, _ in _known(transcript))


def read(edited: Sequence[CaptionLine], transcript: Transcript | None) -> tuple[Line, ...]:
    """The lines that a person left, with their words: those of the transcript keep their times."""
    known = dict(_known(transcript))
    return tuple(
        Line(line.span, known[line], own=False)
        if line in known
        else Line(line.span, _worded(line, transcript), own=True)
        for line in edited
    )


def stretches(
    placed: Iterable[tuple[Span, Clip]],
    edited: Mapping[str, tuple[Line, ...]],
    transcripts: Mapping[str, Transcript | None],
) -> list[Stretch]:
    """What is captioned in a cut: by a person's lines where its file has some, else by the transcript."""
    found: list[Stretch] = []
    for place, clip in placed:
        lines = edited.get(clip.file_id)
        if lines is None:
            found.append(Stretch(place, captions.spoken(clip, place, transcripts.get(clip.file_id))))
        else:
            numbered = max((one.line for one in found), default=0)
            found += _of_clip(place, clip, lines, numbered)
    return found


def _of_clip(place: Span, clip: Clip, lines: Sequence[Line], number: int) -> list[Stretch]:
    found: list[Stretch] = []
    waiting: list[Word] = []
    begun = clip.source.start
    for line in lines:
        if not line.span.overlap(clip.source):
            continue
        words = [_heard(w, clip.source) for w in line.words if clip.source.holds(w.span.middle)]
        if not line.own:
            waiting += words
            continue
        found += _plain(waiting, Span(begun, max(begun, line.span.start)))
        number += 1
        stands = line.span.clamp(clip.source)
        found += [Stretch(stands, tuple(words), number)] if words else []
        waiting, begun = [], stands.end
    found += _plain(waiting, Span(begun, max(begun, clip.source.end)))
    return [_moved(stretch, place.start - clip.source.start) for stretch in found]


def _plain(words: Sequence[Word], place: Span) -> list[Stretch]:
    if not words or not place.duration:
        return []
    return [Stretch(place, tuple(_heard(word, place) for word in words))]


def _moved(stretch: Stretch, by: Fraction) -> Stretch:
    words = tuple(Word(word.text, word.span.shift(by), word.confidence) for word in stretch.words)
    return Stretch(stretch.place.shift(by), words, stretch.line)


def _heard(word: Word, source: Span) -> Word:
    return Word(" ".join(word.text.split()), word.span.clamp(source), word.confidence)


def _known(transcript: Transcript | None) -> list[tuple[CaptionLine, tuple[Word, ...]]]:
    """Sentences as lines; a long one in several, each short enough to be one caption."""
    found: list[tuple[CaptionLine, tuple[Word, ...]]] = []
    end = Fraction(0)
    for sentence in transcript.sentences() if transcript else ():
        cleaned = [replace(word, text=" ".join(word.text.split())) for word in sentence.words]
        words = [word for word in cleaned if word.text]
        while words:
            count = _fitting(words)
            part, words = tuple(words[:count]), words[count:]
            start = max(end, _milli(part[0].span.start))
            end = max(start + LEAST, _milli(part[-1].span.end))
            text = phrasing.join([word.text for word in part])
            found.append((CaptionLine(Span(start, end), text), part))
    return found


def _fitting(words: Sequence[Word]) -> int:
    """How many of the first words make a line: all that fit, up to where a break costs least."""
    size, most = 0, 0
    for word in words:
        size += phrasing.length(word.text) + 1
        if size > LONGEST and most:
            break
        most += 1
    if most == len(words):
        return most
    ends = range(max(1, most // 2), most + 1)
    return min(ends, key=lambda n: (phrasing.seam(words[n - 1].text, words[n].text), -n))


def _milli(at: Fraction) -> Fraction:
    return Fraction(to_frames(at, MILLI), 1000)


def _worded(line: CaptionLine, transcript: Transcript | None) -> tuple[Word, ...]:
    """The words of a line a person wrote: each keeps the time at which it was said, or lies in between."""
    texts = [part for text in line.text.split() for part in _parts(text)]
    reach = Span(max(Fraction(0), line.span.start - NEAR), line.span.end + NEAR)
    said = [word for word in (transcript.words if transcript else ()) if reach.overlap(word.span)]
    matcher = SequenceMatcher(None, [_bare(w.text) for w in said], [_bare(t) for t in texts], autojunk=False)
    times: dict[int, Span] = {}
    for block in matcher.get_matching_blocks():
        for k in range(block.size):
            span = said[block.a + k].span
            if line.span.holds(span.middle):
                times[block.b + k] = span.clamp(line.span)
    return tuple(Word(text, span) for text, span in zip(texts, _spread(texts, times, line.span), strict=True))


def _spread(texts: Sequence[str], times: dict[int, Span], whole: Span) -> list[Span]:
    """Times for all texts: those that have none share the room between their neighbours by their length."""
    found: list[Span] = []
    at, index = whole.start, 0
    while index < len(texts):
        if index in times:
            start = max(at, times[index].start)
            found.append(Span(start, max(start, times[index].end)))
            at, index = found[-1].end, index + 1
            continue
        last = next((k for k in range(index, len(texts)) if k in times), len(texts))
        until = max(at, times[last].start if last in times else whole.end)
        sizes = [max(1, phrasing.length(text)) for text in texts[index:last]]
        room, total = until - at, sum(sizes)
        for size in sizes:
            end = at + seconds(Fraction(room * size, total))
            found.append(Span(at, min(end, until)))
            at = found[-1].end
        index = last
    return found


def _parts(text: str) -> list[str]:
    """A text without spaces as words; scripts that are written without them sign by sign."""
    parts: list[str] = []
    for char in text:
        joins = bool(parts) and not (phrasing.unspaced(char) and phrasing.unspaced(parts[-1][-1]))
        if joins or (parts and unicodedata.combining(char)):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
