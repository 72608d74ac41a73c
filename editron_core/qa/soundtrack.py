"""Sound for drawn footage: a music bed, a crowd, applause and effects, all synthesised from noise and tones.

Arrays are float32, stereo `(samples, 2)` or mono `(samples,)`, at `RATE` per second.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Samples = NDArray[np.float32]
Floats = NDArray[np.floating]
CHORDS = {
    "bright": ((0, 4, 7, 11), (-3, 0, 4, 7), (-7, -3, 0, 4), (-5, -1, 2, 7)),
    "warm": ((0, 3, 7, 10), (-4, 0, 3, 7), (-9, -5, 0, 3), (-2, 2, 5, 8)),
    "calm": ((0, 7, 11, 14), (-5, 2, 7, 11), (-3, 4, 7, 12), (-7, 0, 4, 9)),
}
"""Semitones above the key, one chord for each bar."""


def single(values: Any) -> Samples:
    """`values` as float32."""
    return np.asarray(values, np.float32)


def seconds(count: float) -> Samples:
    """The times of `count` seconds of samples."""
    return single(np.arange(round(count * RATE)) / RATE)


def band(noise: Floats, low: float, high: float) -> Samples:
    """`noise` between `low` and `high` Hz, with soft edges a third of an octave wide; peak 1."""
    spectrum = np.fft.rfft(noise)
    octave = np.log2(np.maximum(np.fft.rfftfreq(noise.size, 1 / RATE), 1))
    rise = np.clip((octave - np.log2(low)) * 3 + 1, 0, 1)
    fall = np.clip((np.log2(high) - octave) * 3 + 1, 0, 1)
    heard = np.fft.irfft(spectrum * rise * fall, noise.size).astype(np.float32)
    return heard / max(float(np.abs(heard).max()), 1e-9)


def wander(rng: np.random.Generator, length: int, per_second: float) -> Samples:
    """A slow random curve in 0..1."""
    knots = rng.random(max(2, int(length / RATE * per_second) + 2))
    return np.interp(np.linspace(0, knots.size - 1, length), np.arange(knots.size), knots).astype(np.float32)


def swell(length: int, attack: float, release: float) -> Samples:
    """Rise over `attack` seconds, stay, fall over the last `release` seconds."""
    at = np.arange(length) / RATE
    rise = np.clip(at / max(attack, 1e-3), 0, 1)
    fall = np.clip((length / RATE - at) / max(release, 1e-3), 0, 1)
    return single(np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2) ** 1.5)


def murmur(rng: np.random.Generator, length: float) -> Samples:
    """A crowd that waits."""
    noise = rng.standard_normal(seconds(length).size)
    return band(noise, 180, 900) * (0.5 + 0.5 * wander(rng, noise.size, 3)) * swell(noise.size, 0.4, 0.4)


def cheer(rng: np.random.Generator, length: float) -> Samples:
    """A crowd that shouts for joy: a roar in the vowel bands, voices that slide, a few whistles."""
    at = seconds(length)
    noise = rng.standard_normal(at.size)
    roar = band(noise, 450, 1250) + 0.5 * band(noise, 2000, 3400)
    voices = np.zeros(at.size, np.float32)
    for _ in range(28):
        pitch = rng.uniform(170, 520) * (
            1 + 0.25 * np.sin(np.pi * np.clip(at / length * rng.uniform(1, 3), 0, 1))
        )
        phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.01 * np.sin(2 * np.pi * rng.uniform(4, 7) * at))) / RATE
        tone = sum(np.sin(phase * n) / n for n in (1, 2, 3, 4))
        voices += (tone * wander(rng, at.size, 2.5) ** 2).astype(np.float32)
    whistles = np.zeros(at.size, np.float32)
    for start in rng.uniform(0.2, max(0.3, length - 0.8), 4):
        blown = np.clip((at - start) / 0.05, 0, 1) * np.clip((start + 0.5 - at) / 0.1, 0, 1)
        whistles += np.sin(2 * np.pi * (2300 + 500 * np.sin(9 * (at - start))) * at) * blown
    mixed = roar * (0.6 + 0.4 * wander(rng, at.size, 6)) + 0.10 * voices + 0.07 * whistles
    return single(mixed / np.abs(mixed).max() * swell(at.size, 0.22, length * 0.45))


def applause(rng: np.random.Generator, length: float) -> Samples:
    """Many hands: each clap is a few milliseconds of noise around 1.2 kHz, and none falls with another."""
    size = seconds(length).size
    heard = np.zeros(size, np.float64)
    for _ in range(6):
        claps = np.zeros(size)
        hits = rng.integers(0, size, round(38 * length))
        claps[hits] = rng.uniform(0.3, 1, hits.size)
        grain = seconds(0.03)
        body = band(rng.standard_normal(grain.size), rng.uniform(700, 1000), rng.uniform(1900, 3000))
        kernel = body * np.exp(-grain / 0.006)
        heard += np.fft.irfft(np.fft.rfft(claps, 2 * size) * np.fft.rfft(kernel, 2 * size))[:size]
    return single(heard / np.abs(heard).max() * swell(size, 0.6, length * 0.4))


def thump(rng: np.random.Generator, length: float = 0.25) -> Samples:
    """A ball that is struck."""
    at = seconds(length)
    tone = np.sin(2 * np.pi * (70 * at + 1.5 * (1 - np.exp(-at * 40)))) * np.exp(-at * 22)
    return single(tone + 0.3 * band(rng.standard_normal(at.size), 800, 4000) * np.exp(-at * 90))


def whoosh(rng: np.random.Generator, length: float = 0.7) -> Samples:
    """Something that flies past."""
    noise = rng.standard_normal(seconds(length).size)
    bell = np.sin(np.linspace(0, np.pi, noise.size)) ** 3
    return single(band(noise, 400, 2600) * bell)


def rolling(rng: np.random.Generator, length: float) -> Samples:
    """Wheels on asphalt."""
    noise = rng.standard_normal(seconds(length).size)
    rumble = band(noise, 90, 420) + 0.25 * band(noise, 1500, 3500)
    return single(rumble * (0.6 + 0.4 * wander(rng, noise.size, 12)) * swell(noise.size, 0.3, 0.15))


def chime(rng: np.random.Generator, length: float = 2.0) -> Samples:
    """Three soft bells, upwards."""
    at = seconds(length)
    heard = np.zeros(at.size, np.float32)
    for number, pitch in enumerate((784.0, 987.8, 1318.5)):
        own = np.clip(at - 0.11 * number, 0, None)
        struck = np.where(at >= 0.11 * number, np.exp(-own * 3.2), 0)
        heard += (np.sin(2 * np.pi * pitch * own) + 0.3 * np.sin(2 * np.pi * pitch * 2.76 * own)) * struck
    return single(heard / 3)


SOUNDS: dict[str, Callable[[np.random.Generator, float], Samples]] = {
    "murmur": murmur,
    "cheer": cheer,
    "applause": applause,
    "thump": thump,
    "whoosh": whoosh,
    "rolling": rolling,
    "chime": chime,
}
"""What a recipe may ask for by name."""


def music(rng: np.random.Generator, length: float, mood: str, tempo: float) -> Samples:
    """A music bed, stereo: pad and plucked notes over a four-bar loop, a soft drum, peak about 1."""
    at = seconds(length)
    beat = 60 / tempo
    key = 110 * 2 ** (rng.integers(0, 5) / 12)
    bed = np.zeros((at.size, 2), np.float32)
    for bar in range(int(length / (4 * beat)) + 1):
        chord = CHORDS[mood][bar % 4]
        for voice, step in enumerate(chord):
            _add(
                bed, _pad(key * 2 ** (step / 12) * 2, 4 * beat + 0.6), bar * 4 * beat, 0.16, (voice - 1.5) / 3
            )
        for eighth in range(8):
            if rng.random() < 0.72:
                step = int(rng.choice(chord)) + 24
                note = _pluck(key * 2 ** (step / 12), 0.9)
                _add(bed, note, (bar * 4 + eighth / 2) * beat, 0.13, float(rng.uniform(-0.6, 0.6)))
        for count in range(4):
            _add(bed, _kick(), (bar * 4 + count) * beat, 0.34 if count % 2 == 0 else 0.2, 0)
            _add(bed, _hat(rng), (bar * 4 + count + 0.5) * beat, 0.05, 0.3)
    edge = swell(at.size, 0.3, 1.2)
    return single(bed / max(float(np.abs(bed).max()), 1e-9) * edge[:, None])


def _pad(pitch: float, length: float) -> Samples:
    at = seconds(length)
    tone = sum(np.sin(2 * np.pi * pitch * n * d * at) / n**1.6 for n in (1, 2, 3, 4) for d in (1, 1.004))
    return single(tone * swell(at.size, 0.35, 0.6) / 2)


def _pluck(pitch: float, length: float) -> Samples:
    at = seconds(length)
    tone = sum(np.sin(2 * np.pi * pitch * n * at) * np.exp(-at * (4 + 3 * n)) / n for n in (1, 2, 3))
    return single(tone * np.clip(at / 0.004, 0, 1))


def _kick() -> Samples:
    at = seconds(0.22)
    return single(np.sin(2 * np.pi * (48 * at + 3 * (1 - np.exp(-at * 30)))) * np.exp(-at * 16))


def _hat(rng: np.random.Generator) -> Samples:
    at = seconds(0.05)
    return single(band(rng.standard_normal(at.size), 6000, 12000) * np.exp(-at * 80))


def _add(bed: Samples, sound: Samples, start: float, gain: float, pan: float) -> None:
    first = round(start * RATE)
    end = min(first + sound.size, bed.shape[0])
    if end > first:
        sides = np.array([1 - pan, 1 + pan], np.float32) * gain
        bed[first:end] += sound[: end - first, None] * sides


def write_wav(samples: Samples, path: Path) -> None:
    """Stereo float samples to 16-bit PCM; what exceeds -1..1 is limited softly."""
    limited = np.tanh(samples * 1.05) / np.tanh(1.05)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((limited * 32767).astype("<i2").tobytes())
