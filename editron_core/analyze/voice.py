"""Where somebody speaks: the silero VAD that faster-whisper ships (no download), in pieces of ten minutes.

The pieces end in a silence wherever there is one, so that a transcription may take each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from editron_core.domain.evidence import STEP
from editron_core.media.audio import RATE, Sound

PIECE = 600 * RATE
"""Ten minutes: 38 MB of samples."""
MAX_SPAN_S = 29.2
"""With its padding a span still fits Whisper's window of 30 s."""
MIN_SILENCE_MS = 160
"""faster-whisper's own choice for batches; shorter gaps lie inside words."""
ROW = int(RATE * STEP)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of sound and the speech in it."""

    start: int
    """Sample number of `samples[0]`."""
    samples: np.ndarray
    """(n,) float32, -1..1."""
    spans: tuple[tuple[int, int], ...]
    """Speech as [start, end) in samples from the piece's start, in order, without padding."""


def pieces(sound: Sound) -> Iterator[Piece]:
    """The whole sound, piece by piece, each with its speech."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        max_speech_duration_s=MAX_SPAN_S, min_silence_duration_ms=MIN_SILENCE_MS, speech_pad_ms=0
    )
    start = 0
    while start < sound.frames:
        samples = sound.read(start, start + PIECE)
        found = get_speech_timestamps(samples, options) if samples.any() else []
        spans = [(int(span["start"]), min(int(span["end"]), len(samples))) for span in found]
        # Speech that runs on past the end belongs to the next piece, unless there is nothing else.
        last = start + len(samples) >= sound.frames
        if not last and len(spans) > 1 and spans[-1][1] > len(samples) - RATE * MIN_SILENCE_MS // 1000:
            begin, _ = spans.pop()
            samples = samples[: (spans[-1][1] + begin) // 2]
        yield Piece(start, samples, tuple(spans))
        start += len(samples)


def presence(spans: list[tuple[int, int]], rows: int) -> np.ndarray:
    """Share of each row that the spans (in samples, without overlap) cover: (rows,) float32, 0..1."""
    edges = np.arange(rows + 1) * ROW
    covered = np.zeros(rows + 1)
    for start, end in spans:
        # Seconds of this span that lie before each edge.
        covered += np.clip(edges - start, 0, end - start)
    return (np.diff(covered) / ROW).astype(np.float32)
