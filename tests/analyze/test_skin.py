"""Skin of every shade counts where it is, near more than far, and the sky, grass and greys do not."""

from __future__ import annotations

import numpy as np
import pytest

from editron_core.analyze.skin import skin

SIZE = (72, 128)
SHADES = [
    *((247, 234, 208), (234, 218, 186), (215, 189, 150), (160, 126, 86), (130, 92, 67), (96, 65, 52)),
    (58, 49, 42),
]
"""Monk's skin tones 3 to 9, from light to dark, RGB."""


def spot(colour: tuple[int, int, int], side: int, x: float = 0.5, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A square of so many pixels of one colour on grey, centred at a share of the width."""
    shown = np.full((*size, 3), 120, np.uint8)
    top, left = (size[0] - side) // 2, round(x * size[1] - side / 2)
    shown[top : top + side, max(0, left) : left + side] = colour
    return shown


@pytest.mark.parametrize("shade", SHADES)
def test_skin_of_every_shade_counts(shade):
    assert skin(spot(shade, 36)) == pytest.approx(skin(spot(SHADES[0], 36)))
    assert skin(spot(shade, 36)) > 0.4


@pytest.mark.parametrize(
    "colour", [(90, 150, 230), (60, 130, 50), (250, 250, 250), (200, 20, 20), (20, 14, 10)]
)
def test_sky_grass_white_signal_red_and_darkness_do_not(colour):
    assert skin(spot(colour, 60)) == 0


def test_it_grows_with_the_side_of_what_is_near_and_the_middle_counts_more():
    small, large = skin(spot(SHADES[1], 14)), skin(spot(SHADES[1], 28))
    assert large / small == pytest.approx(2, rel=0.1)
    assert skin(spot(SHADES[1], 28, x=0.12)) < 0.8 * large


@pytest.mark.parametrize("size", [(72, 128), (128, 72), (8, 300), (1, 1)])
def test_a_picture_of_nothing_else_is_1_whatever_its_shape(size):
    assert skin(np.full((*size, 3), SHADES[3], np.uint8)) == pytest.approx(1)
