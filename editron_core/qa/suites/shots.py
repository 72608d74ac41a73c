"""Shot detection against drawn truth: cuts, dissolves, and flashes that are no cut.

Small clips are drawn, flashes are laid over two of them, and every clip goes through the analysis' own
decode to the detector that a machine without a GPU uses. Matching rule: in time order, each change takes
the nearest find that no other change has taken and that lies within `NEAR` of it (of a dissolve: of any
part of it). What is left over on one side is missed, on the other false. Counts are summed over clips,
and the shares are taken of the sums.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from editron_core import process
from editron_core.analyze import shots
from editron_core.analyze.decode import Takers, decode
from editron_core.media import ffmpeg
from editron_core.media.probe import probe
from editron_core.qa import drawn
from editron_core.qa.reading import Reading
from editron_core.qa.recipe import Recipe
from editron_core.qa.suites.footage import recipe
from editron_core.times import Span, from_frames, to_frames

SUITE = "shots"
NEAR = Fraction(2, 25)
"""Seconds, two frames: what a person who steps through a cut frame by frame may be off."""
FLASH_FRAMES = 2


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip to be drawn."""

    name: str
    genre: str
    scenes: tuple[tuple[str, float, str], ...]
    """Kind, seconds and how it enters (`cut` or `dissolve`)."""
    flashes: tuple[tuple[float, str], ...] = ()
    """Seconds and colour of flashes, none nearer than a second to a change."""


CLIPS = (
    Clip(
        "match",
        "sport",
        (
            ("title", 1.2, "cut"),
            ("stadium", 2.4, "cut"),
            ("dribble", 1.4, "cut"),
            ("goal", 1.6, "cut"),
            ("stand", 1.8, "dissolve"),
            ("score", 1.2, "cut"),
        ),
        flashes=((2.4, "white"),),
    ),
    Clip(
        "talk",
        "product",
        (("host", 2.6, "cut"), ("product", 1.6, "cut"), ("reveal", 2.0, "dissolve"), ("host", 1.2, "cut")),
        flashes=((1.3, "black"),),
    ),
    Clip(
        "street",
        "street",
        (("skate", 1.4, "cut"), ("trick", 1.2, "cut"), ("selfie", 1.2, "cut"), ("skate", 1.6, "dissolve")),
    ),
)


@dataclass(frozen=True, slots=True)
class Count:
    """What was found of one clip, or of many."""

    cuts: int = 0
    dissolves: int = 0
    found_cuts: int = 0
    found_dissolves: int = 0
    false: int = 0
    """Finds that belong to no change."""
    false_flashes: int = 0
    """Those of them that lie on a flash."""

    def __add__(self, other: Count) -> Count:
        return Count(
            self.cuts + other.cuts,
            self.dissolves + other.dissolves,
            self.found_cuts + other.found_cuts,
            self.found_dissolves + other.found_dissolves,
            self.false + other.false,
            self.false_flashes + other.false_flashes,
        )

    @property
    def right(self) -> int:
        """Changes that were found."""
        return self.found_cuts + self.found_dissolves

    @property
    def missed(self) -> int:
        """Changes that were not."""
        return self.cuts + self.dissolves - self.right

    @property
    def precision(self) -> float:
        """Share of the finds that are changes; 1 where nothing was found."""
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the changes that were found; 1 where there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def readings(clips: Sequence[Clip] = CLIPS) -> tuple[Reading, ...]:
    """Precision, recall, F1 and counts over `clips`; misses and false cuts of each clip by genre.

    Nothing may change: the drawn pictures and the detector are the same on every machine.
    """
    counts = {clip.name: _count(clip) for clip in clips}
    total = sum(counts.values(), Count())
    shares = {"precision": total.precision, "recall": total.recall, "F1": total.f1}
    numbers = {
        f"cuts found of {total.cuts}": total.found_cuts,
        f"dissolves found of {total.dissolves}": total.found_dissolves,
        "false cuts": total.false,
        "false cuts at flashes": total.false_flashes,
    }
    return (
        *(Reading(SUITE, name, round(value, 4), "", 0.0001) for name, value in shares.items()),
        *(Reading(SUITE, name, value, "count", 0) for name, value in numbers.items()),
        *(
            Reading(SUITE, f"{clip.name}: {what}", value, "count", 0, genre=clip.genre)
            for clip in clips
            for what, value in (
                ("missed", counts[clip.name].missed),
                ("false cuts", counts[clip.name].false),
            )
        ),
    )


def judge(
    cuts: Sequence[Fraction], dissolves: Sequence[Span], flashes: Sequence[Span], found: Sequence[Fraction]
) -> Count:
    """Match `found` with the true changes, by the rule above; all in seconds."""
    left = sorted(found)
    taken = {"cut": 0, "dissolve": 0}
    changes = [(Span(at, at), "cut") for at in cuts] + [(span, "dissolve") for span in dissolves]
    for span, kind in sorted(changes):
        near = [at for at in left if span.start - NEAR <= at <= span.end + NEAR]
        if near:
            left.remove(min(near, key=lambda at: abs(at - span.middle)))
            taken[kind] += 1
    flashed = [at for at in left if any(flash.start - NEAR <= at <= flash.end + NEAR for flash in flashes)]
    return Count(len(cuts), len(dissolves), taken["cut"], taken["dissolve"], len(left), len(flashed))


def _count(clip: Clip) -> Count:
    with tempfile.TemporaryDirectory(prefix="editron-shots-") as room:
        folder = Path(room)
        plan = recipe(f"shots-{clip.name}", clip.scenes, size=(320, 180))
        made = drawn.draw(plan, folder)
        flashes = [_flash(at, plan) for at, _ in clip.flashes]
        video = _flashed(made.video, list(zip(flashes, clip.flashes, strict=True)), plan)
        finder = shots.detector("adaptive", "cpu")
        decode(video, probe(video), folder, Takers(finder.take, _unseen))
        return judge(made.truth.cuts, made.truth.dissolves, flashes, finder.cuts())


def _flash(at: float, plan: Recipe) -> Span:
    first = to_frames(Fraction(str(at)), plan.fps)
    return Span(from_frames(first, plan.fps), from_frames(first + FLASH_FRAMES, plan.fps))


def _flashed(video: Path, flashes: Sequence[tuple[Span, tuple[float, str]]], plan: Recipe) -> Path:
    """`video` with its flashes: whole frames of one colour, as a lamp or a dropped picture makes them."""
    if not flashes:
        return video
    boxes = [
        f"drawbox=color={colour}:t=fill:enable='between(n,{first},{first + FLASH_FRAMES - 1})'"
        for first, colour in ((to_frames(span.start, plan.fps), colour) for span, (_, colour) in flashes)
    ]
    out = video.with_stem(f"{video.stem}-flashed")
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-threads", "1", "-c:a", "copy"]
    words = ["-i", f"file:{video}", "-vf", ",".join(boxes), *coding, f"file:{out}"]
    ffmpeg.run(words, limits=process.Limits(wall_s=300))
    return out


def _unseen(at: Fraction, picture: np.ndarray) -> None:
    """Shot detection needs none of the samples."""
