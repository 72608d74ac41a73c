"""The payoff of a match: the ball in the net, and the stand that leaps."""

from __future__ import annotations

import math

from PIL import Image

from editron_core.qa.canvas import (
    Pen,
    ease,
    ease_out,
    faded,
    gradient,
    lettering,
    place,
    shake,
    softened,
    spring,
    sprite,
)
from editron_core.qa.figures import HAIRS, SKINS, Ball, Confetti, Look, Pose, person, shadow
from editron_core.qa.scenes.ground import HOME, PAPER, boards, crowd, darkened, outdoors, terrace
from editron_core.qa.scenes.stage import Stage

FLIGHT_S = 1.1
"""Seconds from the shot to the net."""
TARGET = (0.885, 0.27)
"""Where the ball strikes, as a share of the goal's width and height."""


class Goal:
    """The ball flies into the far corner at `payoff`: flash, shaking camera, confetti, a leaping crowd."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        (width, height), unit = stage.size, stage.unit
        self._ground = outdoors(stage, stage.size, 0.5)
        self._ground.paste(terrace(stage, (width, height * 0.35)), (0, round(height * 0.15)))
        darkened(self._ground)
        self._crowd = crowd(stage, (width, height * 0.33), 7)
        self._boards = boards(stage, width, unit * 42)
        self._net = Net((width * 0.26, height * 0.33, width * 0.74, height * 0.68), unit)
        look = Look(SKINS[0], HAIRS[2], (250, 200, 60))
        ready = Pose(arms=(-50, -80, 50, 80), legs=(-22, 4, 22, -4), mouth=0.4)
        stretched = Pose(arms=(160, 165, 172, 175), legs=(-16, -40, 8, -8), mouth=0.9)
        self._ready = person(unit * 205, look, ready)
        self._diving = person(unit * 205, look, stretched).rotate(-58, Image.Resampling.BICUBIC, expand=True)
        self._balls = [Ball(unit * radius) for radius in (64, 52, 42, 34, 28, 24)]
        self._shadow = shadow(unit * 110, unit * 24)
        self._confetti = Confetti(stage.size, PAPER, stage.rng())
        self._shout = _outlined(stage.title, unit * 150)
        self._white = Image.new("RGB", stage.size, (255, 252, 240))

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        since = at - self._stage.payoff
        frame = self._ground.copy()
        joy = 0.1 if since < 0 else min(1.0, 0.35 + since * 2)
        self._crowd.paint(frame, -unit * 12, height * 0.16, at, joy)
        place(frame, self._boards, width / 2, height * 0.488)
        self._net.paint(frame, since)
        self._keep(frame, since)
        self._shoot(frame, since)
        self._confetti.paint(frame, since)
        self._cry(frame, since)
        if 0 <= since < 0.4:
            frame = Image.blend(frame, self._white, 0.55 * (1 - since / 0.4) ** 2)
        jolt = math.exp(-3 * since) * unit * 20 if since >= 0 else 0.0
        closer = 1.02 + (0.08 * ease_out(since / 2.5) if since > 0 else 0)
        return shake(frame, jolt * math.sin(at * 47), jolt * math.cos(at * 53), closer)

    def _keep(self, frame: Image.Image, since: float) -> None:
        unit, (left, _, right, floor) = self._stage.unit, self._net.posts
        dive = ease_out((since + 0.45) / 0.6)
        x = (left + right) / 2 + 0.27 * dive * (right - left)
        height = math.sin(min(1.0, max(0.0, (since + 0.45) / 1.1)) * math.pi) * unit * 66
        place(frame, self._shadow, x, floor + unit * 6)
        place(frame, self._ready if dive <= 0 else self._diving, x, floor - unit * (90 - 44 * dive) - height)

    def _shoot(self, frame: Image.Image, since: float) -> None:
        (width, height), unit = self._stage.size, self._stage.unit
        left, top, right, floor = self._net.posts
        net_x, net_y = left + (right - left) * TARGET[0], top + (floor - top) * TARGET[1]
        share = min(1.0, max(0.0, since / FLIGHT_S + 1))
        if share < 1:
            x = width * 0.2 + (net_x - width * 0.2) * ease_out(share)
            y = height * 0.88 + (net_y - height * 0.88) * math.sin(share * math.pi / 2)
            y -= unit * 60 * math.sin(share * math.pi)
        else:
            drop = min(1.0, since / 0.7)
            x, y = net_x - unit * 24 * drop, net_y + (floor - net_y - unit * 20) * drop**2
        ball = self._balls[min(5, int(share * 6))]
        place(frame, ball.at(-min(since, 0.7) * 500), x, y)

    def _cry(self, frame: Image.Image, since: float) -> None:
        leave = ease((since - 2.0) / 0.5)
        if self._shout is None or since < 0 or leave >= 1:
            return
        grown = 0.4 + 0.6 * spring(since / 0.8)
        size = (round(self._shout.width * grown), round(self._shout.height * grown))
        word = faded(self._shout.resize(size, Image.Resampling.BILINEAR), 1 - leave)
        place(frame, word, frame.width / 2, frame.height * 0.2)


class Net:
    """A goal with a net that gives way where the ball strikes it."""

    def __init__(self, posts: tuple[float, float, float, float], unit: float) -> None:
        self.posts = posts
        """Left, top, right, bottom in pixels."""
        self._unit = unit
        self._still = self._drawn(0.0)

    def paint(self, frame: Image.Image, since: float) -> None:
        """Draw it `since` seconds after the ball struck."""
        push = math.exp(-2.2 * since) * math.cos(since * 9) * self._unit * 46 if since >= 0 else 0.0
        net = self._drawn(push) if abs(push) > self._unit else self._still
        place(frame, net, (self.posts[0] + self.posts[2]) / 2, (self.posts[1] + self.posts[3]) / 2)

    def _drawn(self, push: float) -> Image.Image:
        unit, (left, top, right, bottom) = self._unit, self.posts
        size = (right - left + unit * 24, bottom - top + unit * 16)

        def knot(x: float, y: float, k: float) -> tuple[float, float]:
            near = math.exp(-((x - TARGET[0]) ** 2 * 16 + (y - TARGET[1]) ** 2 * 9)) * push
            across, down = unit * 12 + x * (right - left), unit * 12 + y * (bottom - top)
            return (across + near * 0.55) * k, (down - near * 0.7) * k

        def draw(pen: Pen, k: float) -> None:
            thin, thread = max(1, round(unit * 1.4 * k)), (255, 255, 255, 118)
            for y in range(15):
                pen.line([knot(x / 26, y / 14, k) for x in range(27)], fill=thread, width=thin)
            for x in range(27):
                pen.line([knot(x / 26, y / 14, k) for y in range(15)], fill=thread, width=thin)
            near, far = unit * 8 * k, (size[0] - unit * 8) * k
            bars = [(near, size[1] * k), (near, near), (far, near), (far, size[1] * k)]
            pen.line(bars, fill=(206, 210, 224), width=round(unit * 14 * k), joint="curve")
            lit = [(x - unit * 2 * k, y - unit * 2 * k) for x, y in bars]
            pen.line(lit, fill=(255, 255, 255), width=round(unit * 8 * k), joint="curve")

        return sprite(size, draw, fine=2)


def _outlined(text: str, size: float) -> Image.Image | None:
    """White letters with a coloured edge below; null for no text."""
    if not text:
        return None
    word = lettering(text, size, (255, 255, 255), "Black")
    below = lettering(text, size, HOME, "Black")
    both = Image.new("RGBA", (word.width, word.height + round(size * 0.06)), (*HOME, 0))
    both.alpha_composite(below, (0, round(size * 0.06)))
    both.alpha_composite(word)
    return both


class Stand:
    """Supporters up close: they leap, wave and shout; paper falls."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        (width, height), unit = stage.size, stage.unit
        rng = stage.rng()
        back = gradient(stage.size, stage.palette[:3])
        crowd(stage, (width, height * 1.1), 9).paint(back, -unit * 10, 0, 0, 0)
        back = Image.blend(back, Image.new("RGB", stage.size, stage.palette[0]), 0.35)
        self._back = darkened(softened(back, unit * 7))
        self._confetti = Confetti(stage.size, PAPER, rng)
        self._fans = []
        for n in range(9):
            shirt = (HOME, (250, 196, 64), (240, 240, 244), HOME)[n % 4]
            look = Look(SKINS[rng.integers(5)], HAIRS[rng.integers(5)], shirt, bun=bool(n % 2))
            up = person(unit * 560, look, Pose(arms=(-158, -170, 158, 172), mouth=1.0))
            down = person(unit * 560, look, Pose(arms=(-130, -150, 128, 158), mouth=0.7))
            row = n // 5
            place_at = ((n % 5 + 0.5 * row) / 4.4 + 0.04, 0.86 + 0.2 * row)
            self._fans.append((up, down, place_at, rng.uniform(0, 6.28), rng.uniform(0.85, 1.2)))

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._back.copy()
        tired = 1 - 0.55 * ease((at - self._stage.seconds + 2) / 2)
        for up, down, (x, y), phase, pace in self._fans:
            leap = abs(math.sin(at * 5.2 * pace + phase))
            place(frame, up if leap > 0.4 else down, x * width, y * height - leap * unit * 66 * tired)
        self._confetti.paint(frame, at + 0.9)
        return shake(frame, math.sin(at * 3.1) * unit * 5, math.cos(at * 3.7) * unit * 4, 1.05)
