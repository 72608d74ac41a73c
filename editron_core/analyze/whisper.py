"""The door to faster-whisper: find the weights, load them, transcribe pieces of sound."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from editron_core import config
from editron_core.analyze.voice import Piece
from editron_core.domain.transcript import Word
from editron_core.errors import EngineUnavailable, OutOfMemory, Unreachable
from editron_core.media.audio import RATE
from editron_core.times import Span

PAD = 400 * RATE // 1000
"""faster-whisper pads speech by 400 ms on both sides, so that no breath of a word is lost."""
WINDOW = 30 * RATE
"""Whisper's encoder sees 30 s."""
PRECISION = {"cpu": "int8", "cuda": "float16"}
BATCH = {"cpu": 8, "cuda": 16}
NO_SPEECH, UNSURE = 0.6, -1.0
"""Whisper's own rule (Radford et al. 2022, section 4.5) for what was hallucinated in silence."""
NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
_loading = threading.Lock()
"""The cache alone would let two threads that ask at once load two models."""


@dataclass(frozen=True)
class Whisper:
    """A loaded model. Made by `load`."""

    name: str
    pipeline: Any
    device: str
    """`cpu` or `cuda`."""
    device_note: str | None
    """Why a GPU that was asked for is not used, in plain words."""

    @property
    def title(self) -> str:
        """What it is called in `engines`."""
        return f"faster-whisper {self.name} ({PRECISION[self.device]} on {self.device})"

    def words(self, piece: Piece, language: str | None) -> tuple[str | None, tuple[Word, ...]]:
        """The language of a piece of sound (None without speech) and its words, timed in the whole sound.

        The language is detected where it is None. Where the GPU's memory is full, half the batch is tried
        once. Raises OutOfMemory where that does not fit either, EngineUnavailable where the engine breaks
        otherwise.
        """
        if not piece.spans:
            return language, ()
        packed = pack(piece)
        batch = BATCH[self.device]
        try:
            return self._heard(packed, language, batch)
        except RuntimeError as error:
            if not _memory_is_full(error):
                raise self._broken(EngineUnavailable, f"stopped while transcribing: {error}") from error
        try:
            return self._heard(packed, language, batch // 2)
        except RuntimeError as error:
            kind = OutOfMemory if _memory_is_full(error) else EngineUnavailable
            why = f"stopped while transcribing {batch // 2} windows at a time: {error}"
            raise self._broken(kind, why) from error

    def _heard(self, packed: Packed, language: str | None, batch: int) -> tuple[str | None, tuple[Word, ...]]:
        segments, info = self.pipeline.transcribe(
            packed.samples,
            language=language,
            clip_timestamps=packed.windows,
            word_timestamps=True,
            condition_on_previous_text=False,
            batch_size=batch,
        )
        heard = tuple(
            Word(word.word.strip(), packed.place(word.start, word.end), _share(word.probability))
            for segment in segments
            if not (segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < UNSURE)
            for word in segment.words or ()
            if word.word.strip()
        )
        return info.language, heard

    def _broken(self, kind: type[EngineUnavailable], why: str) -> EngineUnavailable:
        return kind(
            why,
            subject=f"faster-whisper {self.name}",
            remedy="choose a smaller model with EDITRON_WHISPER_MODEL, or EDITRON_DEVICE=cpu",
        )


def locate(model: str, models: Path) -> Path:
    """The folder of a model's weights: a path, under `models`, in the hub's cache, or fetched from the hub.

    Raises EngineUnavailable where the weights are neither here nor reachable.
    """
    for folder in (Path(model), models / model, models / f"faster-whisper-{model}"):
        if folder.is_dir():
            return _whole(folder)
    reachable = config.hub_answers()
    from faster_whisper.utils import download_model

    try:
        with contextlib.suppress(FileNotFoundError):  # not in the cache
            return _whole(Path(download_model(model, local_files_only=True)))
        if reachable:
            return _whole(Path(download_model(model)))
    except OSError as error:
        why = f"the weights of {model} cannot be fetched: {error}"
        raise _without_weights(why, models, kind=Unreachable) from error
    except ValueError as error:  # neither a size that it knows nor a repository's name
        raise _without_weights(f"there is no model named {model}", models) from error
    raise _without_weights(
        f"the weights of {model} are neither cached nor reachable", models, kind=Unreachable
    )


def load(model: str, device: str, models: Path) -> Whisper:
    """A model ready to transcribe: int8 on the CPU, float16 on CUDA. `device` is auto, cpu or cuda.

    The last one loaded is kept. Raises EngineUnavailable where its weights are missing or broken.
    """
    folder = locate(model, models)
    chosen, note = _device(device)
    with _loading:
        return _loaded(model if not Path(model).is_dir() else Path(model).name, str(folder), chosen, note)


@lru_cache(maxsize=1)
def _loaded(name: str, folder: str, device: str, note: str | None) -> Whisper:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    try:
        model = WhisperModel(folder, device=device, compute_type=PRECISION[device])
    except (RuntimeError, ValueError, OSError) as error:
        raise EngineUnavailable(
            f"the weights of {name} cannot be loaded: {error}",
            subject="faster-whisper",
            remedy=f"delete {folder} and fetch them again",
        ) from error
    return Whisper(name, BatchedInferencePipeline(model), device, note)


def _whole(folder: Path) -> Path:
    missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
    if missing:
        raise EngineUnavailable(
            f"{folder} lacks {', '.join(missing)}",
            subject="faster-whisper",
            remedy="put a whole CTranslate2 model there, or remove the folder",
        )
    return folder


def _without_weights(
    message: str, models: Path, kind: type[EngineUnavailable] = EngineUnavailable
) -> EngineUnavailable:
    remedy = f"put a CTranslate2 model into {models}, connect once, or lay a transcript beside the footage"
    return kind(message, subject="faster-whisper", remedy=remedy)


def _device(asked: str) -> tuple[str, str | None]:
    """The device to run on, and why it is not the one asked for."""
    if asked == "cpu":
        return "cpu", None
    import ctranslate2

    try:
        found = ctranslate2.get_cuda_device_count() > 0
    except RuntimeError:  # a driver too old for this build
        found = False
    if not found:
        return "cpu", "no usable CUDA device was found, so it ran on the CPU" if asked == "cuda" else None
    if not _preload_cublas():
        return "cpu", "cuBLAS 12 was not found, so it ran on the CPU; install the extra `gpu`"
    return "cuda", None


@lru_cache(maxsize=1)
def _preload_cublas() -> bool:
    """CTranslate2 opens `libcublas.so.12` by name; torch brings 13 only, the extra `gpu` brings 12."""
    spec = find_spec("nvidia")
    homes = (
        [Path(home) / "cublas" / "lib" for home in (spec.submodule_search_locations or ())] if spec else []
    )
    for home in (*homes, None):
        names = ("libcublasLt.so.12", "libcublas.so.12")
        try:
            for name in names:
                ctypes.CDLL(str(home / name) if home else name, ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False


@dataclass(frozen=True)
class Packed:
    """The speech of a piece end to end, as faster-whisper packs it: silence costs no encoder time."""

    samples: np.ndarray
    windows: list[dict[str, float]]
    """Stretches of at most 30 s of the packed samples, in seconds: one encoder pass each."""
    ends: tuple[int, ...]
    """The end of each span in the packed samples."""
    spans: tuple[tuple[int, int], ...]
    """The same spans in samples of the whole sound."""

    def place(self, start: float, end: float) -> Span:
        """A stretch of packed seconds as one of the whole sound, inside the span that holds its middle."""
        found = min(bisect_right(self.ends, (start + end) / 2 * RATE), len(self.ends) - 1)
        first, last = self.spans[found]
        shift = Fraction(last - self.ends[found], RATE)
        within = Span(Fraction(first, RATE), Fraction(last, RATE))
        return Span.of(float(start), float(max(start, end))).shift(shift).clamp(within)


def pack(piece: Piece) -> Packed:
    """The padded speech of a piece with at least one span, and where it came from."""
    spans = _padded(piece)
    lengths = [end - start for start, end in spans]
    ends = list(accumulate(lengths))
    windows: list[tuple[int, int]] = []
    for length, end in zip(lengths, ends, strict=True):
        begin = end - length
        if windows and end - windows[-1][0] <= WINDOW:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((begin, end))
    return Packed(
        samples=np.concatenate([piece.samples[start:end] for start, end in spans]),
        # Half a sample more, because faster-whisper cuts seconds * rate down to a whole number.
        windows=[{"start": (a + 0.5) / RATE, "end": (b + 0.5) / RATE} for a, b in windows],
        ends=tuple(ends),
        spans=tuple((start + piece.start, end + piece.start) for start, end in spans),
    )


def _padded(piece: Piece) -> list[tuple[int, int]]:
    """The spans with up to 400 ms around each, meeting half way where the gap is shorter."""
    bounds = [0, *(edge for span in piece.spans for edge in span), len(piece.samples)]
    padded = []
    for number, (start, end) in enumerate(piece.spans):
        before, after = start - bounds[2 * number], bounds[2 * number + 3] - end
        if number:
            before //= 2
        if number < len(piece.spans) - 1:
            after //= 2
        padded.append((start - min(PAD, before), end + min(PAD, after)))
    return padded


def _memory_is_full(error: RuntimeError) -> bool:
    """CTranslate2 and torch say it in words; torch's error is a RuntimeError too."""
    return "out of memory" in str(error).lower() or "OutOfMemory" in type(error).__name__


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value)))
