"""The cut: clips in order on an exact grid, how each is framed, and what is captioned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from editron_core.domain import codec
from editron_core.domain.moment import Moment
from editron_core.domain.transcript import Word
from editron_core.times import Span, to_frames


@dataclass(frozen=True, slots=True)
class CropKey:
    """Where the crop's centre is at one instant."""

    at: Fraction
    """Seconds from the clip's start."""
    x: float
    """Centre, 0..1 of the displayed frame's width."""
    y: float
    """Centre, 0..1 of the displayed frame's height."""


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the displayed frame that one aspect ratio shows; linear between keys."""

    width: float
    """0..1 of the displayed frame's width."""
    height: float
    """0..1 of the displayed frame's height."""
    keys: tuple[CropKey, ...]
    """At least one, in time order; the crop rectangle stays inside the frame at every key."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of one file on the timeline."""

    file_id: str
    source: Span
    """Seconds from the file's first frame; its duration is a whole number of timeline frames."""
    moment: Moment | None = None
    crops: dict[str, Crop] | None = None
    """By aspect ratio (`16:9`, `9:16`, `1:1`); an aspect that is missing shows the whole frame."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption on screen."""

    span: Span
    """Seconds on the timeline."""
    lines: tuple[str, ...]
    """One or two lines of text, unescaped."""
    words: tuple[Word, ...] = ()
    """The words with their times on the timeline, for karaoke."""
    line: int = 0
    """Number of the line, as a person wrote it, that the cue is a part of: a caption never reaches across
    two. 0 where the words come from the transcript as it is."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The cut of one deliverable in all its aspect ratios."""

    name: str
    """Unique in its batch; safe as a file name."""
    blueprint: str
    rate: Fraction
    """Frames per second of the timeline and its outputs."""
    aspects: tuple[str, ...]
    clips: tuple[Clip, ...]
    cues: tuple[Cue, ...] = ()
    look: str = ""
    """Hash of the brand kit, captions and presets that it is shown with: part of what is signed off."""

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return sum((clip.source.duration for clip in self.clips), Fraction(0))

    @property
    def frames(self) -> int:
        """Length in timeline frames."""
        return to_frames(self.duration, self.rate)

    def placed(self) -> Iterator[tuple[Span, Clip]]:
        """Each clip with its place on the timeline."""
        at = Fraction(0)
        for clip in self.clips:
            yield Span(at, at + clip.source.duration), clip
            at += clip.source.duration

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical form: what a decision is bound to."""
        return codec.content_hash(codec.dump(self))
