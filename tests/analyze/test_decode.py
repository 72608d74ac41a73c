"""The one decode: the right frames at the right times, upright, in the pipes and in the proxy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editron_core import process
from editron_core.analyze import decode as module
from editron_core.analyze.decode import (
    LOUDNESS,
    PROXY,
    SOUND,
    Takers,
    decode,
    limits_for,
    proxy_size,
    small_size,
)
from editron_core.domain.batch import MediaProbe, VideoStream
from editron_core.errors import Interrupted, MediaError
from editron_core.media import frames
from editron_core.media.audio import open_wav
from editron_core.media.frames import proxy_frames
from editron_core.media.probe import probe
from tests.numbered import HEIGHT, RATE, WIDTH, encode, ff, number_in, raw

COUNT = 60
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
TEN_BIT = ("-pix_fmt", "yuv420p10le")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
PQ = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")

STEADY = {
    "h264.mp4": X264,
    "h264_10bit.mp4": ("-c:v", "libx264", "-preset", "veryfast", *TEN_BIT),
    "hevc.mp4": (*X265, "-pix_fmt", "yuv420p"),
    "hevc_10bit_pq.mkv": (*X265, *TEN_BIT, *PQ),
    "av1.mkv": ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=2"),
    "prores.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"),
    "stream.ts": X264,
    "fragmented.mp4": (*X264, "-g", "12", "-movflags", "frag_keyframe+empty_moov"),
}


@pytest.fixture(scope="module")
def bytes_of_60(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return raw(tmp_path_factory.mktemp("raw") / "frames.gray", range(COUNT))


class Seen:
    """What the takers were handed: numbers and times."""

    def __init__(self) -> None:
        self.small: list[tuple[int, Fraction]] = []
        self.sample: list[tuple[int, Fraction]] = []
        self.shapes: set[tuple[int, ...]] = set()

    @property
    def takers(self) -> Takers:
        def small(at: Fraction, shown: np.ndarray) -> None:
            self.small.append((number_in(shown[: shown.shape[0] * 2 // 3]), at))

        def sample(at: Fraction, shown: np.ndarray) -> None:
            self.sample.append((number_in(shown), at))
            self.shapes.add(shown.shape)

        return Takers(small, sample)


def seen_in(path: Path, out: Path) -> Seen:
    seen = Seen()
    assert decode(path, probe(path), out, seen.takers) == len(seen.small)
    return seen


def assert_right(path: Path, out: Path, expected: dict[int, Fraction]) -> None:
    """The small frames, the samples and the proxy show exactly `expected`: number -> seconds."""
    seen = seen_in(path, out)
    assert [number for number, _ in seen.small] == list(expected)
    slack = Fraction(1, 1000)  # Matroska counts in milliseconds
    assert all(abs(at - expected[number]) <= slack for number, at in seen.small)
    rows: dict[int, tuple[int, Fraction]] = {}
    for number, at in seen.small:
        rows.setdefault(int(at * 2), (number, at))
    assert seen.sample == list(rows.values())
    assert_proxy_shows(out / PROXY, seen)


def assert_proxy_shows(proxy: Path, seen: Seen) -> None:
    times = [at for _, at in seen.small]
    middles = [(a + b) / 2 for a, b in zip(times, [*times[1:], times[-1] + Fraction(1, 25)], strict=True)]
    shuffled = [*middles[1::2], *reversed(middles[0::2])]
    truth = [seen.small[middles.index(at)][0] for at in shuffled]
    for reader in (proxy_frames, frames._by_decord, frames._by_pyav):
        assert [number_in(shown) for shown in reader(proxy, shuffled)] == truth


def steady(count: int = COUNT) -> dict[int, Fraction]:
    return {number: number / RATE for number in range(count)}


@pytest.mark.parametrize("name", STEADY)
def test_each_frame_comes_at_its_time_in_every_format(name, bytes_of_60, tmp_path):
    path = encode(bytes_of_60, tmp_path / name, *STEADY[name])
    assert_right(path, tmp_path, steady())


def test_a_rotated_clip_comes_upright(tmp_path):
    turned = raw(tmp_path / "turned.gray", range(COUNT), np.rot90)
    flat = encode(turned, tmp_path / "flat.mp4", *X264, size=(HEIGHT, WIDTH))
    path = tmp_path / "phone.mov"
    ff("-display_rotation", -90, "-i", flat, "-c", "copy", path)
    assert probe(path).video.rotation == 90
    assert_right(path, tmp_path, steady())


def test_a_varying_frame_rate_keeps_its_times(bytes_of_60, tmp_path):
    """Five quick frames, a pause, and never on a whole multiple of anything."""
    when = "setpts='(N+3*floor(N/5)+0.175*mod(N,3))/25/TB'"
    words = ("-vf", f"settb=1/90000,{when}", "-fps_mode", "passthrough", "-enc_time_base", "1/90000")
    path = encode(bytes_of_60, tmp_path / "phone.mp4", *words, *X264)

    def at(n: int) -> Fraction:
        return (n + 3 * (n // 5) + Fraction(7, 40) * (n % 3)) / 25

    assert_right(path, tmp_path, {n: at(n) for n in range(COUNT)})


def test_an_edit_list_hides_what_comes_before_it(bytes_of_60, tmp_path):
    whole = encode(bytes_of_60, tmp_path / "whole.mp4", *X264, "-g", 30, "-bf", 2)
    path = tmp_path / "cut.mp4"
    ff("-ss", "0.6", "-i", whole, "-c", "copy", path)
    seen = seen_in(path, tmp_path)
    assert [number for number, _ in seen.small] == list(range(15, COUNT))
    assert [at for _, at in seen.small] == [Fraction(n, 25) for n in range(COUNT - 15)]
    assert_proxy_shows(tmp_path / PROXY, seen)


def test_a_picture_that_starts_late_is_held_from_zero(bytes_of_60, tmp_path):
    flat = encode(bytes_of_60, tmp_path / "flat.mp4", *X264)
    path = tmp_path / "late.mp4"
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3")
    ff("-itsoffset", "0.4", "-i", flat, *tone, "-map", "0:v", "-map", "1:a", "-c:v", "copy", path)
    seen = seen_in(path, tmp_path)
    assert seen.small[0] == (0, 0)
    assert [float(at) for _, at in seen.small[1:4]] == pytest.approx([0.44, 0.48, 0.52], abs=1e-3)
    assert_proxy_shows(tmp_path / PROXY, seen)


def test_sound_keeps_its_place_beside_the_picture(bytes_of_60, tmp_path):
    """A beep at 1 s, in a track that itself starts 0.4 s late, is at 1 s in the working WAV."""
    flat = encode(bytes_of_60, tmp_path / "flat.mp4", *X264)
    path = tmp_path / "beep.mkv"
    beep = ("-f", "lavfi", "-i", "aevalsrc='0.5*sin(2000*t)*between(t,0.6,0.8)':d=1.5:s=48000")
    words = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "flac")
    ff("-i", flat, "-itsoffset", "0.4", *beep, *words, path)
    seen_in(path, tmp_path)
    sound = open_wav(tmp_path / SOUND)
    loud = np.flatnonzero(np.abs(sound.read(0, sound.frames)) > 0.1) / 16000
    assert loud[0] == pytest.approx(1.0, abs=0.005)
    assert loud[-1] == pytest.approx(1.2, abs=0.005)
    log = (tmp_path / LOUDNESS).read_text()
    assert log.startswith("frame:0")
    assert "lavfi.r128.M=" in log


def test_of_several_streams_the_probed_ones_are_taken(bytes_of_60, tmp_path):
    flat = encode(bytes_of_60, tmp_path / "flat.mp4", *X264)
    decoy = ("-f", "lavfi", "-i", "color=c=gray:s=64x64:d=2.4:r=25", "-f", "lavfi", "-i", "sine=d=2.4")
    path = tmp_path / "two.mkv"
    ff("-i", flat, *decoy, "-map", "1:v", "-map", "2:a", "-map", "0:v", path)
    found = probe(path)
    chosen = replace(found, video=replace(found.video, index=2, width=WIDTH, height=HEIGHT))
    seen = Seen()
    decode(path, chosen, tmp_path, seen.takers)
    assert [number for number, _ in seen.small] == list(range(COUNT))


@pytest.mark.parametrize("layout", ["7.1", "mono", "10 channels"])
def test_every_channel_layout_becomes_one_channel(layout, tmp_path):
    channels = {"7.1": 8, "mono": 1, "10 channels": 10}[layout]
    path = tmp_path / "many.mka"
    tones = "|".join(["0.3*sin(2000*t)"] * channels)
    ff("-f", "lavfi", "-i", f"aevalsrc='{tones}':d=1:s=44100", "-c:a", "pcm_s16le", path)
    found = probe(path)
    assert found.audio.channels == channels
    assert decode(path, found, tmp_path, None) == 0
    sound = open_wav(tmp_path / SOUND)
    assert sound.frames == pytest.approx(16000, abs=50)
    assert np.abs(sound.read(4000, 12000)).max() > 0.05


@pytest.mark.parametrize("size", [(641, 359), (2, 2), (90, 1280), (1920, 800)])
def test_odd_sizes_pass(size, tmp_path):
    path = tmp_path / "odd.mkv"
    ff("-f", "lavfi", "-i", f"testsrc2=s={size[0]}x{size[1]}:d=0.2:r=25", "-c:v", "ffv1", path)
    shapes: list[tuple[Any, ...]] = []
    found = probe(path)
    takers = Takers(
        lambda at, shown: shapes.append(shown.shape), lambda at, shown: shapes.append(shown.shape)
    )
    assert decode(path, found, tmp_path, takers) == 5
    width, height = small_size(found.video)
    assert (height * 3 // 2, width) in shapes
    width, height = proxy_size(found.video)
    assert (height, width, 3) in shapes
    assert proxy_frames(tmp_path / PROXY, [Fraction(1, 10)]).shape == (1, height, width, 3)


def test_a_damaged_tail_leaves_what_came_before(bytes_of_60, tmp_path):
    whole = encode(bytes_of_60, tmp_path / "whole.ts", *X264, "-g", 10)
    path = tmp_path / "cut.ts"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    seen = seen_in(path, tmp_path)
    numbers = [number for number, _ in seen.small]
    assert 20 < len(numbers) < COUNT
    assert numbers == list(range(len(numbers)))


def test_nothing_to_decode_is_a_clear_error(tmp_path, bytes_of_60):
    path = encode(bytes_of_60, tmp_path / "whole.mp4", *X264)
    found = probe(path)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:-2000] = b"\xff" * (len(data) - 2000 - start)
    path.write_bytes(bytes(data))
    with pytest.raises(MediaError, match="whole"):
        decode(path, found, tmp_path, Seen().takers)


def test_what_a_taker_raises_stops_the_decode(bytes_of_60, tmp_path):
    path = encode(bytes_of_60, tmp_path / "clip.mp4", *X264)

    def broken(at: Fraction, shown: np.ndarray) -> None:
        raise ZeroDivisionError("as planned")

    with pytest.raises(ZeroDivisionError, match="as planned"):
        decode(path, probe(path), tmp_path, Takers(lambda at, shown: None, broken))


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 s that take well over a second to decode."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=40")
    ff(*source, "-c:v", "libx264", "-preset", "ultrafast", path)
    return path


def test_being_stopped_is_no_fault_of_the_file(long_clip, tmp_path):
    def stop(at: Fraction, shown: np.ndarray) -> None:
        process.stop_all()

    with pytest.raises(Interrupted):
        decode(long_clip, probe(long_clip), tmp_path, Takers(lambda at, shown: None, stop))


def of_size(width: int, height: int, fps: int, seconds: int = 10) -> MediaProbe:
    video = VideoStream(0, "hevc", width, height, Fraction(fps), False, 0, "yuv420p10le", 10, "", False)
    return MediaProbe("mov", Fraction(seconds), video, None, Fraction(0), 1)


def test_what_a_decode_may_use_grows_with_its_pictures() -> None:
    small = limits_for(of_size(320, 180, 25))
    assert small.cpu_s == pytest.approx(160, abs=2)
    assert small.memory == pytest.approx(4 * process.GIB, rel=0.01)
    for shape in ((7680, 4320, 60), (4096, 2160, 240)):
        limits = limits_for(of_size(*shape))
        # HEVC of 10 bits takes about 20 ns a pixel on a slow core.
        assert limits.cpu_s > 10 * shape[0] * shape[1] * shape[2] * 20e-9 * 2
        assert limits.wall_s > limits.cpu_s
    # 16 threads were seen to hold 1.6 GiB of 8K pictures of 8 bits.
    assert limits_for(of_size(7680, 4320, 60)).memory > 10 * process.GIB


def test_the_limit_that_ends_a_decode_is_named(long_clip, tmp_path, monkeypatch):
    least = process.Limits(wall_s=120, cpu_s=1, file_bytes=1 << 30)
    monkeypatch.setattr(module, "limits_for", lambda found: least)
    nobody = Takers(lambda at, shown: None, lambda at, shown: None)
    with pytest.raises(MediaError, match=r"long.mp4: cannot be decoded within 1 s of processor time \(scale"):
        decode(long_clip, probe(long_clip), tmp_path, nobody)


def test_progress_grows_to_its_end(bytes_of_60, tmp_path):
    path = encode(bytes_of_60, tmp_path / "clip.mp4", *X264)
    told: list[float] = []
    decode(path, probe(path), tmp_path, Seen().takers, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0, abs=0.05)
    assert all(0 <= share <= 1 for share in told)


def test_proxies_are_no_larger_than_the_picture() -> None:
    def sized(width: int, height: int) -> tuple[int, int]:
        base = dict(index=0, codec="h264", fps=RATE, vfr=False, rotation=0, pixel_format="yuv420p")
        return proxy_size(VideoStream(width=width, height=height, bit_depth=8, colour="", hdr=False, **base))

    assert sized(1920, 1080) == (640, 360)
    assert sized(1080, 1920) == (360, 640)
    assert sized(1024, 576) == (512, 288)
    assert sized(768, 432) == (384, 216)
    assert sized(320, 240) == (320, 240)
