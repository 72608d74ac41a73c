"""The door to ffmpeg: which binary, and what no command line of ours lets through."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from editron_core import process
from editron_core.config import settings
from editron_core.errors import EngineUnavailable, ProcessFailed
from editron_core.media import clips, ffmpeg
from editron_core.times import Span

LIMITS = process.Limits(wall_s=60)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=4"]
    sound = ["-f", "lavfi", "-i", "sine=440:d=4"]
    ffmpeg.run([*picture, *sound, "-c:v", "libx264", "-g", "100", "-c:a", "aac", str(path)], limits=LIMITS)
    return path


def test_the_binary_can_do_what_we_need() -> None:
    assert ffmpeg.shortcomings(ffmpeg.binary()) == ""


def test_an_unfit_binary_is_passed_over_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2 Copyright'\n")
    fake.chmod(0o755)
    try:
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        ffmpeg.binary.cache_clear()
        assert ffmpeg.binary() != fake
        monkeypatch.setenv("EDITRON_FFMPEG", str(fake))
        settings.cache_clear()
        ffmpeg.binary.cache_clear()
        with pytest.raises(EngineUnavailable, match=r"4\.4\.2 is older than"):
            ffmpeg.binary()
    finally:
        ffmpeg.binary.cache_clear()


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.ffconcat"])
def test_a_list_that_names_other_files_is_not_opened(tmp_path: Path, clip: Path, name: str) -> None:
    (tmp_path / name).write_text(f"ffconcat version 1.0\nfile {clip.name}\n")

    with pytest.raises(ProcessFailed):
        ffmpeg.run([*ffmpeg.input_args(tmp_path / name), "-f", "null", "-"], limits=LIMITS)


def test_a_gigantic_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.mp4"
    source = ["-f", "lavfi", "-i", "color=s=8192x8192:r=1:d=1"]
    ffmpeg.run([*source, "-c:v", "libx264", "-preset", "ultrafast", str(path)], limits=LIMITS)

    with pytest.raises(ProcessFailed):
        ffmpeg.run([*ffmpeg.input_args(path), "-f", "null", "-"], limits=LIMITS)


def test_a_name_with_a_colon_is_a_file(clip: Path) -> None:
    odd = clip.with_name("a:b -i %03d.mp4")
    clip.rename(odd)

    ffmpeg.run([*ffmpeg.input_args(odd), "-f", "null", "-"], limits=LIMITS)


def test_progress_rises_to_the_end(clip: Path) -> None:
    seen: list[float] = []

    ffmpeg.run([*ffmpeg.input_args(clip), "-f", "null", "-"], limits=LIMITS, on_progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(4, abs=0.2)


def test_a_child_past_its_time_is_gone(tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(ProcessFailed, match="stopped after"):
        process.run(["sleep", "60"], limits=process.Limits(wall_s=0.5))

    assert time.monotonic() - began < 10


def test_a_clip_has_the_length_that_was_asked_for(clip: Path, tmp_path: Path) -> None:
    from editron_core.media.probe import probe

    clips.cut_clip(clip, Span.of("1.2", "2.2"), tmp_path / "cut.mp4")

    assert float(probe(tmp_path / "cut.mp4").duration) == pytest.approx(1.0, abs=0.06)
    assert sorted(path.name for path in tmp_path.iterdir() if "cut" in path.name) == ["cut.mp4"]
