"""Fonts: which faces there are, which glyphs they have, and the folder libass reads them from.

Faces come from two packages (font-roboto, font-source-sans-pro) and from the brand kit; system fonts
are never relied on. A text is split into runs by the first face that has each glyph, so nothing is
left to a renderer's silent fallback, and what no face has is named.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from editron_core.config import settings
from editron_core.domain.brand import BrandKit
from editron_core.errors import DefinitionError, EngineUnavailable

PACKAGES = ("font_roboto", "font_source_sans_pro")
SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True)
class Face:
    """One upright or italic cut of a family."""

    path: Path
    family: str
    """Typographic family, such as `Roboto`: what people name."""
    name: str
    """Family name of this face, such as `Roboto Black`: what ASS styles name."""
    weight: int
    """100..900."""
    bold: bool
    """Whether the face is the bold of `name` (ASS asks for it by a flag)."""
    italic: bool
    glyphs: frozenset[int]
    """Code points that it can draw."""
    advances: dict[int, int]
    """Horizontal advance by code point, in font units."""
    units: int
    """Font units per em."""
    line_units: int
    """Ascent plus descent as libass sums them (Windows metrics), in font units."""

    def width(self, text: str) -> float:
        """Advance width of `text` in line heights: at ASS font size `s` it is `s * width` pixels."""
        unknown = self.units // 2
        return sum(self.advances.get(ord(char), unknown) for char in text) / self.line_units


@lru_cache(maxsize=128)
def read_face(path: Path) -> Face:
    """The face in a font file. Raises DefinitionError where it is not one that captions can use."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as stream, TTFont(stream, lazy=True, fontNumber=0) as font:
            names, os2, cmap = font["name"], font["OS/2"], font.getBestCmap() or {}
            name = names.getDebugName(1) or ""
            widths = font["hmtx"].metrics
            face = Face(
                path=path,
                family=names.getDebugName(16) or name,
                name=name,
                weight=int(os2.usWeightClass),
                bold=bool(os2.fsSelection & 1 << 5),
                italic=bool(os2.fsSelection & 1),
                glyphs=frozenset(cmap),
                advances={code: widths[glyph][0] for code, glyph in cmap.items()},
                units=int(font["head"].unitsPerEm),
                line_units=int(os2.usWinAscent + os2.usWinDescent),
            )
    except (
        TTLibError,
        LookupError,
        OSError,
        AttributeError,
        ValueError,
        AssertionError,
        struct.error,
    ) as error:
        # Whatever a damaged table makes the parser stumble over.
        raise DefinitionError(
            f"is not a usable font: {error}", subject=str(path), remedy="give a TrueType or OpenType file"
        ) from error
    # These characters part the fields of an ASS style or open an override.
    if not face.name or set(face.name + face.family) & set(",{}\\\r\n"):
        raise DefinitionError(
            "has a family name that captions cannot use", subject=str(path), remedy="take another font"
        )
    return face


@lru_cache(maxsize=1)
def shipped() -> tuple[Face, ...]:
    """The upright faces of the font packages, by path.

    Raises EngineUnavailable where a package lacks them.
    """
    paths: list[Path] = []
    for package in PACKAGES:
        spec = find_spec(package)
        files = Path(spec.origin).parent.glob("files/*.ttf") if spec and spec.origin else ()
        found = sorted(path for path in files if not path.stem.endswith(("It", "Italic")))
        if not found:
            raise EngineUnavailable("carries no fonts", subject=package, remedy="run uv sync")
        paths += found
    return tuple(read_face(path) for path in paths)


def faces(brand: BrandKit) -> tuple[Face, ...]:
    """Every face that a brand's deliverables may use: the brand's own first."""
    return (*(read_face(Path(path)) for path in brand.fonts), *shipped())


def families(brand: BrandKit) -> tuple[str, ...]:
    """The family names that may stand in a brand kit, sorted."""
    return tuple(sorted({face.family for face in faces(brand)}))


def pick(brand: BrandKit, family: str, weight: int) -> Face:
    """The upright face of `family` nearest to `weight` (the heavier one of two equally near).

    Raises DefinitionError for a family that neither ships nor lies in the kit.
    """
    mine = [face for face in faces(brand) if face.family == family]
    if not mine:
        known = ", ".join(families(brand))
        raise DefinitionError("is no known font family", subject=family, remedy=f"take one of {known}")
    return min(mine, key=lambda face: (face.italic, abs(face.weight - weight), -face.weight))


def stack(brand: BrandKit, family: str, weight: int) -> tuple[Face, ...]:
    """The face asked for, then the stand-ins for glyphs that it lacks: one per other family."""
    others = [name for name in dict.fromkeys(face.family for face in faces(brand)) if name != family]
    return tuple(pick(brand, name, weight) for name in (family, *others))


def runs(text: str, choice: Sequence[Face]) -> list[tuple[Face, str]]:
    """`text` cut into stretches of one face each; a glyph that none has goes with its neighbours."""
    parts: list[tuple[Face, str]] = []
    for char in text:
        last = parts[-1][0] if parts else choice[0]
        # Spaces and joiners stay in the run that they follow.
        able = (last,) if _needs_no_glyph(char) else choice
        fit = next((face for face in able if _draws(face, char)), last)
        if parts and fit is last:
            parts[-1] = (last, parts[-1][1] + char)
        else:
            parts.append((fit, char))
    return parts


def missing(text: str, choice: Iterable[Face]) -> tuple[str, ...]:
    """The characters of `text` that no face can draw, each once, in order of appearance."""
    faces_here = tuple(choice)
    lacking = (char for char in text if not any(_draws(face, char) for face in faces_here))
    return tuple(dict.fromkeys(lacking))


def fonts_dir(brand: BrandKit) -> Path:
    """A folder that holds every face of `brand`, for libass's `fontsdir`.

    It lies under the home, is named by the content of its files, and is made once.
    """
    paths = [face.path for face in faces(brand)]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    shelf = settings().home.resolve() / "fonts"
    folder = shelf / digest.hexdigest()[:16]
    if folder.is_dir():
        return folder
    shelf.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=shelf, prefix=".part-"))
    for number, path in enumerate(paths):
        shutil.copyfile(path, aside / f"{number:02d}{path.suffix.lower()}")
    try:
        aside.rename(folder)
    except OSError:
        # Somebody made the same folder meanwhile: theirs holds the same bytes.
        shutil.rmtree(aside)
        if not folder.is_dir():
            raise
    return folder


def _draws(face: Face, char: str) -> bool:
    return ord(char) in face.glyphs or _needs_no_glyph(char)


def _needs_no_glyph(char: str) -> bool:
    # Controls, joiners and spaces: the shaper hides them or knows their width.
    return char.isspace() or unicodedata.category(char) in ("Cf", "Cc")
