"""The probe, on clips that ffmpeg draws: every field of `MediaProbe`, the caps, and the refusals."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import wave
from fractions import Fraction
from pathlib import Path

import pytest

from editron_core import process
from editron_core.config import Settings
from editron_core.domain.batch import AudioStream, VideoStream
from editron_core.errors import MediaError, ProcessFailed
from editron_core.media import ffmpeg, probe

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]


def draw(path: Path, *arguments: str, size: str = "64x48", rate: str = "25", seconds: float = 1) -> Path:
    source = f"testsrc2=s={size}:r={rate}:d={seconds}"
    ffmpeg.run(["-y", "-f", "lavfi", "-i", source, *arguments, str(path)], limits=process.Limits(wall_s=60))
    return path


def edit(path: Path, *arguments: str) -> Path:
    ffmpeg.run(["-y", *arguments, str(path)], limits=process.Limits(wall_s=60))
    return path


def picture(path: Path) -> VideoStream:
    found = probe.probe(path).video
    assert found is not None
    return found


def last_frame_end(path: Path, rate: Fraction) -> Fraction:
    """When the last decoded frame ends, by ffmpeg's own account of times."""
    shown = ["-i", f"file:{path}", "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framecrc", "-"]
    output, _ = process.run(ffmpeg.command(*shown))
    lines = output.decode().splitlines()
    base = next(Fraction(line.split(":")[1].strip()) for line in lines if line.startswith("#tb"))
    return max(int(line.split(",")[2]) for line in lines if not line.startswith("#")) * base + 1 / rate


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tags = ["-vf", "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709"]
    sound = ["-f", "lavfi", "-i", "sine=r=48000:d=2", "-ac", "2", "-c:a", "aac"]
    named = ["-timecode", "10:00:00:00"]
    path = tmp_path_factory.mktemp("plain") / "plain.mov"
    return draw(path, *sound, *X264, "-bf", "2", *tags, *named, rate="30000/1001", seconds=2)


def test_tells_every_field_of_an_ordinary_clip(plain: Path) -> None:
    found = probe.probe(plain)
    assert found.container == "mov,mp4,m4a,3gp,3g2,mj2"
    assert found.duration == 60 * Fraction(1001, 30000)
    assert found.start == 0
    assert found.size_bytes == plain.stat().st_size
    assert found.video == VideoStream(
        index=0,
        codec="h264",
        width=64,
        height=48,
        fps=Fraction(30000, 1001),
        vfr=False,
        rotation=0,
        pixel_format="yuv420p",
        bit_depth=8,
        colour="bt709/bt709/bt709",
        hdr=False,
        timecode="10:00:00:00",
    )
    assert found.audio == AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, layout="stereo")


@pytest.mark.parametrize(("turn", "clockwise"), [(90, 270), (180, 180), (270, 90), (-90, 90), (0, 0)])
def test_tells_rotation_clockwise_and_the_displayed_size(
    plain: Path, tmp_path: Path, turn: int, clockwise: int
) -> None:
    # ffmpeg's option counts counter-clockwise.
    path = edit(
        tmp_path / "r.mp4", "-display_rotation:v", str(turn), "-i", str(plain), "-map", "0:v", "-c", "copy"
    )
    found = picture(path)
    assert found.rotation == clockwise
    assert (found.width, found.height) == ((48, 64) if turn % 180 else (64, 48))


def test_shows_wide_pixels_in_square_ones(tmp_path: Path) -> None:
    found = picture(draw(tmp_path / "wide.mp4", *X264, "-vf", "setsar=4/3", size="96x72"))
    assert (found.width, found.height) == (128, 72)


def test_tells_ten_bit_hdr(tmp_path: Path) -> None:
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=none"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", colours]
    found = picture(draw(tmp_path / "hdr.mp4", *encoder))
    assert (found.codec, found.bit_depth, found.hdr) == ("hevc", 10, True)
    assert found.colour == "bt2020/smpte2084/bt2020nc"


def test_tells_varying_frame_times_from_steady_ones_in_coarse_ticks(tmp_path: Path) -> None:
    steady = draw(tmp_path / "steady.mkv", *X264, "-bf", "3", rate="30", seconds=4)
    uneven = ["-vf", "select='not(between(mod(n,10),3,6))'", "-fps_mode", "vfr", *X264]
    varying = draw(tmp_path / "varying.mkv", *uneven, rate="30", seconds=4)
    assert (picture(steady).vfr, picture(steady).fps) == (False, 30)  # Matroska counts milliseconds
    assert picture(varying).vfr
    assert picture(varying).fps == pytest.approx(18, rel=0.02)


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "50", "60000/1001", "120"])
def test_names_steady_rates_exactly(tmp_path: Path, rate: str) -> None:
    for ending in ("mp4", "mkv", "ts"):
        path = draw(tmp_path / f"rate.{ending}", *X264, rate=rate, size="32x32", seconds=2)
        assert (picture(path).fps, picture(path).vfr) == (Fraction(rate), False), ending


def test_finds_the_length_where_the_container_tells_none(tmp_path: Path) -> None:
    path = draw(tmp_path / "live.mkv", *X264, "-f", "matroska", "-live", "1", seconds=3, rate="20")
    assert probe.probe(path).duration == 3


def test_counts_from_the_containers_first_timestamp(tmp_path: Path) -> None:
    found = probe.probe(draw(tmp_path / "a.ts", *X264, seconds=2))
    assert found.start > 1
    assert found.duration == 2


def test_length_is_that_of_the_frames_that_are_shown(plain: Path, tmp_path: Path) -> None:
    cut = edit(tmp_path / "cut.mp4", "-ss", "0.7", "-t", "0.8", "-i", str(plain), "-c", "copy")
    fragments = ["-movflags", "frag_keyframe+empty_moov"]
    pieces = edit(tmp_path / "pieces.mp4", "-i", str(plain), "-c", "copy", *fragments)
    for path in (cut, pieces):
        end = last_frame_end(path, Fraction(30000, 1001))
        assert probe.probe(path).duration == pytest.approx(end, abs=0.002)


def test_sound_with_a_cover_picture_has_no_video(tmp_path: Path) -> None:
    cover = draw(tmp_path / "cover.png", "-frames:v", "1")
    path = edit(
        tmp_path / "song.m4a",
        *("-f", "lavfi", "-i", "sine=d=2", "-i", str(cover), "-map", "0", "-map", "1"),
        *("-c:a", "aac", "-c:v", "copy", "-disposition:v", "attached_pic"),
    )
    found = probe.probe(path)
    assert found.video is None
    assert found.audio is not None
    assert found.duration == pytest.approx(2, abs=0.05)


def test_takes_the_streams_that_a_player_would(tmp_path: Path) -> None:
    small = draw(tmp_path / "small.mp4", *X264, size="32x32")
    large = draw(tmp_path / "large.mp4", *X264, size="96x96")
    both = ["-i", str(small), "-i", str(large), "-map", "0", "-map", "1", "-c", "copy"]
    marked = edit(tmp_path / "marked.mkv", *both, "-disposition:v:0", "default", "-disposition:v:1", "0")
    equal = edit(tmp_path / "equal.mkv", *both, "-disposition:v:0", "0", "-disposition:v:1", "0")
    assert (picture(marked).index, picture(marked).width) == (0, 32)
    assert (picture(equal).index, picture(equal).width) == (1, 96)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_tells_the_layout_of_the_sound(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "a.wav"
    found = probe.probe(edit(path, "-f", "lavfi", "-i", f"anullsrc=r=16000:cl={layout}", "-t", "0.5"))
    assert found.audio is not None
    assert found.audio.layout == layout
    assert found.duration == Fraction(1, 2)


def test_reaches_the_end_of_long_files_without_reading_them_whole(tmp_path: Path) -> None:
    path = draw(tmp_path / "long.mp4", *X264, size="16x16", rate="1", seconds=8 * 3600)
    assert probe.probe(path).duration == 8 * 3600


@pytest.mark.parametrize(
    ("arguments", "rate", "seconds", "reason"),
    [
        ([*X264], "1000", 0.1, "frames per second"),
        (["-c:v", "mjpeg", "-vf", "scale=8000:8000"], "1", 1, "larger than 36 megapixels"),
        ([*X264, "-vf", "scale=9600:4000"], "1", 1, "9600x4000, larger than 36 megapixels"),
        ([*X264, "-vf", "settb=1,setpts=N*3600"], "1", 30, "longer than 24:00:00.0"),
        ([*X264, "-map", "0", *(["-map", "0"] * 35)], "5", 0.2, "cannot be read"),
    ],
    ids=["frame rate", "pixels", "pixels of H.264", "length", "streams"],
)
def test_refuses_what_goes_beyond_the_caps(
    tmp_path: Path, arguments: list[str], rate: str, seconds: float, reason: str
) -> None:
    path = draw(tmp_path / "odd.mov", *arguments, rate=rate, seconds=seconds, size="32x32")
    with pytest.raises(MediaError, match=reason):
        probe.probe(path)


def test_refuses_too_many_channels(tmp_path: Path) -> None:
    path = tmp_path / "choir.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((65, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(65 * 2 * 800))
    with pytest.raises(MediaError, match="65 audio channels"):
        probe.probe(path)


def test_the_length_cap_is_a_setting(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "settings", lambda: Settings(max_duration_s=1))
    with pytest.raises(MediaError, match=r"longer than 0:01\.0"):
        probe.probe(plain)


@pytest.mark.parametrize("name", ["a:b.mp4", "-i.mp4", "it's 100%.mp4", "new\nline.mp4", "concat:x|y.mp4"])
def test_reads_files_whatever_their_name(plain: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(plain.read_bytes())
    assert probe.probe(path).duration == 60 * Fraction(1001, 30000)


def test_a_reader_that_dies_costs_one_file(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LIMITS", process.Limits(wall_s=30, cpu_s=20, memory=1 << 26))
    with pytest.raises(MediaError, match="makes the reader fail"):
        probe.probe(plain)


def test_a_reader_that_hangs_is_stopped(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LIMITS", process.Limits(wall_s=0.01, cpu_s=20))
    with pytest.raises(MediaError, match=r"stopped after 0\.01 s"):
        probe.probe(plain)


def test_a_reader_that_is_killed_from_outside_says_nothing_about_the_file(tmp_path: Path) -> None:
    """A machine out of memory, or a person with `kill -9`: the same file is tried again later."""
    stuck = tmp_path / "clip.mp4"
    os.mkfifo(stuck)  # the reader waits here for bytes that never come

    def kill() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for folder in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if str(stuck).encode() in (folder / "cmdline").read_bytes():
                        os.kill(int(folder.name), signal.SIGKILL)
                        return
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ProcessFailed) as caught:
        probe.probe(stuck)
    killer.join()
    assert caught.value.killed


def test_refuses_what_holds_no_frames(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.mp4"
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n", "utf-8")
    edit(path, "-i", str(words), "-c:s", "mov_text")
    with pytest.raises(MediaError, match="neither picture nor sound"):
        probe.probe(path)


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile 'beside.mov'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\nbeside.mov\n#EXT-X-ENDLIST\n",
    ],
    ids=["ffconcat", "hls"],
)
def test_never_follows_a_playlist_even_to_a_neighbour(plain: Path, tmp_path: Path, playlist: str) -> None:
    (tmp_path / "beside.mov").write_bytes(plain.read_bytes())
    path = tmp_path / "list.mp4"
    path.write_text(playlist, "utf-8")
    with pytest.raises(MediaError, match="cannot be read"):
        probe.probe(path)
