"""Action is what moves in place; a camera that moves, a light that changes and grain are none."""

from __future__ import annotations

import numpy as np
import pytest

from editron_core.analyze.action import share, strength
from editron_core.analyze.motion import change
from editron_core.media.frames import opencv

SIZE = (36, 64)


def ground(seed: int = 1) -> np.ndarray:
    """A textured background, (180, 480) float32: wider than the picture, so that a camera may pan over it."""
    coarse = np.random.default_rng(seed).integers(60, 190, (12, 32), np.uint8)
    return opencv().resize(coarse, (480, 180), interpolation=opencv().INTER_CUBIC).astype(np.float32)


def shot(*, pan: float = 0, block: tuple[float, float, int] | None = None, seed: int = 0) -> np.ndarray:
    """The background seen `pan` pixels further (of 320), with a bright block of a width at (x, y) shares."""
    move = np.array([[1, 0, -pan - 40], [0, 1, 0]], np.float32)
    shown = opencv().warpAffine(ground(), move, (480, 180))[:, :320]
    if block is not None:
        x, y, side = block
        left, top = round(x * 320) - side // 2, round(y * 180) - side // 2
        shown[top : top + side, left : left + side] = 230
    shown = shown + np.random.default_rng(seed).normal(0, 2, shown.shape).astype(np.float32)
    return opencv().resize(shown.astype(np.float32), SIZE[::-1], interpolation=opencv().INTER_AREA)


def moving(x: float, side: int = 50, pan: float = 0) -> float:
    """The action of a block that goes a tenth of the picture to the right."""
    before = shot(block=(x, 0.5, side))
    return share(strength(before, shot(pan=pan, block=(x + 0.1, 0.5, side), seed=1)))


@pytest.mark.parametrize("pan", [3.0, 5.0, 9.5, 15.0, -6.0, -15.0])
def test_a_pan_changes_more_of_the_picture_and_is_less_action_than_a_subject(pan):
    still, panned = shot(), shot(pan=pan, seed=1)
    small = shot(block=(0.5, 0.5, 50)), shot(block=(0.55, 0.5, 50), seed=1)
    assert change(still, panned) > change(*small) * (0.8 if pan == 3 else 1)
    assert share(strength(still, panned)) < 0.2 * share(strength(*small))


def test_a_pan_over_a_plain_wall_is_none_either():
    """Most of it does not change at all, and what does is a window's edges."""
    wall = np.full((180, 480), 150, np.float32)
    wall[30:110, 60:150], wall[70:160, 300:360] = 60, 220
    seen = [
        opencv().resize(wall[:, pan : pan + 320], SIZE[::-1], interpolation=opencv().INTER_AREA)
        for pan in (40, 50)
    ]
    assert np.median(np.abs(seen[1] - seen[0])) == 0
    assert share(strength(*seen)) < 0.2 * share(
        strength(shot(block=(0.5, 0.5, 50)), shot(block=(0.55, 0.5, 50)))
    )


def test_more_of_the_picture_that_moves_is_more_action():
    shares = [moving(0.4, side) for side in (16, 30, 50, 80)]
    assert shares == sorted(shares)
    assert shares[0] > 0.01
    assert shares[-1] < 0.5


def test_the_same_in_the_middle_is_more_action_than_at_an_edge():
    assert moving(0.45) > 1.4 * moving(0.1) > 0


def test_a_subject_is_in_action_while_the_camera_pans():
    assert moving(0.3, pan=8) > 0.5 * moving(0.3)


def test_grain_and_a_change_of_light_are_no_action():
    dark = shot() * 0.5
    assert share(strength(shot(), shot(seed=1))) == 0
    assert share(strength(dark, dark + 60)) == 0
