"""A subject is a thing in the middle that its surroundings are not: large counts more, many are none."""

from __future__ import annotations

import numpy as np
import pytest

from editron_core.analyze.subject import subject

SIZE = (72, 128)
RED = (190, 40, 40)


def wall(size: tuple[int, int] = SIZE) -> np.ndarray:
    """A grey wall with a slow gradient, RGB."""
    shade = np.linspace(150, 110, size[1]).astype(np.uint8)
    return np.repeat(np.repeat(shade[None, :, None], size[0], axis=0), 3, axis=2)


def thing(x: float, y: float, side: int, picture: np.ndarray | None = None) -> np.ndarray:
    """A red square of so many pixels centred at shares of the picture."""
    shown = wall() if picture is None else picture
    left, top = round(x * shown.shape[1]) - side // 2, round(y * shown.shape[0]) - side // 2
    shown[max(0, top) : top + side, max(0, left) : left + side] = RED
    return shown


def test_a_larger_subject_is_more_of_one():
    values = [subject(thing(0.5, 0.5, side)) for side in (0, 12, 24, 36, 56)]
    assert values == sorted(values)
    assert values[0] < 0.15
    assert values[-1] > 0.4


def test_a_thing_in_the_middle_counts_more_than_one_in_a_corner():
    assert subject(thing(0.5, 0.5, 30)) - subject(wall()) > 2 * (
        subject(thing(0.1, 0.2, 30)) - subject(wall())
    )


def test_one_thing_in_the_middle_is_told_from_the_same_colour_all_over():
    strewn = wall()
    for x in np.arange(6, 128, 16):
        for y in np.arange(4, 72, 12):
            strewn[y : y + 6, x : x + 8] = RED
    one = thing(0.5, 0.5, round(np.count_nonzero(strewn[..., 0] == RED[0]) ** 0.5))
    assert subject(one) > 2 * subject(strewn)


def test_what_fills_the_picture_from_a_side_is_background():
    """A meadow under a sky: two halves, and nothing in front of them."""
    halves = wall()
    halves[36:] = (60, 120, 40)
    assert subject(halves) < 0.4 * subject(thing(0.5, 0.5, 56, halves.copy()))


@pytest.mark.parametrize("size", [(72, 128), (128, 72), (72, 72), (8, 300)])
def test_a_blank_picture_of_any_shape_has_no_subject(size):
    assert subject(np.full((*size, 3), 200, np.uint8)) == 0
