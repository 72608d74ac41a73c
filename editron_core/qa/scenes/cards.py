"""Title cards: type, a line that draws itself, and drifting light."""

from __future__ import annotations

import math

from PIL import Image

from editron_core.qa.canvas import (
    ease_out,
    faded,
    glow,
    gradient,
    lettering,
    lighter,
    place,
    spring,
    sprite,
)
from editron_core.qa.scenes.ground import darkened
from editron_core.qa.scenes.stage import Stage


class Title:
    """The title rises, its line draws itself, lights drift behind."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        unit, rng = stage.unit, stage.rng()
        self._base = darkened(gradient(stage.size, stage.palette[:3]))
        self._lights = [
            (
                glow(unit * rng.uniform(90, 280), lighter(stage.palette[rng.integers(1, 4)], 0.2), 0.5),
                *(rng.random(), rng.random(), rng.uniform(-0.03, 0.03)),
            )
            for _ in range(9)
        ]
        self._words = lettering(stage.title, fitting(stage, 104), (255, 255, 255), "Black")
        self._note = note(stage)

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._base.copy()
        for light, x, y, drift in self._lights:
            place(frame, light, (x + drift * at * 2) * width, (y + 0.02 * math.sin(at + x * 9)) * height)
        rise = ease_out((at - 0.15) / 0.9)
        place(frame, faded(self._words, rise), width / 2, height * 0.47 + (1 - rise) * unit * 60)
        span = ease_out((at - 0.5) / 0.9) * min(self._words.width, width * 0.8)
        if span > unit * 14:
            bar = rounded((span, unit * 7), unit * 3.5, self._stage.palette[3])
            place(frame, bar, width / 2, height * 0.47 + unit * 80)
        place(frame, faded(self._note, ease_out((at - 0.9) / 0.7)), width / 2, height * 0.47 + unit * 122)
        return frame


class Score:
    """A closing card: the title on a plate that springs in, the note under it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        unit = stage.unit
        self._base = darkened(gradient(stage.size, stage.palette[:3]))
        self._sun = glow(unit * 460, lighter(stage.palette[3], 0.3), 0.75)
        self._words = lettering(stage.title, fitting(stage, 132), (255, 255, 255), "Black")
        self._plate = rounded((self._words.width + unit * 150, unit * 230), unit * 36, (10, 14, 34, 150))
        self._note = note(stage)

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._base.copy()
        place(frame, self._sun, width * 0.5, height * (0.6 - 0.03 * at))
        shown = min(1.0, at * 3)
        y = height * 0.45 - (1 - spring((at - 0.1) / 1.1)) * unit * 160
        place(frame, faded(self._plate, shown), width / 2, y)
        place(frame, faded(self._words, shown), width / 2, y)
        place(frame, faded(self._note, ease_out((at - 0.8) / 0.7)), width / 2, height * 0.45 + unit * 172)
        return frame


def note(stage: Stage) -> Image.Image:
    """The stage's note in small spaced capitals."""
    tint = lighter(stage.palette[3], 0.55)
    return lettering(stage.note.upper(), stage.unit * 25, tint, "Medium", tracking=0.2)


def rounded(size: tuple[float, float], radius: float, tint: tuple[int, ...]) -> Image.Image:
    """A rectangle with round corners."""
    return sprite(
        size,
        lambda pen, k: pen.rounded_rectangle((0, 0, size[0] * k - 1, size[1] * k - 1), radius * k, fill=tint),
        fine=2,
    )


def fitting(stage: Stage, wanted: float) -> float:
    """The type size, at most `wanted` units, at which the title fills no more than 84 % of the width."""
    size = stage.unit * wanted
    length = lettering(stage.title, size, (0, 0, 0), "Black").width
    return size * min(1.0, stage.size[0] * 0.84 / length)
