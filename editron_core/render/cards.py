"""Cards: slates and blanks drawn as PNGs in the brand's colours and fonts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from editron_core.domain.brand import BrandKit, Slate
from editron_core.render import marks
from editron_core.render.marks import Mark
from editron_core.render.pen import Pen, read_picture
from editron_core.render.plan import ENDS, RenderPlan

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

TITLE_SHARE = 0.105
"""Height of the title's letters as a share of the frame's shorter side."""
SUBTITLE_SHARE = 0.045
LINE_GAP = 1.16
LOGO_SHARE = 0.26
"""Width of the logo as a share of the frame's shorter side."""
BAR = (0.16, 0.009)
"""Width and height of the accent bar as shares of the frame's shorter side."""


@dataclass(frozen=True, slots=True)
class Cards:
    """The drawn pictures of one aspect ratio."""

    blank: Path
    """A plain frame in the background colour, shown where a clip has no picture."""
    slates: dict[str, Path]
    """By `intro` and `outro`, where they are cards."""
    mark: Mark | None
    missing: str
    """Characters of slates and mark that the fonts do not have, each once."""


def draw(plan: RenderPlan, aspect: str, folder: Path) -> Cards:
    """Draw all cards of one aspect ratio into `folder`.

    Raises DefinitionError where a picture or a font of the brand kit cannot be used.
    """
    from PIL import Image

    tag, size, brand = aspect.replace(":", "x"), plan.size(aspect), plan.brand
    pen = Pen(plan.fonts, brand.title_font)
    blank = folder / f"blank_{tag}.png"
    Image.new("RGB", size, brand.colours.background).save(blank)
    slates: dict[str, Path] = {}
    for name in ENDS:
        slate = plan.slate(name)
        if isinstance(slate, Slate):
            slates[name] = folder / f"{name}_{tag}.png"
            _slate(slate, brand, pen, size).save(slates[name])
    mark = marks.draw(brand, size, plan.preset(aspect).safe_area(aspect), pen, folder / f"mark_{tag}.png")
    return Cards(blank, slates, mark, "".join(sorted(pen.missing)))


def _slate(slate: Slate, brand: BrandKit, pen: Pen, size: tuple[int, int]) -> Image.Image:
    """Logo, title, accent bar and subtitle, centred as one block on the background colour."""
    from PIL import Image, ImageDraw

    width, height = size
    short = min(size)
    card = Image.new("RGB", size, brand.colours.background)
    pencil = ImageDraw.Draw(card)
    title, title_lines = pen.fitted(slate.title, short * TITLE_SHARE, width * 0.82, bold=True)
    subtitle, subtitle_lines = pen.fitted(slate.subtitle, short * SUBTITLE_SHARE, width * 0.76, bold=False)
    logo = read_picture(brand.logo, round(short * LOGO_SHARE)) if brand.logo else None
    gap, bar = round(short * 0.045), (round(short * BAR[0]), max(2, round(short * BAR[1])))
    block = len(title_lines) * title.size * LINE_GAP + gap + bar[1]
    block += gap * 0.8 + len(subtitle_lines) * subtitle.size * LINE_GAP if subtitle_lines else 0
    block += logo.height + gap if logo else 0
    y = (height - block) / 2
    if logo:
        card.paste(logo, ((width - logo.width) // 2, round(y)), logo)
        y += logo.height + gap
    y = _lines(pencil, title_lines, title, (width, y), brand.colours.text)
    y += gap
    pencil.rectangle(
        ((width - bar[0]) // 2, round(y), (width + bar[0]) // 2, round(y) + bar[1] - 1), brand.colours.primary
    )
    y += bar[1] + gap * 0.8
    _lines(pencil, subtitle_lines, subtitle, (width, y), brand.colours.text)
    return card


def _lines(
    pencil: ImageDraw.ImageDraw,
    lines: list[str],
    font: ImageFont.FreeTypeFont,
    at: tuple[float, float],
    colour: str,
) -> float:
    """Draw `lines` centred in a frame of width `at[0]` from height `at[1]`; returns where they end."""
    width, y = at
    for line in lines:
        pencil.text((width / 2, y), line, font=font, fill=colour, anchor="ma")
        y += font.size * LINE_GAP
    return y
