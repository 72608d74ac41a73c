"""Encoding: one ffmpeg run makes all deliverables of a timeline, aside; each is checked, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from editron_core import log, process
from editron_core.domain.job import Deliverable
from editron_core.errors import ProcessFailed
from editron_core.media import ffmpeg
from editron_core.render import cards, graph, sound
from editron_core.render.check import inspect
from editron_core.render.plan import ENDS, RenderPlan
from editron_core.render.presets import Preset
from editron_core.render.run import run
from editron_core.render.source import own_input

WALL_PER_SECOND = 120.0
"""Wall clock seconds that a render may take per second of each deliverable, on a slow machine."""
SOUND_SHARE, PICTURE_SHARE = 0.08, 0.80
"""Shares of the whole work, for the progress told."""
X264_PRESET = "fast"
"""2 to 4 % more bits than `medium` at the same quality, for two thirds of its time."""
PRORES_BITS_PER_PIXEL = 4.5
"""ProRes 422 HQ at its largest (Apple's white paper: 220 Mb/s at 1920x1080, 29.97 fps), with room."""


def render(plan: RenderPlan, progress: Callable[[float], None] | None = None) -> tuple[Deliverable, ...]:
    """Render every aspect ratio of `plan` into `plan.out`, measure each file, and say what was found.

    Nothing half-written stays in `plan.out`, whatever happens. A deliverable that misses a check is
    still delivered, with the check marked as missed.

    Raises MediaError or DefinitionError for a plan that cannot be rendered, ProcessFailed where ffmpeg fails.
    """
    tell = progress or (lambda share: None)
    plan.out.mkdir(parents=True, exist_ok=True)
    with workroom(plan) as room:
        tracks = sound.tracks(plan, room.folder)
        tell(SOUND_SHARE)
        made = _pictures(plan, room, tracks, lambda share: tell(SOUND_SHARE + PICTURE_SHARE * share))
        found = []
        for count, aspect in enumerate(plan.aspects, start=1):
            found.append(inspect(plan, aspect, made[aspect], tracks[aspect], room))
            tell(SOUND_SHARE + PICTURE_SHARE + (1 - SOUND_SHARE - PICTURE_SHARE) * count / len(plan.aspects))
        return tuple(_publish(plan, made[item.aspect], item) for item in found)


def _pictures(
    plan: RenderPlan, room: graph.Workroom, tracks: dict[str, sound.Track], tell: Callable[[float], None]
) -> dict[str, Path]:
    """Run the one command that decodes each clip once and encodes every aspect ratio."""
    import ffmpeg as nodes

    streams = graph.pictures(plan, room)
    made: dict[str, Path] = {}
    targets = []
    for aspect, stream in streams.items():
        preset = plan.preset(aspect)
        made[aspect] = room.folder / f"{plan.stem(aspect)}.part{preset.suffix}"
        voice = own_input(tracks[aspect].path, f"sound {aspect}")["a"]
        options = output_options(preset, plan.rate)
        targets.append(nodes.output(stream, voice, f"file:{made[aspect].resolve()}", **options))
    duration = float(plan.duration)
    run(
        nodes.merge_outputs(*targets) if len(targets) > 1 else targets[0],
        room.folder,
        wall_s=600 + WALL_PER_SECOND * duration * len(targets),
        file_bytes=max(_most_bytes(plan, aspect) for aspect in plan.aspects),
        on_progress=lambda done: tell(min(1.0, done / duration)),
    )
    return made


def output_options(preset: Preset, rate: Fraction) -> dict[str, Any]:
    """ffmpeg's output options for one deliverable of `preset` at `rate` frames per second.

    No edit list is written: B-frames get negative composition offsets, and the sound's priming is cut.
    """
    return {
        **(prores_options() if preset.video == "prores" else h264_options(preset, rate, video_encoder())),
        "acodec": "copy",
        **({"bsf:a": "noise=drop=eq(n\\,0)"} if preset.audio == "aac" else {}),
        "r": str(rate),
        "fps_mode": "cfr",
        "map_metadata": -1,
        "map_chapters": -1,
        "fflags": "+bitexact",
        "movflags": "+faststart+negative_cts_offsets",
        "use_editlist": 0,
        "avoid_negative_ts": "disabled",
        "video_track_timescale": rate.numerator,
    }


def h264_options(preset: Preset, rate: Fraction, encoder: str) -> dict[str, Any]:
    """H.264 High, 4:2:0, closed GOP of half the frame rate, 2 B-frames, constant quality under a ceiling."""
    gop = max(1, round(rate / 2))
    options: dict[str, Any] = {
        "vcodec": encoder,
        "profile:v": "high",
        "pix_fmt": "yuv420p",
        "g": gop,
        "bf": 2,
        "flags:v": "+bitexact+cgop",
    }
    most = preset.bits(rate)
    if most is not None:
        options |= {"maxrate": most, "bufsize": 2 * most}
    if encoder == "h264_nvenc":
        return options | {
            "preset": "p5",
            "rc": "vbr",
            "cq": preset.crf,
            "b:v": 0,
            "forced-idr": 1,
            "rc-lookahead": 20,
        }
    return options | {"preset": X264_PRESET, "crf": preset.crf}


def prores_options() -> dict[str, Any]:
    """Apple ProRes 422 HQ, 10 bit."""
    return {
        "vcodec": "prores_ks",
        "profile:v": 3,
        "pix_fmt": "yuv422p10le",
        "vendor": "apl0",
        "flags:v": "+bitexact",
    }


@lru_cache(maxsize=1)
def video_encoder() -> str:
    """`h264_nvenc` where it is built in and really encodes here, else `libx264`."""
    if "h264_nvenc" not in ffmpeg.encoders(ffmpeg.binary()):
        return "libx264"
    trial = [
        "-f",
        "lavfi",
        "-i",
        "color=s=256x256:r=30:d=0.3",
        "-c:v",
        "h264_nvenc",
        "-bf",
        "2",
        "-f",
        "null",
        "-",
    ]
    try:
        ffmpeg.run(trial, limits=process.Limits(wall_s=30, memory=None))
    except ProcessFailed as error:
        log.get(__name__).info("nvenc_not_used", reason=(error.tail.splitlines() or [error.message])[0])
        return "libx264"
    return "h264_nvenc"


@contextmanager
def workroom(plan: RenderPlan) -> Iterator[graph.Workroom]:
    """A folder beside the deliverables (same file system) with files of our own naming; gone at the end."""
    folder = plan.out / f".{plan.timeline.name}.part"
    if folder.exists():  # left by a run that was killed
        shutil.rmtree(folder)
    folder.mkdir()
    try:
        (folder / "fonts").symlink_to(plan.fonts.resolve(), target_is_directory=True)
        subtitles = {}
        for aspect in plan.aspects:
            if aspect in plan.subtitles:
                subtitles[aspect] = f"captions_{aspect.replace(':', 'x')}.ass"
                shutil.copyfile(plan.subtitles[aspect], folder / subtitles[aspect])
        drawn = {aspect: cards.draw(plan, aspect, folder) for aspect in plan.aspects}
        found = {name: plan.bumper(name) for name in ENDS}
        bumpers = {name: piece for name, piece in found.items() if piece is not None}
        yield graph.Workroom(folder, drawn, subtitles, "fonts", bumpers)
    finally:
        shutil.rmtree(folder)


def _publish(plan: RenderPlan, path: Path, found: Deliverable) -> Deliverable:
    """Flush `path` to the disk and rename it to its final name."""
    from dataclasses import replace

    final = plan.out / f"{plan.stem(found.aspect)}{path.suffix}"
    with path.open("rb") as written:
        os.fsync(written.fileno())
    path.replace(final)
    return replace(found, path=str(final))


def _most_bytes(plan: RenderPlan, aspect: str) -> int:
    """A size that no sound file of this length reaches: a runaway encoder is stopped there."""
    preset, (width, height) = plan.preset(aspect), plan.size(aspect)
    bits = preset.bits(plan.rate) or round(PRORES_BITS_PER_PIXEL * width * height * plan.rate)
    return (1 << 28) + round(float(plan.duration) * bits / 8 * 2)
