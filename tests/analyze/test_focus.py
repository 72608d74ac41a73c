"""The focus lies on the subject: a face, else what moves, else what stands out; never on an empty wall."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from editron_core.analyze.action import strength
from editron_core.analyze.faces import Face
from editron_core.analyze.focus import Area, Moving, Standing, columns, densest
from editron_core.media.frames import opencv

SMALL, LUMA = (90, 160), (36, 64)
Where = Callable[[int], tuple[float, float]]


def ground(kind: str, seed: int = 1) -> np.ndarray:
    """A background, (180, 480) uint8: wider than the picture, so that a camera may pan over it."""
    rng = np.random.default_rng(seed)
    if kind == "flat":
        return np.full((180, 480), 110, np.uint8)
    coarse = rng.integers(60, 190, (12, 32), np.uint8)
    return opencv().resize(coarse, (480, 180), interpolation=opencv().INTER_CUBIC)


def frame(back: np.ndarray, x: float, y: float, pan: int = 0, seed: int = 0) -> np.ndarray:
    """320x180 of the background with a bright block of 36x48 centred at (x, y) shares, as float32 64x36."""
    shown = back[:, pan : pan + 320].astype(np.float32)
    left, top = round(x * 320) - 18, round(y * 180) - 24
    shown[max(0, top) : top + 48, max(0, left) : left + 36] = 225
    shown += np.random.default_rng(seed).normal(0, 2, shown.shape).astype(np.float32)
    return opencv().resize(shown, LUMA[::-1], interpolation=opencv().INTER_AREA)


def followed(back: np.ndarray, where: Where, pan: int = 0, rows: int = 6) -> dict[int, Area]:
    """What `Moving` makes of four steps a row."""
    moving = Moving()
    frames = [frame(back, *where(n), pan=pan * n, seed=n) for n in range(4 * rows + 1)]
    for n in range(1, len(frames)):
        moving.add((n - 1) // 4, strength(frames[n - 1], frames[n]))
    return moving.areas()


def crossing(n: int) -> tuple[float, float]:
    return 0.15 + 0.7 * n / 24, 0.5 + 0.1 * np.sin(n / 5)


@pytest.mark.parametrize("kind", ["flat", "textured"])
def test_a_moving_subject_is_located_to_a_few_percent(kind):
    areas = followed(ground(kind), crossing)
    assert sorted(areas) == list(range(6))
    for row, area in areas.items():
        x, y = np.mean([crossing(n) for n in range(4 * row, 4 * row + 5)], axis=0)
        assert area.x == pytest.approx(x, abs=0.03)
        assert area.y == pytest.approx(y, abs=0.06)
        assert 0.08 < area.w < 0.4


def test_a_subject_is_found_while_the_camera_follows_it():
    """The subject stays in the picture's left third; it is the background that races past."""
    areas = followed(ground("textured"), lambda n: (0.3, 0.5), pan=6)
    assert len(areas) >= 5
    assert np.median([area.x for area in areas.values()]) == pytest.approx(0.3, abs=0.1)


def test_a_camera_that_moves_alone_and_noise_have_no_subject():
    back = ground("textured")
    still = {n: frame(back, -1, -1, seed=n) for n in range(9)}
    moving = Moving()
    for n in range(1, 9):
        moving.add((n - 1) // 4, strength(still[n - 1], still[n]))
    assert moving.areas() == {}


def test_a_cut_is_no_subject():
    moving = Moving()
    moving.add(0, strength(frame(ground("textured", 1), -1, -1), frame(ground("textured", 2), -1, -1)))
    assert moving.areas() == {}


def test_of_two_subjects_one_is_chosen_and_kept_and_never_the_wall_between():
    back = ground("flat")
    moving = Moving()
    shown = []
    for n in range(25):
        sway = 0.02 * np.sin(n * 1.5)
        both = np.minimum(frame(back, 0.15 + sway, 0.5, seed=n), 400)
        both = np.maximum(both, frame(back, 0.85 + sway, 0.5, seed=n))
        shown.append(both)
    for n in range(1, 25):
        moving.add((n - 1) // 4, strength(shown[n - 1], shown[n]))
    places = [area.x for area in moving.areas().values()]
    assert len(places) == 6
    assert all(abs(x - 0.15) < 0.06 for x in places) or all(abs(x - 0.85) < 0.06 for x in places)


def still_life(x: float, y: float, colour: tuple[int, int, int] = (200, 60, 40)) -> np.ndarray:
    """A plain wall with one coloured thing on it, RGB 160x90."""
    shown = np.full((*SMALL, 3), (150, 150, 155), np.uint8)
    shown[:] = shown - np.linspace(0, 40, SMALL[1]).astype(np.uint8)[None, :, None]
    left, top = round(x * SMALL[1]) - 8, round(y * SMALL[0]) - 10
    shown[max(0, top) : top + 20, max(0, left) : left + 16] = colour
    return shown


@pytest.mark.parametrize(("x", "y"), [(0.15, 0.5), (0.8, 0.3), (0.5, 0.7), (0.9, 0.8)])
def test_in_a_still_picture_the_thing_on_the_wall_is_the_focus(x, y):
    standing = Standing()
    standing.add(0, still_life(x, y))
    area = standing.areas()[0]
    assert area.x == pytest.approx(x, abs=0.06)
    assert area.y == pytest.approx(y, abs=0.1)


def test_a_blank_picture_has_no_focus():
    standing = Standing()
    standing.add(0, np.full((*SMALL, 3), 128, np.uint8))
    places, kinds = columns([()], {}, standing.areas())
    assert kinds == [None]
    assert np.isnan(places["focus_x"]).all()


FACE = Face(0.2, 0.3, 0.1, 0.2)
FAR, NEAR = Area(0.8, 0.5, 0.2, 0.2), Area(0.5, 0.5, 0.3, 0.3)


def test_a_face_wins_over_motion_and_motion_over_what_stands_out():
    places, kinds = columns([(FACE,), (), ()], {0: FAR, 1: FAR}, {0: NEAR, 1: NEAR, 2: NEAR})
    assert kinds == ["face", "saliency", "saliency"]
    assert places["focus_x"].tolist() == pytest.approx([0.2, 0.8, 0.5])
    assert places["focus_w"].tolist() == pytest.approx([0.1, 0.2, 0.3])


def test_a_row_at_which_nobody_looked_has_what_stood_out_before():
    _, kinds = columns([(), (), ()], {}, {1: NEAR})
    assert kinds == [None, "saliency", "saliency"]
    _, kinds = columns([(), ()], {}, {0: NEAR, 1: None})
    assert kinds == ["saliency", None]


def test_faces_that_fit_one_crop_are_framed_together_others_not():
    beside, apart = Face(0.38, 0.32, 0.1, 0.2), Face(0.9, 0.3, 0.08, 0.16)
    places, _ = columns([(FACE, beside, apart)], {}, {})
    assert places["focus_x"][0] == pytest.approx((0.15 + 0.43) / 2)
    assert places["focus_w"][0] == pytest.approx(0.28)


def test_nothing_is_densest_in_nothing():
    assert densest(np.zeros((36, 64), np.float32)) is None
