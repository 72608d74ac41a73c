"""What a football ground is built from: sky, turf, stands, boards and floodlights."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from editron_core.qa.canvas import (
    Colour,
    Pen,
    darker,
    glow,
    gradient,
    lettering,
    lighter,
    mix,
    place,
    sprite,
    vignette,
)
from editron_core.qa.figures import Crowd
from editron_core.qa.scenes.stage import Stage

GRASS: Colour = (58, 142, 74)
HOME: Colour = (226, 62, 66)
AWAY: Colour = (52, 96, 190)
SCARVES: tuple[Colour, ...] = (HOME, (240, 240, 240), AWAY, (250, 190, 60), (60, 70, 100))
PAPER: tuple[Colour, ...] = ((255, 205, 64), (240, 84, 84), (86, 170, 255), (255, 255, 255), (120, 220, 140))
SPONSORS = ("NORTHSIDE", "KITE & CO", "RIVERSIDE", "ORCHARD", "HALFMOON", "PAPERBIRD")


def outdoors(stage: Stage, size: tuple[int, int], horizon: float) -> Image.Image:
    """Sky with a low sun, and mown turf below `horizon` (a share of the height)."""
    width, height = size
    frame = gradient(size, [stage.palette[0], stage.palette[1], stage.palette[2], stage.palette[2]])
    sun = glow(stage.unit * 330, lighter(stage.palette[3], 0.5), 0.9)
    place(frame, sun, width * 0.76, height * horizon * 0.45)
    frame.paste(turf((width, height - round(height * horizon))), (0, round(height * horizon)))
    return frame


def turf(size: tuple[int, int]) -> Image.Image:
    """Grass in stripes that run towards a vanishing point above it."""
    width, height = size
    base = gradient(size, [mix(GRASS, (180, 200, 120), 0.25), GRASS, darker(GRASS, 0.42)])

    def draw(pen: Pen, k: float) -> None:
        for stripe in range(-14, 14, 2):
            near = [(width / 2 + width * 2.4 * n / 14) * k for n in (stripe, stripe + 1)]
            far = [(width / 2 + width * 0.42 * n / 14) * k for n in (stripe, stripe + 1)]
            outline = [(far[0], 0), (far[1], 0), (near[1], height * k), (near[0], height * k)]
            pen.polygon(outline, fill=(255, 255, 230, 22))

    stripes = sprite(size, draw)
    base.paste(stripes, (0, 0), stripes)
    return base


def terrace(stage: Stage, size: tuple[float, float]) -> Image.Image:
    """The steps of a stand."""
    width, height = round(size[0]), round(size[1])
    stone = mix(stage.palette[0], (70, 74, 104), 0.6)
    base = gradient((width, height), [lighter(stone, 0.08), darker(stone, 0.45)])
    for step in range(8):
        top = round(step * height / 8)
        edge = Image.new("RGB", (width, max(1, round(height * 0.05))), darker(stone, 0.35))
        base.paste(edge, (0, top))
    return base


def boards(stage: Stage, length: float, height: float) -> Image.Image:
    """Advertising boards in a row, none of them of a real firm."""
    tints: Sequence[Colour] = (darker(stage.palette[3], 0.2), (236, 238, 244), AWAY, HOME)
    each = height * 6
    row = Image.new("RGBA", (round(length), round(height)), (20, 22, 40, 255))
    for number in range(int(length / each) + 1):
        tint = tints[number % 4]
        size = (each - height * 0.15, height)

        def draw(pen: Pen, k: float, size: tuple[float, float] = size, tint: Colour = tint) -> None:
            pen.rounded_rectangle((0, 0, size[0] * k - 1, size[1] * k - 1), height * 0.14 * k, fill=tint)

        place(row, sprite(size, draw), (number + 0.5) * each, height / 2)
        ink = (30, 34, 60) if number % 4 == 1 else (255, 255, 255)
        name = lettering(SPONSORS[number % 6], height * 0.52, ink, "Black", tracking=0.1)
        place(row, name, (number + 0.5) * each, height / 2)
    return row


def floodlights(frame: Image.Image, stage: Stage) -> None:
    """Three masts with bright lamps behind the stand."""
    unit, (width, height) = stage.unit, frame.size
    halo = glow(unit * 130, (255, 250, 226), 0.75)
    mast = Image.new("RGB", (max(1, round(unit * 8)), round(height * 0.2)), darker(stage.palette[0], 0.4))
    lamps = sprite(
        (unit * 92, unit * 30),
        lambda pen, k: pen.rounded_rectangle(
            (0, 0, unit * 92 * k, unit * 30 * k), unit * 5 * k, fill=(252, 252, 240)
        ),
    )
    for x in (0.1, 0.5, 0.9):
        frame.paste(mast, (round(width * x), round(height * 0.05)))
        place(frame, lamps, width * x, height * 0.05)
        place(frame, halo, width * x, height * 0.05)


def crowd(stage: Stage, size: tuple[float, float], rows: int) -> Crowd:
    """Supporters of both sides."""
    return Crowd(size, rows, SCARVES, stage.rng())


def darkened(frame: Image.Image) -> Image.Image:
    """The picture with darker corners."""
    corners = vignette(frame.size)
    frame.paste(corners, (0, 0), corners)
    return frame
