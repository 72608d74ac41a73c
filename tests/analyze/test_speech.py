"""Speech is heard by what there is: a supplied transcript, a real (tiny) Whisper, the voice detector."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.analyze import speech, voice
from editron_core.domain import codec
from editron_core.domain.transcript import Transcript, Word
from editron_core.errors import MediaError
from editron_core.media import ffmpeg
from editron_core.media.audio import RATE, open_wav
from editron_core.process import run
from editron_core.times import Span
from tests import sounds, tiny_whisper
from tests.auc import auc

LINES = (
    "The quick brown fox jumps over the lazy dog.",
    "We open the new store on Monday morning, and everybody is invited.",
    "Thank you all for coming tonight, it means a great deal to us.",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper.build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def options(tmp_path: Path) -> speech.SpeechOptions:
    """No weights anywhere."""
    return speech.SpeechOptions(model="none-such", device="cpu", models=tmp_path / "models")


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    return sounds.write(tmp_path / "spoken.wav", sounds.spoken(LINES)[0])


def rows_of(wav: Path) -> int:
    return -(-open_wav(wav).frames // voice.ROW)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestWhisper:
    """The lock guard too: a load and a transcription really run."""

    def test_it_transcribes(self, spoken: Path, model: Path, options: speech.SpeechOptions) -> None:
        heard = speech.hear(spoken, rows_of(spoken), replace(options, model=str(model)))
        assert heard.engine.name == "faster-whisper tiny (int8 on cpu)"
        assert heard.engine.fallback is None
        assert heard.transcript is not None
        assert heard.transcript.source == "faster-whisper tiny"
        assert len(heard.transcript.language) == 2
        assert len(heard.transcript.words) > 5
        assert heard.columns["speech_rate"].max() > 0

    def test_words_are_exact_and_in_order_and_inside_the_speech(
        self, spoken: Path, model: Path, options: speech.SpeechOptions
    ) -> None:
        heard = speech.hear(spoken, rows_of(spoken), replace(options, model=str(model)))
        assert heard.transcript is not None
        at = Fraction(0)
        for word in heard.transcript.words:
            assert type(word.span.start) is type(word.span.end) is Fraction
            assert type(word.confidence) is float
            assert at <= word.span.start <= word.span.end <= open_wav(spoken).duration
            assert word.text == word.text.strip() != ""
            at = word.span.end
        assert codec.load(Transcript, codec.dump(heard.transcript)) == heard.transcript

    def test_the_same_sound_gives_the_same_transcript(
        self, spoken: Path, model: Path, options: speech.SpeechOptions
    ) -> None:
        first, second = (speech.hear(spoken, 20, replace(options, model=str(model))) for _ in range(2))
        assert first.transcript == second.transcript

    def test_words_lie_where_somebody_speaks_and_not_in_the_silence_between(
        self, tmp_path: Path, model: Path, options: speech.SpeechOptions
    ) -> None:
        said, _ = sounds.spoken(LINES[:1])
        wav = sounds.write(
            tmp_path / "gap.wav", np.concatenate([sounds.silence(4), said, sounds.silence(5), said])
        )
        heard = speech.hear(wav, rows_of(wav), replace(options, model=str(model)))
        assert heard.transcript is not None
        first, second = 4 + Fraction(1, 10), 9 + Fraction(len(said), RATE)
        silent = Span(first + Fraction(len(said), RATE) + Fraction(1, 2), second - Fraction(1, 10))
        for word in heard.transcript.words:
            assert word.span.start >= first
            assert word.span.overlap(silent) == 0
        assert {word.span.start > silent.end for word in heard.transcript.words} == {False, True}

    def test_a_long_sound_is_heard_in_pieces_that_end_in_silence(
        self, tmp_path: Path, model: Path, options: speech.SpeechOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said, marks = sounds.spoken(LINES * 3)
        wav = sounds.write(tmp_path / "long.wav", said)
        whole = speech.hear(wav, rows_of(wav), options)
        monkeypatch.setattr(voice, "PIECE", 8 * RATE)
        pieces = list(voice.pieces(open_wav(wav)))
        assert len(pieces) > 3
        joined = np.concatenate([piece.samples for piece in pieces])
        np.testing.assert_array_equal(joined, open_wav(wav).read(0, 10**9))
        for piece in pieces[1:]:
            assert not any(start < piece.start / RATE < end for _, start, end in marks)
        heard = speech.hear(wav, rows_of(wav), replace(options, model=str(model)))
        assert heard.transcript is not None
        assert {int(word.span.start // 8) for word in heard.transcript.words} >= {0, 1, 2, 3}
        difference = np.abs(heard.columns["speech_presence"] - whole.columns["speech_presence"])
        assert difference.mean() < 0.05

    def test_silence_has_an_empty_transcript(
        self, tmp_path: Path, model: Path, options: speech.SpeechOptions
    ) -> None:
        wav = sounds.write(tmp_path / "silent.wav", sounds.silence(3))
        heard = speech.hear(wav, 6, replace(options, model=str(model)))
        assert heard.transcript is not None
        assert heard.transcript.words == ()
        assert (heard.columns["speech_rate"] == 0).all()
        assert (heard.columns["speech_presence"] == 0).all()

    def test_a_sound_of_a_fifth_of_a_second_is_heard(
        self, tmp_path: Path, model: Path, options: speech.SpeechOptions
    ) -> None:
        wav = sounds.write(tmp_path / "short.wav", sounds.tone(0.2))
        assert len(speech.hear(wav, 1, replace(options, model=str(model))).columns["speech_presence"]) == 1

    def test_progress_is_told_up_to_1(self, spoken: Path, options: speech.SpeechOptions) -> None:
        told: list[float] = []
        speech.hear(spoken, 20, options, told.append)
        assert told[-1] == 1


class TestWithoutWeights:
    def test_speech_is_detected_and_the_lack_is_said(
        self, spoken: Path, options: speech.SpeechOptions
    ) -> None:
        heard = speech.hear(spoken, rows_of(spoken), options)
        assert heard.transcript is None
        assert heard.columns["speech_presence"].max() == 1
        assert np.isnan(heard.columns["speech_rate"]).all()
        assert heard.engine.name == "silero VAD"
        assert heard.engine.fallback is not None
        assert "none-such" in heard.engine.fallback
        assert "lay a transcript beside the footage" in heard.engine.fallback

    def test_a_device_that_is_not_there_is_said(
        self, spoken: Path, model: Path, options: speech.SpeechOptions
    ) -> None:
        import ctranslate2

        if ctranslate2.get_cuda_device_count():
            pytest.skip("there is a GPU")
        heard = speech.hear(spoken, 20, replace(options, model=str(model), device="cuda"))
        assert heard.transcript is not None
        assert heard.engine.fallback is not None
        assert "no usable CUDA device" in heard.engine.fallback


class TestSupplied:
    def test_a_transcript_beside_the_footage_wins(
        self, spoken: Path, model: Path, options: speech.SpeechOptions, tmp_path: Path
    ) -> None:
        beside = tmp_path / "spoken.txt"
        beside.write_text("\n".join(LINES), encoding="utf-8")
        heard = speech.hear(spoken, rows_of(spoken), replace(options, model=str(model), supplied=beside))
        assert heard.transcript is not None
        assert heard.transcript.text == " ".join(LINES)
        assert heard.transcript.source == "spoken.txt"
        assert heard.transcript.aligned
        assert "pocketsphinx" in heard.engine.name
        assert heard.columns["speech_presence"].max() == 1
        assert heard.columns["speech_rate"].max() > 0.3

    def test_one_that_cannot_be_used_is_passed_over_and_said(
        self, spoken: Path, model: Path, options: speech.SpeechOptions, tmp_path: Path
    ) -> None:
        broken = tmp_path / "spoken.srt"
        broken.write_bytes(b"\x00\x01\x02")
        heard = speech.hear(spoken, 20, replace(options, model=str(model), supplied=broken))
        assert heard.transcript is not None
        assert heard.transcript.source == "faster-whisper tiny"
        assert heard.engine.fallback is not None
        assert "spoken.srt" in heard.engine.fallback

    def test_another_language_says_that_its_words_are_spread(
        self, spoken: Path, options: speech.SpeechOptions, tmp_path: Path
    ) -> None:
        beside = tmp_path / "spoken.de.srt"
        beside.write_text("1\n00:00:01,000 --> 00:00:03,000\nGuten Morgen zusammen\n", encoding="utf-8")
        heard = speech.hear(spoken, 20, replace(options, supplied=beside))
        assert heard.transcript is not None
        assert not heard.transcript.aligned
        assert heard.engine.fallback is not None
        assert "only English" in heard.engine.fallback

    def test_a_silent_picture_may_have_a_transcript(
        self, options: speech.SpeechOptions, tmp_path: Path
    ) -> None:
        beside = tmp_path / "clip.srt"
        beside.write_text("1\n00:00:01,000 --> 00:00:03,000\nA man sits down\n", encoding="utf-8")
        heard = speech.hear(None, 8, replace(options, supplied=beside))
        assert heard.transcript is not None
        assert len(heard.transcript.words) == 4
        assert np.isnan(heard.columns["speech_presence"]).all()
        assert heard.columns["speech_rate"].max() > 0


def test_without_sound_and_transcript_nothing_is_known(options: speech.SpeechOptions) -> None:
    heard = speech.hear(None, 8, options)
    assert heard.transcript is None
    assert all(np.isnan(column).all() for column in heard.columns.values())
    assert heard.engine.fallback == "the file has no sound"


def test_a_wav_that_is_not_ours_is_refused(tmp_path: Path, options: speech.SpeechOptions) -> None:
    (tmp_path / "x.wav").write_bytes(b"no")
    with pytest.raises(MediaError):
        speech.hear(tmp_path / "x.wav", 4, options)


class TestPresence:
    @pytest.mark.parametrize("other", ["music", "static", "wind", "applause"])
    def test_speech_is_told_from(self, tmp_path: Path, options: speech.SpeechOptions, other: str) -> None:
        said = sounds.spoken(LINES)[0]
        drawn = getattr(sounds, other)(rng(3), len(said) / RATE)
        found = []
        for name, samples in (("speech", said), ("other", drawn)):
            wav = sounds.write(tmp_path / f"{name}.wav", samples)
            found.append(speech.hear(wav, rows_of(wav), options).columns["speech_presence"][1:-1])
        assert auc(*found) >= 0.9

    def test_it_is_the_share_of_each_row(self) -> None:
        spans = [(0, voice.ROW // 4), (voice.ROW // 2, 2 * voice.ROW)]
        np.testing.assert_allclose(voice.presence(spans, 4), [0.75, 1, 0, 0])


class TestRate:
    def test_fast_speech_is_told_from_slow(self, tmp_path: Path, options: speech.SpeechOptions) -> None:
        found = []
        for speed in (230, 100):
            samples, _ = sounds.spoken((" ".join(LINES),), speed=speed)
            wav = sounds.write(tmp_path / f"{speed}.wav", samples)
            beside = tmp_path / f"{speed}.txt"
            beside.write_text(" ".join(LINES), encoding="utf-8")
            heard = speech.hear(wav, rows_of(wav), replace(options, supplied=beside))
            found.append(heard.columns["speech_rate"][2:-2])
        assert auc(*found) >= 0.9

    def test_it_counts_words_over_two_seconds(self) -> None:
        words = tuple(Word("w", Span.of(n / 2, n / 2 + 0.2)) for n in range(20))
        np.testing.assert_allclose(speech.rate(words, 20)[3:-3], 0.4)
        assert speech.rate(words, 30)[-1] == 0
        assert speech.rate((), 3).tolist() == [0, 0, 0]


@pytest.mark.footage
@pytest.mark.parametrize(
    ("clip", "low", "high"),
    [
        ("video/tech_short_vertical_55s.mp4", 0.8, 1.0),
        ("video/nasa_jwst_13s.mp4", 0.6, 1.0),
        ("audio/jfk_11s.flac", 0.4, 0.9),
        ("video/wildlife_30s.mp4", 0.0, 0.05),
        ("video/applause_10s.mp4", 0.0, 0.1),
        ("video/crowd_walking_14s.mp4", 0.0, 0.0),
    ],
)
def test_real_clips_hold_as_much_speech_as_their_listing_says(
    tmp_path: Path, footage: Path, options: speech.SpeechOptions, clip: str, low: float, high: float
) -> None:
    wav = tmp_path / "clip.wav"
    run(ffmpeg.command("-i", f"file:{footage / clip}", "-map", "0:a:0", "-ac", "1", "-ar", "16000", str(wav)))
    presence = speech.hear(wav, rows_of(wav), options).columns["speech_presence"]
    assert low <= presence.mean() <= high
