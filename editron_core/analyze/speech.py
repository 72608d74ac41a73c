"""What is said: a supplied transcript, or faster-whisper's, and how much and how fast somebody speaks.

The sound is heard in pieces of ten minutes that end in a silence, so memory is flat in its length and
each piece is listened to once: the voice detector's speech is both a signal and what is transcribed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import numpy as np

from editron_core import log
from editron_core.analyze import align, subtitles, voice, whisper
from editron_core.domain.evidence import STEP, EngineUse
from editron_core.domain.transcript import Transcript, Word
from editron_core.errors import EngineUnavailable, MediaError
from editron_core.media.audio import RATE, Sound, open_wav
from editron_core.times import Span

ROLE = "speech"
FULL_RATE = 5.0
"""Words per second that count as 1: fast conversation is 4, an auctioneer more."""
RATE_WINDOW_S = 2.0
"""Words are counted over this long around the middle of a row."""


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How one file is heard."""

    model: str
    """A faster-whisper model's name, or the folder of one."""
    device: str
    """`auto`, `cpu` or `cuda`."""
    models: Path
    """Where weights are looked for before any hub is asked."""
    supplied: Path | None = None
    """The transcript beside the footage; it is taken instead of listening."""
    language: str | None = None
    """ISO 639-1 code of what is spoken, where somebody knows."""


@dataclass(frozen=True)
class Heard:
    """What one file's sound says."""

    columns: dict[str, np.ndarray]
    """`speech_presence` and `speech_rate`, each (rows,) float32, 0..1; NaN where not measurable."""
    transcript: Transcript | None
    engine: EngineUse


def hear(
    wav: Path | None,
    rows: int,
    options: SpeechOptions,
    progress: Callable[[float], None] | None = None,
) -> Heard:
    """The speech in a working WAV; `wav` is None for a file without sound.

    A supplied transcript wins; one that cannot be used is passed over, and `engine.fallback` says so.
    Without it faster-whisper listens; without its weights there is no transcript, only the voice
    detector's `speech_presence`. Raises MediaError where the WAV is not ours, EngineUnavailable where
    the engine breaks while it runs.
    """
    sound = open_wav(wav) if wav is not None else None
    script, complaint = _supplied(options)
    engine, model = _engine(script, sound, options, complaint)
    spans: list[tuple[int, int]] = []
    words: list[Word] = []
    spoken = options.language
    for piece in voice.pieces(sound) if sound else ():
        spans += [(piece.start + start, piece.start + end) for start, end in piece.spans]
        if model is not None:
            spoken, heard = model.words(piece, spoken)
            words += heard
        if progress is not None and sound is not None:
            progress((piece.start + len(piece.samples)) / sound.frames)
    end = min(sound.duration, rows * STEP) if sound else rows * STEP
    transcript = None
    if script is not None:
        speech = [Span(Fraction(start, RATE), Fraction(stop, RATE)) for start, stop in spans]
        transcript = align.to_words(script, sound, speech, end)
    elif model is not None:
        transcript = Transcript(spoken or "und", align.in_order(words, end), f"faster-whisper {model.name}")
    return Heard(_columns(spans if sound else None, transcript, rows), transcript, engine)


def rate(words: tuple[Word, ...], rows: int) -> np.ndarray:
    """Words per second over `FULL_RATE`, counted by their middles over 2 s: (rows,) float32, 0..1."""
    middles = np.sort([float(word.span.middle) for word in words])
    centres = (np.arange(rows) + 0.5) * float(STEP)
    first = np.searchsorted(middles, centres - RATE_WINDOW_S / 2, side="left")
    last = np.searchsorted(middles, centres + RATE_WINDOW_S / 2, side="left")
    return np.clip((last - first) / RATE_WINDOW_S / FULL_RATE, 0, 1).astype(np.float32)


def _supplied(options: SpeechOptions) -> tuple[subtitles.Script | None, str | None]:
    """The transcript beside the footage, or in plain words why it is passed over."""
    if options.supplied is None:
        return None, None
    try:
        return subtitles.read(options.supplied, options.language), None
    except MediaError as error:
        log.get(__name__).warning("transcript_passed_over", file=options.supplied.name, reason=str(error))
        return None, f"the transcript beside the footage cannot be used: {error}"


def _engine(
    script: subtitles.Script | None, sound: Sound | None, options: SpeechOptions, complaint: str | None
) -> tuple[EngineUse, whisper.Whisper | None]:
    """What will hear this file; the model where it is faster-whisper."""
    if script is not None:
        if sound is not None and script.language == align.LANGUAGE:
            return EngineUse(
                ROLE, "supplied transcript, aligned by pocketsphinx", version("pocketsphinx")
            ), None
        why = "the file has no sound" if sound is None else "only English can be aligned to the sound"
        note = None if script.has_word_times else f"{why}: words are spread over each cue"
        return EngineUse(ROLE, "supplied transcript", version("pysubs2"), note), None
    if sound is None:
        return EngineUse(ROLE, "none", "-", _joined(complaint, "the file has no sound")), None
    release = version("faster-whisper")
    try:
        model = whisper.load(options.model, options.device, options.models)
    except EngineUnavailable as error:
        log.get(__name__).info("speech_engine_missing", reason=str(error))
        return EngineUse(ROLE, "silero VAD", release, _joined(complaint, f"no transcript: {error}")), None
    return EngineUse(ROLE, model.title, release, _joined(complaint, model.device_note)), model


def _joined(*notes: str | None) -> str | None:
    return "; ".join(note for note in notes if note) or None


def _columns(
    spans: list[tuple[int, int]] | None, transcript: Transcript | None, rows: int
) -> dict[str, np.ndarray]:
    unknown = np.full(rows, np.nan, np.float32)
    return {
        "speech_presence": unknown if spans is None else voice.presence(spans, rows),
        "speech_rate": unknown if transcript is None else rate(transcript.words, rows),
    }
