"""A short drawn cut taken through the export up to its encoder: the pictures that it would be given.

The captions are written and the pictures made by the very code of the render; only the encoder is left
out, because what a lossy encoder writes depends on its version and its threads.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editron_core.domain.batch import MediaFile
from editron_core.domain.brand import BrandKit
from editron_core.domain.timeline import Clip, Crop, CropKey, Timeline
from editron_core.domain.transcript import Transcript, Word
from editron_core.edit import captions
from editron_core.edit.blueprint import Blueprint, CaptionPreset, Captions
from editron_core.edit.fonts import fonts_dir
from editron_core.edit.subtitle_files import write_captions
from editron_core.qa import drawn
from editron_core.qa.framediff import Pixels
from editron_core.qa.suites.footage import media_file, recipe
from editron_core.render import encode, graph, presets
from editron_core.render.marks import caption_frame
from editron_core.render.plan import RenderPlan
from editron_core.render.run import run
from editron_core.times import Span

RATE = Fraction(10)
"""Frames per second of the cut: captions are the same at every rate, and fewer frames are less work."""
WALL_S = 600.0
SHARE = {"16:9": 1.0, "1:1": 0.5625, "4:5": 0.45, "9:16": 0.31640625}
"""The part of a 16:9 picture's width that each aspect shows."""


@dataclass(frozen=True, slots=True)
class Said:
    """One clip of the cut: what is said over which drawn scene."""

    locale: str
    text: str
    scene: str
    """A light one, a dark one and a busy one: captions must be read over each."""
    centre: float
    """Where narrow frames look, 0..1 of the picture's width."""


SAID = (
    Said("en", "We came down to the lake early.", "daylight", 0.36),
    Said("de", "Schöne Grüße vom Fußball!", "product", 0.36),
    Said("uk", "Який гол! Їхній м’яч — у сітці.", "stadium", 0.5),
)
SECONDS = Fraction(2)
"""Length of each clip; its words are spoken evenly over all but its last half second."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The drawn clip and the cut that is made of it."""

    file: MediaFile
    timeline: Timeline


def cut(folder: Path, said: Sequence[Said] = SAID, aspects: Sequence[str] = tuple(SHARE)) -> Cut:
    """Lay the drawn footage of `said` into `folder` and cut it: one clip per line, cropped to each aspect."""
    video = folder / "captions.mp4"
    video.write_bytes(_footage(tuple(said)))
    file = media_file(video)
    clips = tuple(
        Clip(file.id, Span(at * SECONDS, (at + 1) * SECONDS), None, _crops(line.centre, aspects))
        for at, line in enumerate(said)
    )
    words = tuple(word for at, line in enumerate(said) for word in _words(line.text, at * SECONDS))
    bare = Timeline("cut", "suite", RATE, tuple(aspects), clips)
    cues = captions.cues_for(bare.placed(), {file.id: Transcript("und", words, "recipe")}, RATE)
    return Cut(file, Timeline("cut", "suite", RATE, tuple(aspects), clips, cues))


def burned(
    made: Cut, folder: Path, preset: CaptionPreset | None, brand: BrandKit | None = None
) -> RenderPlan:
    """The render of `made` with captions of `preset` burned in (none: no captions) and the brand's mark.

    `folder` takes the caption files and the render's own; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kit = brand or BrandKit()
    names = {aspect: presets.for_aspect(aspect) for aspect in made.timeline.aspects}
    shelf = fonts_dir(kit)
    files: Mapping[str, Path] = {}
    if preset is not None:
        frames = {a: caption_frame(presets.preset(name), a, kit, shelf) for a, name in names.items()}
        files = write_captions(made.timeline, _blueprint(made, preset), kit, folder, frames).burned
    return RenderPlan(made.timeline, {made.file.id: made.file}, kit, names, files, shelf, (), folder)


def pictures(plan: RenderPlan, frames: Collection[int], shrink: int) -> dict[str, Pixels]:
    """The chosen frames of each aspect as the encoder would get them, 1 / `shrink` as wide and high."""

    def small(stream: Any, size: tuple[int, int]) -> Any:
        # Averages over whole blocks of pixels: what moves by one pixel in the frame still shows.
        width, height = size[0] // shrink, size[1] // shrink
        flags = "area+accurate_rnd+full_chroma_int"
        return stream.filter("scale", width, height, flags=flags, in_color_matrix="bt709")

    raw = _piped(plan, frames, small, "rgb24")
    return {
        aspect: pixels.reshape(-1, plan.size(aspect)[1] // shrink, plan.size(aspect)[0] // shrink, 3)
        for aspect, pixels in raw.items()
    }


def brightness(plan: RenderPlan, frames: Collection[int]) -> dict[str, NDArray[np.uint8]]:
    """The luma of the same frames at full size: (n, height, width), video range.

    Colour is stored at half the size and bleeds by a pixel or two: edges are where brightness has them.
    """
    raw = _piped(plan, frames, lambda stream, size: stream.filter("extractplanes", "y"), "gray")
    return {
        aspect: pixels.reshape(-1, plan.size(aspect)[1], plan.size(aspect)[0])
        for aspect, pixels in raw.items()
    }


@lru_cache(maxsize=1)
def _footage(said: tuple[Said, ...]) -> bytes:
    """The clip, drawn once in a process: several suites look at it."""
    plan = recipe("captions", [(line.scene, float(SECONDS), "cut") for line in said], size=(640, 360))
    with tempfile.TemporaryDirectory(prefix="editron-footage-") as room:
        return drawn.draw(plan, Path(room)).video.read_bytes()


def _piped(
    plan: RenderPlan,
    frames: Collection[int],
    then: Callable[[Any, tuple[int, int]], Any],
    pixels: str,
) -> dict[str, NDArray[np.uint8]]:
    """The bytes of the chosen frames by aspect, after the filter `then`, as raw `pixels` (ffmpeg's name)."""
    import ffmpeg as nodes

    chosen = "+".join(f"eq(n,{frame})" for frame in sorted(frames))
    with encode.workroom(plan) as room:
        names = {aspect: f"{aspect.replace(':', 'x')}.raw" for aspect in plan.aspects}
        targets = [
            nodes.output(
                then(stream.filter("select", chosen), plan.size(aspect)),
                names[aspect],
                format="rawvideo",
                pix_fmt=pixels,
                fps_mode="passthrough",
            )
            for aspect, stream in graph.pictures(plan, room).items()
        ]
        run(nodes.merge_outputs(*targets) if len(targets) > 1 else targets[0], room.folder, wall_s=WALL_S)
        return {aspect: np.fromfile(room.folder / name, np.uint8) for aspect, name in names.items()}


def _crops(centre: float, aspects: Sequence[str]) -> dict[str, Crop]:
    narrow = {aspect: SHARE[aspect] for aspect in aspects if SHARE[aspect] < 1}
    return {
        aspect: Crop(share, 1.0, (CropKey(Fraction(0), min(1 - share / 2, max(share / 2, centre)), 0.5),))
        for aspect, share in narrow.items()
    }


def _blueprint(made: Cut, preset: CaptionPreset) -> Blueprint:
    return Blueprint(
        name="suite",
        title="What the suites burn",
        kind="reel",
        aspects=made.timeline.aspects,  # type: ignore[arg-type]  # a tuple of the names checked above
        min_duration_s=Fraction(1),
        max_duration_s=Fraction(60),
        count=1,
        captions=Captions(preset, burn=True),
    )


def _words(text: str, start: Fraction) -> tuple[Word, ...]:
    texts = text.split()
    step = (SECONDS - Fraction(1, 2)) / len(texts)
    return tuple(Word(word, Span(start + n * step, start + (n + 1) * step)) for n, word in enumerate(texts))
