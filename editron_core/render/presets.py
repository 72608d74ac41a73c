"""Presets: what each platform asks of a file. The numbers and their sources lie in `presets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from editron_core.domain.frame import SAFE_AREAS, SafeArea
from editron_core.errors import UsageError

BY_ASPECT = {"16:9": "youtube", "9:16": "shorts", "1:1": "feed", "4:5": "feed"}
HIGH_RATE = Fraction(30)
"""Above this many frames per second the second, higher bit rate of a preset counts."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One platform's demands on a file, with where they come from."""

    name: str
    title: str
    """The platform, for people."""
    sizes: Mapping[str, tuple[int, int]]
    """Width and height in pixels by aspect ratio."""
    fps: tuple[Fraction, Fraction]
    """Lowest and highest frames per second."""
    video: Literal["h264", "prores"]
    audio: Literal["aac", "pcm"]
    lufs: float
    """Integrated loudness to aim for."""
    tolerance: float
    """LU that the result may be off."""
    dbtp: float
    """Highest true peak."""
    source: str
    checked: date
    """When the source was last read."""
    confidence: str
    crf: int = 18
    mbps: tuple[float, float] | None = None
    """Most video megabits per second: up to 30 fps, and above."""
    audio_kbps: int = 192
    seconds: tuple[float, float] | None = None
    """Shortest and longest upload."""
    megabytes: float | None = None
    """Largest upload."""
    safe: Mapping[str, SafeArea] = field(default_factory=dict)
    """Safe areas of this platform that differ from the common ones, by aspect ratio."""

    @property
    def suffix(self) -> str:
        """The file name's ending."""
        return ".mov" if self.video == "prores" else ".mp4"

    def size(self, aspect: str) -> tuple[int, int]:
        """Width and height in pixels. Raises UsageError where the platform does not take `aspect`."""
        if aspect not in self.sizes:
            raise UsageError(
                f"does not take {aspect}",
                subject=f"preset {self.name}",
                remedy=f"it takes {', '.join(self.sizes)}",
            )
        return self.sizes[aspect]

    def safe_area(self, aspect: str) -> SafeArea:
        """Where captions and marks may stand."""
        return self.safe.get(aspect, SAFE_AREAS[aspect])

    def bits(self, fps: Fraction) -> int | None:
        """Most video bits per second at `fps`; null where there is no limit."""
        if self.mbps is None:
            return None
        return round(self.mbps[fps > HIGH_RATE] * 1_000_000)


def shipped() -> tuple[str, ...]:
    """The names of all presets."""
    return tuple(_all())


def preset(name: str) -> Preset:
    """The preset called `name`. Raises UsageError where there is none."""
    if name not in _all():
        raise UsageError("is no preset", subject=name, remedy=f"there are {', '.join(_all())}")
    return _all()[name]


def for_aspect(aspect: str) -> str:
    """The name of the preset that an aspect ratio goes to unless somebody says otherwise."""
    if aspect not in BY_ASPECT:
        raise UsageError(
            "has no preset", subject=f"aspect {aspect}", remedy=f"there are {', '.join(BY_ASPECT)}"
        )
    return BY_ASPECT[aspect]


@lru_cache(maxsize=1)
def _all() -> dict[str, Preset]:
    text = Path(__file__).with_name("presets.toml").read_text("utf-8")
    return {name: _read(name, entry) for name, entry in tomllib.loads(text).items()}


def _read(name: str, entry: dict[str, Any]) -> Preset:
    values: dict[str, Any] = dict(entry)
    values |= {key: tuple(entry[key]) for key in ("mbps", "seconds") if key in entry}
    values["sizes"] = {aspect: tuple(size) for aspect, size in entry["sizes"].items()}
    values["fps"] = (Fraction(entry["fps"][0]), Fraction(entry["fps"][1]))
    values["safe"] = {aspect: SafeArea(*edges) for aspect, edges in entry.get("safe", {}).items()}
    return Preset(name=name, **values)
