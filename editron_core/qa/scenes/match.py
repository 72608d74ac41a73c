"""A football match: the stadium, a run with the ball, the goal, the stand."""

from __future__ import annotations

import math
from functools import partial

from PIL import Image

from editron_core.qa.canvas import (
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
    shake,
    softened,
    spring,
    sprite,
    vignette,
)
from editron_core.qa.figures import HAIRS, SKINS, Ball, Confetti, Crowd, Look, Pose, person, running, shadow
from editron_core.qa.scenes.stage import Painter, Stage

GRASS = (58, 142, 74)
TEAM = (226, 62, 66)
GUESTS = (52, 96, 190)
PAPER = ((255, 205, 64), (240, 84, 84), (86, 170, 255), (255, 255, 255), (120, 220, 140))


def _turf(size: tuple[int, int], unit: float, horizon: float) -> Image.Image:
    """Mown grass from `horizon` (a share of the height) down, in stripes that run to a vanishing point."""
    width, height = size
    top = round(height * horizon)
    base = gradient((width, height - top), [mix(GRASS, (180, 200, 120), 0.25), GRASS, darker(GRASS, 0.42)])

    def draw(pen: Pen, k: float) -> None:
        middle, reach = width / 2, width * 2.4
        for stripe in range(-14, 14, 2):
            near = [middle + reach * n / 14 for n in (stripe, stripe + 1)]
            far = [middle + width * 0.42 * n / 14 for n in (stripe, stripe + 1)]
            pen.polygon(
                [
                    (far[0] * k, 0),
                    (far[1] * k, 0),
                    (near[1] * k, (height - top) * k),
                    (near[0] * k, (height - top) * k),
                ],
                fill=(255, 255, 230, 22),
            )

    stripes = sprite((width, height - top), draw)
    base.paste(stripes, (0, 0), stripes)
    return base


def _ground(stage: Stage, horizon: float) -> Image.Image:
    """Sky, and turf below `horizon`."""
    width, height = stage.size
    frame = gradient(stage.size, [stage.palette[0], stage.palette[1], stage.palette[2], stage.palette[2]])
    sun = glow(stage.unit * 330, lighter(stage.palette[3], 0.5), 0.9)
    place(frame, sun, width * 0.76, height * horizon * 0.55)
    frame.paste(_turf(stage.size, stage.unit, horizon), (0, round(height * horizon)))
    return frame


def _terrace(stage: Stage, width: float, height: float) -> Image.Image:
    """The concrete of a stand."""
    stone = mix(stage.palette[0], (70, 74, 104), 0.6)
    steps = sprite(
        (width, height),
        lambda pen, k: (
            [
                pen.rectangle(
                    (0, y * height / 8 * k, width * k, (y + 0.55) * height / 8 * k),
                    fill=(*darker(stone, 0.25), 255),
                )
                for y in range(8)
            ]
            and None
        ),
    )
    base = gradient((round(width), round(height)), [lighter(stone, 0.08), darker(stone, 0.45)]).convert(
        "RGBA"
    )
    base.alpha_composite(steps.resize(base.size))
    return base


def stadium(stage: Stage) -> Painter:
    """The whole ground from high up: a slow pan, two teams that pass the ball."""
    width, height = stage.size
    unit = stage.unit
    rng = stage.rng()
    wide = Stage((round(width * 1.25) // 2 * 2, height), stage.seconds, stage.palette, stage.seed)
    ground = _ground(wide, 0.46)
    terrace = _terrace(stage, wide.size[0], height * 0.24)
    ground.paste(terrace, (0, round(height * 0.22)), terrace)
    board_names = ("NORTHSIDE", "KITE & CO", "RIVERSIDE", "ORCHARD", "HALFMOON", "PAPERBIRD")
    for number in range(10):
        left, top = number * wide.size[0] / 10, height * 0.445
        tint = [stage.palette[3], (240, 240, 244), GUESTS, TEAM][number % 4]
        board = sprite(
            (wide.size[0] / 10 - unit * 6, unit * 34),
            partial(_board, size=(wide.size[0] / 10 - unit * 6, unit * 34), tint=tint),
        )
        place(ground, board, left + wide.size[0] / 20, top + unit * 17)
        label = lettering(
            board_names[number % 6],
            unit * 17,
            (255, 255, 255) if number % 4 != 1 else (30, 34, 60),
            "Black",
            tracking=0.08,
        )
        place(ground, label, left + wide.size[0] / 20, top + unit * 17)
    _floodlights(ground, stage, wide.size[0])
    crowd = Crowd(
        (wide.size[0], height * 0.23), 7, [TEAM, (240, 240, 240), GUESTS, (250, 190, 60), (60, 70, 100)], rng
    )
    teams = [
        (
            running(
                unit * rng.uniform(108, 150),
                Look(SKINS[n % 5], HAIRS[(n * 3) % 5], TEAM if n % 2 else GUESTS, bun=n % 3 == 0),
            ),
            rng.uniform(0.1, 0.9),
            0.56 + 0.07 * n,
            rng.uniform(-0.02, 0.03),
        )
        for n in range(5)
    ]
    ball, fallen = Ball(unit * 12), shadow(unit * 80, unit * 20)
    dark = vignette(stage.size)

    def paint(at: float) -> Image.Image:
        view = ground.copy()
        crowd.paint(view, -unit * 20, height * 0.205, at, 0.12)
        for cycle, x, y, pace in teams:
            run = cycle[int(at * 20 + x * 16) % len(cycle)]
            run = run if pace >= 0 else run.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            across = (x + (pace + math.copysign(0.02, pace)) * at) * wide.size[0]
            place(view, fallen, across, height * y + unit * 58)
            place(view, run, across, height * y)
        share = (at / 1.6) % 1
        there = ease(share) if int(at / 1.6) % 2 == 0 else 1 - ease(share)
        place(
            view,
            ball.at(-at * 400),
            wide.size[0] * (0.35 + 0.3 * there),
            height * 0.83 - math.sin(share * math.pi) * unit * 34,
        )
        left = ease(at / stage.seconds) * (wide.size[0] - width)
        frame = view.crop((round(left), 0, round(left) + width, height))
        frame.paste(dark, (0, 0), dark)
        return frame

    return paint


def _board(pen: Pen, k: float, *, size: tuple[float, float], tint: tuple[int, int, int]) -> None:
    pen.rounded_rectangle(
        (0, 0, size[0] * k - 1, size[1] * k - 1), size[1] * 0.14 * k, fill=darker(tint, 0.1)
    )


def _floodlights(ground: Image.Image, stage: Stage, width: int) -> None:
    unit, height = stage.unit, stage.size[1]
    halo = glow(unit * 130, (255, 250, 226), 0.75)
    for x in (0.1, 0.5, 0.9):
        mast = sprite(
            (unit * 8, height * 0.26),
            lambda pen, k: pen.rectangle(
                (0, 0, unit * 8 * k, height * k), fill=darker(stage.palette[0], 0.4)
            ),
        )
        place(ground, mast, width * x, height * 0.13)
        lamps = sprite(
            (unit * 84, unit * 30), partial(_board, size=(unit * 84, unit * 30), tint=(250, 250, 240))
        )
        place(ground, lamps, width * x, height * 0.05)
        place(ground, halo, width * x, height * 0.05)


def dribble(stage: Stage) -> Painter:
    """A tracking shot: she runs with the ball, the stand rushes past, a defender slides by."""
    width, height = stage.size
    unit = stage.unit
    rng = stage.rng()
    sky = _ground(stage, 0.52)
    crowd_wide = width * 1.6
    stand_layer = Image.new("RGBA", (round(crowd_wide), round(height * 0.36)))
    terrace = _terrace(stage, crowd_wide, height * 0.3)
    stand_layer.paste(terrace, (0, round(height * 0.05)))
    crowd_rgb = stand_layer.convert("RGB")
    Crowd((crowd_wide, height * 0.28), 5, [TEAM, (240, 240, 240), GUESTS, (250, 190, 60)], rng).paint(
        crowd_rgb, -unit * 30, height * 0.05, 0, 0
    )
    blurred = softened(crowd_rgb, unit * 4)
    tufts = [(rng.uniform(0, 1), rng.uniform(0.6, 1.02), rng.uniform(0.6, 1.4)) for _ in range(70)]
    blade = sprite(
        (unit * 26, unit * 7),
        lambda pen, k: pen.ellipse((0, 0, unit * 26 * k, unit * 7 * k), fill=(*lighter(GRASS, 0.3), 120)),
    )
    hero = running(unit * 370, Look(SKINS[1], HAIRS[0], TEAM, shoes=(255, 210, 60), bun=True))
    rival = running(unit * 350, Look(SKINS[3], HAIRS[0], GUESTS))
    ball, fallen = Ball(unit * 30), shadow(unit * 190, unit * 40)
    dark = vignette(stage.size)

    def paint(at: float) -> Image.Image:
        frame = sky.copy()
        offset = (at * unit * 420) % (crowd_wide / 2)
        for copy in range(-1, 3):
            left = round(copy * crowd_wide / 2 - offset)
            if -crowd_wide / 2 < left < width:
                frame.paste(
                    blurred.crop((0, 0, round(crowd_wide / 2), blurred.height)), (left, round(height * 0.19))
                )
        for x, y, size in tufts:
            depth = (y - 0.5) * 2
            place(frame, blade, ((x - at * (0.55 + depth)) % 1.1 - 0.05) * width, y * height)
        past = 1.35 - at * 0.42
        place(frame, fallen, past * width, height * 0.815)
        place(
            frame,
            rival[int(at * 24) % 16].transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            past * width,
            height * 0.6,
        )
        sway = math.sin(at * 1.3) * unit * 40
        bounce = abs(math.sin(at * 8)) * unit * 10
        place(frame, fallen, width * 0.42 + sway, height * 0.9)
        place(frame, hero[int(at * 26) % 16], width * 0.42 + sway, height * 0.66 - bounce)
        push = unit * (120 + 46 * math.sin(at * 5.2))
        place(frame, shadow(unit * 80, unit * 18), width * 0.42 + sway + push, height * 0.91)
        place(
            frame,
            ball.at(-at * 620),
            width * 0.42 + sway + push,
            height * 0.875 - abs(math.sin(at * 5.2)) * unit * 14,
        )
        frame.paste(dark, (0, 0), dark)
        return shake(frame, math.sin(at * 21) * unit * 2, math.sin(at * 26) * unit * 3, 1.03)

    return paint


def goal(stage: Stage) -> Painter:
    """The ball flies into the far corner at `payoff`: flash, shaking camera, confetti, a leaping crowd."""
    width, height = stage.size
    unit, lands = stage.unit, stage.payoff
    rng = stage.rng()
    ground = _ground(stage, 0.5)
    terrace = _terrace(stage, width, height * 0.34)
    ground.paste(terrace, (0, round(height * 0.15)), terrace)
    crowd = Crowd(
        (width, height * 0.33), 7, [TEAM, TEAM, (240, 240, 240), (250, 190, 60), (60, 70, 100)], rng
    )
    posts = (width * 0.26, height * 0.33, width * 0.74, height * 0.68)
    keeper_stands = person(
        unit * 205,
        Look(SKINS[0], HAIRS[2], (250, 200, 60)),
        Pose(arms=(-50, -80, 50, 80), legs=(-22, 4, 22, -4), mouth=0.4),
    )
    keeper_dives = person(
        unit * 205,
        Look(SKINS[0], HAIRS[2], (250, 200, 60)),
        Pose(arms=(160, 165, 172, 175), legs=(-16, -40, 8, -8), mouth=0.9),
    ).rotate(-58, Image.Resampling.BICUBIC, expand=True)
    sizes = [Ball(unit * r) for r in (64, 52, 42, 34, 28, 24)]
    fallen = shadow(unit * 90, unit * 22)
    confetti = Confetti(stage.size, PAPER, rng)
    shout = lettering(stage.title, unit * 190, (255, 255, 255), "Black") if stage.title else None
    white = Image.new("RGB", stage.size, (255, 252, 240))
    dark = vignette(stage.size)

    def paint(at: float) -> Image.Image:
        since = at - lands
        frame = ground.copy()
        crowd.paint(frame, -unit * 12, height * 0.16, at, 0.1 if since < 0 else min(1.0, 0.35 + since * 2))
        _boards(frame, stage)
        _net(frame, posts, unit, since)
        dive = ease_out((since + 0.45) / 0.6)
        keeper = keeper_stands if dive <= 0 else keeper_dives
        place(frame, fallen, width * (0.5 + 0.13 * dive), posts[3] + unit * 4)
        place(
            frame,
            keeper,
            width * (0.5 + 0.13 * dive),
            posts[3]
            - unit * (84 - 10 * math.sin(dive * math.pi) * 6 + 40 * dive * (1 - ease(since)) - 40 * dive),
        )
        flight = (at - (lands - 1.1)) / 1.1
        if flight < 1:
            share = max(0.0, flight)
            x, y = (
                width * (0.2 + 0.485 * ease_out(share) ** 0.9),
                height * 0.88
                - (height * 0.46) * math.sin(share * math.pi / 2)
                - unit * 60 * math.sin(share * math.pi),
            )
            ball = sizes[min(5, int(share * 6))]
        else:
            drop = min(1.0, since / 0.7)
            x, y = (
                width * (0.685 - 0.02 * drop),
                height * 0.42 + (posts[3] - height * 0.42 - unit * 22) * drop**2,
            )
            ball = sizes[5]
        place(frame, ball.at(-min(at, lands + 0.7) * 500), x, y)
        if since >= 0:
            confetti.paint(frame, since)
            if shout is not None:
                _shout(frame, shout, since, unit)
        frame.paste(dark, (0, 0), dark)
        if 0 <= since < 0.4:
            frame = Image.blend(frame, white, 0.8 * (1 - since / 0.4) ** 2)
        jolt = math.exp(-3 * since) * unit * 20 if since >= 0 else 0.0
        push = 1 + 0.03 * ease(at / max(lands, 0.1)) + (0.07 * ease_out(since / 2.5) if since > 0 else 0)
        return shake(frame, jolt * math.sin(at * 47), jolt * math.cos(at * 53), push)

    return paint


def _shout(frame: Image.Image, shout: Image.Image, since: float, unit: float) -> None:
    grown = 0.4 + 0.6 * spring(since / 0.8)
    leave = ease((since - 2.0) / 0.5)
    if leave >= 1:
        return
    word = shout.resize(
        (max(1, round(shout.width * grown)), max(1, round(shout.height * grown))), Image.Resampling.BILINEAR
    )
    below = Image.new("RGBA", word.size, (*TEAM, 0))
    below.putalpha(word.getchannel("A"))
    for layer, drop in ((below, unit * 9), (word, 0.0)):
        place(frame, faded(layer, 1 - leave), frame.width / 2, frame.height * 0.2 + drop)


def _boards(frame: Image.Image, stage: Stage) -> None:
    width, height = stage.size
    unit = stage.unit
    strip = sprite(
        (width, unit * 40),
        lambda pen, k: pen.rectangle((0, 0, width * k, unit * 40 * k), fill=darker(stage.palette[3], 0.35)),
    )
    place(frame, strip, width / 2, height * 0.49)
    for n, name in enumerate(("RIVERSIDE", "PAPERBIRD", "NORTHSIDE", "HALFMOON")):
        place(
            frame,
            lettering(name, unit * 21, (255, 255, 255), "Black", tracking=0.1),
            width * (0.12 + 0.25 * n),
            height * 0.49,
        )


def _net(frame: Image.Image, posts: tuple[float, float, float, float], unit: float, since: float) -> None:
    left, top, right, bottom = posts
    size = (right - left + unit * 24, bottom - top + unit * 16)
    hit = (0.885, 0.27)
    push = math.exp(-2.2 * since) * math.cos(since * 9) * unit * 46 if since >= 0 else 0.0

    def bent(x: float, y: float) -> tuple[float, float]:
        near = math.exp(-((x - hit[0]) ** 2 * 16 + (y - hit[1]) ** 2 * 9)) * push
        return unit * 12 + x * (right - left) + near * 0.55, unit * 12 + y * (bottom - top) - near * 0.7

    def draw(pen: Pen, k: float) -> None:
        grid = [(x / 26, y / 14) for y in range(15) for x in range(27)]
        at = {point: tuple(v * k for v in bent(*point)) for point in grid}
        for y in range(15):
            pen.line(
                [at[(x / 26, y / 14)] for x in range(27)],
                fill=(255, 255, 255, 118),
                width=round(unit * 1.4 * k),
            )
        for x in range(27):
            pen.line(
                [at[(x / 26, y / 14)] for y in range(15)],
                fill=(255, 255, 255, 118),
                width=round(unit * 1.4 * k),
            )
        frame_line = [
            (unit * 8 * k, size[1] * k),
            (unit * 8 * k, unit * 8 * k),
            ((size[0] - unit * 8) * k, unit * 8 * k),
            ((size[0] - unit * 8) * k, size[1] * k),
        ]
        pen.line(frame_line, fill=(214, 218, 230), width=round(unit * 14 * k), joint="curve")
        pen.line(
            [(x - unit * 2 * k, y - unit * 2 * k) for x, y in frame_line],
            fill=(255, 255, 255),
            width=round(unit * 8 * k),
            joint="curve",
        )

    place(frame, sprite(size, draw), (left + right) / 2, (top + bottom) / 2)


def stand(stage: Stage) -> Painter:
    """Supporters up close: they leap, wave and shout; paper falls."""
    width, height = stage.size
    unit = stage.unit
    rng = stage.rng()
    back = softened(_backdrop(stage), unit * 7)
    fans = []
    for n in range(9):
        look = Look(
            SKINS[rng.integers(5)],
            HAIRS[rng.integers(5)],
            [TEAM, (250, 196, 64), (240, 240, 244), TEAM][n % 4],
            bun=bool(n % 2),
        )
        up = person(unit * 560, look, Pose(arms=(-158, -170, 158, 172), mouth=1.0))
        mid = person(unit * 560, look, Pose(arms=(-130, -150, 128, 158), mouth=0.7))
        fans.append(
            (
                up,
                mid,
                (n % 5 + 0.5 * (n // 5)) / 4.4 - 0.02,
                0.86 + 0.2 * (n // 5),
                rng.uniform(0, 6.28),
                rng.uniform(0.85, 1.2),
            )
        )
    confetti = Confetti(stage.size, PAPER, rng)
    dark = vignette(stage.size)

    def paint(at: float) -> Image.Image:
        frame = back.copy()
        calm = 1 - 0.55 * ease((at - stage.seconds + 2) / 2)
        for up, mid, x, y, phase, pace in fans:
            leap = abs(math.sin(at * 5.2 * pace + phase))
            place(frame, up if leap > 0.4 else mid, x * width, y * height - leap * unit * 66 * calm)
        confetti.paint(frame, at + 0.9)
        frame.paste(dark, (0, 0), dark)
        return shake(frame, math.sin(at * 3.1) * unit * 5, math.cos(at * 3.7) * unit * 4, 1.05)

    return paint


def _backdrop(stage: Stage) -> Image.Image:
    width, height = stage.size
    frame = gradient(stage.size, [stage.palette[0], stage.palette[1], stage.palette[2]])
    Crowd((width, height), 9, [TEAM, (240, 240, 240), (250, 190, 60), (60, 70, 100)], stage.rng()).paint(
        frame, -10, 0, 0, 0
    )
    return Image.blend(frame, Image.new("RGB", stage.size, stage.palette[0]), 0.35)
