"""The ffmpeg binary: which one, what it can do, and the rule for every command line it is given.

Footage is hostile. Inputs are named `file:<path>`, opened with a short list of demuxers and
protocols, and refused when the picture is too large; the child runs under `process.Limits`. No text
from a person or a file ever enters a filter graph: captions come from files that we wrote.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from editron_core import process
from editron_core.config import settings
from editron_core.errors import EngineUnavailable, ProcessFailed

MINIMUM_VERSION = (6, 1)
"""The first that can keep a varying frame rate's own times (`-enc_time_base filter`)."""
NEEDED_FILTERS = frozenset(
    {
        *("afade", "aformat", "alimiter", "ametadata", "anullsrc", "apad", "aresample", "asetpts", "asplit"),
        *("ass", "atrim", "bbox", "blackdetect", "blend", "bwdif", "color", "concat", "crop"),
        *(
            "ebur128",
            "extractplanes",
            "format",
            "fps",
            "freezedetect",
            "gblur",
            "lutyuv",
            "metadata",
            "noise",
        ),
        *("overlay", "pad", "pan", "scale", "select", "setparams", "setpts", "setsar", "settb"),
        *("silencedetect", "split", "tonemap", "tpad", "trim", "volume", "zscale"),
    }
)
NEEDED_ENCODERS = frozenset(
    {
        *("libx264", "prores_ks"),
        *("aac", "pcm_s16le", "pcm_s24le", "pcm_f32le", "pcm_u8"),
        *("rawvideo", "wrapped_avframe"),
    }
)
DEMUXERS = "mov,matroska,webm,avi,mpegts,mpeg,mp3,wav,flac,ogg,aac,mxf,asf,flv"
MAX_PIXELS = 36_000_000
"""Twice 4K DCI and a bit: an 8 K frame is refused before it is allocated."""
MAX_STREAMS = 32
FRAMES_HELD = 32
"""Pictures that a decoder holds at most: one for each of ffmpeg's 16 threads, and 16 to refer to."""
BYTES_PER_PIXEL = 8
"""Of the largest pixels: four planes of 16 bits."""


@lru_cache(maxsize=1)
def binary() -> Path:
    """The ffmpeg to use: the setting's, else PATH's where fit, else the imageio-ffmpeg wheel's.

    Raises EngineUnavailable where none is fit.
    """
    chosen = settings().ffmpeg
    if chosen is not None:
        missing = shortcomings(chosen)
        if missing:
            raise EngineUnavailable(missing, subject=str(chosen), remedy="unset EDITRON_FFMPEG")
        return chosen
    on_path = shutil.which("ffmpeg")
    if on_path and not shortcomings(Path(on_path)):
        return Path(on_path)
    import imageio_ffmpeg

    shipped = Path(imageio_ffmpeg.get_ffmpeg_exe())
    missing = shortcomings(shipped)
    if missing:
        remedy = "install a whole ffmpeg 6.1 or newer and name it in EDITRON_FFMPEG"
        raise EngineUnavailable(missing, subject=str(shipped), remedy=remedy)
    return shipped


@lru_cache(maxsize=4)
def version(ffmpeg: Path) -> tuple[int, ...]:
    """The version's numbers; builds from a snapshot count as (99,)."""
    output, _ = process.run([ffmpeg, "-hide_banner", "-version"], limits=process.Limits(wall_s=30))
    found = re.match(rb"ffmpeg version n?(\d+)\.(\d+)(?:\.(\d+))?", output)
    return tuple(int(part) for part in found.groups() if part) if found else (99,)


@lru_cache(maxsize=4)
def encoders(ffmpeg: Path) -> frozenset[str]:
    """The names of the encoders it was built with."""
    return _listed(ffmpeg, "-encoders")


@lru_cache(maxsize=4)
def filters(ffmpeg: Path) -> frozenset[str]:
    """The names of the filters it was built with."""
    return _listed(ffmpeg, "-filters")


def shortcomings(ffmpeg: Path) -> str:
    """What keeps `ffmpeg` from being used, in one line; empty where nothing does."""
    try:
        found = version(ffmpeg)
        if found < MINIMUM_VERSION:
            return f"version {'.'.join(map(str, found))} is older than 6.1"
        lacking = sorted(NEEDED_FILTERS - filters(ffmpeg)) + sorted(NEEDED_ENCODERS - encoders(ffmpeg))
    except EngineUnavailable as error:
        return error.message
    except ProcessFailed as error:
        return f"cannot be run: {error}"
    return f"lacks {', '.join(lacking)}" if lacking else ""


def memory_for(pixels: int) -> int:
    """Bytes of address space that decoding pictures of so many pixels may take."""
    return 4 * process.GIB + FRAMES_HELD * BYTES_PER_PIXEL * pixels


def input_args(path: Path) -> list[str]:
    """The options that open one untrusted media file, `-i` and its name included."""
    return [
        *("-protocol_whitelist", "file,pipe"),
        *("-format_whitelist", DEMUXERS),
        *("-max_pixels", str(MAX_PIXELS)),
        *("-max_streams", str(MAX_STREAMS)),
        *("-probesize", "50M", "-analyzeduration", "30M"),
        *("-i", f"file:{path}"),
    ]


def command(*arguments: str) -> list[str]:
    """An ffmpeg command line with our global options."""
    return [str(binary().absolute()), "-nostdin", "-hide_banner", "-v", "error", *arguments]


def run(
    arguments: Sequence[str],
    *,
    limits: process.Limits,
    on_progress: Callable[[float], None] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run ffmpeg with `arguments` (inside `cwd` where given); returns the last lines of its log.

    `on_progress` is told the seconds of output written, a few times a second.
    """
    if on_progress is None:
        return process.run(command(*arguments), limits=limits, cwd=cwd)[1]

    def take(line: str) -> None:
        key, _, value = line.partition("=")
        if key == "out_time_us" and value.lstrip("-").isdigit():
            on_progress(max(0, int(value)) / 1e6)

    whole = command("-progress", "pipe:1", "-stats_period", "0.25", *arguments)
    return process.run(whole, limits=limits, on_line=take, cwd=cwd)[1]


def _listed(ffmpeg: Path, what: str) -> frozenset[str]:
    output, _ = process.run([ffmpeg, "-hide_banner", what], limits=process.Limits(wall_s=30))
    rows = (line.split() for line in output.decode("utf-8", "replace").splitlines())
    return frozenset(row[1] for row in rows if len(row) > 1)
