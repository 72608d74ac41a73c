"""Loudness, onsets and crowd events: each hears what it should and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from editron_core import process
from editron_core.analyze import events, sound
from editron_core.errors import MediaError
from editron_core.media import ffmpeg
from editron_core.media.audio import RATE
from editron_core.qa import soundtrack
from tests import sounds
from tests.auc import auc

Measure = Callable[..., dict[str, np.ndarray]]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Measures samples as the analysis does: through a WAV and ffmpeg's own loudness log."""

    def run(samples: np.ndarray, rows: int | None = None) -> dict[str, np.ndarray]:
        wav = sounds.write(tmp_path / "drawn.wav", samples)
        rows = rows or -(-len(samples) // sound.ROW)
        return sound.measure(wav, sounds.loudness_log(wav), rows)

    return run


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestLoudness:
    def test_loud_speech_is_told_from_the_same_speech_quietly(self, measure: Measure) -> None:
        speech, _ = sounds.spoken(("Welcome to the show, everybody, sit down and enjoy.",))
        loud, quiet = measure(sounds.level(speech, 0.2)), measure(sounds.level(speech, 0.02))
        assert auc(loud["loudness"], quiet["loudness"]) >= 0.9

    def test_the_scale_runs_from_50_to_10_lufs_below_full_scale(self, measure: Measure) -> None:
        # BS.1770: a full-scale 997 Hz sine in one channel is -3.01 LUFS; this one is 20 dB lower.
        sine = 0.1 * np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)
        expected = (50 - 23.01) / 40
        np.testing.assert_allclose(measure(sine)["loudness"][1:-1], expected, atol=0.005)

    def test_digital_silence_is_0_and_not_null(self, measure: Measure) -> None:
        assert (measure(sounds.silence(3))["loudness"] == 0).all()

    def test_a_sound_that_is_loud_from_its_first_sample_is_loud_in_its_first_row(
        self, measure: Measure
    ) -> None:
        values = measure(sounds.tone(4))["loudness"]
        assert values[0] == pytest.approx(values[3], abs=0.01)

    def test_it_follows_the_sound(self, measure: Measure) -> None:
        values = measure(np.concatenate([sounds.silence(2), sounds.tone(2), sounds.silence(2)]))["loudness"]
        assert (values[[0, 1, 2, 9, 10, 11]] == 0).all()
        assert (values[5:7] > 0.8).all()

    def test_rows_after_the_end_of_the_sound_are_silent(self, measure: Measure) -> None:
        values = measure(sounds.tone(2), rows=10)["loudness"]
        assert values[1] > 0.8
        assert (values[5:] == 0).all()

    def test_a_sound_shorter_than_one_window_is_null(self, measure: Measure) -> None:
        assert np.isnan(measure(sounds.tone(0.2))["loudness"]).all()

    def test_what_is_no_number_in_the_log_is_silence(self, tmp_path: Path) -> None:
        log = tmp_path / "log.txt"
        lines = [
            f"frame:{n} pts:0 pts_time:{n / 10}\nlavfi.r128.M={v}" for n, v in enumerate(["nan", "-inf"] * 8)
        ]
        log.write_text("\n".join(lines), encoding="utf-8")
        assert (sound.loudness(log, 3) == 0).all()


class TestOnset:
    def test_clicks_are_told_from_a_steady_tone(self, measure: Measure) -> None:
        struck = measure(sounds.clicks(10, np.arange(0.25, 10, 0.5)))["onset"]
        steady = measure(0.1 * sounds.tone(10))["onset"]
        assert auc(struck, steady) >= 0.9
        assert steady.max() < 0.05

    def test_steady_noise_has_no_onsets(self, measure: Measure) -> None:
        assert measure(sounds.static(rng(), 10))["onset"].max() < 0.15

    def test_an_onset_lies_in_its_row(self, measure: Measure) -> None:
        values = measure(sounds.clicks(6, [2.2, 4.7]))["onset"]
        assert set(np.flatnonzero(values > 0.2)) == {4, 9}

    def test_a_sound_that_is_there_from_the_start_did_not_begin(self, measure: Measure) -> None:
        assert measure(sounds.tone(3))["onset"][0] < 0.05

    def test_a_vibrato_is_no_onset(self, measure: Measure) -> None:
        at = np.arange(6 * RATE) / RATE
        sung = 0.3 * np.sin(2 * np.pi * 440 * at + 8 * np.sin(2 * np.pi * 5 * at))
        assert measure(sung)["onset"].max() < 0.1


NOT_A_CROWD: dict[str, Callable[[], np.ndarray]] = {
    "static": lambda: sounds.static(rng(3), 12),
    "gusting wind": lambda: sounds.wind(rng(4), 12),
    "a tone": lambda: sounds.tone(12),
    "music": lambda: sounds.music(rng(5), 12),
    "speech": lambda: sounds.spoken(("The quick brown fox jumps over the lazy dog.",) * 4)[0],
}


def gated(random: np.random.Generator, length: float) -> np.ndarray:
    """Hiss in bands of 400 Hz, each of which is louder or softer by itself, eighty times a second."""
    total = np.zeros(int(length * RATE))
    spectrum = np.fft.rfft(random.standard_normal(total.size))
    hertz = np.fft.rfftfreq(total.size, 1 / RATE)
    for low in range(300, 6500, 400):
        band = np.fft.irfft(np.where((hertz >= low) & (hertz < low + 400), spectrum, 0), total.size)
        total += band * np.repeat(random.uniform(0.2, 1, int(80 * length)), RATE // 80)
    return sounds.level(total, 0.06)


class TestAudioEvent:
    @pytest.mark.parametrize("other", NOT_A_CROWD)
    def test_applause_is_told_from(self, measure: Measure, other: str) -> None:
        clapping = np.concatenate(
            [
                measure(sounds.applause(rng(n), 6, people))["audio_event"]
                for n, people in enumerate((12, 30, 60))
            ]
        )
        silent = measure(NOT_A_CROWD[other]())["audio_event"]
        assert auc(clapping, silent) >= 0.9
        assert silent.max() < 0.2

    def test_the_drawn_footages_cheer_and_applause_are_found(self, measure: Measure) -> None:
        for draw in (soundtrack.cheer, soundtrack.applause):
            roar = sounds.level(sounds.resample_poly(draw(rng(6), 6.0), 1, 3), 0.15)
            before = sounds.level(sounds.music(rng(7), 6), 0.03)
            values = measure(np.concatenate([before, roar]))["audio_event"]
            assert auc(values[13:19], values[:11]) >= 0.9, draw.__name__

    def test_laughter_is_told_from_speech_at_the_same_rate_of_syllables(self, measure: Measure) -> None:
        laughing = np.concatenate(
            [measure(sounds.laughter(rng(n), 4, 4 + n))["audio_event"] for n in range(3)]
        )
        talking = measure(NOT_A_CROWD["speech"]())["audio_event"]
        assert auc(laughing, talking) >= 0.9

    def test_a_beat_without_a_voice_is_not_laughter(self, measure: Measure) -> None:
        ticks = sounds.clicks(8, np.arange(0.1, 7.9, 0.2))
        assert measure(ticks)["audio_event"].max() < 0.2

    def test_a_trembling_chord_under_hiss_is_music(self, measure: Measure) -> None:
        at = np.arange(6 * RATE) / RATE
        pitches = (880, 1100, 1320, 1760, 2200, 2640, 3520)
        chord = sum(sounds.tone(6, p) * (1 + 0.5 * np.sin(2 * np.pi * 6 * at + p)) for p in pitches)
        assert measure(0.3 * sounds.static(rng(1), 6) + 0.15 * chord)["audio_event"].max() < 0.2

    def test_hiss_whose_bands_flicker_each_by_itself_is_no_crowd(self, measure: Measure) -> None:
        """What noise reduction leaves of a hiss, as loud above the background as a crowd would be."""
        left = np.concatenate([0.01 * sounds.static(rng(1), 5), gated(rng(2), 6)])
        clapping = np.concatenate([0.01 * sounds.static(rng(1), 5), sounds.applause(rng(3), 6)])
        assert measure(left)["audio_event"].max() < 0.2
        assert measure(clapping)["audio_event"][12:20].min() > 0.5

    def test_a_crowd_lasts_and_a_clatter_does_not(self, measure: Measure) -> None:
        quiet = 0.01 * sounds.static(rng(1), 4)
        claps = sounds.applause(rng(2), 8)
        clatter, hands = (np.concatenate([quiet, claps[: int(s * RATE)], quiet]) for s in (1.25, 2.5))
        assert measure(clatter)["audio_event"].max() < 0.2
        assert measure(hands)["audio_event"].max() > 0.5

    def test_it_lies_where_the_crowd_is(self, measure: Measure) -> None:
        speech = sounds.spoken(("And the winner of the evening is about to be announced.",))[0][: 4 * RATE]
        values = measure(np.concatenate([speech, sounds.applause(rng(8), 4)]))["audio_event"]
        assert values[:6].max() < 0.2
        assert values[9:15].min() > 0.5

    def test_a_quiet_murmur_of_noise_does_not_count(self, measure: Measure) -> None:
        assert measure(0.02 * sounds.applause(rng(9), 6))["audio_event"].max() == 0

    def test_a_sound_too_short_to_judge_is_null(self, measure: Measure) -> None:
        assert np.isnan(measure(sounds.tone(0.5))["audio_event"]).all()


def test_columns_are_float32_within_0_and_1(measure: Measure) -> None:
    columns = measure(np.concatenate([sounds.applause(rng(1), 3), 3 * sounds.static(rng(2), 3)]))
    assert set(columns) == {"loudness", "onset", "audio_event"}
    for values in columns.values():
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1


def test_rows_do_not_depend_on_how_the_sound_is_cut_into_blocks(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = (
        sounds.applause(rng(1), 4),
        sounds.music(rng(2), 5),
        sounds.clicks(5, [1.2, 3.3]),
        sounds.wind(rng(3), 4),
    )
    samples = np.concatenate(parts)
    whole = measure(samples)
    monkeypatch.setattr(sound, "BLOCK", 6 * sound.ROW)
    cut = measure(samples)
    for name in whole:
        np.testing.assert_allclose(cut[name], whole[name], atol=1e-5)


def test_a_sound_longer_than_the_picture_is_cut(measure: Measure) -> None:
    assert {len(values) for values in measure(sounds.tone(5), rows=4).values()} == {4}


def test_a_wav_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"not a wav")
    with pytest.raises(MediaError):
        sound.measure(tmp_path / "x.wav", tmp_path / "none.txt", 4)


def test_plain_noise_flickers_as_stated() -> None:
    assert events.listen(_block(sounds.static(rng(11), 20))).flicker.mean() == pytest.approx(1.05, abs=0.1)


def _block(samples: np.ndarray) -> sound.Block:
    return sound.Block(0, len(samples), 0, samples.astype(np.float32))


@pytest.mark.footage
@pytest.mark.parametrize(
    ("clip", "low", "high"),
    [
        ("video/applause_10s.mp4", 0.6, 1.0),
        ("video/wildlife_30s.mp4", 0.0, 0.05),
        ("video/nasa_jwst_13s.mp4", 0.0, 0.05),
        ("video/googlework_35s.mp4", 0.0, 0.05),
        ("video/tech_short_vertical_55s.mp4", 0.0, 0.05),
        ("video/chrome_ad_30s.mp4", 0.0, 0.05),
        ("audio/jfk_11s.flac", 0.0, 0.05),
        ("audio/vad_27s.wav", 0.0, 0.05),
        ("video/crowd_walking_14s.mp4", 0.0, 0.0),
    ],
)
def test_of_real_clips_only_the_applause_is_one(
    tmp_path: Path, footage: Path, clip: str, low: float, high: float
) -> None:
    wav = tmp_path / "clip.wav"
    command = ffmpeg.command(
        "-i", f"file:{footage / clip}", "-map", "0:a:0", "-ac", "1", "-ar", "16000", str(wav)
    )
    process.run(command)
    heard = [events.listen(block) for block in sound.open_wav(wav).blocks(sound.BLOCK, sound.MARGIN)]
    assert low <= events.scores(events.joined(heard)).mean() <= high
