"""Sound: loudness and true peak as asked, exact lengths, no clicks, no holes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

from editron_core.domain.brand import BrandKit, Slate
from editron_core.render import sound
from editron_core.render.measure import Loudness
from editron_core.render.presets import preset
from tests.render.drawing import clip, ff, media, numbered, plan_of, sound_of, tone

F = Fraction
RATE = F(25)


def source(tmp_path: Path, *words: str, name: str = "sound.mkv") -> Path:
    """A file with a still picture and the sound that `words` describe."""
    path = tmp_path / name
    ff(*numbered("25", 6), *words, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", str(path))
    return path


def mastered(
    tmp_path: Path, file: Path, frames: int = 125, *, start: float = 0, name: str = "shorts"
) -> sound.Track:
    """The finished sound of one clip."""
    plan = plan_of(tmp_path, [media(file)], [clip("a", start, frames, RATE)], RATE, {"1:1": name})
    return sound.tracks(plan, tmp_path)["1:1"]


@pytest.mark.parametrize("volume", [0.03, 0.2, 0.9])
def test_loudness_meets_the_target_by_two_meters(tmp_path, volume):
    """Noise is used because a sine's loudness depends on its frequency alone."""
    noise = f"anoisesrc=d=6:c=pink:a={volume}:r=48000:seed=1"
    track = mastered(tmp_path, source(tmp_path, "-f", "lavfi", "-i", noise))
    assert track.after.lufs == pytest.approx(-14, abs=0.5)
    assert track.after.dbtp is not None
    assert track.after.dbtp <= -1
    heard = np.frombuffer(ff("-i", str(track.path), "-f", "f32le", "-"), np.float32).reshape(-1, 2)
    assert pyloudnorm.Meter(48000).integrated_loudness(heard.astype(float)) == pytest.approx(-14, abs=0.5)


def test_peaks_are_limited_and_the_loudness_still_met(tmp_path):
    claps = "aevalsrc='0.02*sin(2000*t)+0.9*lt(mod(t,1),0.01)*sin(9000*t)':s=48000:d=6"
    track = mastered(tmp_path, source(tmp_path, "-f", "lavfi", "-i", claps))
    assert track.limited
    assert track.after.dbtp is not None
    assert track.after.dbtp <= -1
    assert track.after.lufs == pytest.approx(-14, abs=1)


def test_plain_gain_is_preferred_where_peaks_allow_it(tmp_path):
    track = mastered(tmp_path, source(tmp_path, *tone(6)))
    assert not track.limited
    assert track.before.lufs is not None
    assert track.gain_db == pytest.approx(-14 - track.before.lufs, abs=0.31)


def test_silence_and_room_noise_are_left_alone(tmp_path):
    silent = mastered(tmp_path, source(tmp_path, *tone(6, volume=0)))
    assert (silent.after, silent.gain_db) == (Loudness(None, None), 0)
    room = "anoisesrc=d=6:c=pink:a=0.008:r=48000:seed=1"
    hiss = mastered(tmp_path, source(tmp_path, "-f", "lavfi", "-i", room, name="hiss.mkv"))
    assert hiss.gain_db == 0
    assert hiss.before.lufs is not None
    assert hiss.before.lufs < sound.QUIET_LUFS


def test_a_file_without_sound_is_silent_for_exactly_its_length(tmp_path):
    mute = tmp_path / "mute.mp4"
    ff(*numbered("25", 2), "-c:v", "libx264", "-preset", "ultrafast", str(mute))
    loud = source(tmp_path, *tone(6))
    files = [media(mute, "mute"), media(loud, "loud")]
    clips = [clip("loud", 1, 25, RATE), clip("mute", 0, 25, RATE), clip("loud", 3, 25, RATE)]
    plan = plan_of(tmp_path, files, clips, RATE, {"1:1": "archive"})
    heard = np.abs(sound_of(sound.tracks(plan, tmp_path)["1:1"].path))
    assert len(heard) == 3 * 48000
    assert heard[48000:96000].max() < 1e-4
    assert heard[47000:47500].max() > 0.02
    assert heard[96500:97000].max() > 0.02


def test_lengths_add_up_at_rates_that_do_not_divide_the_sample_rate(tmp_path):
    """1601.6 samples a frame: rounding clip by clip would drift by a frame in a minute of short clips."""
    rate = F(30000, 1001)
    file = source(tmp_path, *tone(6))
    plan = plan_of(tmp_path, [media(file)], [clip("a", 1, 1, rate)] * 37, rate, {"1:1": "archive"})
    assert len(sound_of(sound.tracks(plan, tmp_path)["1:1"].path)) == round(37 * 1001 * 48000 / 30000)


def test_cuts_do_not_click(tmp_path):
    """A low tone is cut at its crest: without fades the jump would be as high as the tone."""
    file = source(tmp_path, *tone(6, frequency=50, volume=0.5))
    clips = [clip("a", F(1) + F(k, 25), 13, RATE) for k in range(6)]
    plan = plan_of(tmp_path, [media(file)], clips, RATE, {"1:1": "archive"})
    heard = sound_of(sound.tracks(plan, tmp_path)["1:1"].path)
    steepest = np.abs(np.diff(heard)).max() / np.abs(heard).max()
    assert steepest < 0.03


def test_a_cut_that_runs_on_has_no_hole(tmp_path):
    file = source(tmp_path, *tone(6, volume=0.5))
    clips = [clip("a", 1, 25, RATE), clip("a", 2, 25, RATE)]
    plan = plan_of(tmp_path, [media(file)], clips, RATE, {"1:1": "archive"})
    heard = sound_of(sound.tracks(plan, tmp_path)["1:1"].path)
    around = np.abs(heard[48000 - 240 : 48000 + 240]).reshape(-1, 120).max(axis=1)
    assert around.min() > 0.9 * around.max()


def test_slates_are_silent_and_the_cut_starts_after_them(tmp_path):
    file = source(tmp_path, *tone(6))
    brand = BrandKit(intro=Slate("Hi", "", 1.0), outro=Slate("Bye", "", 0.4))
    plan = plan_of(tmp_path, [media(file)], [clip("a", 1, 50, RATE)], RATE, {"1:1": "archive"}, brand)
    heard = np.abs(sound_of(sound.tracks(plan, tmp_path)["1:1"].path))
    assert len(heard) == 3.4 * 48000
    loud = np.flatnonzero(heard > 0.01)
    assert loud[0] == pytest.approx(48000, abs=200)
    assert loud[-1] == pytest.approx(144000, abs=200)


@pytest.mark.parametrize(("channels", "audible"), [(1, True), (2, True), (6, True), (8, True), (12, True)])
def test_every_number_of_channels_becomes_stereo(tmp_path, channels, audible):
    waves = "|".join(["0.2*sin(2765*t)"] * channels)
    file = source(tmp_path, "-f", "lavfi", "-i", f"aevalsrc='{waves}':s=48000:d=6")
    track = mastered(tmp_path, file, 50)
    assert (np.abs(sound_of(track.path)).max() > 0.05) == audible


def test_sound_that_starts_late_in_its_file_stays_late(tmp_path):
    late = tmp_path / "late.mkv"
    ff(*numbered("25", 6), "-itsoffset", "2", *tone(4), "-c:v", "libx264", "-c:a", "aac", str(late))
    plan = plan_of(tmp_path, [media(late)], [clip("a", 1, 75, RATE)], RATE, {"1:1": "archive"})
    loud = np.flatnonzero(np.abs(sound_of(sound.tracks(plan, tmp_path)["1:1"].path)) > 0.02)
    assert loud[0] == pytest.approx(48000, abs=1200)  # an AAC frame


def test_presets_that_ask_for_the_same_share_one_file(tmp_path):
    file = source(tmp_path, *tone(6))
    presets = {"16:9": "youtube", "9:16": "shorts", "1:1": "feed"}
    plan = plan_of(tmp_path, [media(file)], [clip("a", 1, 25, RATE)], RATE, presets)
    made = sound.tracks(plan, tmp_path)
    assert made["16:9"] is made["9:16"]
    assert made["1:1"] is not made["16:9"]


def test_a_peak_above_the_ceiling_lowers_the_limiter_and_not_the_whole():
    shorts = preset("shorts")
    before = sound.Tuning(3.0, None)
    after = sound._better_tuning(before, Loudness(-14.0, -0.6), shorts)
    assert after is not None
    assert after.gain_db == 3.0
    assert after.ceiling_db == pytest.approx(-1 - sound.HEADROOM - 0.4 - 0.05)
    assert sound._better_tuning(before, Loudness(-14.1, -1.2), shorts) is None
