"""A football match: the ground from high up, and a run with the ball."""

from __future__ import annotations

import math

from PIL import Image

from editron_core.qa.canvas import Pen, ease, lighter, mirrored, place, shake, softened, sprite
from editron_core.qa.figures import HAIRS, SKINS, Ball, Look, running, shadow
from editron_core.qa.scenes.ground import (
    AWAY,
    GRASS,
    HOME,
    boards,
    crowd,
    darkened,
    floodlights,
    outdoors,
    terrace,
)
from editron_core.qa.scenes.stage import Stage


class Stadium:
    """The whole ground: a slow pan over two teams that pass the ball."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        unit, height = stage.unit, stage.size[1]
        self._width = round(stage.size[0] * 1.25)
        self._ground = outdoors(stage, (self._width, height), 0.46)
        floodlights(self._ground, stage)
        self._ground.paste(terrace(stage, (self._width, height * 0.25)), (0, round(height * 0.21)))
        self._lines()
        self._boards = boards(stage, self._width, unit * 36)
        darkened(self._ground)
        self._crowd = crowd(stage, (self._width, height * 0.23), 7)
        self._shadow, self._ball = shadow(unit * 84, unit * 20), Ball(unit * 13)
        self._players = []
        for n, (x, y, pace) in enumerate(
            (
                (0.22, 0.6, 0.018),
                (0.36, 0.74, 0.03),
                (0.55, 0.58, -0.02),
                (0.66, 0.78, -0.012),
                (0.8, 0.64, -0.03),
            )
        ):
            look = Look(SKINS[n], HAIRS[(n * 3) % 5], HOME if n in (1, 3) else AWAY, bun=n in (1, 4))
            cycle = running(unit * (70 + 110 * y), look)
            self._players.append((cycle if pace > 0 else [mirrored(step) for step in cycle], x, y, pace))

    def _lines(self) -> None:
        width, height = self._ground.size
        mark = (255, 255, 255, 130)

        def draw(pen: Pen, k: float) -> None:
            thick = round(self._stage.unit * 4 * k)
            pen.line([(0, height * 0.5 * k), (width * k, height * 0.5 * k)], fill=mark, width=thick)
            pen.line(
                [(width * 0.5 * k, height * 0.5 * k), (width * 0.5 * k, height * k)], fill=mark, width=thick
            )
            pen.ellipse(
                (width * 0.34 * k, height * 0.62 * k, width * 0.66 * k, height * 0.9 * k),
                outline=mark,
                width=thick,
            )

        lines = sprite(self._ground.size, draw, fine=2)
        self._ground.paste(lines, (0, 0), lines)

    def __call__(self, at: float) -> Image.Image:
        width, height = self._stage.size
        unit = self._stage.unit
        view = self._ground.copy()
        self._crowd.paint(view, -unit * 20, height * 0.205, at, 0.12)
        place(view, self._boards, self._width / 2, height * 0.468)
        feet = []
        for cycle, x, y, pace in self._players:
            across, tall = (x + pace * at) * self._width, unit * (70 + 110 * y)
            place(view, self._shadow, across, height * y + tall * 0.5)
            place(view, cycle[int(at * 20 + x * 16) % 16], across, height * y)
            feet.append((across, height * y + tall * 0.46))
        share = (at / 1.5) % 1
        away, back = (feet[1], feet[3]) if int(at / 1.5) % 2 == 0 else (feet[3], feet[1])
        x, y = (a + (b - a) * ease(share) for a, b in zip(away, back, strict=True))
        place(view, self._ball.at(-at * 400), x, y - math.sin(share * math.pi) * unit * 46)
        left = round(ease(at / self._stage.seconds) * (self._width - width))
        return view.crop((left, 0, left + width, height))


class Dribble:
    """A tracking shot: she runs with the ball, the stand rushes past, a defender is left behind."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        (width, height), unit = stage.size, stage.unit
        rng = stage.rng()
        self._sky = darkened(outdoors(stage, stage.size, 0.52))
        self._loop = width * 4 // 5
        stand = terrace(stage, (self._loop * 2, height * 0.34))
        crowd(stage, (self._loop, height * 0.26), 5).paint(stand, -unit * 30, height * 0.03, 0, 0)
        place(stand, boards(stage, self._loop, unit * 44), self._loop / 2, height * 0.31)
        stand.paste(stand.crop((0, 0, self._loop, stand.height)), (self._loop, 0))
        self._stand = softened(stand, unit * 3.5)
        self._tufts = [(rng.uniform(0, 1), rng.uniform(0.58, 1.02)) for _ in range(70)]
        self._blade = sprite(
            (unit * 26, unit * 7),
            lambda pen, k: pen.ellipse((0, 0, unit * 26 * k, unit * 7 * k), fill=(*lighter(GRASS, 0.3), 120)),
        )
        self._hero = running(unit * 370, Look(SKINS[1], HAIRS[0], HOME, shoes=(255, 210, 60), bun=True))
        self._rival = [mirrored(step) for step in running(unit * 350, Look(SKINS[3], HAIRS[0], AWAY))]
        self._ball = Ball(unit * 30)
        self._shadow, self._small_shadow = shadow(unit * 190, unit * 40), shadow(unit * 80, unit * 18)

    def __call__(self, at: float) -> Image.Image:
        (width, height), unit = self._stage.size, self._stage.unit
        frame = self._sky.copy()
        offset = round(at * unit * 420) % self._loop
        for left in range(-offset, width, self._loop * 2):
            frame.paste(self._stand, (left, round(height * 0.19)))
        for x, y in self._tufts:
            place(frame, self._blade, ((x - at * (2 * y - 0.45)) % 1.1 - 0.05) * width, y * height)
        past = (1.4 - at * 0.36) * width
        place(frame, self._shadow, past, height * 0.815)
        place(frame, self._rival[int(at * 24) % 16], past, height * 0.6)
        self._run(frame, at)
        return shake(frame, math.sin(at * 21) * unit * 2, math.sin(at * 26) * unit * 3, 1.03)

    def _run(self, frame: Image.Image, at: float) -> None:
        (width, height), unit = self._stage.size, self._stage.unit
        x = width * 0.42 + math.sin(at * 1.3) * unit * 40
        place(frame, self._shadow, x, height * 0.9)
        place(frame, self._hero[int(at * 26) % 16], x, height * 0.66 - abs(math.sin(at * 8)) * unit * 10)
        x += unit * (120 + 46 * math.sin(at * 5.2))
        place(frame, self._small_shadow, x, height * 0.91)
        place(frame, self._ball.at(-at * 620), x, height * 0.875 - abs(math.sin(at * 5.2)) * unit * 14)
