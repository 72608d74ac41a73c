"""Cards: slates, blanks and watermarks drawn as PNGs in the brand's colours and fonts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from editron_core.domain.brand import BrandKit, Slate, Watermark
from editron_core.errors import DefinitionError
from editron_core.render.plan import RenderPlan

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

TITLE_SHARE = 0.105
"""Height of the title's letters as a share of the frame's shorter side."""
SUBTITLE_SHARE = 0.045
LINES_MAX = 3
LINE_GAP = 1.16
LOGO_SHARE = 0.26
"""Width of the logo as a share of the frame's shorter side."""
BAR = (0.16, 0.009)
"""Width and height of the accent bar as shares of the frame's shorter side."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawn watermark and the pixel where its top left corner goes."""

    path: Path
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Cards:
    """The drawn pictures of one aspect ratio."""

    blank: Path
    """A plain frame in the background colour, shown where a clip has no picture."""
    intro: Path | None
    outro: Path | None
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
    paths: list[Path | None] = []
    for name, slate in (("intro", brand.intro), ("outro", brand.outro)):
        path = folder / f"{name}_{tag}.png" if slate is not None else None
        if slate is not None and path is not None:
            _slate(slate, brand, pen, size).save(path)
        paths.append(path)
    mark = None
    if brand.watermark is not None:
        mark = _mark(plan, aspect, brand.watermark, pen, folder / f"mark_{tag}.png")
    return Cards(blank, paths[0], paths[1], mark, "".join(sorted(pen.missing)))


class Pen:
    """Writes in one font family of a folder, and remembers what it could not write."""

    def __init__(self, fonts: Path, family: str) -> None:
        from PIL import ImageFont

        self._styles: dict[str, Path] = {}
        found: set[str] = set()
        for path in sorted(fonts.iterdir()):
            if path.suffix.lower() in (".ttf", ".otf"):
                name, style = ImageFont.truetype(str(path), 16).getname()
                found.add(name or "")
                if name == family:
                    self._styles.setdefault(style or "Regular", path)
        if not self._styles:
            raise DefinitionError(
                "is not among the fonts", subject=family, remedy=f"use {', '.join(sorted(found))}"
            )
        self.missing: set[str] = set()

    def font(self, size: float, text: str, *, bold: bool) -> ImageFont.FreeTypeFont:
        """The font at `size` pixels; notes the characters of `text` that it lacks."""
        from fontTools.ttLib import TTFont
        from PIL import ImageFont

        order = (
            ("Bold", "Black", "SemiBold", "Semibold", "Medium", "Regular")
            if bold
            else ("Regular", "Medium", "Book", "Light")
        )
        path = next((self._styles[s] for s in order if s in self._styles), next(iter(self._styles.values())))
        with TTFont(path, lazy=True) as face:
            known = face.getBestCmap()
        self.missing |= {c for c in text if ord(c) not in known and not c.isspace()}
        return ImageFont.truetype(str(path), max(8, round(size)))

    def fitted(
        self, text: str, height: float, width: float, *, bold: bool
    ) -> tuple[ImageFont.FreeTypeFont, list[str]]:
        """The largest font up to `height` pixels in which `text` takes LINES_MAX lines of `width` at most."""
        while True:
            font = self.font(height, text, bold=bold)
            lines = _wrapped(text, font, width)
            if height < 12 or (
                len(lines) <= LINES_MAX and all(font.getlength(line) <= width for line in lines)
            ):
                return font, lines
            height *= 0.92


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return _balanced(text.split(), lines, font)


def _balanced(words: list[str], lines: list[str], font: ImageFont.FreeTypeFont) -> list[str]:
    """The same number of lines, as even in width as two lines can be (a lone last word looks lost)."""
    if len(lines) != 2:
        return lines
    splits = [(" ".join(words[:k]), " ".join(words[k:])) for k in range(1, len(words))]
    return list(min(splits, key=lambda pair: max(font.getlength(line) for line in pair)))


def _slate(slate: Slate, brand: BrandKit, pen: Pen, size: tuple[int, int]) -> Image.Image:
    """Logo, title, accent bar and subtitle, centred as one block on the background colour."""
    from PIL import Image, ImageDraw

    width, height = size
    short = min(size)
    card = Image.new("RGB", size, brand.colours.background)
    pencil = ImageDraw.Draw(card)
    title, title_lines = pen.fitted(slate.title, short * TITLE_SHARE, width * 0.82, bold=True)
    subtitle, subtitle_lines = pen.fitted(slate.subtitle, short * SUBTITLE_SHARE, width * 0.76, bold=False)
    logo = _picture(brand.logo, round(short * LOGO_SHARE)) if brand.logo else None
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


def _mark(plan: RenderPlan, aspect: str, watermark: Watermark, pen: Pen, path: Path) -> Mark | None:
    size = plan.size(aspect)
    wanted = max(8, round(watermark.width * size[0]))
    if watermark.image:
        picture = _picture(watermark.image, wanted)
    elif watermark.text:
        picture = _written(watermark.text, wanted, pen, plan.brand)
    else:
        return None
    picture.putalpha(picture.getchannel("A").point([round(a * watermark.opacity) for a in range(256)]))
    picture.save(path)
    left, top, right, bottom = plan.preset(aspect).safe_area(aspect).pixels(size)
    x = left if watermark.place.endswith("left") else right - picture.width
    y = top if watermark.place.startswith("top") else bottom - picture.height
    return Mark(path, x, y, picture.width, picture.height)


def _written(text: str, width: int, pen: Pen, brand: BrandKit) -> Image.Image:
    """`text` as wide as `width` pixels, in the text colour with a soft dark edge, on a transparent ground."""
    from PIL import Image, ImageDraw, ImageFilter

    probe = pen.font(100, text, bold=True)
    font = pen.font(min(100 * width / max(1.0, probe.getlength(text)), width / 3), text, bold=True)
    edge = max(2, round(font.size / 8))
    left, top, right, bottom = font.getbbox(text)
    size = (round(right - left) + 4 * edge, round(bottom - top) + 4 * edge)
    at = (2 * edge - left, 2 * edge - top)
    shadow = Image.new("L", size, 0)
    ImageDraw.Draw(shadow).text(at, text, font=font, fill=255, stroke_width=max(1, edge // 3))
    picture = Image.new("RGBA", size, brand.colours.outline)
    picture.putalpha(shadow.filter(ImageFilter.GaussianBlur(edge / 2)))
    letters = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(letters).text(at, text, font=font, fill=brand.colours.text)
    return Image.alpha_composite(picture, letters)


def _picture(path: str, width: int) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DefinitionError(
            "is not a picture that can be read", subject=path, remedy="give a PNG"
        ) from error
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)
