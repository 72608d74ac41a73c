"""What is to be rendered: one timeline, its files, its brand, and a preset per aspect ratio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from editron_core.domain.batch import MediaFile, MediaProbe
from editron_core.domain.brand import BrandKit, slate_frames
from editron_core.domain.timeline import Clip, Timeline
from editron_core.errors import MediaError, UsageError
from editron_core.render.presets import Preset, preset
from editron_core.times import Span, from_frames, to_frames

SAMPLE_RATE = 48_000
"""Samples per second of every deliverable."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One clip with its file and its place on the grid of the timeline."""

    index: int
    """Its number on the timeline, from 0."""
    clip: Clip
    file: MediaFile
    probe: MediaProbe
    first: int
    """Its first frame on the timeline."""
    frames: int
    """How many frames it lasts."""
    rate: Fraction

    @property
    def place(self) -> Span:
        """Seconds on the timeline."""
        return Span(from_frames(self.first, self.rate), from_frames(self.first + self.frames, self.rate))

    @property
    def samples(self) -> int:
        """How many samples it lasts; rounded on the whole timeline, so that errors do not add up."""
        return to_frames(self.place.end, SAMPLE) - to_frames(self.place.start, SAMPLE)


SAMPLE = Fraction(SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """Everything that one render needs."""

    timeline: Timeline
    files: Mapping[str, MediaFile]
    """By file id; each has a probe and lies at its `path`."""
    brand: BrandKit
    presets: Mapping[str, str]
    """Preset name by aspect ratio: one deliverable each."""
    subtitles: Mapping[str, Path]
    """ASS file to burn in, by aspect ratio, in timeline time; an aspect may have none."""
    fonts: Path
    """Folder of the fonts that the ASS files name."""
    sidecars: tuple[Path, ...]
    """Caption files that go with the deliverables; their times count from the deliverable's start,
    so whoever writes them shifts timeline times by `lead`."""
    out: Path
    """Folder in which the deliverables end up."""

    def __post_init__(self) -> None:
        if not self.timeline.clips:
            raise UsageError(
                "has no clips", subject=f"timeline {self.timeline.name}", remedy="choose moments"
            )
        if not self.presets:
            raise UsageError("has no aspect to render", subject=f"timeline {self.timeline.name}")
        for aspect in self.presets:
            self.preset(aspect).size(aspect)
        for clip in self.timeline.clips:
            if clip.file_id not in self.files:
                raise UsageError(
                    "names a file that is not in the batch", subject=f"timeline {self.timeline.name}"
                )

    @property
    def aspects(self) -> tuple[str, ...]:
        """The aspect ratios to render, in a fixed order."""
        return tuple(self.presets)

    @property
    def rate(self) -> Fraction:
        """Frames per second of every deliverable."""
        return self.timeline.rate

    @property
    def intro_frames(self) -> int:
        """How many frames the opening slate lasts."""
        return slate_frames(self.brand.intro, self.rate)

    @property
    def outro_frames(self) -> int:
        """How many frames the closing slate lasts."""
        return slate_frames(self.brand.outro, self.rate)

    @property
    def lead(self) -> Fraction:
        """Seconds of opening slate before the timeline starts."""
        return from_frames(self.intro_frames, self.rate)

    @property
    def cut_frames(self) -> int:
        """How many frames the clips last together."""
        return sum(to_frames(clip.source.duration, self.rate) for clip in self.timeline.clips)

    @property
    def frames(self) -> int:
        """How many frames each deliverable lasts, slates included."""
        return self.intro_frames + self.cut_frames + self.outro_frames

    @property
    def duration(self) -> Fraction:
        """Seconds that each deliverable lasts, slates included."""
        return from_frames(self.frames, self.rate)

    def preset(self, aspect: str) -> Preset:
        """The preset of one aspect ratio."""
        return preset(self.presets[aspect])

    def size(self, aspect: str) -> tuple[int, int]:
        """Width and height of one deliverable, in pixels."""
        return self.preset(aspect).size(aspect)

    def pieces(self) -> Iterator[Piece]:
        """The clips in order. Raises MediaError for a file without a probe."""
        first = 0
        for index, clip in enumerate(self.timeline.clips):
            file = self.files[clip.file_id]
            if file.probe is None:
                raise MediaError("was never probed", subject=file.name, remedy="ingest it again")
            if not Path(file.path).is_file():
                raise MediaError("is no longer where it was", subject=file.name, remedy="ingest it again")
            frames = to_frames(clip.source.duration, self.rate)
            yield Piece(index, clip, file, file.probe, first, frames, self.rate)
            first += frames

    def stem(self, aspect: str) -> str:
        """A deliverable's file name without its ending, safe in any file system and filter graph."""
        return f"{self.timeline.name}_{aspect.replace(':', 'x')}"
