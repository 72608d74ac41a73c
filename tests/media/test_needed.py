"""What ffmpeg must be able to do is what our code asks of it, neither less nor more."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

import editron_core
from editron_core.analyze import decode
from editron_core.domain.batch import AudioStream, MediaProbe, VideoStream
from editron_core.errors import EngineUnavailable
from editron_core.media import colour, ffmpeg

PACKAGE = Path(editron_core.__path__[0])
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "media" / "ffmpeg.py"
)
NODE = re.compile(r'\.filter(?:_multi_output)?\(\s*(?:\[[^\]]*\],\s*)?"(\w+)"')
HDR = VideoStream(
    0, "hevc", 1920, 1080, Fraction(25), False, 0, "yuv420p10le", 10, "bt2020/smpte2084/bt2020nc", True
)
SOUND = AudioStream(1, "aac", 48000, 2, "2 channels")


def in_graph(graph: str) -> set[str]:
    """The names of the filters of a graph in ffmpeg's own notation."""
    bare = re.sub(r"\[[^\]]*\]", "", re.sub(r"'[^']*'", "", graph))
    return {re.split("[=@]", part)[0] for part in re.split("[;,]", bare)}


def test_every_filter_that_a_graph_names_is_needed() -> None:
    words = decode._arguments(
        Path("a"), MediaProbe("mov", Fraction(1), HDR, SOUND, Fraction(0), 1), ["1", "2"]
    )
    used = in_graph(words[words.index("-filter_complex") + 1]) | {name for name, _ in colour.to_sdr(HDR)}
    assert {"zscale", "ebur128", "split"} <= used
    used |= set(NODE.findall(SOURCE))
    assert {"alimiter", "bbox", "blend", "extractplanes", "gblur", "silencedetect"} <= used
    assert used <= ffmpeg.NEEDED_FILTERS


@pytest.mark.parametrize("name", sorted(ffmpeg.NEEDED_FILTERS))
def test_no_filter_is_needed_that_nothing_names(name: str) -> None:
    assert re.search(rf'(["\'\],;.=]){name}["=(,\[]', SOURCE)


def test_a_binary_without_one_of_them_is_unfit(tmp_path: Path) -> None:
    real = ffmpeg.binary()
    fake = tmp_path / "ffmpeg"
    fake.write_text(f'#!/bin/sh\n"{real}" "$@" | grep -v " zscale "\n')
    fake.chmod(0o755)
    assert ffmpeg.shortcomings(fake) == "lacks zscale"


def test_a_shipped_binary_that_is_unfit_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2 Copyright'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(fake))
    monkeypatch.setattr("shutil.which", lambda name: None)
    ffmpeg.binary.cache_clear()
    try:
        with pytest.raises(EngineUnavailable, match=r"older than 6\.1.*EDITRON_FFMPEG"):
            ffmpeg.binary()
    finally:
        ffmpeg.binary.cache_clear()
