"""Spoken lines for drawn footage, by espeak-ng in a child process (extra `voice`)."""

from __future__ import annotations

import json
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from editron_core import process
from editron_core.errors import EngineUnavailable, ProcessFailed
from editron_core.qa import espeak

QUIET = 0.02
"""A sample is sound where it exceeds this share of the line's peak."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How a recipe's speaker sounds."""

    name: str = "en-us"
    """An espeak-ng voice, `+variant` included."""
    speed: int = 150
    """Words per minute."""
    pitch: int = 45
    """0..99."""


@dataclass(frozen=True)
class Line:
    """One spoken line."""

    samples: np.ndarray
    """Mono float32, -1..1."""
    sample_rate: int
    words: tuple[tuple[str, float, float], ...]
    """Word, start and end in seconds from the line's first sample; ends trimmed to the sound."""


def speak(lines: list[str], voice: Voice) -> list[Line]:
    """The lines, spoken. Raises EngineUnavailable where the extra `voice` is not installed."""
    with tempfile.TemporaryDirectory(prefix="editron-voice-") as folder:
        out = Path(folder)
        request = out / "request.json"
        asked = {
            "voice": voice.name,
            "speed": voice.speed,
            "pitch": voice.pitch,
            "lines": lines,
            "out": folder,
        }
        request.write_text(json.dumps(asked), encoding="utf-8")
        limits = process.Limits(wall_s=60, memory=2 * process.GIB)
        try:
            answer = json.loads(process.run_python("editron_core.qa.espeak", str(request), limits=limits))
        except ProcessFailed as error:
            if error.code == espeak.MISSING:
                raise EngineUnavailable(
                    "is not installed: footage is drawn without speech",
                    subject="espeak-ng",
                    remedy="install the extra `voice`",
                ) from error
            raise
        return [_line(out / f"{n}.wav", words) for n, words in enumerate(answer["words"])]


def _line(path: Path, words: list[tuple[str, float, float]]) -> Line:
    with wave.open(str(path), "rb") as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
    loud = np.abs(samples) > QUIET * max(float(np.abs(samples).max(initial=0)), 1e-6)
    trimmed = []
    for text, start, end in words:
        inside = np.flatnonzero(loud[round(start * rate) : round(end * rate)])
        last = min(end, start + (int(inside[-1]) + 1) / rate) if inside.size else end
        trimmed.append((text, start, last))
    return Line(samples, rate, tuple(trimmed))
