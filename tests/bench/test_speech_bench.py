"""Hearing costs no more than the engine alone.

Run it with `uv run pytest -m proof -n 0 -s tests/bench/test_speech_bench.py`.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from editron_core.analyze import speech, whisper
from editron_core.media.audio import RATE, open_wav
from tests import sounds, tiny_whisper

LINES = (
    "The quick brown fox jumps over the lazy dog.",
    "We open the new store on Monday morning, and everybody is invited.",
    "Thank you all for coming tonight, it means a great deal to us.",
)
ROUNDS = 7
MOST = 1.05


@pytest.mark.proof
def test_transcription_costs_no_more_than_bare_faster_whisper(tmp_path: Path) -> None:
    """Both from the same WAV, the model loaded before; rounds in turn, so that a busy machine hits both."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = tiny_whisper.build(tmp_path / "tiny")
    wav = sounds.write(tmp_path / "long.wav", np.tile(sounds.spoken(LINES)[0], 20))
    rows = -(-open_wav(wav).frames // (RATE // 2))
    options = speech.SpeechOptions(str(model), "cpu", tmp_path / "models")
    bare = BatchedInferencePipeline(WhisperModel(str(model), device="cpu", compute_type="int8"))
    whisper.load(options.model, options.device, options.models)

    def ours() -> int:
        heard = speech.hear(wav, rows, options)
        assert heard.transcript is not None
        return len(heard.transcript.words)

    def theirs() -> int:
        found, _ = bare.transcribe(
            str(wav), vad_filter=True, word_timestamps=True, condition_on_previous_text=False, batch_size=8
        )
        return sum(len(segment.words) for segment in found)

    assert ours() == pytest.approx(theirs(), rel=0.1)
    ratios = []
    for number in range(ROUNDS):
        seconds = {}
        for run in (ours, theirs) if number % 2 else (theirs, ours):
            began = time.perf_counter()
            run()
            seconds[run] = time.perf_counter() - began
        ratios.append(seconds[ours] / seconds[theirs])
    ratio = statistics.median(ratios)
    print(f"\nhear / bare faster-whisper: {ratio:.3f} (rounds {np.round(ratios, 3)})")
    assert ratio <= MOST
