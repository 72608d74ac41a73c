"""Weights are found where they lie, and nobody waits for a hub that does not answer."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pytest_httpserver import HTTPServer

from editron_core import config
from editron_core.analyze import whisper
from editron_core.analyze.voice import Piece
from editron_core.errors import EngineUnavailable, OutOfMemory
from editron_core.media.audio import RATE
from tests import tiny_whisper


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A process that has not asked the hub yet."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "")
    config.hub_answers.cache_clear()
    yield monkeypatch
    config.hub_answers.cache_clear()


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in whisper.NEEDED_FILES:
        (folder / name).write_bytes(b"x")
    return folder


def test_two_who_ask_at_once_get_one_model(tmp_path: Path) -> None:
    folder = tiny_whisper.build(tmp_path / "tiny")
    whisper.load(str(folder), "cpu", tmp_path)  # the library is imported once
    whisper._loaded.cache_clear()
    start = threading.Barrier(4)

    def ask(_: int) -> whisper.Whisper:
        start.wait()
        return whisper.load(str(folder), "cpu", tmp_path)

    with ThreadPoolExecutor(4) as pool:
        assert len({id(model) for model in pool.map(ask, range(4))}) == 1


class TestLocate:
    def test_a_folder_is_taken_as_it_is(self, tmp_path: Path) -> None:
        folder = model_in(tmp_path / "mine")
        assert whisper.locate(str(folder), tmp_path / "models") == folder

    @pytest.mark.parametrize("name", ["small", "faster-whisper-small"])
    def test_the_models_folder_comes_before_any_hub(self, tmp_path: Path, name: str) -> None:
        folder = model_in(tmp_path / "models" / name)
        assert whisper.locate("small", tmp_path / "models") == folder

    def test_a_folder_that_is_not_whole_says_what_it_lacks(self, tmp_path: Path) -> None:
        folder = model_in(tmp_path / "models" / "small")
        (folder / "tokenizer.json").unlink()
        with pytest.raises(EngineUnavailable, match=r"lacks tokenizer\.json"):
            whisper.locate("small", tmp_path / "models")

    def test_weights_that_are_nowhere_are_said_with_the_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(EngineUnavailable, match=r"neither cached nor reachable.*lay a transcript"):
            whisper.locate("nobody/has-this-model", tmp_path / "models")

    def test_an_unknown_name_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(EngineUnavailable, match="there is no model named enormous"):
            whisper.locate("enormous", tmp_path / "models")

    def test_broken_weights_are_said(self, tmp_path: Path) -> None:
        folder = model_in(tmp_path / "models" / "small")
        with pytest.raises(EngineUnavailable, match=r"cannot be loaded.*delete"):
            whisper.load("small", "cpu", folder.parent)


class TestHub:
    def test_a_hub_that_is_silent_is_given_up_after_two_seconds(self, asking: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            asking.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
            began = time.monotonic()
            assert not config.hub_answers()
            assert time.monotonic() - began < 10
        assert os.environ["HF_HUB_OFFLINE"] == "1"

    def test_a_hub_that_answers_is_used(self, asking: pytest.MonkeyPatch, httpserver: HTTPServer) -> None:
        httpserver.expect_request("/").respond_with_data("hello")
        asking.setenv("HF_ENDPOINT", httpserver.url_for("/"))
        assert config.hub_answers()
        assert os.environ["HF_HUB_OFFLINE"] == ""

    def test_who_is_offline_by_choice_is_not_asked(self, asking: pytest.MonkeyPatch) -> None:
        asking.setenv("HF_HUB_OFFLINE", "1")
        asking.setenv("HF_ENDPOINT", "http://192.0.2.1")  # nobody: it would take the whole two seconds
        began = time.monotonic()
        assert not config.hub_answers()
        assert time.monotonic() - began < 1


class TestPack:
    """Speech end to end, in windows that Whisper takes, and every instant back in its place."""

    PIECE = Piece(
        start=100 * RATE,
        samples=np.arange(70 * RATE, dtype=np.float32),
        spans=((1 * RATE, 11 * RATE), (12 * RATE, 30 * RATE), (40 * RATE, 60 * RATE)),
    )

    def test_speech_is_padded_and_gaps_are_shared(self) -> None:
        packed = whisper.pack(self.PIECE)
        edges = [((start - 100 * RATE) / RATE, (end - 100 * RATE) / RATE) for start, end in packed.spans]
        assert edges == [(0.6, 11.4), (11.6, 30.4), (39.6, 60.4)]

    def test_windows_hold_whole_spans_of_at_most_thirty_seconds(self) -> None:
        packed = whisper.pack(self.PIECE)
        bounds = [(round(w["start"], 3), round(w["end"], 3)) for w in packed.windows]
        assert bounds == [(0.0, 29.6), (29.6, 50.4)]
        assert len(packed.samples) == round(50.4 * RATE)

    def test_an_instant_goes_back_to_where_it_was_said(self) -> None:
        packed = whisper.pack(self.PIECE)
        for second in (0.7, 10.0, 12.5, 29.0, 31.0, 50.0):
            said = float(packed.samples[round(second * RATE)]) / RATE + 100
            assert float(packed.place(second, second).start) == pytest.approx(said, abs=1e-3)

    def test_a_word_stays_inside_the_speech_that_holds_it(self) -> None:
        word = whisper.pack(self.PIECE).place(10.0, 13.0)
        assert (float(word.start), float(word.end)) == (111.6, pytest.approx(113.8, abs=1e-3))


class FullGpu:
    """A pipeline whose GPU holds so many windows at a time; tells what it was asked for."""

    def __init__(self, holds: int, error: Exception) -> None:
        self.asked: list[int] = []
        self._holds, self._error = holds, error

    def transcribe(
        self, samples: np.ndarray, *, batch_size: int, **others: object
    ) -> tuple[list[object], object]:
        self.asked.append(batch_size)
        if batch_size > self._holds:
            raise self._error
        return [], type("Info", (), {"language": "en"})()


class TestMemory:
    """A GPU that is full: half the batch is tried once, then the remedy is said."""

    @staticmethod
    def full() -> Exception:
        import torch

        return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    @staticmethod
    def model(pipeline: FullGpu) -> whisper.Whisper:
        return whisper.Whisper("small", pipeline, "cuda", None)

    @pytest.mark.parametrize("own", [False, True])
    def test_half_the_batch_is_tried(self, own: bool) -> None:
        error = RuntimeError("CUDA failed with error out of memory") if own else self.full()
        pipeline = FullGpu(whisper.BATCH["cuda"] // 2, error)
        assert self.model(pipeline).words(TestPack.PIECE, None) == ("en", ())
        assert pipeline.asked == [whisper.BATCH["cuda"], whisper.BATCH["cuda"] // 2]

    def test_what_does_not_fit_then_is_said_with_the_remedy(self) -> None:
        pipeline = FullGpu(0, self.full())
        with pytest.raises(OutOfMemory, match=r"out of memory.*EDITRON_WHISPER_MODEL"):
            self.model(pipeline).words(TestPack.PIECE, None)
        assert len(pipeline.asked) == 2

    def test_another_trouble_is_not_tried_again(self) -> None:
        pipeline = FullGpu(0, RuntimeError("cuBLAS failed"))
        with pytest.raises(EngineUnavailable, match="cuBLAS failed"):
            self.model(pipeline).words(TestPack.PIECE, None)
        assert len(pipeline.asked) == 1
