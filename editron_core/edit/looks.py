"""How burned-in captions look and where they may stand, by preset and aspect ratio."""

from __future__ import annotations

from dataclasses import dataclass

from editron_core.domain.brand import BrandKit
from editron_core.domain.frame import SAFE_AREAS, Frame
from editron_core.edit import fonts
from editron_core.edit.phrasing import Shape
from editron_core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Preset:
    """The look of one caption preset; lengths are shares of the font size."""

    weight: int
    """Font weight, 100..900."""
    outline: float
    shadow: float
    blur: float
    """Softness of outline and shadow, in shares of the font size."""
    plate: bool
    """Whether a translucent plate lies behind the text; `shadow` is then its margin."""
    karaoke: bool
    """Whether words take the highlight colour as they are spoken."""
    sizes: dict[str, float]
    """Font size by aspect, as a share of the frame's height (line height, as libass counts it)."""
    chars: dict[str, int]
    """Characters per line by aspect."""


PRESETS = {
    "clean": Preset(
        weight=500,
        outline=0.02,
        shadow=0.16,
        blur=0.0,
        plate=True,
        karaoke=False,
        sizes={"16:9": 0.066, "1:1": 0.062, "4:5": 0.054, "9:16": 0.043},
        chars={"16:9": 42, "1:1": 34, "4:5": 32, "9:16": 26},
    ),
    "bold": Preset(
        weight=900,
        outline=0.075,
        shadow=0.045,
        blur=0.01,
        plate=False,
        karaoke=False,
        sizes={"16:9": 0.092, "1:1": 0.09, "4:5": 0.078, "9:16": 0.061},
        chars={"16:9": 30, "1:1": 22, "4:5": 20, "9:16": 18},
    ),
    "karaoke": Preset(
        weight=700,
        outline=0.07,
        shadow=0.04,
        blur=0.01,
        plate=False,
        karaoke=True,
        sizes={"16:9": 0.086, "1:1": 0.082, "4:5": 0.07, "9:16": 0.055},
        chars={"16:9": 32, "1:1": 24, "4:5": 22, "9:16": 20},
    ),
}


@dataclass(frozen=True)
class Look:
    """A preset resolved for one frame and brand: everything in pixels."""

    size: tuple[int, int]
    """Width and height of the frame."""
    preset: Preset
    faces: tuple[fonts.Face, ...]
    """The caption face, then its stand-ins."""
    font_size: int
    outline: float
    shadow: float
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of the area that text, outline and shadow stay inside."""
    shape: Shape

    def width(self, text: str) -> float:
        """Pixels that `text` is wide."""
        return sum(face.width(part) for face, part in fonts.runs(text, self.faces)) * self.font_size


def resolve(preset: str, aspect: str, frame: Frame, brand: BrandKit) -> Look:
    """The look of `preset` on frames of `aspect`.

    Raises UsageError for a preset or aspect that is not known, and DefinitionError for an unknown font.
    """
    if preset not in PRESETS or aspect not in SAFE_AREAS:
        known = f"presets {', '.join(PRESETS)}; aspects {', '.join(SAFE_AREAS)}"
        raise UsageError("is no known caption look", subject=f"{preset} {aspect}", remedy=f"take {known}")
    chosen, free, size = PRESETS[preset], frame.free, frame.size
    width, height = size
    font_size = round(chosen.sizes[aspect] * height)
    outline, shadow = (round(share * font_size, 1) for share in (chosen.outline, chosen.shadow))
    # The blur spreads the edge by about twice its radius.
    rim = outline + shadow + 2 * chosen.blur * font_size + 1
    box = (
        round(free.left * width + rim),
        round(free.top * height + rim),
        round(free.right * width - rim),
        round(free.bottom * height - rim),
    )
    faces = fonts.stack(brand, brand.caption_font, chosen.weight)
    bare = Look(size, chosen, faces, font_size, outline, shadow, box, Shape(chosen.chars[aspect]))
    shape = Shape(chosen.chars[aspect], 2, bare.width, box[2] - box[0])
    return Look(size, chosen, faces, font_size, outline, shadow, box, shape)
