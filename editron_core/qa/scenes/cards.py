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
    vignette,
)
from editron_core.qa.scenes.stage import Painter, Stage


def title_card(stage: Stage) -> Painter:
    """The title rises, its line draws itself, lights drift behind."""
    width, height = stage.size
    unit, accent = stage.unit, stage.palette[3]
    base = gradient(stage.size, stage.palette[:3])
    rng = stage.rng()
    lights = [
        (
            glow(unit * rng.uniform(90, 280), lighter(stage.palette[rng.integers(1, 4)], 0.2), 0.5),
            *rng.random(2),
            rng.uniform(-0.03, 0.03),
        )
        for _ in range(9)
    ]
    words = lettering(stage.title, _fitting(stage, 104), (255, 255, 255), "Black")
    note = lettering(stage.note.upper(), unit * 25, lighter(accent, 0.55), "Medium", tracking=0.22)
    dark = vignette(stage.size)

    def paint(at: float) -> Image.Image:
        frame = base.copy()
        for light, x, y, drift in lights:
            place(frame, light, (x + drift * at * 2) * width, (y + 0.02 * math.sin(at + x * 9)) * height)
        frame.paste(dark, (0, 0), dark)
        rise = ease_out((at - 0.15) / 0.9)
        place(frame, faded(words, rise), width / 2, height * 0.47 + (1 - rise) * unit * 60)
        span = ease_out((at - 0.5) / 0.9) * min(words.width, width * 0.8)
        if span > 4:
            bar = sprite(
                (span, unit * 7),
                lambda pen, k: pen.rounded_rectangle(
                    (0, 0, span * k - 1, unit * 7 * k), unit * 3.5 * k, fill=accent
                ),
            )
            place(frame, bar, width / 2, height * 0.47 + unit * 76)
        place(frame, faded(note, ease_out((at - 0.9) / 0.7)), width / 2, height * 0.47 + unit * 118)
        return frame

    return paint


def score_card(stage: Stage) -> Painter:
    """A closing card: the title on a plate that springs in, the note under it."""
    width, height = stage.size
    unit, accent = stage.unit, stage.palette[3]
    base = gradient(stage.size, stage.palette[:3])
    sun = glow(unit * 420, lighter(accent, 0.3), 0.8)
    dark = vignette(stage.size)
    words = lettering(stage.title, _fitting(stage, 88), (255, 255, 255), "Black")
    note = lettering(stage.note.upper(), unit * 25, lighter(accent, 0.6), "Medium", tracking=0.2)
    plate_size = (words.width + unit * 110, unit * 170)
    plate = sprite(
        plate_size,
        lambda pen, k: pen.rounded_rectangle(
            (0, 0, plate_size[0] * k - 1, plate_size[1] * k - 1), unit * 28 * k, fill=(10, 14, 34, 150)
        ),
    )

    def paint(at: float) -> Image.Image:
        frame = base.copy()
        place(frame, sun, width * 0.5, height * (0.62 - 0.03 * at))
        frame.paste(dark, (0, 0), dark)
        drop = spring((at - 0.1) / 1.1)
        y = height * 0.46 - (1 - drop) * unit * 160
        place(frame, faded(plate, min(1, at * 3)), width / 2, y)
        place(frame, faded(words, min(1, at * 3)), width / 2, y)
        place(frame, faded(note, ease_out((at - 0.8) / 0.7)), width / 2, height * 0.46 + unit * 130)
        return frame

    return paint


def _fitting(stage: Stage, wanted: float) -> float:
    """The type size, at most `wanted` units, at which the title fills no more than 84 % of the width."""
    size = stage.unit * wanted
    length = lettering(stage.title, size, (0, 0, 0), "Black").width
    return size * min(1.0, stage.size[0] * 0.84 / length)
