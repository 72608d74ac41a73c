"""The drawn footage that the suites look at: short, small, and made anew in each run."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.media.probe import probe
from editron_core.qa.canvas import colour
from editron_core.qa.recipe import Recipe, SceneSpec
from editron_core.qa.voice import Voice
from editron_core.times import Span, from_frames, to_frames

FPS = Fraction(25)
PALETTES = {
    "title": ("#1d1147", "#6a2c70", "#f08a5d", "#f9d56e"),
    "daylight": ("#c9d6df", "#e8eef2", "#ffffff", "#2f8f83"),
    "host": ("#8fb8de", "#b8cfd0", "#f7e3c4", "#2f8f83"),
    "product": ("#20242c", "#3d4a5c", "#f2e9dc", "#e4572e"),
    "reveal": ("#20242c", "#3d4a5c", "#f2e9dc", "#e4572e"),
    "skate": ("#33415c", "#7d8597", "#f4d8cd", "#f15156"),
    "trick": ("#5c4742", "#a5907e", "#f2d0a9", "#99c1b9"),
    "selfie": ("#2b2d42", "#8d99ae", "#edf2f4", "#ef233c"),
}
KINDS = {"daylight": "product"}
"""Scenes that go by another name for their palette."""
TITLES = {"score": "2 : 1", "goal": "Goal!", "host": "Ada Brook"}
FIELD = ("#274472", "#5f9bd1", "#ffe9c4", "#f7a440")
"""Of the match scenes."""


def recipe(
    name: str, scenes: Iterable[tuple[str, float, str]], *, size: tuple[int, int], seed: int = 11
) -> Recipe:
    """A mute recipe of `scenes` (kind, seconds, `cut` or `dissolve`) at 25 frames per second."""
    specs: list[SceneSpec] = []
    at = Fraction(0)
    for kind, length, enter in scenes:
        end = at + from_frames(to_frames(Fraction(str(length)), FPS), FPS)
        specs.append(_scene(kind, Span(at, end), dissolve=enter == "dissolve"))
        at = end
    return Recipe(name, seed, size, FPS, "calm", 96, "en", Voice(), tuple(specs))


def media_file(video: Path) -> MediaFile:
    """A drawn clip as the render knows its files."""
    return MediaFile(
        id="drawn",
        batch_id="batch",
        name=video.name,
        path=str(video),
        sha256="0" * 64,
        size_bytes=video.stat().st_size,
        status=BatchStatus.READY,
        probe=probe(video),
    )


def _scene(kind: str, span: Span, *, dissolve: bool) -> SceneSpec:
    return SceneSpec(
        kind=KINDS.get(kind, kind),
        span=span,
        palette=tuple(colour(code) for code in PALETTES.get(kind, FIELD)),
        title=TITLES.get(kind, "Drawn"),
        note="",
        say="",
        say_at=Fraction(0),
        dissolve=dissolve,
        payoff=None,
        sounds=(),
    )
