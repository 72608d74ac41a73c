"""What a file holds, found out by a child process that alone touches the untrusted bytes.

What the child reports is the file's own word, so nothing is allocated by it before it is held
against the caps below (reliability.md, section 6).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from editron_core import process, times
from editron_core.config import settings
from editron_core.domain.batch import AudioStream, MediaProbe, VideoStream
from editron_core.errors import MediaError, ProcessFailed, ProcessTimedOut
from editron_core.media import ffmpeg

LIMITS = process.Limits(wall_s=30, cpu_s=20, memory=2 * process.GIB, file_bytes=0)
BYTES_PER_S = 100 << 20
"""Pace at which a file without an index must be readable; larger files get more time for it."""
MEGAPIXELS = ffmpeg.MAX_PIXELS // 1_000_000
MAX_FPS = 240
MAX_CHANNELS = 64
SAME_RATE = Fraction(1, 200)
"""How far a nominal frame rate may lie from the measured one and still be its name."""
WIDEST_PIXEL = 10
"""Pixel aspect ratios beyond 10:1 are taken for an error of the file, and pixels for square."""

# Code points of ITU-T H.273, by ffmpeg's names.
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020"}
_PRIMARIES |= {10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}
_TRANSFERS = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100"}
_TRANSFERS |= {10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10"}
_TRANSFERS |= {15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}
_MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco"}
_MATRICES |= {9: "bt2020nc", 10: "bt2020c", 14: "ictcp"}
_UNNAMED_LAYOUTS = {"1 channels": "mono", "2 channels": "stereo"}
"""What ffmpeg takes a count of channels for where the file does not name their places."""
_HDR = frozenset({16, 18})
_TIMECODE = re.compile(r"\d\d:[0-5]\d:[0-5]\d[:;.,]\d\d\d?")


@dataclass(frozen=True, slots=True)
class Inspection:
    """A probe, and how much of what the file claims was really found in it."""

    probe: MediaProbe
    picture_reached: Fraction
    """Share of the picture's claimed length that its packets reach; 1 where nothing is claimed."""
    sound_reached: Fraction
    """The same of the sound."""
    sound_length: Fraction
    """Seconds from the first sample to the end of the last; 0 without sound."""
    head: tuple[int, Fraction]
    """A number of frames at the beginning, and the seconds that they take; (0, 0) without video."""


def probe(path: Path) -> MediaProbe:
    """What `path` holds. Raises MediaError where it is no media, or none that may be opened."""
    return inspect(path).probe


def inspect(path: Path) -> Inspection:
    """What `path` holds and how much of it is there. Raises MediaError as `probe` does."""
    facts = _ask(path)
    if "refused" in facts:
        raise MediaError(f"cannot be read as audio or video: {facts['refused']}", subject=path.name)
    if facts["unsized"]:
        raise MediaError(
            f"has a picture of unknown size, or larger than {MEGAPIXELS} megapixels", subject=path.name
        )
    if facts["video"] is None and facts["audio"] is None:
        raise MediaError("holds neither picture nor sound", subject=path.name)
    video = None if facts["video"] is None else _video(facts["video"], path.name)
    audio = None if facts["audio"] is None else _audio(facts["audio"], path.name)
    found = MediaProbe(
        container=facts["container"],
        duration=_duration(facts, video, path.name),
        video=video,
        audio=audio,
        start=Fraction(facts["start"]),
        size_bytes=path.stat().st_size,
    )
    return Inspection(
        found,
        picture_reached=_share(facts["video"]),
        sound_reached=_share(facts["audio"]),
        sound_length=_length(facts["audio"]),
        head=_head(facts["video"]),
    )


def _ask(path: Path) -> dict[str, Any]:
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": ffmpeg.DEMUXERS,
        "max_pixels": str(ffmpeg.MAX_PIXELS),
        "max_streams": str(ffmpeg.MAX_STREAMS),
        "probesize": "50M",
        "analyzeduration": "30M",
    }
    try:
        extra = path.stat().st_size // BYTES_PER_S
        limits = process.Limits(LIMITS.wall_s + extra, 20 + extra, LIMITS.memory, LIMITS.file_bytes)
        output = process.run_python(
            "editron_core.media.probe_child", str(path.absolute()), json.dumps(options), limits=limits
        )
        answer: dict[str, Any] = json.loads(output)
    except ProcessTimedOut as error:
        raise MediaError(f"could not be examined: the reader {error.message}", subject=path.name) from error
    except ProcessFailed as error:
        if error.killed:
            raise
        raise MediaError("makes the reader fail: it is damaged", subject=path.name) from error
    except OSError as error:
        raise MediaError(f"cannot be read: {error.strerror}", subject=path.name) from error
    return answer


def _video(facts: dict[str, Any], name: str) -> VideoStream:
    width, height = int(facts["width"]), int(facts["height"])
    if width * height > ffmpeg.MAX_PIXELS:
        raise MediaError(
            f"has a picture of {width}x{height}, larger than {MEGAPIXELS} megapixels",
            subject=name,
            remedy="scale it down first",
        )
    shown = [Fraction(time) for time in facts["times"]]
    fps, vfr = _rate(shown, facts)
    if fps <= 0 or round(fps) > MAX_FPS:
        raise MediaError(f"claims {float(fps):.6g} frames per second", subject=name)
    rotation = -round((facts["rotation"] or 0) / 90) * 90 % 360
    shape = _displayed(width, height, facts["aspect"], rotation)
    primaries, transfer, matrix = facts["colour"]
    return VideoStream(
        index=facts["index"],
        codec=facts["codec"],
        width=shape[0],
        height=shape[1],
        fps=fps,
        vfr=vfr,
        rotation=rotation,
        pixel_format=facts["pixel_format"],
        bit_depth=facts["bit_depth"],
        colour=_colour(primaries, transfer, matrix),
        hdr=transfer in _HDR,
        timecode=facts["timecode"] if _TIMECODE.fullmatch(facts["timecode"] or "") else None,
    )


def _audio(facts: dict[str, Any], name: str) -> AudioStream:
    if facts["channels"] > MAX_CHANNELS:
        raise MediaError(f"has {facts['channels']} audio channels", subject=name)
    return AudioStream(
        index=facts["index"],
        codec=facts["codec"],
        sample_rate=facts["sample_rate"],
        channels=facts["channels"],
        layout=_UNNAMED_LAYOUTS.get(facts["layout"], facts["layout"]),
    )


def _rate(shown: list[Fraction], facts: dict[str, Any]) -> tuple[Fraction, bool]:
    """Frames per second, and whether they vary, from the first frames' times and the file's word.

    A steady rate gets its nominal name where one of the file's fits what is measured; a varying one
    is the file's count of frames over its length, or what is measured where it does not count.
    """
    nominal = [Fraction(rate) for rate in facts["rates"]]
    gaps = [after - before for before, after in pairwise(shown) if after > before]
    if not gaps:
        return (nominal[-1] if nominal else Fraction(25)), False
    middle = median(gaps)
    measured = len(gaps) / sum(gaps, Fraction(0))
    if any(abs(gap - middle) > middle / 2 for gap in gaps):
        return Fraction(facts["average"] or measured), True
    for rate in nominal:
        if abs(rate - measured) <= measured * SAME_RATE:
            return times.rate(rate) or rate, False
    return times.rate(measured) or measured, False


def _displayed(width: int, height: int, aspect: str | None, rotation: int) -> tuple[int, int]:
    """Size in square pixels: the height is kept and the width follows the pixel's shape."""
    pixel = Fraction(aspect) if aspect else Fraction(1)
    if not Fraction(1, WIDEST_PIXEL) <= pixel <= WIDEST_PIXEL:
        pixel = Fraction(1)
    shown = width if pixel == 1 else max(2, round(width * pixel / 2) * 2)
    return (height, shown) if rotation in (90, 270) else (shown, height)


def _colour(primaries: int, transfer: int, matrix: int) -> str:
    parts = (_PRIMARIES.get(primaries), _TRANSFERS.get(transfer), _MATRICES.get(matrix))
    return "/".join(part or "unknown" for part in parts)


def _duration(facts: dict[str, Any], video: VideoStream | None, name: str) -> Fraction:
    main = facts["video"] or facts["audio"]
    if main["end"] is None:
        raise MediaError("holds no frames", subject=name, remedy="copy it again from where it came from")
    end, start = Fraction(main["end"]), Fraction(facts["start"])
    if video is not None and facts["video"]["times"] and end <= Fraction(facts["video"]["times"][-1]):
        end += 1 / video.fps  # the container gives no length for the last frame
    duration = end - start
    if duration <= 0:
        raise MediaError("holds no frames", subject=name, remedy="copy it again from where it came from")
    if duration > settings().max_duration_s:
        raise MediaError(
            f"claims to last {times.clock(duration)}, longer than {times.clock(settings().max_duration_s)}",
            subject=name,
            remedy="raise EDITRON_MAX_DURATION_S if that is true",
        )
    return duration


def _share(facts: dict[str, Any] | None) -> Fraction:
    return Fraction(1) if facts is None else Fraction(facts["reached"])


def _length(facts: dict[str, Any] | None) -> Fraction:
    if facts is None or facts["end"] is None:
        return Fraction(0)
    return Fraction(facts["end"]) - Fraction(facts["first"])


def _head(facts: dict[str, Any] | None) -> tuple[int, Fraction]:
    if facts is None or not facts["times"]:
        return 0, Fraction(0)
    shown = [Fraction(time) for time in facts["times"][:48]]
    return len(shown), shown[-1] - shown[0]
