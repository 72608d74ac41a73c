"""Small drawn clips that the tests of ingest share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from editron_core import process
from editron_core.media import ffmpeg

Draw = Callable[..., Path]
PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=4"]
SOUND = ["-f", "lavfi", "-i", "sine=f=440:r=16000:d=4"]
CODED = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]


def _draw(path: Path, *arguments: str) -> Path:
    ffmpeg.run(["-y", *arguments, str(path)], limits=process.Limits(wall_s=120))
    return path


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Run ffmpeg: `draw(path, *arguments)`."""
    return _draw


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four seconds of picture and sound as mp4 (index in front), mkv and webm; silent; sound alone."""
    folder = tmp_path_factory.mktemp("clips")
    webm = ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-ar", "48000"]
    return {
        "mp4": _draw(folder / "a.mp4", *PICTURE, *SOUND, *CODED, "-movflags", "+faststart"),
        "mkv": _draw(folder / "a.mkv", *PICTURE, *SOUND, *CODED),
        "webm": _draw(folder / "a.webm", *PICTURE, *SOUND, *webm),
        "silent": _draw(folder / "silent.mp4", *PICTURE, *CODED),
        "sound": _draw(folder / "sound.m4a", *SOUND, "-c:a", "aac"),
    }
