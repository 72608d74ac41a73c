"""Motion and how a picture looks tell apart what they should, on one fixed scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from editron_core.analyze.motion import Motion, change, colour, detail, exposure, richness, sharpness
from editron_core.media.frames import opencv
from tests.auc import auc

SIZE = (270, 480)


def texture(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Smooth grey patches over the whole range: (H, W) uint8."""
    coarse = np.random.default_rng(seed).integers(10, 246, (size[0] // 9, size[1] // 9), np.uint8)
    return opencv().resize(coarse, size[::-1], interpolation=opencv().INTER_CUBIC)


def blurred(grey: np.ndarray, sigma: float) -> np.ndarray:
    return opencv().GaussianBlur(grey, (0, 0), sigma)


def shifted(pixels: float) -> float:
    """The change that a shift of a small picture by so many pixels makes."""
    wide = texture(3, (36, 200)).astype(np.float32)
    move = np.array([[1, 0, -pixels], [0, 1, 0]], np.float32)
    return change(wide[:, :64], opencv().warpAffine(wide, move, (200, 36))[:, :64])


def test_more_motion_is_more_change():
    changes = [shifted(pixels) for pixels in (0, 0.25, 0.5, 1, 2)]
    assert changes == sorted(changes)
    assert changes[0] == 0
    assert changes[-1] > 4


def test_a_change_of_brightness_is_no_motion():
    still = texture(1).astype(np.float32) / 2
    assert change(still, still + 40) < 0.01


def motion(*steps: tuple[float, float, float], rows: int = 8, cuts: tuple[float, ...] = ()) -> list[float]:
    seen = Motion()
    for start, at, size in steps:
        seen.add(Fraction(str(start)), Fraction(str(at)), size)
    return seen.column(rows, [Fraction(str(cut)) for cut in cuts]).tolist()


def test_a_row_has_the_mean_of_its_steps_on_a_saturating_scale():
    got = motion((0, 0.1, 0), (0.1, 0.2, 8), (0.5, 0.6, 800), rows=2)
    assert got == pytest.approx([(1 - np.exp(-1)) / 2, 1.0])


def test_a_cut_is_no_motion():
    steps = [(n / 10, (n + 1) / 10, 100 if n == 11 else 1) for n in range(40)]
    with_cut, without = motion(*steps, cuts=(1.15,)), motion(*steps)
    assert with_cut == pytest.approx([1 - np.exp(-1 / 8)] * 8)
    assert without[2] > 0.2


def test_footage_of_few_frames_moves_throughout_and_a_standing_picture_does_not():
    assert min(motion(*((n, n + 1, 8) for n in range(4)))) > 0.6
    assert motion((0, 0.2, 8), (0.2, 3.9, 8))[1:7] == [0] * 6


def test_a_single_frame_has_no_motion_to_measure():
    assert np.isnan(motion()).all()


def test_sharpness_orders_degrees_of_blur_and_forgives_a_soft_background():
    crisp = [sharpness(texture(seed)) for seed in range(8)]
    soft = [sharpness(blurred(texture(seed), 3)) for seed in range(8)]
    assert auc(crisp, soft) == 1.0
    steps = [sharpness(blurred(texture(1), sigma)) for sigma in (0.5, 1, 2, 4, 8)]
    assert steps == sorted(steps, reverse=True)
    portrait = blurred(texture(2), 6)
    portrait[60:200, 160:320] = texture(2)[60:200, 160:320]
    assert sharpness(portrait) > 0.7 * sharpness(texture(2))
    assert sharpness(np.full(SIZE, 90, np.uint8)) == 0.0


def test_exposure_falls_towards_black_and_towards_white():
    well = [exposure(texture(seed)) for seed in range(8)]
    dark = [exposure((texture(seed) * 0.15).astype(np.uint8)) for seed in range(8)]
    burnt = [
        exposure(np.minimum(texture(seed).astype(int) * 2 + 60, 255).astype(np.uint8)) for seed in range(8)
    ]
    assert auc(well, dark) == 1.0
    assert auc(well, burnt) == 1.0
    assert 0.5 < min(well) <= max(well) < 0.9  # room above: good light is not the end of the scale
    assert exposure(np.zeros(SIZE, np.uint8)) < 0.05
    assert exposure(np.full(SIZE, 255, np.uint8)) < 0.05


def test_colour_grows_with_saturation_and_grey_has_none():
    tint = np.stack([texture(seed, (90, 160)) for seed in (1, 2, 3)], axis=2).astype(np.float32)
    grey = tint.mean(axis=2, keepdims=True)
    steps = [colour((grey + share * (tint - grey)).astype(np.uint8)) for share in (0, 0.25, 0.5, 1)]
    assert steps == sorted(steps)
    assert steps[0] < 0.01
    assert steps[-1] > 0.4


def test_colour_is_the_published_measure():
    """A picture half pure red, half pure blue, by the formula of 2003 worked out by hand: M = 198.4 + ..."""
    halves = np.zeros((10, 10, 3), np.uint8)
    halves[:, :5, 0], halves[:, 5:, 2] = 255, 255
    # rg is 255 and 0; yb is 127.5 and -255: deviations 127.5 and 191.25, means 127.5 and -63.75.
    by_hand = np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, 63.75)
    assert by_hand > 110
    assert colour(halves) == 1.0
    assert colour((halves * 0.2).astype(np.uint8)) == pytest.approx(0.2 * by_hand / 110, abs=1e-5)


def test_a_view_is_richer_than_a_title_card_and_black_is_nothing():
    views = [richness(texture(seed, (72, 128))) for seed in range(8)]
    cards = [richness(card(seed)) for seed in range(8)]
    assert auc(views, cards) == 1.0
    assert min(views) > 0.7
    assert max(cards) < 0.4
    assert richness(np.zeros((72, 128), np.uint8)) == 0


def test_a_view_may_be_dark_and_grain_does_not_make_one():
    """What tells it from exposure (a dusk is rich) and from sharpness (noise is not)."""
    dusk = (texture(1, (72, 128)) * 0.35).astype(np.uint8)
    grain = np.clip(np.random.default_rng(2).normal(20, 2, (72, 128)), 0, 255).astype(np.uint8)
    assert richness(dusk) > 0.65
    assert richness(grain) < 0.3
    assert exposure(dusk) < 0.8 * exposure(texture(1, (72, 128)))
    assert sharpness(grain) > 0.2


def test_detail_is_asked_of_most_of_the_picture():
    """A view has it, and loses it in haze and blur; a title has none, however sharp."""
    size = (72, 128)
    views = [detail(texture(seed, size)) for seed in range(8)]
    hazy = [detail((texture(seed, size) * 0.15 + 150).astype(np.uint8)) for seed in range(8)]
    assert min(views) > 0.5
    assert max(hazy) < 0.25
    assert detail(blurred(texture(1, size), 8)) < 0.5 * detail(texture(1, size))
    title = np.full(size, 16, np.uint8)
    title[30:42, 20:108] = np.random.default_rng(1).choice((16, 235), (12, 88))
    assert detail(title) == 0
    assert sharpness(title) > 0.8
    assert detail(np.full(size, 90, np.uint8)) == 0


def card(seed: int) -> np.ndarray:
    """White with lines of dark strokes, as a title or a sheet of print: (72, 128) uint8."""
    rng = np.random.default_rng(seed)
    page = np.full((72, 128), 250, np.uint8)
    for line in range(20, 56, 12):
        for x in range(16, 112, 4):
            page[line : line + rng.integers(2, 7), x : x + rng.integers(1, 3)] = 30
    return opencv().GaussianBlur(page, (0, 0), 0.5)
