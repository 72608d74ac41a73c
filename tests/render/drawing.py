"""Small drawn clips whose every frame carries its own number, and plans made from them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import font_roboto
import numpy as np

from editron_core import process
from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.brand import BrandKit
from editron_core.domain.timeline import Clip, Crop, Cue, Timeline
from editron_core.media import ffmpeg
from editron_core.media.probe import probe
from editron_core.render.plan import RenderPlan
from editron_core.times import Span

FONTS = Path(font_roboto.font_directory)
BITS = 10
CELL = 16
"""Pixels of one bit's square in a clip of 320x180."""
GREY = "0x606060"


def ff(*words: str) -> bytes:
    """Run ffmpeg and return its standard output."""
    return process.run(ffmpeg.command("-y", *words), limits=process.Limits(wall_s=120))[0]


def numbered(rate: str = "25", seconds: float = 4, *, size: str = "320x180", extra: str = "") -> list[str]:
    """Input options of a picture whose frame number stands in ten squares at the top, lowest bit first."""
    boxes = ",".join(
        f"drawbox=x={bit * CELL}:y=0:w={CELL}:h={CELL}:c=white:t=fill:enable='mod(floor(n/{1 << bit}),2)'"
        for bit in range(BITS)
    )
    black = f"drawbox=x=0:y=0:w={BITS * CELL}:h={CELL}:c=black:t=fill"
    graph = f"color=c={GREY}:s={size}:r={rate}:d={seconds},{black},{boxes}{extra}"
    return ["-f", "lavfi", "-i", graph]


def tone(seconds: float = 4, frequency: int = 440, volume: float = 0.2) -> list[str]:
    """Input options of a stereo sine."""
    wave = f"{volume}*sin({frequency}*2*PI*t)"
    return ["-f", "lavfi", "-i", f"aevalsrc='{wave}|{wave}':s=44100:d={seconds}"]


def h264(gop: int = 25) -> list[str]:
    """Output options of a plain H.264/AAC file."""
    return [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        str(gop),
        "-bf",
        "2",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
    ]


def media(path: Path, name: str = "a") -> MediaFile:
    """The domain's view of a drawn file, by the real probe."""
    return MediaFile(
        name, "batch", path.name, str(path), "0" * 64, path.stat().st_size, BatchStatus.READY, probe(path)
    )


def clip(
    name: str, start: Fraction | float, frames: int, rate: Fraction, crops: dict[str, Crop] | None = None
) -> Clip:
    """A clip of `frames` timeline frames."""
    first = Fraction(start) if isinstance(start, Fraction) else Fraction(str(start))
    return Clip(name, Span(first, first + frames / rate), None, crops)


def plan_of(
    out: Path,
    files: Sequence[MediaFile],
    clips: Sequence[Clip],
    rate: Fraction,
    presets: dict[str, str] | None = None,
    brand: BrandKit | None = None,
    subtitles: dict[str, Path] | None = None,
    cues: tuple[Cue, ...] = (),
) -> RenderPlan:
    """A plan; by default one square deliverable, because square ones are the quickest to encode."""
    presets = presets or {"1:1": "shorts"}
    timeline = Timeline("cut", "test", rate, tuple(presets), tuple(clips), cues)
    by_id = {file.id: file for file in files}
    return RenderPlan(timeline, by_id, brand or BrandKit(), presets, subtitles or {}, FONTS, (), out)


def frames_of(path: Path, width: int = 320, height: int = 180) -> np.ndarray:
    """Every frame of `path` scaled to `width` x `height`: (n, height, width) uint8 luma."""
    raw = ff("-i", str(path), "-vf", f"scale={width}:{height}:flags=area,format=gray", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width)


def numbers_in(path: Path, *, square: bool = True) -> list[int]:
    """The frame numbers that stand in the frames of a deliverable made of `numbered` clips."""
    # In a square frame the whole picture lies in the middle, over its blurred self.
    pictures = frames_of(path, 320, 320)[:, 70:250, :] if square else frames_of(path)
    cells = pictures[:, 2 : CELL - 2, : BITS * CELL].reshape(len(pictures), CELL - 4, BITS, CELL)
    lit = cells[:, :, :, 4:-4].mean(axis=(1, 3)) > 128
    return [int(row @ (1 << np.arange(BITS))) for row in lit]


def sound_of(path: Path) -> np.ndarray:
    """The sound of `path` as a player hears it, mono: float32 at 48 kHz."""
    return np.frombuffer(ff("-i", str(path), "-ac", "1", "-ar", "48000", "-f", "f32le", "-"), np.float32)
