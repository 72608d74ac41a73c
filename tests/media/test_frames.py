"""Pipes that carry pictures, and proxies that are read back."""

from __future__ import annotations

import os
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core import process
from editron_core.errors import MediaError, ProcessFailed
from editron_core.media import ffmpeg, frames
from editron_core.media.frames import Tap, proxy_frames
from tests.numbered import RATE, encode, number_in, raw

PROXY_LIKE = ("-c:v", "libx264", "-preset", "ultrafast", "-g", 25, "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proxy")
    return encode(raw(folder / "raw", range(200)), folder / "proxy.mp4", *PROXY_LIKE)


def source(seconds: float, *, size: str = "64x36", pixels: str = "gray") -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={seconds},format={pixels}"]


def output(tap: Tap) -> list[str]:
    return ["-map", "0", "-c:v", "rawvideo", "-f", "nut", f"pipe:{tap.fd}"]


def pour(taps: list[Tap], words: list[str]) -> None:
    """Run ffmpeg with `words` into `taps`, as the analysis does."""
    limits = process.Limits(wall_s=60)
    with process.spawn(ffmpeg.command(*words), limits=limits, pass_fds=[tap.fd for tap in taps]):
        for tap in taps:
            tap.open()


@pytest.mark.parametrize(
    ("pixels", "shape"), [("gray", (36, 64)), ("rgb24", (36, 64, 3)), ("yuv420p", (54, 64))]
)
def test_pictures_arrive_with_exact_times(pixels, shape):
    got: list[tuple[Fraction, np.ndarray]] = []
    with Tap(lambda at, shown: got.append((at, shown))) as tap:
        pour([tap], source(1, pixels=pixels) + output(tap))
    assert [at for at, _ in got] == [Fraction(n, 25) for n in range(25)]
    assert {shown.shape for _, shown in got} == {shape}
    assert {shown.dtype for _, shown in got} == {np.dtype(np.uint8)}
    assert tap.count == 25


def test_what_was_handed_over_is_not_written_again():
    """A taker may keep a picture: later ones do not overwrite it."""
    kept: list[np.ndarray] = []
    sums: list[int] = []

    def keep(at: Fraction, shown: np.ndarray) -> None:
        kept.append(shown)
        sums.append(int(shown.sum()))

    with Tap(keep) as tap:
        pour([tap], source(4) + output(tap))
    assert [int(shown.sum()) for shown in kept] == sums
    assert len(set(sums)) > 50


def test_a_slow_taker_holds_the_child_back_and_nobody_else_waits_for_ever():
    """Two pipes, one of them slow and one much larger than a pipe holds: no deadlock, nothing lost."""
    slow: list[Fraction] = []

    def dawdle(at: Fraction, shown: np.ndarray) -> None:
        time.sleep(0.02)
        slow.append(at)

    fast: list[Fraction] = []
    with Tap(dawdle) as one, Tap(lambda at, shown: fast.append(at)) as two:
        pour([one, two], source(4, size="640x360", pixels="rgb24") + output(one) + output(two))
    assert len(slow) == len(fast) == 100


def test_a_taker_that_raises_ends_the_child_and_is_heard():
    def refuse(at: Fraction, shown: np.ndarray) -> None:
        raise ValueError("not this one")

    started = time.monotonic()
    with pytest.raises(ValueError, match="not this one"), Tap(refuse) as tap:
        pour([tap], source(3600, size="640x360") + output(tap))
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("cut", range(3000, 9000, 977))
def test_a_child_that_dies_in_the_middle_of_a_picture_is_what_is_told(cut, tmp_path):
    """Not what its torn stream makes of the reader, which the place of the cut decides."""
    whole = tmp_path / "whole.nut"
    words = ffmpeg.command(*source(1), "-c:v", "rawvideo", "-f", "nut", f"file:{whole}")
    with process.spawn(words, limits=process.Limits(wall_s=60)):
        pass

    def die(tap: Tap) -> None:
        os.write(tap.fd, whole.read_bytes()[:cut])
        tap.open()
        raise ProcessFailed("ffmpeg", -9, "")

    with pytest.raises(ProcessFailed), Tap(lambda at, shown: None) as tap:
        die(tap)


def test_a_child_that_fails_leaves_no_thread_and_no_pipe():
    before = len(os.listdir("/proc/self/fd"))
    for words in (["-i", "file:/nowhere.mp4"], ["-f", "lavfi", "-i", "nonsense"]):
        with pytest.raises(ProcessFailed), Tap(lambda at, shown: None) as tap:
            pour([tap], words + output(tap))
        assert tap.count == 0
    with pytest.raises(RuntimeError, match="before"), Tap(lambda at, shown: None):
        raise RuntimeError("before it was opened")
    assert not [thread.name for thread in threading.enumerate() if "(_drain)" in thread.name]
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("reader", [frames._by_decord, frames._by_pyav])
def test_a_proxy_gives_the_frame_on_display(reader, proxy):
    wanted = [199, 0, 7, 7, 120, 24, 25, 26, 61]
    times = [(n + Fraction(1, 2)) / RATE for n in wanted]
    got = reader(proxy, times)
    assert got.dtype == np.uint8
    assert [number_in(shown) for shown in got] == wanted
    assert [number_in(shown) for shown in reader(proxy, [n / RATE for n in wanted])] == wanted


@pytest.mark.parametrize("reader", [frames._by_decord, frames._by_pyav])
def test_times_outside_a_proxy_give_its_first_and_last_frame(reader, proxy):
    got = reader(proxy, [Fraction(-1), Fraction(1000)])
    assert [number_in(shown) for shown in got] == [0, 199]


def test_both_readers_show_the_same_pixels(proxy):
    times = [Fraction(1, 3), Fraction(5)]
    one, other = frames._by_decord(proxy, times), frames._by_pyav(proxy, times)
    assert np.abs(one.astype(int) - other.astype(int)).mean() < 2


def test_no_times_no_frames(proxy):
    assert len(proxy_frames(proxy, [])) == 0


@pytest.mark.parametrize("reader", [frames._by_decord, frames._by_pyav])
def test_what_is_no_proxy_is_a_media_error(reader, tmp_path):
    text = tmp_path / "proxy.mp4"
    text.write_text("no film")
    for path in (text, tmp_path / "missing.mp4"):
        with pytest.raises(MediaError, match=path.name):
            reader(path, [Fraction(0)])
