"""The filter graph of one render: every clip is decoded once and feeds all aspect ratios.

    clip 1: seek, exact frames, SDR, split -> crop, scale for 16:9
                                           -> crop, scale for 9:16
    16:9:   clip 1, clip 2, ... joined -> captions -> slates or bumpers before and after -> watermark

Only numbers and file names of our own making enter the graph: text is drawn from ASS files and PNGs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from editron_core.domain.batch import VideoStream
from editron_core.media import colour
from editron_core.render import framing
from editron_core.render.cards import Cards
from editron_core.render.plan import Piece, RenderPlan
from editron_core.render.source import media_input, opening, own_input
from editron_core.times import Span, from_frames

DECODER_THREADS = 64
"""Most decoder threads of all inputs together: each costs memory, and few decode at the same time."""
INTERLACED_CODECS = ("mpeg2video", "dvvideo", "mpeg1video")
INTERLACED_CONTAINERS = ("mpegts", "mpeg", "mxf")
"""Where interlaced pictures still come from; only frames marked as interlaced are touched."""
PIXELS = {"h264": "yuv420p", "prores": "yuv422p10le"}


@dataclass(frozen=True, slots=True)
class Workroom:
    """The files of our own naming that one render works with; ffmpeg runs inside `folder`."""

    folder: Path
    cards: dict[str, Cards]
    """Drawn slates and marks by aspect."""
    subtitles: dict[str, str]
    """ASS file names in `folder`, by aspect."""
    fonts: str
    """Name of the fonts folder in `folder`."""
    bumpers: Mapping[str, Piece] = field(default_factory=dict)
    """By `intro` and `outro`, where they are clips."""


def pictures(plan: RenderPlan, room: Workroom) -> dict[str, Any]:
    """The finished picture stream of each aspect ratio, ready for an encoder."""
    cuts: dict[str, list[Any]] = {aspect: [] for aspect in plan.aspects}
    pieces = list(plan.pieces())
    for piece in pieces:
        for aspect, stream in _clip(plan, piece, room, len(pieces)).items():
            cuts[aspect].append(stream)
    bumpers = {name: _clip(plan, piece, room, len(pieces)) for name, piece in room.bumpers.items()}
    return {
        aspect: _marked(
            plan,
            aspect,
            [
                *_end(plan, aspect, "intro", room, bumpers),
                _captioned(plan, aspect, cuts[aspect], room),
                *_end(plan, aspect, "outro", room, bumpers),
            ],
            room,
        )
        for aspect in plan.aspects
    }


def still(plan: RenderPlan, aspect: str, frame: int, room: Workroom) -> Any:
    """The one picture that shows in number `frame` of the cut, slates not counted: as in `pictures`.

    Only that frame is decoded and drawn; whatever depends on time is told which one it is.
    """
    piece = next(each for each in plan.pieces() if each.first <= frame < each.first + each.frames)
    picture = _frame(plan, aspect, piece, frame - piece.first, room)
    return _marked(plan, aspect, [_captioned(plan, aspect, [picture], room, frame)], room)


def slate(plan: RenderPlan, aspect: str, name: str, room: Workroom) -> Any:
    """The `intro` or `outro` with the mark over it, as in `pictures`; of a clip, its middle."""
    if name in room.bumpers:
        piece = room.bumpers[name]
        return _marked(plan, aspect, [_frame(plan, aspect, piece, piece.frames // 2, room)], room)
    return _marked(plan, aspect, [_card(plan, aspect, name, 1, room)], room)


def _end(
    plan: RenderPlan, aspect: str, name: str, room: Workroom, bumpers: dict[str, dict[str, Any]]
) -> list[Any]:
    """The `intro` or `outro` of a deliverable, where it has one."""
    if name in bumpers:
        return [bumpers[name][aspect]]
    return [_card(plan, aspect, name, plan.slate_frames(name), room)] if plan.slate(name) else []


def _card(plan: RenderPlan, aspect: str, name: str, frames: int, room: Workroom) -> Any:
    return _still(plan, room.cards[aspect].slates[name], name, frames, aspect)


def _frame(plan: RenderPlan, aspect: str, piece: Piece, number: int, room: Workroom) -> Any:
    """One frame of a clip, `number` frames after it begins."""
    begin = piece.clip.source.start + from_frames(number, plan.rate)
    clip = replace(piece.clip, source=Span(begin, begin + from_frames(1, plan.rate)))
    alone = replace(plan, presets={aspect: plan.presets[aspect]})
    one = replace(piece, clip=clip, first=piece.first + number, frames=1)
    return _clip(alone, one, room, 1, number)[aspect]


def _clip(plan: RenderPlan, piece: Piece, room: Workroom, inputs: int, skipped: int = 0) -> dict[str, Any]:
    """The picture of a clip by aspect ratio; `piece` begins `skipped` frames after the clip does."""
    video = piece.probe.video
    if video is None:
        return {
            aspect: _still(plan, room.cards[aspect].blank, piece.index, piece.frames, aspect)
            for aspect in plan.aspects
        }
    exact = exact_frames(piece, video, inputs)
    if len(plan.aspects) == 1:
        shared = [exact]
    else:
        both = exact.filter_multi_output("split", len(plan.aspects))
        shared = [both.stream(k) for k in range(len(plan.aspects))]
    crops = piece.clip.crops or {}
    return {
        aspect: framing.frame(stream, video, crops.get(aspect), plan.size(aspect), plan.rate, skipped).filter(
            "format", PIXELS[plan.preset(aspect).video]
        )
        for aspect, stream in zip(plan.aspects, shared, strict=True)
    }


def exact_frames(piece: Piece, video: VideoStream, inputs: int) -> Any:
    """The clip's frames on the timeline's grid: exactly as many as it has there, counted from 0."""
    start = opening(piece.clip.source.start, piece.probe)
    share = max(1, DECODER_THREADS // inputs)
    few = {"threads": share} if share < (os.cpu_count() or 1) else {}  # else ffmpeg takes one per core
    stream = media_input(piece, start, an=None, **few)[str(video.index)]
    if video.codec in INTERLACED_CODECS or any(
        c in INTERLACED_CONTAINERS for c in piece.probe.container.split(",")
    ):
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    # Each output frame shows the source frame that starts nearest to it: the last one that starts no
    # later than half a source frame after it.
    late = start.skip + min(1 / (2 * video.fps), 1 / (2 * piece.rate))
    stream = (
        stream.filter("setpts", f"PTS-{late.numerator}/{late.denominator}/TB")
        .filter("fps", fps=str(piece.rate), start_time=0, round="up")
        .filter("tpad", stop=-1, stop_mode="clone")  # where a damaged original ends early
        .filter("trim", end_frame=piece.frames)
    )
    for name, options in colour.to_sdr(video):
        stream = stream.filter(name, **options)
    return stream


def _captioned(plan: RenderPlan, aspect: str, clips: list[Any], room: Workroom, first: int = 0) -> Any:
    """Captions over the joined clips, whose first frame is number `first` of the cut."""
    stream = _joined(plan, clips, first)
    if aspect in room.subtitles:
        stream = stream.filter("ass", filename=room.subtitles[aspect], fontsdir=room.fonts)
    return stream


def _marked(plan: RenderPlan, aspect: str, parts: list[Any], room: Workroom) -> Any:
    """The cut between its slates, with the mark over all of it, as the encoder is handed it."""
    stream = _joined(plan, parts) if len(parts) > 1 else parts[0]
    mark = room.cards[aspect].mark
    if mark is not None:
        picture = own_input(mark.path, f"mark {aspect}", f="png_pipe")
        stream = stream.overlay(picture, x=mark.left, y=mark.top, format=_overlay_format(plan, aspect))
    return stream.filter(
        "setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv"
    )


def _joined(plan: RenderPlan, parts: list[Any], first: int = 0) -> Any:
    """The parts one after the other, each frame's time an exact multiple of the frame's length."""
    import ffmpeg as graph

    rate = plan.rate
    stream = graph.concat(*parts, v=1, a=0) if len(parts) > 1 else parts[0]
    return stream.filter("settb", f"{rate.denominator}/{rate.numerator}").filter(
        "setpts", f"N+{first}" if first else "N"
    )


def _still(plan: RenderPlan, path: Path, key: object, frames: int, aspect: str) -> Any:
    """A picture of the deliverable's size, held for `frames`."""
    picture = own_input(path, f"{key} {aspect}", f="png_pipe", framerate=str(plan.rate))
    return (
        picture.filter("tpad", stop=frames, stop_mode="clone")
        .filter("trim", end_frame=frames)
        .filter("scale", out_color_matrix="bt709", out_range="tv")
        .filter("setsar", "1")
        .filter("format", PIXELS[plan.preset(aspect).video])
    )


def _overlay_format(plan: RenderPlan, aspect: str) -> str:
    return {"h264": "yuv420", "prores": "yuv422p10"}[plan.preset(aspect).video]
