"""A phone clip in the street: a skater rolls, jumps, and tells about it."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from editron_core.qa.canvas import (
    Colour,
    Pen,
    darker,
    ease,
    ease_out,
    faded,
    glow,
    gradient,
    lettering,
    lighter,
    mix,
    place,
    shaded,
    shake,
    softened,
    spring,
    sprite,
)
from editron_core.qa.figures import HAIRS, SKINS, Confetti, Look, Pose, person, shadow
from editron_core.qa.portrait import Face
from editron_core.qa.scenes.cards import rounded
from editron_core.qa.scenes.ground import PAPER, darkened
from editron_core.qa.scenes.stage import Stage
from editron_core.qa.scenes.studio import Host

SKATER = Look(SKINS[2], HAIRS[0], (255, 196, 60), trousers=(46, 58, 92), shoes=(240, 84, 84))
CRUISE = Pose(lean=8, arms=(-58, -30, 52, 84), legs=(-24, 10, 26, -8), gaze=0.5, mouth=0.2)
CROUCH = Pose(lean=24, arms=(-74, -50, 66, 96), legs=(-58, 34, 62, -36), gaze=0.5, mouth=0.1)
FLY = Pose(lean=4, arms=(-122, -104, 122, 140), legs=(-48, 28, 54, -30), gaze=0.4, mouth=1.0)


def skyline(stage: Stage, length: int, height: int, *, near: bool) -> Image.Image:
    """A row of houses on a transparent layer that repeats after `length` pixels."""
    rng = np.random.default_rng(stage.seed + (1 if near else 2))
    unit = stage.unit
    layer = Image.new("RGBA", (length, height))
    haze = stage.palette[1]
    left = 0.0
    while left < length:
        wide = min(unit * rng.uniform(150, 270) * (1.0 if near else 0.6), length - left)
        tall = height * rng.uniform(0.5, 0.98)
        tint = mix(darker(stage.palette[0], 0.1), haze, 0.2 if near else 0.62)
        tint = mix(tint, (int(rng.integers(90, 220)), 96, 90), 0.25 if near else 0.08)
        place(
            layer,
            _house(rng, (wide, tall), unit if near else unit * 0.6, tint, stage.palette[3]),
            left + wide / 2,
            height - tall / 2,
        )
        left += wide
    return layer


def _house(
    rng: np.random.Generator, size: tuple[float, float], unit: float, tint: Colour, light: Colour
) -> Image.Image:
    lit = rng.random((40, 40)) < 0.3

    def draw(pen: Pen, k: float) -> None:
        pen.rectangle((0, 0, size[0] * k, size[1] * k), fill=tint)
        pen.rectangle((0, 0, size[0] * k, unit * 12 * k), fill=lighter(tint, 0.2))
        for row in range(int(size[1] / (unit * 62))):
            for column in range(int((size[0] - unit * 20) / (unit * 48))):
                x, y = unit * (22 + 48 * column), unit * (36 + 62 * row)
                glass = lighter(light, 0.25) if lit[row % 40, column % 40] else darker(tint, 0.3)
                pen.rectangle((x * k, y * k, (x + unit * 26) * k, (y + unit * 36) * k), fill=glass)

    return shaded(sprite(size, draw, fine=2), light=0.06, shade=0.3)


class Street:
    """Sky, two rows of houses and the road, moving past at `pace` units a second."""

    def __init__(self, stage: Stage, pace: float) -> None:
        self._stage, self._pace = stage, pace
        (width, height), unit = stage.size, stage.unit
        sky = gradient(stage.size, stage.palette[:3])
        place(sky, glow(unit * 420, lighter(stage.palette[3], 0.4), 0.95), width * 0.62, height * 0.42)
        road = gradient((width, round(height * 0.34)), [(150, 140, 150), (108, 102, 120), (62, 58, 80)])
        sky.paste(road, (0, height - road.height))
        kerb = Image.new("RGB", (width, round(unit * 14)), (206, 198, 196))
        sky.paste(kerb, (0, height - road.height))
        self._sky = darkened(sky)
        self._loop = round(width * 1.5)
        self._far = skyline(stage, self._loop, round(height * 0.3), near=False)
        self._near = skyline(stage, self._loop, round(height * 0.4), near=True)
        self._dash = rounded((unit * 130, unit * 12), unit * 5, (236, 224, 190, 190))
        self._tree = _tree(unit)

    def paint(self, travelled: float) -> Image.Image:
        """The street after `travelled` seconds of rolling."""
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._sky.copy()
        ground = height * 0.66
        for layer, depth in ((self._far, 0.12), (self._near, 0.4)):
            shift = round(travelled * self._pace * unit * depth) % self._loop
            for left in range(-shift, width, self._loop):
                frame.paste(layer, (left, round(ground) - layer.height), layer)
        for n in range(5):
            x = (n * 460 * unit - travelled * self._pace * unit * 0.7) % (unit * 2300) - unit * 200
            place(frame, self._tree, x, ground - unit * 120)
        for n in range(6):
            x = (n * 280 * unit - travelled * self._pace * unit) % (unit * 1680) - unit * 200
            place(frame, self._dash, x, height * 0.9)
        return frame


def _tree(unit: float) -> Image.Image:
    def draw(pen: Pen, k: float) -> None:
        u = unit * k
        pen.rounded_rectangle((u * 92, u * 150, u * 110, u * 270), u * 6, fill=(92, 66, 60))
        for x, y, r, tint in (
            (100, 110, 82, 0.0),
            (58, 140, 56, 0.12),
            (144, 142, 54, 0.2),
            (88, 76, 56, -0.15),
        ):
            green = lighter((76, 138, 92), -tint) if tint < 0 else darker((76, 138, 92), tint)
            pen.ellipse((u * (x - r), u * (y - r), u * (x + r), u * (y + r)), fill=green)

    return shaded(sprite((unit * 204, unit * 270), draw, fine=2), light=0.2, shade=0.4)


class Skate:
    """A tracking shot, hand-held: the skater rolls and pushes off now and then."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        unit = stage.unit
        self._street = Street(stage, 620)
        self._cruise = with_board(person(unit * 430, SKATER, CRUISE), unit)
        self._push = with_board(
            person(unit * 430, SKATER, Pose(12, (-40, -60, 64, 92), (-34, -66, 22, -6), 0.2, 0.5)), unit
        )
        self._shadow = shadow(unit * 300, unit * 44, 0.5)

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._street.paint(at)
        x = width * (0.44 + 0.06 * math.sin(at * 0.9))
        bob = math.sin(at * 9) * unit * 3
        place(frame, self._shadow, x, height * 0.852)
        place(frame, self._push if at % 1.7 < 0.45 else self._cruise, x, height * 0.7 + bob)
        return handheld(frame, at, unit)


class Trick:
    """The skater jumps over a stack of boxes; the payoff is the flight, in slow motion, and the landing."""

    SLOW = 0.45

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        unit = stage.unit
        self._street = Street(stage, 620)
        self._poses = {
            name: with_board(person(unit * 430, SKATER, pose), unit)
            for name, pose in (("cruise", CRUISE), ("crouch", CROUCH), ("fly", FLY))
        }
        self._boxes = _boxes(unit)
        self._shadow = shadow(unit * 300, unit * 44, 0.5)
        self._confetti = Confetti(stage.size, PAPER, stage.rng(), 160)
        self._spark = glow(unit * 26, (255, 226, 150), 1.0)
        self._word = lettering(stage.title, unit * 130, (255, 255, 255), "Black") if stage.title else None
        self._flight = 1.5

    def _clock(self, at: float) -> float:
        """Seconds of action at `at`: slower during the flight."""
        start = self._stage.payoff
        inside = min(max(at - start, 0.0), self._flight)
        return at - inside * (1 - self.SLOW)

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        since = at - self._stage.payoff
        action = self._clock(at)
        frame = self._street.paint(action)
        share = min(1.0, max(0.0, since / self._flight))
        middle = self._stage.payoff + self._flight * self.SLOW / 2
        place(frame, self._boxes, width * 0.5 - (action - middle) * 620 * unit, height * 0.8)
        lift = math.sin(share * math.pi) * unit * 330
        x = width * (0.4 + 0.1 * ease(share))
        name = (
            "fly"
            if 0 < share < 1
            else "crouch"
            if -0.35 < since <= 0 or 0 <= since - self._flight < 0.3
            else "cruise"
        )
        place(frame, faded(self._shadow, 1 - lift / (unit * 500)), x, height * 0.852)
        body = self._poses[name]
        if 0 < share < 1:
            body = body.rotate(10 * math.cos(share * math.pi), Image.Resampling.BILINEAR)
        place(frame, body, x, height * 0.7 - lift)
        self._land(frame, since - self._flight, x)
        return handheld(
            frame, at, unit, jolt=max(0.0, 1 - abs(since - self._flight) * 3) * (since > self._flight)
        )

    def _land(self, frame: Image.Image, after: float, x: float) -> None:
        if after < 0:
            return
        (width, height), unit = self._stage.size, self._stage.unit
        for n in range(14):
            away = ease_out(after / 0.8) * unit * (80 + 22 * n)
            if after < 0.8:
                place(
                    frame,
                    faded(self._spark, 1 - after / 0.8),
                    x - math.cos(n * 0.45) * away,
                    height * 0.85 - math.sin(n * 0.22) * away * 0.5,
                )
        self._confetti.paint(frame, after)
        if self._word is not None and after < 2.4:
            grown = 0.4 + 0.6 * spring(after / 0.8)
            size = (round(self._word.width * grown), round(self._word.height * grown))
            word = faded(self._word.resize(size, Image.Resampling.BILINEAR), 1 - ease((after - 1.9) / 0.5))
            place(frame, word, width / 2, height * 0.2)


class Selfie(Host):
    """The skater speaks into the phone, the street behind out of focus."""

    HEAD = 370

    def _face(self) -> Face:
        return Face(SKINS[2], (38, 26, 30), (236, 170, 40), long_hair=False)

    def _backdrop(self) -> Image.Image:
        return softened(Street(self._stage, 600).paint(2.0), self._stage.unit * 8)


def with_board(rider: Image.Image, unit: float) -> Image.Image:
    """A person on a skateboard, as one sprite with the person's centre kept."""
    side = (max(rider.width, round(unit * 330)), rider.height + round(unit * 40))
    whole = Image.new("RGBA", side)

    def draw(pen: Pen, k: float) -> None:
        u = unit * k
        for x in (60, 230):
            pen.ellipse((u * (x - 15), u * 20, u * (x + 15), u * 50), fill=(250, 240, 220))
            pen.ellipse((u * (x - 6), u * 29, u * (x + 6), u * 41), fill=(120, 110, 120))
        pen.line(
            [(u * 6, u * 6), (u * 40, u * 20), (u * 250, u * 20), (u * 284, u * 6)],
            fill=(232, 84, 84),
            width=round(u * 13),
            joint="curve",
        )

    board = shaded(sprite((unit * 290, unit * 54), draw))
    feet = rider.getbbox() or (0, 0, 0, rider.height)
    whole.alpha_composite(
        board, ((side[0] - board.width) // 2, min(feet[3] - round(unit * 16), side[1] - board.height))
    )
    whole.alpha_composite(rider, ((side[0] - rider.width) // 2, 0))
    return whole


def _boxes(unit: float) -> Image.Image:
    whole = Image.new("RGBA", (round(unit * 260), round(unit * 190)))
    for x, y, size, tint in (
        (70, 130, 112, (206, 160, 112)),
        (186, 132, 108, (190, 142, 98)),
        (128, 48, 92, (220, 176, 128)),
    ):
        box = shaded(rounded((unit * size, unit * size * 0.9), unit * 5, tint), shade=0.4)
        tape = rounded((unit * size * 0.18, unit * size * 0.9), 1, (236, 214, 178, 200))
        place(whole, box, unit * x, unit * y)
        place(whole, tape, unit * x, unit * y)
    return whole


def handheld(frame: Image.Image, at: float, unit: float, jolt: float = 0.0) -> Image.Image:
    """The unrest of a phone in a hand; `jolt` 0..1 adds a hard shake."""
    x = (math.sin(at * 2.1) + 0.6 * math.sin(at * 5.3 + 1)) * unit * 5 + jolt * math.sin(at * 60) * unit * 16
    y = (math.cos(at * 1.7) + 0.6 * math.sin(at * 4.7)) * unit * 5 + jolt * math.cos(at * 70) * unit * 16
    return shake(frame, x, y, 1.05)
