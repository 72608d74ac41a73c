"""Drawn sounds at 16 kHz: what each signal should hear, and what it should not."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.signal import butter, lfilter, resample_poly, sosfilt

from editron_core import process
from editron_core.media import ffmpeg
from editron_core.media.audio import RATE
from editron_core.qa import soundtrack
from editron_core.qa.voice import Voice, speak

Words = tuple[tuple[str, float, float], ...]
"""Text, start and end in seconds."""


def write(path: Path, samples: np.ndarray) -> Path:
    """A working WAV; what exceeds -1..1 is cut off."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def loudness_log(wav: Path) -> Path:
    """What the analysis has ffmpeg write beside the WAV, by the real filter."""
    log = wav.with_suffix(".txt")
    meter = f"ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.M:file={log.name}"
    arguments = ffmpeg.command("-i", f"file:{wav}", "-af", meter, "-f", "null", "-")
    with process.spawn(arguments, cwd=wav.parent):
        pass
    return log


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def level(samples: np.ndarray, rms: float) -> np.ndarray:
    """The same sound at another level."""
    return samples * np.float32(rms / np.sqrt(np.mean(np.square(samples))))


def tone(seconds: float, hertz: float = 440) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def clicks(seconds: float, at: Sequence[float]) -> np.ndarray:
    """Short bursts of noise over a quiet tone."""
    samples = 0.1 * tone(seconds)
    burst = np.random.default_rng(1).standard_normal(400) * np.exp(-np.arange(400) / 100) * 0.5
    for when in at:
        samples[round(when * RATE) : round(when * RATE) + 400] += burst
    return samples


def static(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """White noise at one level."""
    return 0.15 * rng.standard_normal(round(seconds * RATE))


def wind(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Noise that falls with frequency, in gusts."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)), count)
    knots = rng.uniform(0.3, 1, int(seconds / 0.7) + 3)
    gusts = np.interp(np.arange(count) / RATE / 0.7, np.arange(knots.size), knots)
    return level(noise * gusts, 0.15)


def music(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """The drawn footage's music bed: chords, plucked notes, a drum."""
    bed = soundtrack.music(rng, seconds, "bright", 112).mean(axis=1)
    return level(resample_poly(bed, 1, 3)[: round(seconds * RATE)], 0.12)


def applause(rng: np.random.Generator, seconds: float, people: int = 30) -> np.ndarray:
    """Each of the people claps 2.5 to 5 times a second, at a pitch and a distance of their own, in a room."""
    count = round(seconds * RATE)
    heard = np.zeros(count)
    grain = np.arange(round(0.03 * RATE))
    for _ in range(people):
        gap, at, claps = 1 / rng.uniform(2.5, 5), rng.uniform(0, 0.3), np.zeros(count)
        while at < seconds - 0.05:
            first = round(at * RATE)
            claps[first : first + grain.size] = rng.standard_normal(grain.size) * np.exp(-grain / 96)
            at += gap * rng.normal(1, 0.08)
        low = rng.uniform(700, 1800)
        body = butter(2, [low, min(7000, low * rng.uniform(1.6, 3))], "band", fs=RATE, output="sos")
        heard += rng.lognormal(-1, 0.6) * sosfilt(body, claps)
    room = rng.standard_normal(RATE // 3) * np.exp(-np.arange(RATE // 3) / 1900) * 0.08
    room[0] = 1
    return level(np.convolve(heard, room)[:count], 0.15)


def laughter(rng: np.random.Generator, seconds: float, per_second: float = 4.8) -> np.ndarray:
    """One voice: the same breathy vowel again and again, with deep gaps."""
    at = np.arange(round(seconds * RATE)) / RATE
    pitch = 260 * (1 - 0.04 * (at % 2) + 0.01 * np.sin(2 * np.pi * 3 * at))
    source = (np.cumsum(pitch) / RATE % 1 < 0.15) - 0.15 + 0.03 * rng.standard_normal(at.size)
    for formant, width in ((750, 120), (1250, 150), (2600, 250)):
        pole = np.exp(-np.pi * width / RATE)
        source = lfilter([1 - pole], [1, -2 * pole * np.cos(2 * np.pi * formant / RATE), pole**2], source)
    phase = at * per_second % 1
    calls = np.where(phase < 0.5, np.sin(2 * np.pi * np.minimum(phase, 0.5)) ** 2, 0)
    return level(source * calls, 0.1)


@lru_cache(maxsize=32)
def spoken(lines: tuple[str, ...], voice: str = "en-us", speed: int = 150) -> tuple[np.ndarray, Words]:
    """The lines one after another with half a second between, and when each word is really said."""
    pieces, words, at = [silence(0.5)], [], 0.5
    for line in speak(list(lines), Voice(voice, speed)):
        samples = resample_poly(line.samples, RATE, line.sample_rate).astype(np.float32)
        words += [(text, start + at, end + at) for text, start, end in line.words]
        pieces += [samples, silence(0.5)]
        at += len(samples) / RATE + 0.5
    whole = np.concatenate(pieces)
    return level(whole, 0.08), tuple(words)
