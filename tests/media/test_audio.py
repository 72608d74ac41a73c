"""Working WAVs are read piece by piece, exactly, and nothing else is taken for one."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.errors import MediaError
from editron_core.media.audio import RATE, open_wav
from tests import sounds


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    ramp = np.linspace(-1, 1, 2 * RATE + 500)
    return sounds.write(tmp_path / "sound.wav", ramp)


def test_the_length_is_exact(wav: Path) -> None:
    assert open_wav(wav).duration == 2 + Fraction(500, RATE)


def test_samples_are_read_from_where_they_are(wav: Path) -> None:
    sound = open_wav(wav)
    whole = sound.read(0, sound.frames)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, np.linspace(-1, 1, sound.frames), atol=1e-4)
    np.testing.assert_array_equal(sound.read(1000, 1010), whole[1000:1010])


def test_what_lies_outside_the_sound_is_left_out(wav: Path) -> None:
    sound = open_wav(wav)
    assert len(sound.read(-100, 50)) == 50
    assert len(sound.read(sound.frames - 5, sound.frames + 100)) == 5
    assert len(sound.read(sound.frames, sound.frames + 5)) == 0


def test_blocks_cover_the_sound_once_with_their_margins(wav: Path) -> None:
    sound = open_wav(wav)
    whole = sound.read(0, sound.frames)
    blocks = list(sound.blocks(RATE, 300))
    assert [(block.start, block.stop) for block in blocks] == [(0, RATE), (RATE, 2 * RATE), (2 * RATE, 32500)]
    assert [block.first for block in blocks] == [0, RATE - 300, 2 * RATE - 300]
    for block in blocks:
        np.testing.assert_array_equal(block.samples, whole[block.first : block.stop + 300])


def test_a_header_that_promises_too_much_is_not_believed(wav: Path) -> None:
    whole = wav.read_bytes()
    wav.write_bytes(whole[: 44 + 2 * 1000])
    sound = open_wav(wav)
    assert sound.frames == 1000
    assert len(sound.read(0, 5000)) == 1000


@pytest.mark.parametrize(("rate", "channels", "width"), [(44_100, 1, 2), (RATE, 2, 2), (RATE, 1, 1)])
def test_another_format_is_refused_with_the_remedy(
    tmp_path: Path, rate: int, channels: int, width: int
) -> None:
    path = tmp_path / "other.wav"
    with wave.open(str(path), "wb") as file:
        file.setframerate(rate)
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.writeframes(bytes(8 * channels * width))
    with pytest.raises(MediaError, match=r"not 16000 Hz mono 16 bit .*-ar 16000"):
        open_wav(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\x00" * 100, b"OggS" + b"x" * 100])
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="cannot be read as sound"):
        open_wav(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read as sound"):
        open_wav(tmp_path / "gone.wav")
