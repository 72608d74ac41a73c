"""Drawn footage: a recipe becomes a real clip, with its script beside it and the truth about it.

Everything is made here, so it is free of rights and its truth needs no annotator: where the cuts are,
where the payoff is, which word is spoken when. The same recipe gives the same bytes with the same
ffmpeg. Without the extra `voice` the clip has no speech and no script, and `Drawn.spoken` says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from editron_core import process
from editron_core.domain import codec
from editron_core.domain.transcript import Transcript, Word
from editron_core.errors import EngineUnavailable
from editron_core.media import ffmpeg
from editron_core.qa import soundtrack
from editron_core.qa.canvas import ease
from editron_core.qa.recipe import DISSOLVE, FOLDER, Recipe, SceneSpec, load, shipped
from editron_core.qa.scenes import SCENES, Painter, Stage
from editron_core.qa.voiceover import Voiceover, record, silent
from editron_core.times import Span, from_frames

__all__ = ["FOLDER", "Drawn", "Event", "Truth", "draw", "load", "shipped"]

GRAIN = 2
"""Strength of ffmpeg's noise filter on luma: enough to hide bands, too little to see as noise."""
THREADS = 4
"""x264's output depends on the number of its threads, so it is fixed."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is seen or heard over a stretch of the clip."""

    kind: str
    """The scene's kind or the sound's name."""
    span: Span


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in a drawn clip, by construction. Times are seconds from the first frame."""

    duration: Fraction
    fps: Fraction
    scenes: tuple[Event, ...]
    """Cover [0, duration) without gaps; where two dissolve they meet in the middle."""
    cuts: tuple[Fraction, ...]
    """The first frame of each scene that was cut to."""
    dissolves: tuple[Span, ...]
    payoffs: tuple[Span, ...]
    """The stretches worth showing."""
    sounds: tuple[Event, ...]
    words: tuple[Word, ...]
    """Every spoken word; its span covers the sound of it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn clip."""

    video: Path
    transcript: Path | None
    """The script beside it, `<stem>.<language>.srt`; null where nobody speaks."""
    truth: Truth
    spoken: str | None = None
    """Why there is no speech although the recipe has lines; null where all is as the recipe says."""


def draw(recipe: Path | Recipe, out: Path, *, progress: Callable[[float], None] | None = None) -> Drawn:
    """Draw `recipe` into the folder `out`: `<name>.mp4`, `<name>.<language>.srt`, `<name>.truth.json`.

    Raises DefinitionError for a recipe that does not hold together, ProcessFailed where ffmpeg fails.
    """
    plan = recipe if isinstance(recipe, Recipe) else load(recipe)
    out.mkdir(parents=True, exist_ok=True)
    spoken = None
    try:
        voice = record(plan)
    except EngineUnavailable as error:
        voice, spoken = silent(plan), str(error)
    video, script = out / f"{plan.name}.mp4", out / f"{plan.name}.{plan.language}.srt"
    with tempfile.TemporaryDirectory(prefix=".drawn-", dir=out) as aside:
        sound, part = Path(aside) / "sound.wav", Path(aside) / "clip.mp4"
        soundtrack.write_wav(_mix(plan, voice), sound)
        _encode(plan, sound, part, _frames(plan, voice), progress or (lambda share: None))
        part.replace(video)
    truth = _truth(plan, voice.words)
    (out / f"{plan.name}.truth.json").write_text(json.dumps(codec.dump(truth), indent=1), encoding="utf-8")
    if voice.words:
        script.write_text(_srt(Transcript(plan.language, voice.words, "recipe")), encoding="utf-8")
    return Drawn(video, script if voice.words else None, truth, spoken)


def _truth(plan: Recipe, words: tuple[Word, ...]) -> Truth:
    return Truth(
        duration=plan.duration,
        fps=plan.fps,
        scenes=tuple(Event(scene.kind, scene.span) for scene in plan.scenes),
        cuts=tuple(scene.span.start for scene in plan.scenes[1:] if not scene.dissolve),
        dissolves=tuple(_dissolve(scene) for scene in plan.scenes if scene.dissolve),
        payoffs=tuple(scene.payoff for scene in plan.scenes if scene.payoff is not None),
        sounds=tuple(
            Event(
                sound.name,
                Span.of(scene.span.start + sound.at, scene.span.start + sound.at + Fraction(sound.seconds)),
            )
            for scene in plan.scenes
            for sound in scene.sounds
        ),
        words=words,
    )


def _dissolve(scene: SceneSpec) -> Span:
    return Span(scene.span.start - DISSOLVE / 2, scene.span.start + DISSOLVE / 2)


def _painter(plan: Recipe, number: int, voice: Voiceover) -> Painter:
    scene = plan.scenes[number]
    start = float(scene.span.start)
    stage = Stage(
        size=plan.size,
        seconds=float(scene.span.duration),
        palette=scene.palette,
        seed=plan.seed * 1000 + number,
        title=scene.title,
        note=scene.note,
        payoff=float(scene.payoff.start - scene.span.start) if scene.payoff else 0.0,
        voice=lambda at: voice.level(start + at),
    )
    return SCENES[scene.kind](stage)


def _frames(plan: Recipe, voice: Voiceover) -> Iterator[Image.Image]:
    """Every frame of the clip, in order; at most two scenes are prepared at once."""
    painters: dict[int, Painter] = {}
    number = 0
    for index in range(plan.frames):
        at = from_frames(index, plan.fps)
        while at >= plan.scenes[number].span.end:
            number += 1
        scene, following = plan.scenes[number], plan.scenes[number + 1 : number + 2]
        seen = [number]
        if scene.dissolve and at < _dissolve(scene).end:
            seen = [number - 1, number]
        elif following and following[0].dissolve and at >= _dissolve(following[0]).start:
            seen = [number, number + 1]
        painters = {n: painters[n] if n in painters else _painter(plan, n, voice) for n in seen}
        pictures = [painters[n](float(at - plan.scenes[n].span.start)) for n in seen]
        if len(pictures) == 1:
            yield pictures[0]
        else:
            share = float((at - _dissolve(plan.scenes[seen[1]]).start) / DISSOLVE)
            yield Image.blend(pictures[0], pictures[1], ease(share))


def _mix(plan: Recipe, voice: Voiceover) -> soundtrack.Samples:
    """Music, effects and speech; the music steps back while somebody speaks."""
    rng = np.random.default_rng(plan.seed)
    length = float(plan.duration)
    bed = soundtrack.music(rng, length, plan.mood, plan.tempo)
    mixed = bed * (0.2 - 0.13 * voice.presence(bed.shape[0]))[:, None]
    for scene in plan.scenes:
        for sound in scene.sounds:
            samples = soundtrack.SOUNDS[sound.name](rng, sound.seconds)
            first = round(float(scene.span.start + sound.at) * soundtrack.RATE)
            fits = samples[: max(0, mixed.shape[0] - first)]
            width = np.array([1.0, 0.93], np.float32)  # a little to the left: nothing real is dead centre
            mixed[first : first + fits.size] += fits[:, None] * width * sound.gain
    return soundtrack.single(mixed + voice.samples[: mixed.shape[0], None])


def _encode(
    plan: Recipe, sound: Path, out: Path, frames: Iterator[Image.Image], progress: Callable[[float], None]
) -> None:
    width, height = plan.size
    grain = f"noise=c0s={GRAIN}:c0f=t:c0_seed={plan.seed}"
    reading, writing = os.pipe()
    arguments = [
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{width}x{height}"),
        *("-framerate", str(plan.fps), "-i", f"pipe:{reading}", "-i", f"file:{sound}"),
        *("-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{grain}"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-threads", str(THREADS)),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
        *("-c:a", "aac", "-b:a", "160k", "-shortest", "-fflags", "+bitexact", "-flags", "+bitexact"),
        *("-movflags", "+faststart", "-y", f"file:{out}"),
    ]
    limits = process.Limits(wall_s=1800)
    # As files, which close their end once, however the blocks are left.
    with (
        os.fdopen(reading, "rb") as theirs,
        os.fdopen(writing, "wb") as pipe,
        process.spawn(ffmpeg.command(*arguments), limits=limits, pass_fds=[reading]),
    ):
        theirs.close()
        # A broken pipe means that ffmpeg gave up: leaving the block tells why.
        with contextlib.suppress(BrokenPipeError), pipe:
            for number, frame in enumerate(frames):
                pipe.write(frame.tobytes())
                progress((number + 1) / plan.frames)


def _srt(transcript: Transcript) -> str:
    cues = [
        f"{number}\n{_stamp(said.span.start)} --> {_stamp(said.span.end)}\n{said.text}\n"
        for number, said in enumerate(transcript.sentences(), start=1)
    ]
    return "\n".join(cues)


def _stamp(at: Fraction) -> str:
    millis = round(at * 1000)
    return f"{millis // 3600000:02d}:{millis // 60000 % 60:02d}:{millis // 1000 % 60:02d},{millis % 1000:03d}"
