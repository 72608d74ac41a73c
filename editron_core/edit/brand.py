"""Brand kits from `brand.toml`: checked on load, with paths relative to the file.

Keys are those of `domain.brand.BrandKit`; all but `name` may be left out:

    name = "acme"
    caption_font = "Roboto"
    fonts = ["fonts/Acme.ttf"]
    logo = "logo.png"

    [colours]
    primary = "#e4572e"

    [watermark]
    image = "mark.png"          # or text = "acme.example"
    place = "top-right"
    opacity = 0.6

    [intro]
    title = "Acme"
    seconds = 1.5

    [outro]
    clip = "outro.mp4"          # a video of your own, with its sound, in place of a card
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from editron_core.domain.brand import BrandKit, Bumper, Colours, Place, Slate, Watermark
from editron_core.edit import definition, fonts
from editron_core.errors import DefinitionError, MediaError
from editron_core.media.probe import probe

_PLAIN = Colours()
MAX_PNG_BYTES = 20_000_000
MAX_PNG_PIXELS = 36_000_000
BUMPER_S = (0.5, 30.0)
"""Shortest and longest intro or outro clip, in seconds."""
_Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
_Line = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Colours(_Table):
    primary: _Colour = _PLAIN.primary
    text: _Colour = _PLAIN.text
    outline: _Colour = _PLAIN.outline
    background: _Colour = _PLAIN.background


class _Watermark(_Table):
    image: str | None = None
    text: _Line | None = None
    place: Place = "top-right"
    opacity: float = Field(0.6, ge=0, le=1)
    width: float = Field(0.14, gt=0, le=0.5)


class _End(_Table):
    title: _Line | None = None
    subtitle: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    seconds: float = Field(1.5, ge=0.5, le=10)
    clip: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.clip is not None and self.model_fields_set != {"clip"}:
            raise ValueError("a clip stands alone, without title, subtitle or seconds")
        if self.clip is None and self.title is None:
            raise ValueError("needs a title or a clip")
        return self


class _BrandFile(_Table):
    name: _Line
    version: int = Field(1, ge=1)
    colours: _Colours = _Colours()
    caption_font: str = "Roboto"
    title_font: str = "Roboto"
    fonts: tuple[str, ...] = ()
    logo: str | None = None
    watermark: _Watermark | None = None
    intro: _End | None = None
    outro: _End | None = None


def load(path: Path) -> BrandKit:
    """The brand kit in a TOML file, its paths made absolute.

    Raises SourceError where the file cannot be read and DefinitionError, naming key and remedy,
    where it does not hold together: a picture that is missing or no PNG, an unknown font, ...
    """
    path = Path(path).resolve()
    told = definition.read(path, _BrandFile)
    kit = BrandKit(
        name=told.name,
        version=told.version,
        colours=Colours(**told.colours.model_dump()),
        caption_font=told.caption_font,
        title_font=told.title_font,
        fonts=tuple(_font(path, number, name) for number, name in enumerate(told.fonts)),
        logo=_png(path, "logo", told.logo),
        watermark=_watermark(path, told.watermark),
        intro=_end(path, "intro", told.intro),
        outro=_end(path, "outro", told.outro),
    )
    for key in ("caption_font", "title_font"):
        family = str(getattr(kit, key))
        if family not in fonts.families(kit):
            known = ", ".join(fonts.families(kit))
            raise definition.refuse(path, key, f"{family!r} is no known font family", f"take one of {known}")
    return kit


def _watermark(path: Path, told: _Watermark | None) -> Watermark | None:
    if told is None:
        return None
    if told.image is None and told.text is None:
        raise definition.refuse(path, "watermark", "shows nothing", "add image or text")
    return Watermark(**{**told.model_dump(), "image": _png(path, "watermark.image", told.image)})


def _end(path: Path, key: str, told: _End | None) -> Slate | Bumper | None:
    if told is None or told.clip is None:
        return Slate(told.title or "", told.subtitle, told.seconds) if told else None
    clip = _existing(path, f"{key}.clip", told.clip)
    try:
        return bumper(clip, told.clip)
    except DefinitionError as error:
        raise definition.refuse(path, f"{key}.clip", f"{told.clip} {error.message}", error.remedy) from error


def bumper(path: Path, name: str) -> Bumper:
    """The clip at `path`. Raises DefinitionError, which calls it `name`, for what is no video of a length
    within `BUMPER_S`."""
    try:
        found = probe(path)
    except MediaError as error:
        raise DefinitionError(error.message, subject=name, remedy="export it as MP4 again") from error
    low, high = BUMPER_S
    if found.video is None:
        raise DefinitionError("holds no picture", subject=name, remedy="export it as MP4 again")
    if not low <= found.duration <= high:
        fault = f"lasts {float(found.duration):.1f} s"
        raise DefinitionError(fault, subject=name, remedy=f"cut it to {low:g} to {high:g} s")
    return Bumper(str(path), float(found.duration))


def check_picture(path: Path, name: str) -> None:
    """Raises DefinitionError, which calls the file `name`, for what is no whole PNG or is too large."""
    from PIL import Image, UnidentifiedImageError

    if path.stat().st_size > MAX_PNG_BYTES:
        raise DefinitionError("is larger than 20 MB", subject=name, remedy="make it smaller")
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > MAX_PNG_PIXELS:
                raise DefinitionError("has too many pixels", subject=name, remedy="make it smaller")
            image.verify()
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise DefinitionError("is no whole PNG", subject=name, remedy="export it as PNG again") from error


def check_font(path: Path, name: str) -> None:
    """Raises DefinitionError, which calls the file `name`, for what is no font that captions can use."""
    try:
        fonts.read_face(path)
    except DefinitionError as error:
        raise DefinitionError(error.message, subject=name, remedy=error.remedy) from error


def _font(path: Path, number: int, name: str) -> str:
    key = f"fonts.{number}"
    font = _existing(path, key, name)
    if font.suffix.lower() not in fonts.SUFFIXES:
        raise definition.refuse(path, key, f"{name} is no .ttf or .otf", "give a TrueType or OpenType file")
    try:
        check_font(font, name)
    except DefinitionError as error:
        raise definition.refuse(path, key, f"{name} {error.message}", error.remedy) from error
    return str(font)


def _png(path: Path, key: str, name: str | None) -> str | None:
    if name is None:
        return None
    picture = _existing(path, key, name)
    try:
        check_picture(picture, name)
    except DefinitionError as error:
        raise definition.refuse(path, key, f"{name} {error.message}", error.remedy) from error
    return str(picture)


def _existing(path: Path, key: str, name: str) -> Path:
    found = (path.parent / name).resolve()
    if not found.is_file():
        raise definition.refuse(path, key, f"there is no file {found}", "paths are relative to the toml")
    return found
