"""What a file sounds like, without any model: loudness, onsets and crowd events.

The sound is read minute by minute with margins, so memory is flat in its length and every row comes
out as if the whole had been held at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from editron_core.analyze import events
from editron_core.domain.evidence import STEP
from editron_core.media.audio import RATE, Block, open_wav

ROW = int(RATE * STEP)
"""Samples per row of the grid."""
BLOCK = 120 * ROW
"""One minute."""

MOMENTARY_S = 0.4
"""EBU Tech 3341: momentary loudness is measured over 400 ms; ffmpeg writes it every 100 ms."""
TICK_S = 0.1
QUIET_LUFS, LOUD_LUFS = -50.0, -10.0
"""What 0 and 1 stand for."""

FRAME, HOP = 512, 160
"""Onsets: 32 ms windows, one every 10 ms."""
BANDS = 32
FLOOR_DB = -70.0
"""Below this a band counts as silent, so that noise in near silence is no onset."""
LAG = 2
"""Frames between which a rise is measured: 20 ms, as in SuperFlux (Boeck and Widmer, DAFx 2013)."""
MEDIAN_FRAMES = 201
"""The local median is taken over 2 s."""
FULL_ONSET_DB = 20.0
"""A rise of all bands together by this much in 20 ms is a full onset: our own scale."""
MARGIN = MEDIAN_FRAMES * HOP
"""Samples around a block that its onsets need: half the median's window, the lag and the frame."""


def measure(wav: Path, loudness_log: Path, rows: int) -> dict[str, np.ndarray]:
    """The columns `loudness`, `onset` and `audio_event`, each (rows,) float32 in 0..1.

    `loudness_log` is what ffmpeg's `ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.M` wrote of
    the same sound. NaN stands where a sound is too short to be measured; after the sound's end it is
    silent, so 0. Raises MediaError where the WAV is not one of ours.
    """
    sound = open_wav(wav)
    onsets, heard = [], []
    for block in sound.blocks(BLOCK, MARGIN):
        onsets.append(_onsets(block))
        heard.append(events.listen(block))
    return {
        "loudness": loudness(loudness_log, rows),
        "onset": _on_grid(onsets, rows, sound.frames > FRAME),
        "audio_event": _on_grid(
            [events.scores(events.joined(heard))] if heard else [], rows, sound.frames > events.SHORTEST
        ),
    }


def _on_grid(pieces: list[np.ndarray], rows: int, measurable: bool) -> np.ndarray:
    """The pieces end to end, cut to `rows` or continued with silence; all NaN where not measurable."""
    column = np.full(rows, 0.0 if measurable else np.nan, np.float32)
    if measurable:
        whole = np.concatenate(pieces)[:rows]
        column[: len(whole)] = whole
    return column


def loudness(log: Path, rows: int) -> np.ndarray:
    """EBU R128 momentary loudness on the grid: (rows,) float32, -50 LUFS is 0, -10 LUFS is 1.

    A row is the mean power of the 400 ms windows whose middle lies in it. Digital silence is 0.
    """
    power, count = np.zeros(rows), np.zeros(rows)
    for at, lufs in _momentary(log):
        # The value closes with its 100 ms tick; a window that began before the sound is half empty.
        start = at + TICK_S - MOMENTARY_S
        if start < -TICK_S / 2:
            continue
        row = int((start + MOMENTARY_S / 2) / float(STEP))
        if 0 <= row < rows:
            power[row] += 10 ** (lufs / 10)
            count[row] += 1
    if not count.any():
        return np.full(rows, np.nan, np.float32)
    mean = power / np.maximum(count, 1)
    lufs_rows = 10 * np.log10(np.maximum(mean, 1e-20))
    return np.clip((lufs_rows - QUIET_LUFS) / (LOUD_LUFS - QUIET_LUFS), 0, 1).astype(np.float32)


def _momentary(log: Path) -> Iterator[tuple[float, float]]:
    """Pairs of the tick's start in seconds and LUFS; silence that is no number comes as -200."""
    at = None
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("frame:"):
                _, _, stamp = line.rpartition("pts_time:")
                at = _number(stamp)
            elif at is not None and "r128.M=" in line:
                lufs = _number(line.rpartition("=")[2])
                yield at, -200.0 if lufs is None else max(lufs, -200.0)


def _number(text: str) -> float | None:
    """A finite number, or None for ffmpeg's `nan`, `-inf` and `NOPTS`."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _onsets(block: Block) -> np.ndarray:
    """Onset strength per row of the block, 0..1."""
    from scipy.ndimage import median_filter

    rows = -(-(block.stop - block.start) // ROW)
    if not block.samples.any():
        return np.zeros(rows, np.float32)
    # Frames sit on multiples of HOP from the sound's start, whatever block they are computed in.
    rise = _flux(block.samples)
    above = np.maximum(rise - median_filter(rise, MEDIAN_FRAMES, mode="nearest"), 0)
    per_row = ROW // HOP
    lead = (block.start - block.first) // HOP
    own = above[lead : lead + rows * per_row]
    own = np.pad(own, (0, rows * per_row - len(own)))
    strongest = own.reshape(rows, per_row).max(axis=1)
    return np.asarray(np.clip(strongest / FULL_ONSET_DB, 0, 1), np.float32)


def _flux(samples: np.ndarray) -> np.ndarray:
    """Mean rise over all bands in dB, one value per HOP; value t belongs to the frame centred at t * HOP."""
    from scipy.ndimage import maximum_filter1d

    # Mirrored at the ends: a sound that is there from the first sample did not begin there.
    padded = np.pad(samples, FRAME // 2, mode="reflect" if len(samples) > FRAME // 2 else "constant")
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = np.hanning(FRAME).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 * np.float32(4 / window.sum() ** 2)
    level = 10 * np.log10(np.maximum(spectrum @ mel_bands(BANDS, FRAME), 10 ** (FLOOR_DB / 10)))
    # Comparing with the neighbouring bands' maximum keeps vibrato and glides from counting as onsets.
    before = maximum_filter1d(level, 3, axis=1, mode="nearest")
    rise = np.maximum(level[LAG:] - before[:-LAG], 0).mean(axis=1)
    return np.concatenate([np.zeros(LAG), rise])


def mel_bands(bands: int, frame: int) -> np.ndarray:
    """(frame // 2 + 1, bands) triangular weights, evenly spaced on the HTK mel scale from 60 to 7600 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7600 / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.fft.rfftfreq(frame, 1 / RATE)[:, None]
    up = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(up, down), 0).astype(np.float32)
