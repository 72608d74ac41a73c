"""What is to be rendered: one timeline, its files, its brand, and a preset per aspect ratio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from editron_core.domain.batch import BatchStatus, MediaFile, MediaProbe
from editron_core.domain.brand import BrandKit, Bumper, Slate, slate_frames
from editron_core.domain.timeline import Clip, Timeline
from editron_core.errors import MediaError, UsageError
from editron_core.media.probe import probe
from editron_core.render.presets import Preset, preset
from editron_core.times import Span, from_frames, to_frames

ENDS = ("intro", "outro")
"""What a brand may put before and after the cut."""
SAMPLE_RATE = 48_000
"""Samples per second of every deliverable."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One clip with its file and its place on the grid of the timeline."""

    index: int
    """Its number on the timeline, from 0; those of intro and outro are negative."""
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
        return samples(self.first, self.frames, self.rate)


SAMPLE = Fraction(SAMPLE_RATE)


def samples(first: int, frames: int, rate: Fraction) -> int:
    """How many samples `frames` from number `first` on last, so that roundings do not add up."""
    ends = (from_frames(first + frames, rate), from_frames(first, rate))
    return to_frames(ends[0], SAMPLE) - to_frames(ends[1], SAMPLE)


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

    def slate(self, name: str) -> Slate | Bumper | None:
        """What of `ENDS` is called `name`."""
        return {"intro": self.brand.intro, "outro": self.brand.outro}[name]

    def slate_frames(self, name: str) -> int:
        """How many frames the `intro` or `outro` lasts; 0 where there is none."""
        return slate_frames(self.slate(name), self.rate)

    @property
    def lead(self) -> Fraction:
        """Seconds of intro before the timeline starts."""
        return from_frames(self.slate_frames("intro"), self.rate)

    @property
    def cut_frames(self) -> int:
        """How many frames the clips last together."""
        return sum(to_frames(clip.source.duration, self.rate) for clip in self.timeline.clips)

    @property
    def frames(self) -> int:
        """How many frames each deliverable lasts, slates included."""
        return self.slate_frames("intro") + self.cut_frames + self.slate_frames("outro")

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

    def bumper(self, name: str) -> Piece | None:
        """The `intro` or `outro` where it is a clip, placed on the whole deliverable. Raises MediaError for
        one that is gone or no video."""
        part = self.slate(name)
        if not isinstance(part, Bumper):
            return None
        path = Path(part.clip)
        if not path.is_file():
            raise MediaError(f"has no {name} any more", subject=self.brand.name, remedy="upload it again")
        found, frames = probe(path), slate_frames(part, self.rate)
        if found.video is None:
            raise MediaError(
                f"has an {name} without a picture", subject=self.brand.name, remedy="give it a video"
            )
        file = MediaFile(name, "", name, part.clip, "", path.stat().st_size, BatchStatus.READY, found)
        whole = Clip(name, Span(Fraction(0), from_frames(frames, self.rate)))
        first = 0 if name == "intro" else self.frames - frames
        return Piece(-1 - ENDS.index(name), whole, file, found, first, frames, self.rate)

    def stem(self, aspect: str) -> str:
        """A deliverable's file name without its ending, safe in any file system and filter graph."""
        return f"{self.timeline.name}_{aspect.replace(':', 'x')}"
