"""Blueprints: the template of a deliverable, in TOML.

`load("shorts")` takes a shipped one, `load("mine.toml")` a file. A blueprint lists its aspect ratios;
all of them show the same timeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from editron_core.edit import definition
from editron_core.errors import UsageError
from editron_core.times import rate as exact_rate

SHIPPED = Path(__file__).parent / "blueprints"
Aspect = Literal["16:9", "9:16", "1:1", "4:5"]
CaptionPreset = Literal["bold", "clean", "karaoke"]
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


def _exact_seconds(value: object) -> Fraction:
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError("must be a number of seconds") from error


_Seconds = Annotated[Fraction, BeforeValidator(_exact_seconds), Field(gt=0, le=14400)]


def _rate(value: object) -> Fraction | None:
    if value in (None, "auto"):
        return None
    try:
        fps = exact_rate(str(value))
    except (ValueError, ZeroDivisionError):
        fps = Fraction(0)
    if not 10 <= fps <= 120:
        raise ValueError("must be `auto` or a frame rate between 10 and 120, such as 25 or 30000/1001")
    return fps


@dataclass(frozen=True, slots=True)
class Captions:
    """How the speech of a deliverable is written."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    preset: CaptionPreset = "clean"
    """The look of burned-in captions."""
    burn: bool = False
    """Whether captions are drawn into the picture; sidecars are written either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """The template of a deliverable."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: _Slug
    """Short and safe as a file name; timelines are named after it."""
    title: str
    """One line for people."""
    kind: Literal["reel", "clips"]
    """`reel`: one timeline of many moments. `clips`: one timeline per moment."""
    aspects: Annotated[tuple[Aspect, ...], Field(min_length=1, max_length=4)]
    """Frame shapes; each is one output of every timeline."""
    order: Literal["story", "best"] = "story"
    """Moments in a timeline by where they lie in the footage, or best first."""
    min_duration_s: _Seconds
    """Seconds; footage too short for it gives a shorter cut and a finding."""
    max_duration_s: _Seconds
    """Seconds; never exceeded."""
    count: Annotated[int, Field(ge=1, le=100)]
    """At most this many moments in a reel, or this many timelines of clips."""
    rate: Annotated[Fraction | None, BeforeValidator(_rate)] = None
    """Frames per second of the timeline; null (`auto`) takes the footage's most common rate."""
    max_rate: Annotated[int, Field(ge=24, le=120)] = 60
    """Frames per second that `auto` never exceeds."""
    reframe: Literal["follow", "still"] = "follow"
    """Whether a crop follows its subject, or stands still for the length of each shot."""
    captions: Captions = field(default_factory=Captions)
    presets: Mapping[Aspect, str] = field(default_factory=dict)
    """Render preset by aspect; an aspect that is missing takes the render room's default."""

    def __post_init__(self) -> None:
        if self.max_duration_s < self.min_duration_s:
            raise ValueError("max_duration_s is below min_duration_s")
        if len(set(self.aspects)) != len(self.aspects):
            raise ValueError("aspects names one shape twice")
        stray = [aspect for aspect in self.presets if aspect not in self.aspects]
        if stray:
            raise ValueError(f"presets names {stray[0]}, which is not among aspects")


def shipped() -> tuple[str, ...]:
    """The names of the blueprints that come with Editron, in alphabetical order."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load(name_or_path: str) -> Blueprint:
    """The shipped blueprint of that name, or the one in a TOML file.

    Raises UsageError for an unknown name and DefinitionError for a file that does not hold together.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        if name_or_path not in shipped():
            known = ", ".join(shipped())
            raise UsageError(
                "is no blueprint", subject=name_or_path, remedy=f"take one of {known}, or the path of a .toml"
            )
        path = SHIPPED / f"{name_or_path}.toml"
    return definition.read(path, Blueprint)
