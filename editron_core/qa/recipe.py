"""Recipes: TOML that says what a drawn clip shows, when, and what is heard. See datasets/README.md."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from editron_core.config import ROOT
from editron_core.errors import DefinitionError
from editron_core.qa.canvas import Colour, colour
from editron_core.qa.scenes import SCENES
from editron_core.qa.soundtrack import CHORDS, SOUNDS
from editron_core.qa.voice import Voice
from editron_core.times import Span, from_frames, rate, seconds, to_frames

FOLDER = ROOT / "datasets" / "recipes"
DISSOLVE = Fraction(4, 5)
"""Seconds of a dissolve, centred on the boundary of its scenes."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One effect."""

    name: str
    at: Fraction
    """Seconds from the scene's start."""
    seconds: float
    gain: float


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One scene of a recipe."""

    kind: str
    span: Span
    """Its place in the clip, on frames."""
    palette: tuple[Colour, ...]
    title: str
    note: str
    say: str
    say_at: Fraction
    """Seconds from the scene's start at which the line begins."""
    dissolve: bool
    """Whether it fades in over the scene before it."""
    payoff: Span | None
    """The stretch of the clip worth showing, where this scene holds it."""
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a drawn clip is made from."""

    name: str
    seed: int
    size: tuple[int, int]
    fps: Fraction
    mood: str
    tempo: float
    language: str
    voice: Voice
    scenes: tuple[SceneSpec, ...]

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return self.scenes[-1].span.end

    @property
    def frames(self) -> int:
        """Length in frames."""
        return to_frames(self.duration, self.fps)

    def scaled(self, by: float) -> Recipe:
        """The same clip with a smaller or larger picture."""
        return replace(self, size=(round(self.size[0] * by / 2) * 2, round(self.size[1] * by / 2) * 2))


def shipped() -> tuple[Path, ...]:
    """The recipes of datasets/recipes, by name."""
    return tuple(sorted(FOLDER.glob("*.toml")))


def load(path: Path) -> Recipe:
    """The recipe in `path`. Raises DefinitionError that names what does not hold together."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", subject=str(path)) from error
    try:
        return _recipe(path.stem, data)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise DefinitionError(f"does not hold together: {error!r}", subject=str(path)) from error


def _recipe(name: str, data: dict[str, Any]) -> Recipe:
    fps = rate(str(data["fps"]))
    mood = _known("mood", data.get("mood", "bright"), CHORDS)
    scenes, at = [], Fraction(0)
    for item in data["scenes"]:
        end = at + from_frames(to_frames(seconds(item["seconds"]), fps), fps)
        scenes.append(_scene(item, Span(at, end)))
        at = end
    width, height = data["size"]
    if not scenes or width % 2 or height % 2 or scenes[0].dissolve:
        raise ValueError("a recipe has scenes, an even size, and a first scene that does not dissolve")
    return Recipe(
        name=name,
        seed=int(data["seed"]),
        size=(width, height),
        fps=fps,
        mood=mood,
        tempo=float(data.get("tempo", 108)),
        language=data.get("language", "en"),
        voice=Voice(**data.get("voice", {})),
        scenes=tuple(scenes),
    )


def _scene(item: dict[str, Any], span: Span) -> SceneSpec:
    palette = tuple(colour(text) for text in item["palette"])
    if len(palette) < 4:
        raise ValueError(f"scene {item['kind']!r} needs a palette of four colours")
    payoff = None
    if "payoff" in item:
        start, end = item["payoff"]
        payoff = Span(span.start + seconds(start), span.start + seconds(end))
        if payoff.end > span.end:
            raise ValueError(f"the payoff of scene {item['kind']!r} ends after the scene")
    return SceneSpec(
        kind=_known("scene", item["kind"], SCENES),
        span=span,
        palette=palette,
        title=item.get("title", ""),
        note=item.get("note", ""),
        say=item.get("say", ""),
        say_at=seconds(item.get("say_at", 0.3)),
        dissolve=_known("enter", item.get("enter", "cut"), ("cut", "dissolve")) == "dissolve",
        payoff=payoff,
        sounds=tuple(
            Sound(
                _known("sound", s["name"], SOUNDS),
                seconds(s["at"]),
                float(s["seconds"]),
                float(s.get("gain", 0.5)),
            )
            for s in item.get("sounds", ())
        ),
    )


def _known(what: str, name: str, names: Sequence[str] | dict[str, Any]) -> str:
    if name not in names:
        raise ValueError(f"{what} {name!r} is none of {', '.join(names)}")
    return name
