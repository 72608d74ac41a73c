"""The pen: text and pictures of a brand kit, measured and read for slates and watermarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from editron_core.errors import DefinitionError

if TYPE_CHECKING:
    from PIL import Image, ImageFont

LINES_MAX = 3


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


def read_picture(path: str, width: int, tallest: int | None = None) -> Image.Image:
    """The picture at `path`, `width` pixels wide, or narrower where it would be taller than `tallest`.

    Raises DefinitionError where it cannot be read.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DefinitionError(
            "is not a picture that can be read", subject=path, remedy="give a PNG"
        ) from error
    height = max(1, round(picture.height * width / picture.width))
    if tallest is not None and height > tallest:
        width, height = max(1, round(picture.width * tallest / picture.height)), tallest
    return picture.resize((width, height), Image.Resampling.LANCZOS)
