"""Checking: every deliverable is measured from its own file and held against its preset and its timeline.

A check says what was measured and what was required, in words. Black, frozen and silent stretches count
only where the footage itself is not black, still or silent there; slates are still by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from editron_core.domain.job import Check, Deliverable
from editron_core.domain.timeline import Cue
from editron_core.render import boxes, mp4, origin
from editron_core.render.graph import PIXELS, Workroom
from editron_core.render.measure import KINDS, Headers, Seen, headers, seen
from editron_core.render.plan import SAMPLE_RATE, RenderPlan
from editron_core.render.presets import Preset
from editron_core.render.sound import QUIET_LUFS, Track
from editron_core.times import Span, clock, from_frames

AAC_FRAME = Fraction(1024, SAMPLE_RATE)
PROFILES = {"h264": "h264 High", "prores": "prores HQ"}
SOUNDS = {"aac": "aac LC 48000 2", "pcm": "pcm_s24le 48000 2"}
GAP_FRAMES = 3
"""Frames around a caption in which a word's middle may fall: captions keep 2 between them, and end whole."""
PEAK_SLACK = 0.05
"""dB: the meter's own resolution near full scale."""


def inspect(plan: RenderPlan, aspect: str, path: Path, track: Track, room: Workroom) -> Deliverable:
    """Measure the finished file at `path` and hold it against its preset and the plan."""
    preset = plan.preset(aspect)
    said, watched = headers(path), seen(path, plan.duration, room.folder)
    checks = [
        *_length(plan, preset, said, watched, path),
        *_form(plan, preset, aspect, said, path),
        *_loudness(preset, track, watched),
        *_stretches(plan, aspect, watched, room),
        *_captions(plan, aspect, room),
    ]
    return Deliverable(
        path=str(path),
        timeline=plan.timeline.name,
        aspect=aspect,
        preset=preset.name,
        duration=from_frames(watched.frames, said.fps) if said.fps else Fraction(0),
        width=said.size[0],
        height=said.size[1],
        captions=tuple(str(sidecar) for sidecar in plan.sidecars),
        loudness_lufs=_rounded(watched.loudness.lufs),
        true_peak_dbtp=_rounded(watched.loudness.dbtp),
        checks=tuple(checks),
    )


def _length(plan: RenderPlan, preset: Preset, said: Headers, watched: Seen, path: Path) -> Iterator[Check]:
    yield Check(
        "frames",
        watched.frames == said.frames == plan.frames,
        f"{watched.frames} decoded, {said.frames} stored",
        f"{plan.frames}, as on the timeline" + (" and its slates" if plan.frames != plan.cut_frames else ""),
    )
    off = said.audio_length - plan.duration
    yield Check(
        "sound-length",
        abs(off) <= AAC_FRAME,
        f"{float(said.audio_length):.3f} s",
        f"{float(plan.duration):.3f} s, within one AAC frame",
    )
    if preset.seconds is not None:
        low, high = preset.seconds
        yield Check(
            "platform-length",
            low <= plan.duration <= high,
            f"{float(plan.duration):.1f} s",
            f"{low:g} to {high:g} s for {preset.title}",
        )
    if preset.megabytes is not None:
        size = path.stat().st_size / 1e6
        yield Check(
            "file-size", size <= preset.megabytes, f"{size:.1f} MB", f"at most {preset.megabytes:g} MB"
        )


def _form(plan: RenderPlan, preset: Preset, aspect: str, said: Headers, path: Path) -> Iterator[Check]:
    low, high = preset.fps
    steady = "even" if said.steady else "uneven"
    yield Check(
        "frame-rate",
        said.fps == plan.rate and said.steady and low <= said.fps <= high,
        f"{_fps(said.fps)} fps, {steady}",
        f"{_fps(plan.rate)} fps, even, within {_fps(low)} to {_fps(high)}",
    )
    width, height = plan.size(aspect)
    yield Check("size", said.size == (width, height), f"{said.size[0]}x{said.size[1]}", f"{width}x{height}")
    wanted = f"{PROFILES[preset.video]} {PIXELS[preset.video]}"
    yield Check("picture-codec", said.video == wanted, said.video, wanted)
    yield Check("sound-codec", said.audio == SOUNDS[preset.audio], said.audio, SOUNDS[preset.audio])
    if preset.video == "h264":
        gop = max(1, round(plan.rate / 2))
        yield Check(
            "key-frames",
            said.gop <= gop and said.b_frames <= 2,
            f"every {said.gop} frames, {said.b_frames} B-frames",
            f"every {gop} frames at most, 2 B-frames at most",
        )
    most = preset.bits(plan.rate)
    if most is not None:
        # The rate controller may empty one buffer of two seconds beyond the ceiling.
        allowed = most * (1 + 2 / float(plan.duration))
        yield Check(
            "bit-rate",
            said.video_bits <= allowed,
            f"{said.video_bits / 1e6:.2f} Mb/s",
            f"at most {most / 1e6:g} Mb/s",
        )
    boxes_found = mp4.layout(path)
    yield Check(
        "faststart",
        boxes_found.faststart,
        f"index {'before' if boxes_found.faststart else 'after'} the pictures",
        "index before the pictures",
    )
    yield Check(
        "edit-lists", boxes_found.edit_lists == 0, f"{boxes_found.edit_lists} edit lists", "no edit lists"
    )


def _loudness(preset: Preset, track: Track, watched: Seen) -> Iterator[Check]:
    lufs, peak, before = watched.loudness.lufs, watched.loudness.dbtp, track.before.lufs
    if before is None:
        yield Check("loudness", lufs is None, _lufs(lufs), "silence, as in the footage")
    elif before < QUIET_LUFS:
        kept = lufs is not None and abs(lufs - before) <= preset.tolerance
        yield Check(
            "loudness", kept, _lufs(lufs), f"{before:.1f} LUFS as in the footage: too soft to be raised"
        )
    else:
        met = lufs is not None and abs(lufs - preset.lufs) <= preset.tolerance
        yield Check("loudness", met, _lufs(lufs), f"{preset.lufs:g} ± {preset.tolerance:g} LUFS")
    yield Check(
        "true-peak",
        peak is None or peak <= preset.dbtp + PEAK_SLACK,
        "none" if peak is None else f"{peak:.2f} dBTP",
        f"at most {preset.dbtp:g} dBTP",
    )


def _stretches(plan: RenderPlan, aspect: str, watched: Seen, room: Workroom) -> Iterator[Check]:
    cut = Span(plan.lead, plan.lead + from_frames(plan.cut_frames, plan.rate))
    for kind, shortest in KINDS.items():
        own: list[Span] = []
        ours: list[Span] = []
        for stretch in watched.stretches[kind]:
            inner = stretch.clamp(cut)
            if inner.duration < shortest:
                continue
            there = origin.also_there(plan, aspect, inner.shift(-plan.lead), kind, room.folder)
            (ours if inner.duration - there >= shortest else own).append(inner)
        text = _listed(ours) if ours else (f"{_listed(own)}, as in the footage" if own else "none")
        yield Check(
            kind, not ours, text, f"none of {float(shortest):g} s or more that the footage does not have"
        )


def _captions(plan: RenderPlan, aspect: str, room: Workroom) -> Iterator[Check]:
    cards = room.cards[aspect]
    if cards.missing:
        yield Check(
            "slate-letters", False, f"no font has {cards.missing}", "every letter of slates and watermark"
        )
    if aspect not in room.subtitles:
        return
    size, cues = plan.size(aspect), plan.timeline.cues
    ass = room.folder / room.subtitles[aspect]
    looks = {event: boxes.looks(event, plan.rate) for event in boxes.events(ass)}
    found = boxes.drawn(
        ass, size, plan.rate, {frame for seen in looks.values() for frame in seen}, room.fonts
    )
    drawn = {frame: box for frame, box in found.items() if box is not None and frame < plan.cut_frames}
    visible = [event for event, seen in looks.items() if seen and all(found[frame] for frame in seen)]
    blank = [cue for cue in cues if not _shown(cue, visible, plan.rate)]
    yield Check(
        "captions-drawn",
        not blank and bool(drawn or not cues),
        f"{len(cues) - len(blank)} of {len(cues)} cues",
        "every cue of the timeline",
    )
    if not drawn:
        return
    edges = plan.preset(aspect).safe_area(aspect).pixels(size)
    outside = {frame: box for frame, box in drawn.items() if not box.inside(edges)}
    whole = _around(outside or drawn)
    where = f", first at {clock(from_frames(min(outside), plan.rate))}" if outside else ""
    safe = boxes.Box(*edges)
    yield Check("captions-safe", not outside, f"{whole}{where}", f"{safe} of {size[0]}x{size[1]}")
    if cards.mark is not None:
        mark = cards.mark
        area = boxes.Box(mark.left, mark.top, mark.left + mark.width, mark.top + mark.height)
        hit = [frame for frame, box in drawn.items() if box.touches(area)]
        yield Check("captions-clear", not hit, f"{len(hit)} on the watermark", "no caption on the watermark")


def _shown(cue: Cue, visible: Sequence[Span], rate: Fraction) -> bool:
    """Whether all that `cue` says is on screen when it is said.

    Burned-in captions are laid out anew for narrow frames, so a cue may be two of them with a gap
    between: its words are looked for, not its middle.
    """
    said = [word.span.middle for word in cue.words] or [cue.span.middle]
    gap = GAP_FRAMES / rate
    return all(any(event.start - gap <= at < event.end + gap for event in visible) for at in said)


def _around(found: dict[int, boxes.Box]) -> boxes.Box:
    first, *rest = found.values()
    for box in rest:
        first = first.union(box)
    return first


def _listed(spans: list[Span]) -> str:
    shown = ", ".join(f"{float(span.duration):.1f} s at {clock(span.start)}" for span in spans[:3])
    return shown + (f" and {len(spans) - 3} more" if len(spans) > 3 else "")


def _lufs(value: float | None) -> str:
    return "silence" if value is None else f"{value:.1f} LUFS"


def _fps(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
