"""Our own WAV files as numpy: 16 kHz, mono, 16 bit, written by the ffmpeg child.

Hours of sound are read piece by piece: nothing here holds more than the caller asks for.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from editron_core.errors import MediaError

RATE = 16_000
"""Samples per second of every working WAV: what the speech models were trained on."""
FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a sound with some of its surroundings."""

    start: int
    """The first sample that is this block's own."""
    stop: int
    """The first sample that is the next block's."""
    first: int
    """The sample number of `samples[0]`; at most `start`."""
    samples: np.ndarray
    """(n,) float32, -1..1: the block with the margins on both sides that the sound has."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One working WAV. Made by `open_wav`."""

    path: Path
    frames: int
    """Its length in samples."""

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return Fraction(self.frames, RATE)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Samples [start, stop) as (n,) float32, -1..1; what lies outside the sound is left out."""
        start, stop = max(0, start), min(self.frames, stop)
        if stop <= start:
            return np.zeros(0, np.float32)
        with wave.open(str(self.path), "rb") as file:
            file.setpos(start)
            raw = file.readframes(stop - start)
        return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(FULL_SCALE)

    def blocks(self, length: int, margin: int) -> Iterator[Block]:
        """The sound in pieces of `length` samples, each read with `margin` samples around it."""
        for start in range(0, self.frames, length):
            stop = min(self.frames, start + length)
            first = max(0, start - margin)
            yield Block(start, stop, first, self.read(first, stop + margin))


def open_wav(path: Path) -> Sound:
    """A working WAV, its header checked. Raises MediaError where it is not one of ours."""
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            frames = file.getnframes()
    except (wave.Error, EOFError, OSError) as error:
        raise MediaError(
            f"cannot be read as sound: {error or 'it is cut short'}", subject=str(path)
        ) from error
    if found != (RATE, 1, 2):
        raise MediaError(
            f"is {found[0]} Hz, {found[1]} channels, {8 * found[2]} bit, not {RATE} Hz mono 16 bit",
            subject=str(path),
            remedy="let ffmpeg write it with -ac 1 -ar 16000 -c:a pcm_s16le",
        )
    # A header may promise more than a writer that was killed has left.
    held = max(0, path.stat().st_size - 44) // 2
    return Sound(path, min(frames, held))
