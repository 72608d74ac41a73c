"""A crop keeps its subject, stands still where it can, and cuts where the picture cuts."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from editron_core.domain.evidence import Evidence
from editron_core.domain.timeline import Crop
from editron_core.edit import reframe
from editron_core.times import Span
from tests.edit.stock import evidence

FRAME = (1920, 1080)
RATE = Fraction(30)
WIDE = 0.08
"""Half the width of the subject, as a share of the frame."""


def follow(
    seen: Evidence, start: float = 0, end: float | None = None, aspect: str = "9:16", **options
) -> Crop:
    source = Span.of(start, float(seen.duration) if end is None else end)
    return reframe.crop_path(seen, source, FRAME, aspect, rate=RATE, **options)


def centres(crop: Crop, frames: int) -> np.ndarray:
    """The crop's centre at every frame, as a renderer reads the keys."""
    at = [float(key.at) for key in crop.keys]
    return np.interp(np.arange(frames) / float(RATE), at, [key.x for key in crop.keys])


def walk(where: Callable[[float], float], length: float, noise: float = 0.0) -> Evidence:
    """Footage of a subject at `where(seconds)`, seen twice a second with some noise."""
    wobble = (
        np.random.default_rng(7).normal(0, noise, int(length * 2)) if noise else np.zeros(int(length * 2))
    )
    rows = [(where(k / 2 + 0.25) + wobble[k], 0.5, 2 * WIDE, 0.4) for k in range(int(length * 2))]
    return evidence(length, focus=rows)


PATHS = {
    "walks across": lambda t: 0.15 + 0.7 * t / 10,
    "runs across": lambda t: min(0.85, 0.15 + 0.35 * t),
    "paces to and fro": lambda t: 0.5 + 0.32 * math.sin(t * 1.1),
    "waits, goes, waits": lambda t: 0.25 + 0.5 * min(1, max(0, (t - 4) / 2)),
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("noise", [0.0, 0.012])
def test_a_moving_subject_lies_inside_in_95_of_100_frames(name: str, noise: float) -> None:
    crop = follow(walk(PATHS[name], 10, noise))
    where = centres(crop, 300)
    there = np.array([PATHS[name](n / 30) for n in range(300)])
    inside = np.abs(there - where) + WIDE <= crop.width / 2
    assert inside.mean() >= 0.95, f"inside in {inside.mean():.0%} of the frames"


@pytest.mark.parametrize("name", PATHS)
def test_the_crop_never_leaves_the_frame_and_never_races(name: str) -> None:
    crop = follow(walk(PATHS[name], 10, 0.05))
    assert all(crop.width / 2 <= key.x <= 1 - crop.width / 2 for key in crop.keys)
    assert all(key.y == 0.5 for key in crop.keys)
    # The monotone cubic between two rows is at most three times as steep as they are.
    assert np.abs(np.diff(centres(crop, 300))).max() * 30 <= 3 * reframe.SPEED


def test_a_subject_that_hardly_moves_leaves_the_crop_still() -> None:
    crop = follow(walk(lambda t: 0.4 + 0.02 * math.sin(3 * t), 20, 0.01))
    assert len({key.x for key in crop.keys}) == 1
    assert crop.keys[0].x == pytest.approx(0.4, abs=0.03)


def test_a_subject_that_is_suddenly_elsewhere_is_reached_within_a_second() -> None:
    where = centres(follow(walk(lambda t: 0.3 if t < 5 else 0.7, 10)), 300)
    half = 0.3164 / 2
    assert (np.abs(where[:120] - 0.3) + WIDE <= half).all()
    assert (np.abs(where[180:] - 0.7) + WIDE <= half).all()


def test_a_passer_by_does_not_pull_the_crop_along() -> None:
    rows = [(0.3, 0.5, 0.1, 0.4)] * 20
    rows[9] = rows[10] = (0.85, 0.5, 0.1, 0.4)
    crop = follow(evidence(10, focus=rows))
    assert len({key.x for key in crop.keys}) == 1
    assert abs(crop.keys[0].x - 0.3) + 0.05 < crop.width / 2


def test_a_pan_starts_and_ends_softly() -> None:
    speed = np.diff(centres(follow(walk(PATHS["waits, goes, waits"], 10)), 300)) * 30
    assert speed.max() > 0.1
    assert np.abs(np.diff(speed)).max() < 0.5 * speed.max(), "the speed jumps between two frames"


def test_the_path_cuts_hard_between_two_frames_where_the_shot_changes() -> None:
    rows = [(0.25, 0.5, 0.1, 0.3)] * 8 + [(0.75, 0.5, 0.1, 0.3)] * 8
    crop = follow(evidence(8, cuts=[4], focus=rows))
    where = centres(crop, 240)
    assert np.allclose(where[:120], 0.25, atol=0.02)
    assert np.allclose(where[120:], 0.75, atol=0.02)


def test_unknown_focus_keeps_the_middle_and_gaps_are_bridged() -> None:
    assert {key.x for key in follow(evidence(6)).keys} == {0.5}
    rows = [(0.7, 0.5, 0.1, 0.3) if k in (2, 9) else None for k in range(12)]
    assert np.allclose(centres(follow(evidence(6, focus=rows)), 180), 0.7, atol=0.02)


def test_faces_overrule_what_else_draws_the_eye() -> None:
    rows = [(0.75, 0.4, 0.1, 0.2), (0.2, 0.5, 0.3, 0.3)] * 6
    seen = evidence(6, focus=rows, kinds=["face", "saliency"] * 6)
    assert np.allclose(centres(follow(seen), 180), 0.75, atol=0.03)


def test_a_group_that_fits_is_shown_whole_off_its_centre_if_need_be() -> None:
    crop = follow(walk(lambda t: 0.5, 6), aspect="1:1")
    group = evidence(6, focus=[(0.22, 0.5, 0.4, 0.3)] * 12)
    crop = follow(group, aspect="1:1")
    assert all(key.x - crop.width / 2 <= 0.02 + 1e-6 for key in crop.keys)


def test_still_does_not_move_within_a_shot() -> None:
    crop = follow(walk(PATHS["walks across"], 10), still=True)
    assert len({key.x for key in crop.keys}) == 1


def test_tall_pictures_are_cropped_up_and_down_with_room_over_faces() -> None:
    seen = evidence(6, focus=[(0.5, 0.3, 0.3, 0.15)] * 12, kinds=["face"] * 12)
    crop = reframe.crop_path(seen, Span.of(0, 6), (1080, 1920), "1:1", rate=RATE)
    assert (crop.width, crop.height) == (1.0, pytest.approx(0.5625))
    top = crop.keys[0].y - crop.height / 2
    assert 0 <= top < 0.3 < top + crop.height / 2, "the face stands in the upper half"


def test_a_slightly_too_tall_picture_keeps_its_heads() -> None:
    low = [(0.5, 0.9, 0.3, 0.15)] * 12
    vague = reframe.crop_path(evidence(6, focus=low), Span.of(0, 6), (640, 480), "16:9", rate=RATE)
    assert all(key.y - vague.height / 2 == pytest.approx(0.3 * (1 - vague.height)) for key in vague.keys)
    face = evidence(6, focus=[(0.5, 0.12, 0.2, 0.15)] * 12, kinds=["face"] * 12)
    sure = reframe.crop_path(face, Span.of(0, 6), (640, 480), "16:9", rate=RATE)
    assert sure.keys[0].y - sure.height / 2 < 0.05


def test_keys_count_from_the_clip_and_stay_few() -> None:
    crop = follow(walk(PATHS["walks across"], 60), 20.5, 40.5)
    assert crop.keys[0].at == 0
    assert crop.keys[-1].at <= 20
    assert len(crop.keys) < 40
    restless = follow(walk(lambda t: 0.5 + 0.3 * math.sin(t * 1.7) * math.cos(t * 0.9), 120, 0.05))
    assert len(restless.keys) <= reframe.MAX_KEYS
    assert crop == follow(walk(PATHS["walks across"], 60), 20.5, 40.5)
