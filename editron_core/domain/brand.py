"""Brand kits: how every deliverable of a project looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from editron_core.times import to_frames

Place = Literal["top-left", "top-right", "bottom-left", "bottom-right"]


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours as `#rrggbb`."""

    primary: str = "#ffc933"
    """Slates and karaoke highlight."""
    text: str = "#ffffff"
    outline: str = "#101418"
    background: str = "#101418"
    """Behind slate text."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """A picture or a text laid over the whole deliverable."""

    image: str | None = None
    """Path of a PNG with alpha; takes precedence over `text`."""
    text: str | None = None
    place: Place = "top-right"
    opacity: float = 0.6
    """0..1."""
    width: float = 0.14
    """Share of the frame's width."""


@dataclass(frozen=True, slots=True)
class Slate:
    """A full-frame card before or after the cut."""

    title: str
    subtitle: str = ""
    seconds: float = 1.5
    """0.5..10."""


@dataclass(frozen=True, slots=True)
class Bumper:
    """A clip of the brand's own, with its sound, before or after the cut."""

    clip: str
    """Path of the video."""
    seconds: float = 0.0
    """How long it lasts, 0.5..30, as it says itself."""


def slate_frames(slate: Slate | Bumper | None, rate: Fraction) -> int:
    """How many frames of a timeline `slate` lasts; 0 where there is none."""
    return max(1, to_frames(Fraction(slate.seconds), rate)) if slate else 0


@dataclass(frozen=True, slots=True)
class BrandKit:
    """Everything of a brand that goes into pixels."""

    name: str = "plain"
    version: int = 1
    colours: Colours = field(default_factory=Colours)
    caption_font: str = "Roboto"
    """Family name; must be one that ships with a dependency or lies in `fonts`."""
    title_font: str = "Roboto"
    fonts: tuple[str, ...] = ()
    """Paths of extra font files."""
    logo: str | None = None
    """Path of a PNG, shown on the slates."""
    watermark: Watermark | None = None
    intro: Slate | Bumper | None = None
    outro: Slate | Bumper | None = None

    @property
    def files(self) -> dict[str, str]:
        """Where its pictures, clips and fonts lie, by what they are for."""
        clips = {"intro": self.intro, "outro": self.outro}
        places = {
            "logo": self.logo,
            "watermark": self.watermark.image if self.watermark else None,
            **{name: one.clip for name, one in clips.items() if isinstance(one, Bumper)},
            **{f"font {number}": font for number, font in enumerate(self.fonts)},
        }
        return {name: place for name, place in places.items() if place}
