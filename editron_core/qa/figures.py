"""The cast of drawn footage: people with a skeleton, a ball, a crowd and confetti."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from editron_core.qa.canvas import Colour, Pen, Turning, darker, lighter, place, shaded, sprite, trimmed

SKINS: tuple[Colour, ...] = ((255, 214, 178), (236, 184, 138), (198, 134, 90), (141, 88, 58), (104, 64, 44))
HAIRS: tuple[Colour, ...] = ((43, 30, 30), (92, 56, 34), (176, 112, 48), (214, 178, 110), (120, 46, 36))
INK: Colour = (34, 30, 42)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """What a person wears."""

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour = (38, 44, 66)
    shoes: Colour = (240, 240, 244)
    bun: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """A skeleton's angles in degrees: 0 hangs straight down, positive swings towards the right."""

    lean: float = 0
    arms: tuple[float, float, float, float] = (-14, -6, 14, 6)
    """Far upper, far lower, near upper, near lower."""
    legs: tuple[float, float, float, float] = (-5, -3, 5, 3)
    """Far thigh, far shin, near thigh, near shin."""
    mouth: float = 0.2
    """0 a smile, 1 wide open."""
    gaze: float = 0.0
    """Where the face points, -1 left to 1 right."""


def person(height: float, look: Look, pose: Pose) -> Image.Image:
    """A standing person of `height` pixels; the sprite is 1.3 times as large, feet at 0.9 of it."""
    side = height * 1.3

    def draw(pen: Pen, k: float) -> None:
        unit = height * k
        hip = (side * k / 2, side * k * 0.9 - unit * 0.36)
        neck = _from(hip, 180 - pose.lean, unit * 0.27)
        far = darker(look.shirt, 0.3)
        shoulders = [
            (neck[0] - unit * 0.075, neck[1] + unit * 0.035),
            (neck[0] + unit * 0.075, neck[1] + unit * 0.035),
        ]
        _arm(pen, shoulders[0], pose.arms[:2], unit, far, darker(look.skin, 0.2))
        _leg(
            pen, (hip[0] - unit * 0.04, hip[1]), pose.legs[:2], unit, darker(look.trousers, 0.35), look.shoes
        )
        _leg(pen, (hip[0] + unit * 0.04, hip[1]), pose.legs[2:], unit, look.trousers, look.shoes)
        _limb(
            pen, [(hip[0], hip[1] - unit * 0.02), (neck[0], neck[1] + unit * 0.07)], unit * 0.185, look.shirt
        )
        _limb(
            pen, [(hip[0], hip[1] + unit * 0.01), (hip[0], hip[1] - unit * 0.01)], unit * 0.17, look.trousers
        )
        _limb(pen, [neck, (neck[0], neck[1] + unit * 0.04)], unit * 0.06, darker(look.skin, 0.15))
        _head(pen, _from(neck, 180 - pose.lean * 0.6, unit * 0.125), unit * 0.125, look, pose)
        _arm(pen, shoulders[1], pose.arms[2:], unit, lighter(look.shirt, 0.1), look.skin)

    return trimmed(shaded(sprite((side, side), draw), light=0.16, shade=0.26))


def running(height: float, look: Look, phases: int = 16) -> list[Image.Image]:
    """A run cycle towards the right."""
    cycle = []
    for phase in range(phases):
        angle = 2 * math.pi * phase / phases
        swing, other = math.sin(angle), math.sin(angle + math.pi)
        pose = Pose(
            lean=9,
            arms=(38 * swing, 38 * swing + 62, 38 * other, 38 * other + 62),
            legs=(44 * other, _shin(other, angle + math.pi), 44 * swing, _shin(swing, angle)),
            mouth=0.15,
            gaze=0.55,
        )
        cycle.append(person(height, look, pose))
    return cycle


def _shin(swing: float, angle: float) -> float:
    return 44 * swing - 38 - 34 * math.cos(angle)


def _from(point: Point, degrees: float, length: float) -> Point:
    radians = math.radians(degrees)
    return point[0] + math.sin(radians) * length, point[1] + math.cos(radians) * length


def _limb(pen: Pen, points: Sequence[Point], width: float, tint: Colour) -> None:
    pen.line(list(points), fill=tint, width=max(1, round(width)), joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=tint)


def _arm(pen: Pen, at: Point, angles: Sequence[float], unit: float, sleeve: Colour, skin: Colour) -> None:
    elbow = _from(at, angles[0], unit * 0.135)
    hand = _from(elbow, angles[1], unit * 0.13)
    _limb(pen, [at, elbow, hand], unit * 0.052, skin)
    _limb(pen, [at, _from(at, angles[0], unit * 0.085)], unit * 0.066, sleeve)
    radius = unit * 0.033
    pen.ellipse((hand[0] - radius, hand[1] - radius, hand[0] + radius, hand[1] + radius), fill=skin)


def _leg(pen: Pen, at: Point, angles: Sequence[float], unit: float, cloth: Colour, shoe: Colour) -> None:
    knee = _from(at, angles[0], unit * 0.175)
    foot = _from(knee, angles[1], unit * 0.165)
    _limb(pen, [at, knee, foot], unit * 0.074, cloth)
    _limb(
        pen, [(foot[0] - unit * 0.01, foot[1]), _from(foot, angles[1] + 84, unit * 0.055)], unit * 0.052, shoe
    )


def _head(pen: Pen, centre: Point, radius: float, look: Look, pose: Pose) -> None:
    x, y = centre
    if look.bun:
        _disc(pen, (x - radius * (0.55 + pose.gaze * 0.6), y - radius * 0.95), radius * 0.42, look.hair)
    _disc(pen, (x, y - radius * 0.1), radius * 1.07, look.hair)
    pen.ellipse((x - radius, y - radius * 0.85, x + radius, y + radius * 1.05), fill=look.skin)
    pen.chord(
        (x - radius * 1.06, y - radius * 1.14, x + radius * 1.06, y + radius * 0.7), 184, 356, fill=look.hair
    )
    turn = pose.gaze * radius * 0.3
    for side in (-0.38, 0.38):
        eye = (x + side * radius + turn, y + radius * 0.1)
        _disc(pen, eye, radius * 0.17, INK)
        _disc(pen, (eye[0] + radius * 0.05, eye[1] - radius * 0.06), radius * 0.055, (255, 255, 255))
        _disc(pen, (x + side * 1.55 * radius + turn * 0.7, y + radius * 0.42), radius * 0.13, (238, 120, 104))
    mouth = (x + turn, y + radius * 0.48)
    wide, open_by = radius * (0.3 + 0.1 * pose.mouth), radius * 0.42 * pose.mouth
    box = (
        mouth[0] - wide,
        mouth[1] - open_by * 0.4 - radius * 0.14,
        mouth[0] + wide,
        mouth[1] + open_by + radius * 0.14,
    )
    if pose.mouth > 0.3:
        pen.chord(box, 0, 180, fill=(120, 28, 44))
    else:
        pen.arc(box, 15, 165, fill=INK, width=max(1, round(radius * 0.09)))


def _disc(pen: Pen, centre: Point, radius: float, tint: Colour) -> None:
    pen.ellipse((centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), fill=tint)


class Ball:
    """A football that rolls: its pattern turns, its light stays."""

    def __init__(self, radius: float) -> None:
        self.radius = radius
        self._turning = Turning(sprite((2 * radius, 2 * radius), self._pattern))
        side = max(2, round(2 * radius))
        flat = sprite(
            (side, side), lambda pen, k: pen.ellipse((0, 0, side * k, side * k), fill=(128, 128, 128))
        )
        self._mask = flat.getchannel("A")
        axis = np.linspace(-1, 1, side)
        away = np.hypot(axis[None, :] + 0.35, axis[:, None] + 0.4)
        dark = np.zeros((side, side, 4), np.uint8)
        dark[..., :3] = (14, 16, 40)
        dark[..., 3] = np.clip((away - 0.45) * 120, 0, 170).astype(np.uint8)
        self._shade = Image.fromarray(dark, "RGBA")

    def at(self, degrees: float) -> Image.Image:
        """The ball turned counter-clockwise by `degrees`."""
        side = self._mask.width
        turned = self._turning.at(degrees)
        edge = (turned.width - side) // 2
        ball = turned.crop((edge, edge, edge + side, edge + side))
        ball = Image.alpha_composite(ball, self._shade)
        ball.putalpha(self._mask)
        return ball

    def _pattern(self, pen: Pen, k: float) -> None:
        radius = self.radius * k
        _disc(pen, (radius, radius), radius, (246, 246, 250))
        pen.polygon([_from((radius, radius), 72 * n, radius * 0.34) for n in range(5)], fill=INK)
        for n in range(5):
            outer = _from((radius, radius), 72 * n, radius * 0.98)
            pen.line(
                [_from((radius, radius), 72 * n, radius * 0.3), outer],
                fill=(150, 150, 160),
                width=round(radius * 0.05),
            )
            pen.polygon([_from(outer, 72 * n + 72 * m, radius * 0.3) for m in range(5)], fill=INK)


class Crowd:
    """Rows of people on a stand; they sway, and they leap when something happens."""

    def __init__(
        self, size: tuple[float, float], rows: int, tints: Sequence[Colour], rng: np.random.Generator
    ) -> None:
        self._rows: list[tuple[Image.Image, float, float, float]] = []
        width, height = size
        self._head = height / rows * 0.62
        for row in range(rows):
            for half in range(2):
                strip = self._strip(width, row, half, tints, rng)
                self._rows.append(
                    (
                        strip,
                        (row + 0.75) * height / rows,
                        float(rng.uniform(0, 6.3)),
                        float(rng.uniform(0.8, 1.25)),
                    )
                )

    def paint(self, frame: Image.Image, left: float, top: float, at: float, joy: float) -> None:
        """Draw the crowd with its corner at (left, top); `joy` 0 sways, 1 leaps."""
        for strip, y, phase, pace in self._rows:
            leap = abs(math.sin(at * 7.5 * pace + phase)) * joy * self._head * 0.75
            sway = math.sin(at * 1.7 * pace + phase) * self._head * 0.07
            place(frame, strip, left + strip.width / 2 + sway * 2, top + y - leap + sway)

    def _strip(
        self, width: float, row: int, half: int, tints: Sequence[Colour], rng: np.random.Generator
    ) -> Image.Image:
        head, pitch = self._head, self._head * 1.15
        people = [
            (
                n * pitch * 2 + (half + row * 0.5) * pitch,
                tints[int(rng.integers(len(tints)))],
                SKINS[int(rng.integers(5))],
                HAIRS[int(rng.integers(5))],
                rng.random(),
            )
            for n in range(int(width / pitch / 2) + 2)
        ]

        def draw(pen: Pen, k: float) -> None:
            for x, shirt, skin, hair, mood in people:
                centre = (x * k, head * 0.75 * k)
                body = (
                    centre[0] - head * 0.5 * k,
                    centre[1] + head * 0.3 * k,
                    centre[0] + head * 0.5 * k,
                    centre[1] + head * 2 * k,
                )
                pen.rounded_rectangle(body, head * 0.3 * k, fill=darker(shirt, 0.12))
                if mood > 0.6:
                    for side in (-1, 1):
                        hand = (centre[0] + side * head * 0.72 * k, centre[1] - head * (0.1 + 0.4 * mood) * k)
                        _limb(
                            pen,
                            [(centre[0] + side * head * 0.4 * k, centre[1] + head * 0.55 * k), hand],
                            head * 0.2 * k,
                            skin,
                        )
                _disc(pen, (centre[0], centre[1] - head * 0.05 * k), head * 0.37 * k, hair)
                _disc(pen, (centre[0], centre[1] + head * 0.04 * k), head * 0.33 * k, skin)

        return sprite((width + 2 * pitch, head * 2.6), draw)


class Confetti:
    """Paper that bursts from two corners and flutters down."""

    def __init__(
        self, size: tuple[int, int], tints: Sequence[Colour], rng: np.random.Generator, count: int = 240
    ) -> None:
        self._size = size
        unit = min(size)
        self._side = rng.integers(0, 2, count)
        self._speed = np.stack([rng.uniform(0.15, 1.05, count), rng.uniform(0.7, 1.75, count)], axis=1)
        self._delay = rng.uniform(0, 0.5, count)
        self._spin = rng.uniform(4, 13, count)
        self._phase = rng.uniform(0, 6.28, count)
        self._tint = rng.integers(0, len(tints), count)
        paper = unit * 0.017
        self._papers = [
            [_paper(paper * s, tint, n * 22.5) for n in range(8)] for tint in tints for s in (1.0,)
        ]

    def paint(self, frame: Image.Image, since: float) -> None:
        """Draw the paper `since` seconds after the burst; nothing before it."""
        if since < 0:
            return
        width, height = self._size
        age = np.clip(since - self._delay, 0, None)
        drag = (1 - np.exp(-1.6 * age)) / 1.6
        x = (
            np.where(self._side == 0, 0, width)
            + np.where(self._side == 0, 1, -1) * self._speed[:, 0] * drag * width * 1.25
        )
        x = x + np.sin(age * 3 + self._phase) * height * 0.02
        y = height * 1.02 - self._speed[:, 1] * drag * height * 1.9 + 0.16 * height * age**1.7
        for n in np.flatnonzero((age > 0) & (y < height * 1.05) & (y > -40)):
            papers = self._papers[self._tint[n]]
            paper = papers[int((self._phase[n] + age[n] * self._spin[n]) / 0.785) % 8]
            frame.paste(paper, (int(x[n]), int(y[n])), paper)


def _paper(size: float, tint: Colour, degrees: float) -> Image.Image:
    squeeze = abs(math.cos(math.radians(degrees))) * 0.75 + 0.25
    flat = sprite(
        (size * 1.2, size * 1.2),
        lambda pen, k: pen.rectangle(
            (size * 0.3 * k, size * 0.6 * (1 - squeeze) * k, size * 0.9 * k, size * 0.6 * (1 + squeeze) * k),
            fill=lighter(tint, 0.25 * squeeze),
        ),
    )
    return flat.rotate(degrees * 1.7, Image.Resampling.BICUBIC, expand=True)


def shadow(width: float, height: float, strength: float = 0.4) -> Image.Image:
    """A soft shadow on the ground."""
    across = np.linspace(-1, 1, max(2, round(width)))[None, :]
    down = np.linspace(-1, 1, max(2, round(height)))[:, None]
    alpha = np.clip(1 - across**2 - down**2, 0, 1) * 255 * strength
    pixels = np.zeros((*alpha.shape, 4), np.uint8)
    pixels[..., :3] = (10, 12, 30)
    pixels[..., 3] = alpha.astype(np.uint8)
    return Image.fromarray(pixels, "RGBA")


def polygon_layer(size: tuple[int, int], points: Sequence[Point], tint: Colour) -> Image.Image:
    """One filled outline on a transparent layer of `size`."""
    return sprite(size, lambda pen, k: pen.polygon([(x * k, y * k) for x, y in points], fill=tint))


__all__ = [
    "HAIRS",
    "SKINS",
    "Ball",
    "Confetti",
    "Crowd",
    "Look",
    "Point",
    "Pose",
    "person",
    "polygon_layer",
    "running",
    "shadow",
]
