"""The spoken track of a recipe: its lines laid on the clip's time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from editron_core.domain.transcript import Word
from editron_core.errors import DefinitionError
from editron_core.qa.recipe import Recipe
from editron_core.qa.soundtrack import RATE, Samples, single
from editron_core.qa.voice import Line, speak
from editron_core.times import Span, seconds

LEVEL = 0.11
"""RMS of a spoken line, of full scale 1: about -19 dBFS."""
HOP = RATE // 100


@dataclass(frozen=True)
class Voiceover:
    """All lines of a recipe."""

    samples: Samples
    """Mono float32 at `RATE`, as long as the clip."""
    words: tuple[Word, ...]
    envelope: Samples
    """Loudness every 10 ms, 0..1: what moves a drawn mouth."""

    def level(self, at: float) -> float:
        """How loud the voice is at `at` seconds, 0..1."""
        index = int(at * RATE / HOP)
        return float(self.envelope[index]) if 0 <= index < self.envelope.size else 0.0

    def presence(self, length: int) -> Samples:
        """1 while somebody speaks, 0 elsewhere, with ramps of a quarter of a second; `length` samples."""
        on = np.zeros(length, np.float32)
        for word in self.words:
            on[round(float(word.span.start) * RATE) : round(float(word.span.end) * RATE)] = 1
        ramp = RATE // 2
        total = np.concatenate([np.zeros(1), np.cumsum(np.pad(on, (ramp // 2, ramp - ramp // 2)))])
        return single(np.clip((total[ramp:] - total[:-ramp])[:length] / ramp * 1.6, 0, 1))


def silent(plan: Recipe) -> Voiceover:
    """A track on which nobody speaks."""
    samples = np.zeros(round(float(plan.duration) * RATE), np.float32)
    return Voiceover(samples, (), np.zeros(samples.size // HOP, np.float32))


def record(plan: Recipe) -> Voiceover:
    """Speak the recipe's lines. Raises EngineUnavailable without espeak-ng, DefinitionError where two
    lines would fall together or one runs past the end."""
    speaking = [scene for scene in plan.scenes if scene.say]
    if not speaking:
        return silent(plan)
    track = silent(plan)
    words: list[Word] = []
    for scene, line in zip(speaking, speak([scene.say for scene in speaking], plan.voice), strict=True):
        start = scene.span.start + scene.say_at
        samples = _resampled(line)
        first = round(float(start) * RATE)
        busy = words[-1].span.end if words else Fraction(0)
        if start < busy or first + samples.size > track.samples.size:
            raise DefinitionError(
                f"the line {scene.say[:30]!r} starts before the last one ends, or runs past the clip",
                subject=plan.name,
                remedy="move `say_at` or make the scene longer",
            )
        track.samples[first : first + samples.size] += samples
        words += [Word(text, Span(start + seconds(a), start + seconds(b))) for text, a, b in line.words]
    frames = track.samples[: track.samples.size // HOP * HOP].reshape(-1, HOP)
    loud = np.sqrt((frames**2).mean(axis=1))
    smooth = np.convolve(loud, np.ones(5) / 5, mode="same")
    envelope = np.clip(smooth / max(float(np.percentile(smooth[smooth > 0.005], 92)), 1e-6), 0, 1)
    return Voiceover(track.samples, tuple(words), envelope.astype(np.float32))


def _resampled(line: Line) -> Samples:
    """The line at `RATE` and `LEVEL`."""
    length = round(line.samples.size * RATE / line.sample_rate)
    spectrum = np.fft.rfft(line.samples)
    padded = np.zeros(length // 2 + 1, complex)
    padded[: min(spectrum.size, padded.size)] = spectrum[: padded.size]
    samples = np.fft.irfft(padded, length)
    return (samples / max(float(np.sqrt((samples**2).mean())), 1e-9) * LEVEL).astype(np.float32)
