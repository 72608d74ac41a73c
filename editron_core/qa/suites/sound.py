"""Loudness and mix: what is heard of a small drawn clip with voice, music and a crowd, for every preset.

The clip's sound goes through the render's own sound stage; the finished files, which the render copies
beside the picture bit by bit, are decoded and measured. The music and the voice of the clip are known
sample by sample, so that least squares tell how loud each still is in the finished mix. The product itself
lays no music under speech: the ducking that is measured is the one in the footage, and the readings say
whether mastering leaves it alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editron_core import process
from editron_core.domain.batch import MediaFile
from editron_core.domain.brand import BrandKit
from editron_core.domain.timeline import Clip, Timeline
from editron_core.edit.fonts import fonts_dir
from editron_core.media import ffmpeg
from editron_core.qa import drawn, soundtrack, voiceover
from editron_core.qa.reading import Reading
from editron_core.qa.recipe import Recipe, Sound
from editron_core.qa.suites.footage import FPS, media_file, recipe
from editron_core.render import presets
from editron_core.render import sound as stage
from editron_core.render.plan import RenderPlan
from editron_core.times import Span

SUITE = "sound"
LOCALE = "en"
SPOKEN = "We came down to the lake early, and nobody was there."
LUFS, PEAK, LEVEL = 0.2, 0.3, 0.5
"""Tolerances of loudness (LU), true peak (dB) and levels in the mix (dB). The AAC encoders
of two ffmpeg builds differ by hundredths of a LU and by a tenth or two at the peaks; half a decibel of
music nobody hears."""
EDGE_S = 0.3
"""Seconds around words that count neither as speech nor as pause: there the music is on its way."""
LEAST_SHARE = 1e-3
"""Levels below this count as it: -60 dB is not heard."""


@dataclass(frozen=True)
class Parts:
    """What the clip's sound is made of: mono samples at the rate of the render."""

    music: NDArray[np.float32]
    """Before it steps back under speech."""
    voice: NDArray[np.float32]
    speech: NDArray[np.bool_]
    """Where somebody speaks."""
    pause: NDArray[np.bool_]
    """Where nobody speaks and no crowd is heard."""


def readings(names: Sequence[str] | None = None) -> tuple[Reading, ...]:
    """Loudness, true peak, ducking and speech over music for each preset called for; default: all.

    Raises EngineUnavailable where espeak-ng (extra `voice`) is not installed.
    """
    plan = _recipe()
    voice = voiceover.record(plan)  # before `draw`, which would draw a mute clip
    parts = _parts(plan, voice)
    found: list[Reading] = []
    with tempfile.TemporaryDirectory(prefix="editron-sound-") as room:
        video = drawn.draw(plan, Path(room)).video
        file = media_file(video)
        for name in names or presets.shipped():
            folder = Path(room) / name
            folder.mkdir()
            (track,) = stage.tracks(_render(file, plan, name, folder), folder).values()
            found += _preset(name, track.path, parts)
    return tuple(found)


def _preset(name: str, path: Path, parts: Parts) -> Iterator[Reading]:
    heard = stage.measured(path)
    mix = _decoded(path, parts.music.size)
    music, _ = _levels(mix, parts, parts.pause)
    under, voice = _levels(mix, parts, parts.speech)
    over = voice * _rms(parts.voice[parts.speech]) / (under * _rms(parts.music[parts.speech]))
    # Digital silence has neither; the meter's floor stands for it, so that a mute file is a change.
    lufs, peak = (-70.0 if value is None else value for value in (heard.lufs, heard.dbtp))
    for what, value, unit, tolerance in (
        ("loudness", lufs, "LUFS", LUFS),
        ("true peak", peak, "dBTP", PEAK),
        ("ducking under speech", 20 * log10(music / under), "dB", LEVEL),
        ("speech over music", 20 * log10(over), "dB", LEVEL),
    ):
        yield Reading(SUITE, f"{name}: {what}", round(value, 2), unit, tolerance, locale=LOCALE)


def _recipe() -> Recipe:
    """Eight seconds: a host speaks over music, then pauses; a crowd cheers, louder than the limiter likes."""
    plan = recipe("sound", (("host", 6.0, "cut"), ("stand", 2.0, "cut")), size=(160, 90))
    host, stand = plan.scenes
    spoken = replace(host, say=SPOKEN, say_at=Fraction(1, 2))
    loud = replace(stand, sounds=(Sound("cheer", Fraction(0), 2.0, 0.9),))
    return replace(plan, scenes=(spoken, loud))


def _parts(plan: Recipe, voice: voiceover.Voiceover) -> Parts:
    length = float(plan.duration)
    music = soundtrack.music(np.random.default_rng(plan.seed), length, plan.mood, plan.tempo)
    size = min(music.shape[0], voice.samples.size)
    at = np.arange(size) / soundtrack.RATE
    first, last = float(voice.words[0].span.start), float(voice.words[-1].span.end)
    return Parts(
        music=music[:size].mean(axis=1),
        voice=voice.samples[:size],
        speech=(at >= first + EDGE_S) & (at < last - EDGE_S),
        pause=(at >= last + 2 * EDGE_S) & (at < float(plan.scenes[0].span.end) - EDGE_S),
    )


def _render(file: MediaFile, plan: Recipe, name: str, out: Path) -> RenderPlan:
    preset = presets.preset(name)
    aspect = next(iter(preset.sizes))
    clip = Clip(file.id, Span(Fraction(0), plan.duration))
    timeline = Timeline("sound", "suite", FPS, (aspect,), (clip,))
    kit = BrandKit()
    return RenderPlan(timeline, {file.id: file}, kit, {aspect: name}, {}, fonts_dir(kit), (), out)


def _decoded(path: Path, size: int) -> NDArray[np.float32]:
    """The sound as a player hears it, mono, cut or filled up to `size` samples."""
    words = ["-i", f"file:{path}", "-ac", "1", "-ar", str(soundtrack.RATE), "-f", "f32le", "-"]
    raw, _ = process.run(ffmpeg.command(*words), limits=process.Limits(wall_s=120))
    samples = np.frombuffer(raw, np.float32)[:size]
    return np.pad(samples, (0, size - samples.size))


def _levels(mix: NDArray[np.float32], parts: Parts, where: NDArray[np.bool_]) -> tuple[float, float]:
    """By which factors music and voice are in `mix` over the samples of `where`: least squares."""
    known = np.stack([parts.music[where], parts.voice[where]], axis=1).astype(np.float64)
    factors, *_ = np.linalg.lstsq(known, mix[where].astype(np.float64))
    return max(float(factors[0]), LEAST_SHARE), max(float(factors[1]), LEAST_SHARE)


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
