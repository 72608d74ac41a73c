"""Measuring: what a file of ours really holds, read from its own bytes and decoded once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from editron_core.render.run import run
from editron_core.render.source import own_input
from editron_core.times import Span, seconds

SILENT_LUFS = -69.9
"""The meter's floor: at -70 LUFS nothing passed its gate (EBU Tech 3341)."""
BLACK_MIN = Fraction(1, 5)
"""Seconds: a shorter black stretch is a flash or a cut."""
FROZEN_MIN = Fraction(3, 2)
SILENT_MIN = Fraction(1)
BLACK_PICTURE = {"pic_th": 0.98, "pix_th": 0.06}
"""Black is a picture of which 98 % is darker than 6 % of the range above black."""
STILL_NOISE = 0.001
"""Mean difference, as a share of the range, up to which two pictures count as the same."""
SILENT_DB = -60
KINDS = {"black": BLACK_MIN, "frozen": FROZEN_MIN, "silent": SILENT_MIN}


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the EBU R128 meter says of a piece of sound."""

    lufs: float | None
    """Integrated loudness; null for silence."""
    dbtp: float | None
    """True peak; null for digital silence."""


@dataclass(frozen=True, slots=True)
class Headers:
    """What the container and its packets say, without decoding."""

    video: str
    """`codec profile pixel-format`."""
    size: tuple[int, int]
    fps: Fraction
    frames: int
    """Video packets."""
    steady: bool
    """Whether the frames' times are equally spaced, from 0."""
    gop: int
    """Largest distance between key frames, in frames."""
    b_frames: int
    """Most B-frames in a row."""
    video_bits: float
    """Mean video bits per second."""
    audio: str
    """`codec profile sample-rate channels`, empty without sound."""
    audio_length: Fraction
    """Seconds of sound from its first packet to its last one's end."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one decode of picture and sound found."""

    frames: int
    loudness: Loudness
    stretches: dict[str, tuple[Span, ...]]
    """`black`, `frozen` and `silent` stretches, in seconds of the file."""


def headers(path: Path) -> Headers:
    """Read the packets of a file of ours, without decoding them."""
    import av

    with av.open(str(path)) as container:
        video = container.streams.video[0]
        codec, base = video.codec_context, Fraction(video.time_base or 1)
        packets = [(p.pts, p.is_keyframe, p.size) for p in container.demux(video) if p.pts is not None]
        fps = Fraction(video.average_rate or 0)
        words = f"{codec.name} {codec.profile or ''} {codec.pix_fmt}".replace("  ", " ")
        size = (codec.width, codec.height)
    audio, length = _sound_headers(path)
    step = 1 / (fps * base) if fps else Fraction(0)
    return Headers(
        video=words,
        size=size,
        fps=fps,
        frames=len(packets),
        steady=all(abs(pts - k * step) < 1 for k, pts in enumerate(sorted(pts for pts, _, _ in packets))),
        gop=_longest_gop([key for _, key, _ in packets]),
        b_frames=_most_b_frames([pts for pts, _, _ in packets]),
        video_bits=float(8 * sum(size for _, _, size in packets) * fps / max(1, len(packets))),
        audio=audio,
        audio_length=length,
    )


def _sound_headers(path: Path) -> tuple[str, Fraction]:
    """`codec profile sample-rate channels` and the seconds of sound; empty and 0 without sound."""
    import av

    with av.open(str(path)) as container:
        if not container.streams.audio:
            return "", Fraction(0)
        stream = container.streams.audio[0]
        codec, base = stream.codec_context, Fraction(stream.time_base or 1)
        words = f"{codec.name} {codec.profile or ''} {codec.sample_rate} {codec.channels}".replace("  ", " ")
        heard = [(p.pts, p.duration or 0) for p in container.demux(stream) if p.pts is not None]
        return words, (heard[-1][0] + heard[-1][1] - heard[0][0]) * base if heard else Fraction(0)


def seen(path: Path, duration: Fraction, folder: Path) -> Seen:
    """Decode picture and sound of a file of ours once, and measure both."""
    import ffmpeg as graph

    source = own_input(path, "seen")
    log = folder / "picture.txt", folder / "sound.txt"
    picture = detect_picture(source["v"]).filter("metadata", mode="print", file=log[0].name)
    sound = source["a"].filter("ebur128", peak="true", metadata=1, framelog="quiet")
    sound = detect_silence(sound).filter("ametadata", mode="print", file=log[1].name)
    count = {"stats_mux_pre:v": "frames.txt", "stats_mux_pre_fmt:v": "{n}"}  # one line per decoded frame
    target = graph.output(picture, sound, "-", f="null", fps_mode="passthrough", **count)
    run(target, folder, wall_s=600 + 20 * float(duration))
    found = stretches(log[0], duration) | stretches(log[1], duration)
    with (folder / "frames.txt").open() as lines:
        frames = sum(1 for _ in lines)
    return Seen(frames, loudness(log[1]), {kind: found.get(kind, ()) for kind in KINDS})


def detect_picture(stream: Any, shortest: Fraction = FROZEN_MIN) -> Any:
    """Add the detectors of black and of frozen pictures; frozen ones last `shortest` seconds or more."""
    return stream.filter("blackdetect", d=0, **BLACK_PICTURE).filter(
        "freezedetect", n=STILL_NOISE, d=f"{float(shortest):.3f}"
    )


def detect_silence(stream: Any) -> Any:
    """Add the detector of silence."""
    return stream.filter("silencedetect", n=f"{SILENT_DB}dB", d=float(SILENT_MIN))


def stretches(log: Path, end: Fraction, shortest: Fraction | None = None) -> dict[str, tuple[Span, ...]]:
    """The stretches that the detectors wrote to `log`; one that has no end lasts to `end`.

    Those shorter than `shortest` (default: `KINDS`) are left out."""
    names = {
        "lavfi.black": "black",
        "lavfi.freezedetect.freeze": "frozen",
        "lavfi.silence": "silent",
    }
    found: dict[str, list[Span]] = {}
    begun: dict[str, Fraction] = {}
    with log.open() as lines:
        for line in lines:
            key, _, value = line.strip().partition("=")
            name, _, edge = key.rpartition("_")
            kind = names.get(name)
            if kind is None:
                continue
            if edge == "start":
                begun[kind] = max(Fraction(0), seconds(float(value)))
            elif edge == "end" and kind in begun:
                start = begun.pop(kind)
                found.setdefault(kind, []).append(Span(start, max(start, seconds(float(value)))))
    for kind, start in begun.items():
        found.setdefault(kind, []).append(Span(start, max(start, end)))
    return {
        kind: tuple(s for s in spans if s.duration >= (shortest or KINDS[kind]))
        for kind, spans in found.items()
    }


def loudness(log: Path) -> Loudness:
    """Read the file that `ebur128=metadata=1:peak=true,ametadata=mode=print` wrote."""
    integrated, peak = None, 0.0
    with log.open() as lines:
        for line in lines:
            key, _, value = line.strip().partition("=")
            if key == "lavfi.r128.I":
                integrated = float(value)
            elif key == "lavfi.r128.true_peak":
                peak = max(peak, float(value))
    heard = integrated is not None and math.isfinite(integrated) and integrated > SILENT_LUFS
    return Loudness(integrated if heard else None, 20 * math.log10(peak) if peak > 0 else None)


def _longest_gop(keys: list[bool]) -> int:
    at = [k for k, key in enumerate(keys) if key] + [len(keys)]
    return max((b - a for a, b in pairwise(at)), default=0)


def _most_b_frames(times: list[int]) -> int:
    """Most frames in a row, in coding order, that are shown before one already coded."""
    most, row, latest = 0, 0, -1
    for pts in times:
        row = row + 1 if pts < latest else 0
        most, latest = max(most, row), max(latest, pts)
    return most
