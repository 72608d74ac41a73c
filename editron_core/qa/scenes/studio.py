"""A talk about a thing: the host at home, the lamp on a plinth, and the room that lights up."""

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
from editron_core.qa.figures import shadow
from editron_core.qa.portrait import Face, Portrait
from editron_core.qa.scenes.cards import rounded
from editron_core.qa.scenes.ground import darkened
from editron_core.qa.scenes.stage import Stage

BOOKS: tuple[Colour, ...] = ((196, 84, 70), (232, 190, 112), (74, 118, 140), (238, 228, 212), (96, 138, 108))
WARM: Colour = (255, 206, 128)
METAL: Colour = (226, 206, 178)


class Host:
    """Somebody speaks to the camera; the mouth follows the voice. Title and note make a name plate."""

    HEAD = 250
    """Width of the head, in units."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        width, height = stage.size
        self._back = darkened(softened(self._backdrop(), stage.unit * 5))
        self._portrait = Portrait(self._face(), stage.unit * self.HEAD)
        self._motes = _motes(stage, 14)
        self._name = lettering(stage.title, stage.unit * 34, (255, 255, 255), "Bold") if stage.title else None
        self._role = lettering(stage.note, stage.unit * 21, lighter(stage.palette[3], 0.6), "Regular")
        self._at = (width * 0.5, height * 0.45)

    def _face(self) -> Face:
        return Face(shirt=darker(self._stage.palette[3], 0.25))

    def _backdrop(self) -> Image.Image:
        return room(self._stage, lit=True)

    def __call__(self, at: float) -> Image.Image:
        unit = self._stage.unit
        frame = self._back.copy()
        self._portrait.paint(frame, *self._at, at, self._stage.voice(at))
        drift(frame, self._motes, at, 0.5)
        if self._name is not None:
            self._plate(frame, at)
        closer = 1.02 + 0.03 * ease(at / self._stage.seconds)
        return shake(frame, math.sin(at * 0.9) * unit * 3, math.cos(at * 1.1) * unit * 2, closer)

    def _plate(self, frame: Image.Image, at: float) -> None:
        assert self._name is not None
        unit, height = self._stage.unit, self._stage.size[1]
        shown = ease_out((at - 0.6) / 0.6) * (1 - ease((at - 4.2) / 0.5))
        if shown <= 0:
            return
        wide = max(self._name.width, self._role.width) + unit * 70
        x, y = unit * 60 + wide / 2 - (1 - shown) * unit * 60, height * 0.84
        place(frame, faded(rounded((wide, unit * 104), unit * 16, (14, 18, 34, 190)), shown), x, y)
        bar = rounded((unit * 7, unit * 64), unit * 3, self._stage.palette[3])
        place(frame, faded(bar, shown), x - wide / 2 + unit * 24, y)
        left = x - wide / 2 + unit * 44
        place(frame, faded(self._name, shown), left + self._name.width / 2, y - unit * 18)
        place(frame, faded(self._role, shown), left + self._role.width / 2, y + unit * 24)


class Product:
    """The lamp on a plinth: light sweeps over it, three claims appear (the note, parted by `|`)."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        (width, height), unit = stage.size, stage.unit
        base = gradient(stage.size, stage.palette[:3])
        place(base, glow(height * 0.75, lighter(stage.palette[2], 0.45), 0.8), width * 0.36, height * 0.42)
        self._base = darkened(base)
        self._lamp = lamp(unit * 430, stage.palette[3], lit=False)
        self._plinth = _plinth(unit, stage.palette[1])
        self._shadow = shadow(unit * 420, unit * 70, 0.5)
        self._rings = [glow(unit * r, lighter(stage.palette[3], 0.4), 0.35) for r in (90, 140)]
        self._claims = []
        for text in stage.note.split("|"):
            words = lettering(text.strip(), unit * 40, (255, 255, 255), "Bold")
            self._claims.append(
                (words, rounded((words.width + unit * 76, unit * 78), unit * 39, (12, 16, 36, 120)))
            )

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._base.copy()
        for number, ring in enumerate(self._rings):
            turn = at * 0.8 + number * 2.4
            place(
                frame,
                ring,
                width * (0.36 + 0.2 * math.cos(turn)),
                height * (0.4 + 0.16 * math.sin(turn * 1.3)),
            )
        hover = math.sin(at * 1.6) * unit * 10
        x = width * 0.36
        place(frame, self._plinth, x, height * 0.86)
        place(frame, self._shadow, x, height * 0.775)
        place(frame, self._lamp, x, height * 0.46 + hover)
        self._sweep(frame, at, x, height * 0.46 + hover)
        for number, (words, plate) in enumerate(self._claims):
            shown = spring((at - 0.7 - number * self._stage.seconds / (len(self._claims) + 0.8)) / 0.9)
            if shown > 0.02:
                across = width * 0.6 + plate.width / 2 + (1 - shown) * unit * 120
                down = height * (0.3 + 0.18 * number)
                place(frame, faded(plate, shown), across, down)
                place(frame, faded(words, shown), across, down)
        return shake(frame, 0, 0, 1.0 + 0.05 * ease(at / self._stage.seconds))

    def _sweep(self, frame: Image.Image, at: float, x: float, y: float) -> None:
        """A band of light that slides across the lamp and stays inside its outline."""
        share = (at * 0.42) % 1.4 - 0.2
        lamp_width, lamp_height = self._lamp.size
        across = np.exp(-(((np.arange(lamp_width) / lamp_width - share) / 0.07) ** 2)) * 120
        alpha = np.asarray(self._lamp.getchannel("A")).astype(np.float32) / 255 * across[None, :]
        shine = Image.new("RGBA", (lamp_width, lamp_height), (255, 255, 255, 0))
        shine.putalpha(Image.fromarray(alpha.astype(np.uint8), "L"))
        place(frame, shine, x, y)


class Reveal:
    """A dark room that a lamp lights up at `payoff`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        (width, height), unit = stage.size, stage.unit
        at = (width * 0.66, height * 0.52)
        dark = room(stage, lit=False)
        lit = room(stage, lit=True)
        place(lit, glow(height * 1.1, WARM, 0.62), at[0], at[1] - unit * 60)
        self._dark, self._lit = darkened(dark), darkened(lit)
        for view, on in ((self._dark, False), (self._lit, True)):
            tint = stage.palette[3] if on else darker(stage.palette[3], 0.78)
            place(
                view,
                lamp(unit * 330, tint, lit=on, metal=METAL if on else darker(METAL, 0.82)),
                at[0],
                height * 0.6,
            )
        self._at = (at[0], height * 0.6 - unit * 90)
        self._halo = glow(unit * 420, WARM, 0.8)
        self._motes = _motes(stage, 60)
        self._rays = _rays(unit * 520)
        self._word = lettering(stage.title, unit * 120, (255, 250, 238), "Black") if stage.title else None

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        since = at - self._stage.payoff
        on = 0.0 if since < 0 else ease_out(since / 0.9) * (0.94 + 0.06 * math.sin(since * 5))
        flicker = 0.28 if -0.35 < since < -0.25 else 0.0
        frame = Image.blend(self._dark, self._lit, max(on, flicker))
        if since >= 0:
            burst = math.exp(-1.6 * since)
            place(frame, faded(self._halo, 0.35 + 0.65 * burst), *self._at)
            place(frame, faded(self._rays, 0.5 * ease_out(since / 0.8) * (0.4 + burst)), *self._at)
            drift(frame, self._motes, at, min(1.0, since))
        if self._word is not None and since > 0.5:
            rise = ease_out((since - 0.5) / 0.9)
            place(frame, faded(self._word, rise), width * 0.42, height * 0.26 + (1 - rise) * unit * 50)
        closer = 1.0 + 0.05 * ease(at / max(self._stage.payoff, 0.1)) + 0.06 * ease_out(max(0.0, since) / 3)
        return shake(frame, 0, math.sin(at) * unit * 3, closer)


def room(stage: Stage, *, lit: bool) -> Image.Image:
    """A living room: wall, window, shelf with books, a plant, a table; dark unless `lit`."""
    (width, height), unit = stage.size, stage.unit
    wall = mix(stage.palette[1], (236, 226, 214), 0.45)
    frame = gradient(stage.size, [lighter(wall, 0.12), wall, darker(wall, 0.28)])
    sky = gradient((round(unit * 250), round(unit * 300)), [stage.palette[0], stage.palette[2]])
    pane = Image.new("RGB", (sky.width + round(unit * 24), sky.height + round(unit * 24)), (244, 240, 232))
    pane.paste(sky, (round(unit * 12), round(unit * 12)))
    pane.paste(
        (244, 240, 232),
        (pane.width // 2 - round(unit * 4), 0, pane.width // 2 + round(unit * 4), pane.height),
    )
    frame.paste(pane, (round(width * 0.07), round(height * 0.14)))
    _shelf(frame, stage, width * 0.8, height * 0.3)
    _plant(frame, stage, width * 0.94, height * 0.72)
    wood = (150, 102, 72)
    table = gradient((width, round(height * 0.2)), [lighter(wood, 0.2), wood, darker(wood, 0.5)])
    frame.paste(table, (0, height - table.height))
    if not lit:
        night = Image.new("RGB", stage.size, (14, 18, 44))
        frame = Image.blend(frame, night, 0.84)
    return frame


def _shelf(frame: Image.Image, stage: Stage, x: float, y: float) -> None:
    unit, rng = stage.unit, np.random.default_rng(7)
    for row in range(2):
        top = y + row * unit * 130
        left = x - unit * 150
        while left < x + unit * 130:
            wide, tall = unit * rng.uniform(16, 34), unit * rng.uniform(62, 96)
            tint = BOOKS[int(rng.integers(5))]
            book = shaded(rounded((wide, tall), unit * 3, tint), light=0.1, shade=0.3)
            place(frame, book, left + wide / 2, top - tall / 2)
            left += wide + unit * (2 if rng.random() < 0.85 else 34)
        place(frame, rounded((unit * 340, unit * 14), unit * 4, (122, 84, 62)), x, top + unit * 7)


def _plant(frame: Image.Image, stage: Stage, x: float, y: float) -> None:
    unit = stage.unit
    for n in range(9):
        angle = math.radians(-80 + n * 20)
        tip = (math.sin(angle) * unit * 120, -math.cos(angle) * unit * 170)
        tint = mix((58, 120, 84), (124, 170, 96), n % 3 / 3)

        def draw(pen: Pen, k: float, tip: tuple[float, float] = tip, tint: Colour = tint) -> None:
            middle = unit * 200 * k
            side = (tip[1] * 0.16 * k, -tip[0] * 0.16 * k)
            half = (middle + tip[0] * 0.55 * k, middle + tip[1] * 0.55 * k)
            end = (middle + tip[0] * k, middle + tip[1] * k)
            leaf = [
                (middle, middle),
                (half[0] + side[0], half[1] + side[1]),
                end,
                (half[0] - side[0], half[1] - side[1]),
            ]
            pen.polygon(leaf, fill=tint)

        place(frame, sprite((unit * 400, unit * 400), draw, fine=2), x, y)
    pot = shaded(rounded((unit * 110, unit * 110), unit * 18, (214, 138, 108)))
    place(frame, pot, x, y + unit * 50)


def lamp(height: float, tint: Colour, *, lit: bool, metal: Colour = METAL) -> Image.Image:
    """A mushroom lamp of `height` pixels."""
    width = height * 0.86
    glass = mix(WARM, (255, 250, 236), 0.55) if lit else lighter(tint, 0.12)

    def stem(pen: Pen, k: float) -> None:
        w, h = width * k, height * k
        pen.rounded_rectangle((w * 0.44, h * 0.4, w * 0.56, h * 0.92), w * 0.05, fill=metal)
        pen.ellipse((w * 0.24, h * 0.86, w * 0.76, h * 0.99), fill=darker(metal, 0.3))
        pen.ellipse((w * 0.24, h * 0.84, w * 0.76, h * 0.96), fill=metal)

    def shade(pen: Pen, k: float) -> None:
        w, h = width * k, height * k
        pen.ellipse((w * 0.02, h * 0.4, w * 0.98, h * 0.58), fill=darker(glass, 0.0 if lit else 0.35))
        pen.pieslice((w * 0.02, h * 0.02, w * 0.98, h * 0.96), 180, 360, fill=glass)

    whole = shaded(sprite((width, height), stem), shade=0.45)
    dome = sprite((width, height), shade)
    whole.alpha_composite(dome if lit else shaded(dome, light=0.34, shade=0.55))

    def bright(pen: Pen, k: float) -> None:
        pen.ellipse(
            (width * 0.2 * k, height * 0.1 * k, width * 0.46 * k, height * 0.24 * k),
            fill=(255, 255, 255, 120),
        )

    gleam = softened(sprite((width, height), bright), height * 0.025)
    whole.alpha_composite(gleam)
    return whole


def _plinth(unit: float, tint: Colour) -> Image.Image:
    size = (unit * 520, unit * 240)
    side = lighter(tint, 0.3)

    def draw(pen: Pen, k: float) -> None:
        w, h = size[0] * k, size[1] * k
        pen.rectangle((0, h * 0.18, w - 1, h), fill=darker(side, 0.2))
        pen.ellipse((0, 0, w - 1, h * 0.36), fill=lighter(side, 0.2))

    return shaded(sprite(size, draw, fine=2), shade=0.5)


def _rays(radius: float) -> Image.Image:
    def draw(pen: Pen, k: float) -> None:
        for n in range(14):
            start = n * 360 / 14
            pen.pieslice((0, 0, 2 * radius * k, 2 * radius * k), start, start + 9, fill=(*WARM, 70))

    rays = softened(sprite((2 * radius, 2 * radius), draw, fine=1), radius * 0.02)
    round_fade = glow(radius, WARM, 1.0).getchannel("A").resize(rays.size)
    rays.putalpha(
        Image.fromarray(
            (np.asarray(rays.getchannel("A")) * (np.asarray(round_fade) / 255.0)).astype(np.uint8)
        )
    )
    return rays


Motes = list[tuple[Image.Image, float, float, float, float]]


def _motes(stage: Stage, count: int) -> Motes:
    rng = np.random.default_rng(stage.seed + 5)
    return [
        (
            glow(stage.unit * rng.uniform(4, 15), WARM, 0.8),
            rng.random(),
            rng.random(),
            rng.random(),
            rng.random(),
        )
        for _ in range(count)
    ]


def drift(frame: Image.Image, motes: Motes, at: float, shown: float) -> None:
    """Specks of light that float upwards; `shown` 0..1."""
    width, height = frame.size
    for number, (mote, x, y, pace, phase) in enumerate(motes):
        if number < shown * len(motes):
            across = (x + 0.02 * math.sin(at * (0.6 + pace) + phase * 6)) * width
            place(frame, mote, across, ((y - at * (0.02 + 0.05 * pace)) % 1.0) * height)
