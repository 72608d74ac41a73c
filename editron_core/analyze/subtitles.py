"""Supplied transcripts: .srt, .vtt and .txt in any encoding, as lines of spoken words.

What is not spoken is left out: markup, sound descriptions in brackets, notes, speaker labels.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from editron_core.analyze import language
from editron_core.errors import MediaError
from editron_core.times import Span

LARGEST = 32 << 20
"""Bytes; a day of speech is about 1 MB."""
ENCODINGS = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949", "koi8_r", "iso8859_2"),
)
"""What subtitle files without Unicode are really in; the earlier wins where two fit equally well."""
INLINE_TIME = re.compile(r"<((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})>")
VTT_TIMES = re.compile(r"^[ \t]*([\d:.,]+)[ \t]+-->[ \t]+([\d:.,]+).*$", re.MULTILINE)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
MARKUP = re.compile(r"<[^>\n]*>|\{\\[^}\n]*\}")
NOT_SPOKEN = re.compile(r"\[[^\]\n]*\]|^\s*\([^)\n]*\)\s*$|[♩♪♫♬]|>>+", re.MULTILINE)
SPEAKER = re.compile(r"^\s*[-–—]*\s*[A-Z][A-Z0-9 .'-]{0,24}:\s", re.MULTILINE)
INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\u00ad]")
CLAUSE_END = re.compile(r"(?<=[。、，！？；：])(?=\S)")
BRIEF = Fraction(1, 20)
"""Seconds: roll-up captions follow each other within this, and stand alone for no longer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One cue, or one line of a text without times."""

    span: Span | None
    """When it is on screen; None where the file does not say."""
    words: tuple[str, ...]
    """With their punctuation; at least one."""
    starts: tuple[Fraction | None, ...] = ()
    """The start of each word where the file times words, else empty."""


@dataclass(frozen=True, slots=True)
class Script:
    """A supplied transcript as it was read."""

    name: str
    """The file's name."""
    language: str
    """ISO 639-1 or `und`."""
    lines: tuple[Line, ...]
    """In time order; at least one."""

    @property
    def timed(self) -> bool:
        """Whether its lines have times."""
        return self.lines[0].span is not None

    @property
    def has_word_times(self) -> bool:
        """Whether the file itself times every word."""
        return all(line.starts for line in self.lines)


def read(path: Path, spoken: str | None = None) -> Script:
    """The transcript in `path`.

    Its language is the name's (`clip.en.srt`), else `spoken`, else guessed. Raises MediaError where
    the file cannot be read, is not text, or holds nothing that is spoken.
    """
    text = decode(_bytes(path), path)
    kind = _kind(text, path)
    lines = _plain(text) if kind == "txt" else _cues(text, kind)
    if not lines:
        remedy = "put the transcript in it or remove it"
        raise MediaError("holds nothing that is spoken", subject=path.name, remedy=remedy)
    everything = " ".join(word for line in lines for word in line.words)
    return Script(path.name, _named_language(path) or spoken or language.detect(everything), tuple(lines))


def decode(data: bytes, path: Path) -> str:
    """The text of `data`, whatever it is encoded in. Raises MediaError where it is no text."""
    text = _unicode(data)
    if text is None:
        from charset_normalizer import from_bytes

        candidates = ["utf_16_le", "utf_16_be"] if b"\0" in data else list(ENCODINGS)
        matches = list(from_bytes(data, cp_isolation=candidates))
        if not matches:
            raise MediaError(
                "is not text in any known encoding", subject=path.name, remedy="save it as UTF-8"
            )
        ranks = {m.encoding: (round(m.chaos, 3), -round(m.coherence, 3)) for m in matches}
        text = str(min(matches, key=lambda m: (*ranks[m.encoding], candidates.index(m.encoding))))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unicode(data: bytes) -> str | None:
    """The text where `data` is marked as Unicode or is plain UTF-8; None where it is neither."""
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of a piece of text, with their punctuation; what is not spoken is left out."""
    bare = INVISIBLE.sub("", html.unescape(MARKUP.sub("", text)))
    bare = SPEAKER.sub("", NOT_SPOKEN.sub(" ", unicodedata.normalize("NFC", bare)))
    words: list[str] = []
    for token in CLAUSE_END.sub(" ", bare).split():
        if any(char.isalnum() for char in token):
            words.append(token)
        elif words:  # a lone dash or ellipsis stays with the word before it
            words[-1] = f"{words[-1]} {token}"
    return tuple(words)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise MediaError(f"is {size >> 20} MB, too large for a transcript", subject=path.name)
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"cannot be read: {error.strerror}", subject=path.name) from error


def _kind(text: str, path: Path) -> str:
    """What the text is, by its content first: files are misnamed."""
    from pysubs2.formats.subrip import SubripFormat

    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    if SubripFormat.guess_format(text) == "srt":
        return "srt"
    if path.suffix.lower() == ".txt":
        return "txt"
    raise MediaError(
        "holds no cue with a start and an end time",
        subject=path.name,
        remedy="export it again as SubRip or WebVTT, or name it .txt if it has no times",
    )


def _named_language(path: Path) -> str | None:
    suffixes = path.suffixes
    return language.from_code(suffixes[-2][1:]) if len(suffixes) > 1 else None


def _plain(text: str) -> list[Line]:
    return [Line(None, words) for words in map(spoken_words, text.splitlines()) if words]


def _cues(text: str, kind: str) -> list[Line]:
    lines, last = [], Shown()
    for span, said in sorted(_vtt(text) if kind == "vtt" else _srt(text), key=lambda cue: cue[0]):
        fresh, last = last.news([row for row in said.split("\n") if row.strip()], span)
        lines.append(_line(span, "\n".join(fresh)))
    return [line for line in lines if line.words]


def _srt(text: str) -> Iterator[tuple[Span, str]]:
    import pysubs2

    for event in pysubs2.SSAFile.from_string(text, format_="srt", keep_html_tags=True):
        span = Span(Fraction(event.start, 1000), Fraction(max(event.start, event.end), 1000))
        yield span, event.text.replace("\\N", "\n")


def _vtt(text: str) -> Iterator[tuple[Span, str]]:
    """Not by pysubs2, which takes notes and names for text, and a row with two word times for a new cue."""
    for block in re.split(r"\n\n+", text):
        found = VTT_TIMES.search(block)
        if found and not block.startswith(("NOTE", "STYLE", "REGION")):
            start, end = _clock(found[1]), _clock(found[2])
            yield Span(start, max(start, end)), block[found.end() :]


@dataclass(frozen=True, slots=True)
class Shown:
    """The last row on screen. Roll-up captions repeat it on top of the next one, and for an instant alone."""

    row: str = ""
    until: Fraction = Fraction(-1)

    def news(self, rows: list[str], span: Span) -> tuple[list[str], Shown]:
        """The rows that were not there before, and what is shown now."""
        if not rows:
            return [], self
        plain = [" ".join(spoken_words(row)) for row in rows]
        rolled = plain[0] == self.row and span.start - self.until <= BRIEF
        fresh = rows[1:] if rolled and (len(rows) > 1 or span.duration <= BRIEF) else rows
        return fresh, Shown(plain[-1], span.end)


def _line(span: Span, text: str) -> Line:
    """A cue's words, with their own times where the text has them (`<00:01.200>`)."""
    first, *rest = INLINE_TIME.split(text)
    if not rest:
        return Line(span, spoken_words(text))
    words, starts = list(spoken_words(first)), [span.start if spoken_words(first) else None]
    starts += [None] * (len(words) - 1)
    for stamp, piece in zip(rest[::2], rest[1::2], strict=True):
        said = spoken_words(piece)
        words += said
        starts += [_clock(stamp), *[None] * (len(said) - 1)][: len(said)]
    return Line(span, tuple(words), tuple(starts[: len(words)]))


def _clock(stamp: str) -> Fraction:
    """`[[h:]m:]s.f` in seconds; what is no number counts as 0."""
    whole = Fraction(0)
    for part in stamp.replace(",", ".").split(":"):
        whole = 60 * whole + (Fraction(part) if NUMBER.fullmatch(part) else 0)
    return whole
