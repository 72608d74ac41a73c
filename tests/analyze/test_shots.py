"""Cuts to the frame; flashes are none, fades are one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.analyze import shots
from editron_core.analyze.decode import Takers, decode
from editron_core.media.frames import opencv
from editron_core.media.probe import probe
from editron_core.times import Span

WIDTH, HEIGHT = 128, 72
Scene = Callable[[int], np.ndarray]


def scene(seed: int) -> Scene:
    """A picture of coloured patches over which the camera swings: (HEIGHT, WIDTH, 3) RGB."""
    patches = np.random.default_rng(seed).integers(40, 216, (9, 32, 3), np.uint8)
    wide = opencv().resize(patches, (4 * WIDTH, HEIGHT), interpolation=opencv().INTER_CUBIC)

    def shown(frame: int) -> np.ndarray:
        left = round(WIDTH * (1 + np.sin(frame / 40)))
        return wide[:, left : left + WIDTH]

    return shown


def play(*parts: tuple[Scene, int]) -> list[np.ndarray]:
    """The parts one after the other, each so many frames."""
    return [np.ascontiguousarray(picture(n)) for picture, count in parts for n in range(count)]


def flat(level: int) -> Scene:
    return lambda frame: np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def later(picture: Scene, by: int) -> Scene:
    """`picture` from its frame `by` on."""
    return lambda n: picture(n + by)


def faded(picture: Scene, start: int, step: float) -> Scene:
    """`picture` times a factor that starts at `start` and changes by `step` a frame."""
    return lambda n: (picture(n) * np.clip(start + step * n, 0, 1)).astype(np.uint8)


def cuts(frames: list[np.ndarray], detector: shots.Detector, rate: Fraction = Fraction(25)) -> list[Fraction]:
    for number, picture in enumerate(frames):
        detector.take(number / rate, opencv().cvtColor(picture, opencv().COLOR_RGB2YUV_I420))
    return detector.cuts()


def test_a_cut_is_found_to_the_frame():
    rate = Fraction(30000, 1001)
    frames = play((scene(1), 50), (scene(2), 33), (scene(3), 60))
    assert cuts(frames, shots.Adaptive(), rate) == [50 / rate, 83 / rate]


def test_a_moving_camera_is_no_cut():
    assert cuts(play((scene(4), 200)), shots.Adaptive()) == []


@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("level", [0, 255])
def test_a_flash_is_no_cut_and_hides_none(length, level):
    """White or black for up to a sixth of a second; the cut half a second later is found."""
    before = scene(5)
    frames = play((before, 60), (flat(level), length), (later(before, 60 + length), 13), (scene(6), 40))
    assert cuts(frames, shots.Adaptive()) == [Fraction(60 + length + 13, 25)]


def test_a_flash_on_the_first_frames_is_no_cut():
    assert cuts(play((flat(255), 1), (scene(5), 60)), shots.Adaptive()) == []


@pytest.mark.parametrize("black", [2, 30])
def test_a_fade_through_black_is_one_cut_where_it_is_black(black):
    out, into = scene(7), scene(8)
    down = (faded(later(out, 40), 1, -0.05), 20)
    up = (faded(into, 0, 0.05), 20)
    frames = play((out, 40), down, (flat(0), black), up, (later(into, 20), 40))
    [cut] = cuts(frames, shots.Adaptive())
    assert Fraction(57, 25) <= cut <= Fraction(63 + black, 25)


def test_black_at_either_end_is_no_cut():
    shown = scene(9)
    up, down = (faded(shown, 0, 0.05), 20), (faded(later(shown, 60), 1, -0.05), 20)
    frames = play((flat(0), 20), up, (later(shown, 20), 40), down, (flat(0), 20))
    assert cuts(frames, shots.Adaptive()) == []


def test_two_cuts_within_a_third_of_a_second_are_one():
    frames = play((scene(1), 40), (scene(2), 5), (scene(3), 40))
    assert cuts(frames, shots.Adaptive()) == [Fraction(40, 25)]


def test_spans_cover_the_file_without_gaps():
    found = shots.spans([Fraction(2), Fraction(5), Fraction(9)], Fraction(8))
    assert found == (Span.of(0, 2), Span.of(2, 5), Span.of(5, 8))
    assert shots.spans([], Fraction(3)) == (Span.of(0, 3),)


def test_a_shot_opens_at_its_cut_and_grows_old_however_long_it_is():
    signal = shots.opening([Fraction(41, 10), Fraction(10)], 40)
    assert signal[8] > 0.95 > signal[7]
    assert signal[20] > 0.95
    assert (np.diff(signal)[[*range(7), *range(8, 19), *range(20, 39)]] < 0).all()
    assert signal[32] == pytest.approx(np.exp(-6.25 / shots.OPENING_S), abs=1e-6)


def test_a_cut_late_in_a_row_does_not_make_the_row_the_next_shots():
    signal = shots.opening([Fraction(49, 10)], 12)
    assert signal[9] < signal[8] < signal[10]


def test_rhythm_counts_cuts_in_ten_seconds():
    """Ten cuts from 20.1 to 29.1 s: full rhythm in their middle, none far from them."""
    signal = shots.rhythm([Fraction(n) + Fraction(1, 10) for n in range(20, 30)], 100)
    assert signal.shape == (100,)
    assert signal[49] == 1.0
    assert signal[:29].max() == 0.0
    assert signal[70:].max() == 0.0
    assert signal[40] == pytest.approx(0.6)
    assert shots.rhythm([], 3).tolist() == [0, 0, 0]
    assert shots.rhythm([Fraction(1, 4)], 1).max() <= 0.5


def test_the_network_reads_windows_as_its_authors_read_the_whole():
    """160 frames are four windows; a dissolve around 60 and a cut at 130 are found, as in one reading."""
    import torch

    first, second = scene(11), scene(12)

    def mix(n: int) -> np.ndarray:
        return (first(n + 50) * (1 - n / 20) + second(n) * (n / 20)).astype(np.uint8)

    frames = play(
        (scene(10), 20), (later(first, 20), 30), (mix, 20), (later(second, 20), 60), (scene(13), 30)
    )
    detector = shots.Network("cpu")
    found = [int(cut * 25) for cut in cuts(frames, detector)]
    tiny = [
        opencv().cvtColor(opencv().cvtColor(f, opencv().COLOR_RGB2YUV_I420), opencv().COLOR_YUV2RGB_I420)
        for f in frames
    ]
    tiny = np.stack([opencv().resize(f, (48, 27), interpolation=opencv().INTER_AREA) for f in tiny])
    chances = detector._model.predict_frames(torch.from_numpy(tiny), quiet=True)[0].numpy()
    ends = [n + 1 for n in range(159) if chances[n] > 0.5 >= chances[n + 1]]
    assert found == ends
    assert 130 in found
    assert any(52 <= cut <= 70 for cut in found)


def test_the_network_sees_no_cut_in_a_short_still_file():
    assert cuts(play((flat(90), 3)), shots.detector("transnet", "cpu")) == []


def test_the_choice_follows_the_device():
    assert shots.detector("auto", "cpu").engine.name == "PySceneDetect adaptive"
    assert shots.detector("adaptive", "cuda").engine.name == "PySceneDetect adaptive"
    assert shots.detector("transnet", "cpu").engine.name == "TransNetV2 on cpu"


@pytest.mark.footage
def test_real_cuts_are_found_and_the_opening_flash_is_not(footage: Path, tmp_path):
    path = footage / "video" / "wildlife_30s.mp4"
    detector = shots.Adaptive()
    decode(path, probe(path), tmp_path, Takers(detector.take, lambda at, shown: None))
    found = [float(cut) for cut in detector.cuts()]
    assert found == pytest.approx([4.20, 7.14, 11.81, 17.32, 20.85, 24.62], abs=0.02)


@pytest.mark.footage
def test_real_fades_part_the_shots(footage: Path, tmp_path):
    path = footage / "video" / "fades_nature_24s.mp4"
    detector = shots.Adaptive()
    decode(path, probe(path), tmp_path, Takers(detector.take, lambda at, shown: None))
    found = [float(cut) for cut in detector.cuts()]
    assert any(6.0 <= cut <= 7.2 for cut in found)
    assert any(12.0 <= cut <= 13.2 for cut in found)
    assert not any(1.2 < cut < 5.8 or 8 < cut < 11 or 14.2 < cut < 17 for cut in found)
