"""Where watermarks and captions stand: measured in rendered pixels, against the safe area of each aspect.

The same cut is rendered bare, with a mark, with captions, and with both; what differs between two of
these pictures is what was drawn. Distances are in pixels of the deliverable and positive inside the safe
area (or, between caption and mark, clear of each other).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from editron_core.domain.brand import BrandKit, Place, Watermark
from editron_core.edit.blueprint import CaptionPreset
from editron_core.errors import CheckFailed
from editron_core.qa.reading import Reading
from editron_core.qa.suites import captions, export
from editron_core.qa.suites.captions import ASPECTS, PRESETS
from editron_core.render.boxes import Box
from editron_core.render.plan import RenderPlan

SUITE = "marks"
PLACES: tuple[Place, ...] = get_args(Place)
VISIBLE = 10
"""Steps of luma from which a pixel counts as drawn on: what nobody sees is not placed."""
TOLERANCE = 1.0
"""Pixels: where soft edges fall below `VISIBLE` may differ by one between builds of ffmpeg and Pillow."""
BELOW: Place = "bottom-right"
"""The mark that captions must stay clear of."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One render by aspect, with the safe area of each in pixels."""

    frames: Mapping[str, NDArray[np.uint8]]
    """Luma, (n, height, width)."""
    safe: Mapping[str, Box]

    def drawn_on(self, bare: Rendered, aspect: str) -> Box:
        """The box of all that these frames show and those of `bare` do not, over all frames.

        Raises CheckFailed where nothing was drawn.
        """
        found = [
            box for a, b in zip(self.frames[aspect], bare.frames[aspect], strict=True) if (box := _box(a, b))
        ]
        if not found:
            raise CheckFailed("nothing was drawn", subject=f"marks {aspect}")
        return reduce(Box.union, found)


def readings(
    presets: Sequence[CaptionPreset] = PRESETS,
    places: Sequence[Place] = PLACES,
    aspects: Sequence[str] = ASPECTS,
) -> tuple[Reading, ...]:
    """Where marks stand in each corner, and captions of each preset with a mark below them and without.

    Raises CheckFailed where a mark or a caption is not in the picture at all.
    """
    with tempfile.TemporaryDirectory(prefix="editron-marks-") as room:
        folder = Path(room)
        cut = export.cut(folder, aspects=aspects)
        brands = {place: BrandKit(watermark=_watermark(place, folder)) for place in {*places, BELOW}}
        bare = _rendered(export.burned(cut, folder / "bare", None))
        marked = {
            place: _rendered(export.burned(cut, folder / place, None, brand))
            for place, brand in brands.items()
        }
        found = [
            reading
            for place in places
            for aspect in aspects
            for reading in _mark(
                f"{place} mark {aspect}", marked[place].drawn_on(bare, aspect), bare.safe[aspect], place
            )
        ]
        for preset in presets:
            alone = _rendered(export.burned(cut, folder / preset, preset))
            both = _rendered(export.burned(cut, folder / f"{preset}-{BELOW}", preset, brands[BELOW]))
            for aspect in aspects:
                name, mark = f"{preset} captions {aspect}", marked[BELOW].drawn_on(bare, aspect)
                found += _captions(name, alone.drawn_on(bare, aspect), bare.safe[aspect])
                above = both.drawn_on(marked[BELOW], aspect)
                found.append(_px(f"{name}: clear of a mark below", mark.top - above.bottom))
        return tuple(found)


def _mark(name: str, box: Box, safe: Box, place: Place) -> Iterator[Reading]:
    across = box.left - safe.left if place.endswith("left") else safe.right - box.right
    down = box.top - safe.top if place.startswith("top") else safe.bottom - box.bottom
    yield _px(f"{name}: from its edge across", across)
    yield _px(f"{name}: from its edge down", down)
    yield _px(f"{name}: width", box.right - box.left)
    yield _px(f"{name}: height", box.bottom - box.top)


def _captions(name: str, box: Box, safe: Box) -> Iterator[Reading]:
    yield _px(f"{name}: inside the safe area at the sides", min(box.left - safe.left, safe.right - box.right))
    yield _px(f"{name}: inside the safe area above", box.top - safe.top)
    yield _px(f"{name}: inside the safe area below", safe.bottom - box.bottom)


def _px(name: str, value: int) -> Reading:
    return Reading(SUITE, name, value, "px", TOLERANCE)


def _rendered(plan: RenderPlan) -> Rendered:
    safe = {a: Box(*plan.preset(a).safe_area(a).pixels(plan.size(a))) for a in plan.aspects}
    return Rendered(export.brightness(plan, captions.frames()), safe)


def _box(now: NDArray[np.uint8], bare: NDArray[np.uint8]) -> Box | None:
    off = np.maximum(now, bare) - np.minimum(now, bare) > VISIBLE
    rows, columns = np.flatnonzero(off.any(axis=1)), np.flatnonzero(off.any(axis=0))
    if not len(rows):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _watermark(place: Place, folder: Path) -> Watermark:
    """A written mark at the left, a drawn one at the right: the two kinds that brands use."""
    if place.endswith("left"):
        return Watermark(text="EDITRON", place=place)
    logo = folder / "logo.png"
    picture = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rounded_rectangle((0, 0, 299, 199), 40, (228, 87, 46, 255))
    picture.save(logo)
    return Watermark(image=str(logo), place=place)
