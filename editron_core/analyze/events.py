"""Crowd events by rules: cheer, applause, laughter. No weights exist for them, so this is signal
processing, named `dsp rules` in the report.

**Cheer and applause** are many small noises at once. In 1 s of 500 to 6000 Hz that is: in every instant the
bins scatter about the second's own colour as those of Gaussian noise do (6.6 dB between the quartiles; speech
9 to 15), no tone stands out, the level is sustained, there is more above 500 Hz than below (wind and traffic
are the other way round), and the bands flicker more than plain noise can, because single hands and voices
stand out of it. A clap has all pitches at once, so the bands of applause flicker together; what the noise
reduction of a call or a low bit rate leaves of a hiss flickers too, each band by itself, and is no crowd. A
roar or a distant crowd is nearly plain noise; it counts where it also rises above the file's own background.
Noise at a constant level never does.

**Laughter** is the same voiced syllable over and over: 3.8 to 6.5 bursts a second in one steady rhythm
(Bachorowski, Smoski and Owren, JASA 2001: 4.4 calls a second on average), with deep gaps, and bursts that
have a pitch and are alike in spectrum. Speech has that rate but neither the regularity nor the likeness.

What to expect: close applause and cheering are found; a crowd under music or speech is missed; rain,
frying and surf that swell can pass for a crowd; of laughter only one clear voice at a time is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from editron_core.domain.evidence import STEP
from editron_core.media.audio import RATE, Block

FRAME, HOP = 256, 80
"""16 ms windows, one every 5 ms: a clap is not much longer."""
PER_ROW = int(RATE * STEP) // HOP
SECOND = RATE // HOP
EDGES_HZ = (500, 800, 1200, 1800, 2700, 4000, 6000)
SMOOTH = SECOND // 4 + 1
"""Flicker is measured against the level over 0.25 s, so that gusts and swells are not flicker."""
PLAIN_FLICKER = np.array([0.3, 0.22, 0.18, 0.12, 0.08, 0.055])
"""Variance of (band energy / its level) for Gaussian noise, per band between the edges: measured."""
SHORTEST = RATE + FRAME
"""Samples that a sound needs to be judged at all."""
DEEPEST_DB = 25
"""Bins this far under the strongest say nothing of what is heard."""
TONE_BINS = 11
"""A tone stands out of the 700 Hz around it."""
BACKGROUND_PERCENTILE = 20
TOGETHER_ROWS = 5
LASTING_ROWS = 2
SILENT_DB = -90.0

LAUGH_S = 2
LAUGH_HZ = (3.8, 6.5)
PITCH_HZ = (120, 600)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the rules need of a stretch of sound; every field is (rows,) float32."""

    level: np.ndarray
    """Power above 500 Hz over the second around the row, dB of full scale."""
    shape: np.ndarray
    """How much the second looks like a crowd but for its flicker, 0..1."""
    flicker: np.ndarray
    """Median over the bands of flicker / plain noise's flicker: 1 for plain noise."""
    together: np.ndarray
    """Mean correlation of the bands' flicker, two by two, -1..1: 0 for plain noise."""
    laughter: np.ndarray
    """0..1."""


def listen(block: Block) -> Crowd:
    """The rules' measures for each row of a block that has 1 s of margin, where the sound has it."""
    rows = -(-(block.stop - block.start) // (PER_ROW * HOP))
    if len(block.samples) <= SHORTEST or not block.samples.any():
        nothing = np.zeros(rows, np.float32)
        return Crowd(np.full(rows, SILENT_DB, np.float32), *[nothing] * 4)
    spectrum = _spectrum(block.samples)
    middles = (block.start - block.first) // HOP + PER_ROW * np.arange(rows) + PER_ROW // 2
    starts = np.clip(middles - SECOND // 2, 0, len(spectrum) - SECOND)
    bands = np.add.reduceat(spectrum, _bins(EDGES_HZ), axis=1)[:, :-1]
    seconds = np.lib.stride_tricks.sliding_window_view(bands.sum(axis=1), SECOND)[starts]
    flicker, together = _flicker(bands, starts)
    return Crowd(
        level=(10 * np.log10(seconds.mean(axis=1))).astype(np.float32),
        shape=_shape(spectrum, seconds, starts),
        flicker=flicker,
        together=together,
        laughter=np.array([_laughter(block.samples, spectrum, int(m)) for m in middles], np.float32),
    )


def joined(parts: Sequence[Crowd]) -> Crowd:
    """Stretches that follow one another as one."""
    return Crowd(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Crowd.__dataclass_fields__)
    )


def scores(heard: Crowd) -> np.ndarray:
    """The strongest of cheer, applause and laughter in each row of a whole file: float32, 0..1."""
    from scipy.ndimage import grey_opening, uniform_filter1d

    audible = heard.level[heard.level > SILENT_DB]
    background = np.percentile(audible, BACKGROUND_PERCENTILE) if len(audible) else 0.0
    # One second has too few claps to say, so its neighbours are asked, as far as they sound like a crowd.
    together, alike = (
        uniform_filter1d(values, TOGETHER_ROWS, mode="nearest")
        for values in (heard.together * heard.shape, heard.shape)
    )
    together = together / np.maximum(alike, 1e-6)
    hands = _ramp(heard.flicker, 1.25, 1.75) * _ramp(together, 0.04, 0.1)
    roar = _ramp(heard.flicker, 1.15, 1.35) * (1 - _ramp(heard.flicker, 1.9, 2.3))
    crowd = heard.shape * np.maximum(hands, 0.8 * roar * _ramp(heard.level - background, 4, 10))
    # A crowd lasts: one row alone between quiet neighbours is something else, a hi-hat or a slammed door.
    lasting = grey_opening(crowd, LASTING_ROWS, mode="nearest")
    return np.asarray(np.maximum(lasting, heard.laughter), np.float32)


def _spectrum(samples: np.ndarray) -> np.ndarray:
    """(n, FRAME // 2 + 1) power; frame t is centred at t * HOP."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, FRAME // 2), FRAME)[::HOP]
    window = np.hanning(FRAME).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 * np.float32(4 / window.sum() ** 2)
    return np.maximum(power, np.float32(1e-12))


def _bins(edges: tuple[int, ...]) -> list[int]:
    return [round(edge * FRAME / RATE) for edge in edges]


def _shape(spectrum: np.ndarray, seconds: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Noise-like, toneless, sustained, not rumbling, audible: the weakest of these, 0..1."""
    from scipy.ndimage import uniform_filter1d

    low, high = _bins((EDGES_HZ[0], EDGES_HZ[-1]))
    spread, peaks, tilt = np.zeros((3, len(starts)))
    for row, start in enumerate(starts):
        decibels = 10 * np.log10(spectrum[start : start + SECOND])
        # The second's own colour, by the median: a whistle that passes leaves no trace in it.
        colour = np.median(decibels, axis=0)
        heard = low + np.flatnonzero(colour[low:high] > colour[low:high].max() - DEEPEST_DB)
        quarters = np.percentile(decibels[:, heard] - colour[heard], (25, 75), axis=1)
        spread[row] = np.median(quarters[1] - quarters[0])
        peaks[row] = np.percentile((colour - uniform_filter1d(colour, TONE_BINS))[heard], 95)
        power = 10 ** (colour / 10)
        tilt[row] = 10 * np.log10(power[low:high].sum() / power[1:low].sum())
    smooth = 10 * np.log10(uniform_filter1d(seconds, SECOND // 10, axis=1))
    swing = np.percentile(smooth, 95, axis=1) - np.percentile(smooth, 5, axis=1)
    parts = (
        np.minimum(_ramp(spread, 4.5, 5.5), 1 - _ramp(spread, 7.6, 8.6)),
        1 - _ramp(peaks, 3.5, 6.5),
        1 - _ramp(swing, 7, 12),
        _ramp(tilt, 0, 6),
        _ramp(10 * np.log10(seconds.mean(axis=1)), -42, -30),
    )
    return np.asarray(np.minimum.reduce(parts), np.float32)


def _flicker(bands: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`Crowd.flicker` and `Crowd.together` of the seconds from `starts`."""
    from scipy.ndimage import uniform_filter1d

    relative = bands / uniform_filter1d(bands, SMOOTH, axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(relative, SECOND, axis=0)[starts]
    variance = windows.var(axis=2)
    # In digital silence nothing varies, and nothing does so together.
    scaled = (windows - windows.mean(axis=2, keepdims=True)) / np.sqrt(np.maximum(variance, 1e-9))[..., None]
    # The sum of all correlations is the power of the sum; less the diagonal, each band with itself.
    count = bands.shape[1]
    together = ((scaled.sum(axis=1) ** 2 - (scaled**2).sum(axis=1)).mean(axis=1)) / (count * (count - 1))
    return (
        np.median(variance / PLAIN_FLICKER, axis=1).astype(np.float32),
        together.astype(np.float32),
    )


def _laughter(samples: np.ndarray, spectrum: np.ndarray, middle: int) -> float:
    """How much the 2 s around frame `middle` are one voice laughing, 0..1."""
    from scipy.signal import find_peaks

    length = LAUGH_S * SECOND
    if len(spectrum) < length:
        return 0.0
    start = int(np.clip(middle - length // 2, 0, len(spectrum) - length))
    low, high = _bins((500, 4000))
    envelope = np.sqrt(spectrum[start : start + length, low:high].sum(axis=1))
    envelope = np.convolve(envelope, np.hanning(9) / np.hanning(9).sum(), "same")
    rhythm, lag = _rhythm(envelope)
    if rhythm < 0.55:
        return 0.0
    peaks, _ = find_peaks(envelope, distance=int(lag * 0.7), height=0.3 * envelope.max())
    if len(peaks) < 4:
        return 0.0
    gaps = 20 * np.log10(np.percentile(envelope, 10) / np.median(envelope[peaks]))
    looks = 10 * np.log10(np.maximum(spectrum[start + peaks], 1e-9))
    looks = np.add.reduceat(looks, _bins((60, 300, 500, 800, 1200, 1800, 2700, 4000)), axis=1)
    looks = looks / np.diff([*_bins((60, 300, 500, 800, 1200, 1800, 2700, 4000)), spectrum.shape[1]])
    unlike = float(np.median(np.abs(np.diff(looks, axis=0)).mean(axis=1)))
    pitched = np.median([_pitched(samples, (start + peak) * HOP) for peak in peaks])
    parts = (
        _ramp(rhythm, 0.55, 0.75),
        _ramp(-gaps, 8, 14),
        1 - _ramp(unlike, 3, 6),
        _ramp(pitched, 0.4, 0.6),
    )
    return float(min(parts))


def _rhythm(envelope: np.ndarray) -> tuple[float, int]:
    """How steadily the envelope beats at a laugh's rate, 0..1, and the beat in frames."""
    centred = envelope - envelope.mean()
    size = len(centred)
    power = np.abs(np.fft.rfft(centred, 2 * size)) ** 2
    correlation = np.fft.irfft(power)[:size] / np.maximum(np.arange(size, 0, -1), 1)
    correlation /= max(float(correlation[0]), 1e-20)
    first, last = int(SECOND / LAUGH_HZ[1]), int(SECOND / LAUGH_HZ[0]) + 1
    lag = first + int(np.argmax(correlation[first:last]))
    twice = float(correlation[2 * lag - 3 : 2 * lag + 4].max())
    return min(float(correlation[lag]), twice), lag


def _pitched(samples: np.ndarray, at: int) -> float:
    """Autocorrelation at the best pitch lag in the 50 ms around sample `at`, -1..1."""
    piece = samples[max(0, at - RATE // 40) : at + RATE // 40]
    if len(piece) < RATE // 25:
        return 0.0
    centred = piece - piece.mean()
    correlation = np.correlate(centred, centred, "full")[len(centred) - 1 :]
    first, last = RATE // PITCH_HZ[1], RATE // PITCH_HZ[0]
    return float(correlation[first:last].max() / max(float(correlation[0]), 1e-12))


def _ramp(value: Any, low: float, high: float) -> Any:
    """0 up to `low`, 1 from `high`, linear between."""
    return np.clip((np.asarray(value) - low) / (high - low), 0, 1)
