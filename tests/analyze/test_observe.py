"""From a file to its evidence: whole, exact, the same every time, and honest about what is missing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from editron_core import process
from editron_core.analyze import decode
from editron_core.analyze.observe import PEAKS, AnalyzeOptions, observe
from editron_core.analyze.speech import SpeechOptions
from editron_core.analyze.vision import LayoutEye
from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.errors import Interrupted, MediaError
from editron_core.media.frames import proxy_frames
from editron_core.media.probe import probe
from editron_core.times import Span
from tests.numbered import encode, ff, number_in, raw

SCENES = (
    "color=c=0x305090:s=320x180:r=25:d=2[wall];color=c=yellow:s=40x40:r=25:d=2[block];"
    "[wall][block]overlay=x='40+100*t':y=60",
    "testsrc2=s=320x180:r=25:d=2",
    "color=c=0x904030:s=320x180:r=25:d=2,noise=alls=8:allf=t:all_seed=3",
)
TONE = "sine=frequency=440:duration=6:sample_rate=44100,volume='if(lt(t,3),0.02,0.9)':eval=frame"
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 s, cuts at 2 and 4 s, quiet sound until 3 s and loud sound after."""
    path = tmp_path_factory.mktemp("clip") / "three.mp4"
    inputs = [word for scene in (*SCENES, TONE) for word in ("-f", "lavfi", "-i", scene)]
    ff(*inputs, "-filter_complex", "[0][1][2]concat=n=3[v]", "-map", "[v]", "-map", "3:a", *X264, path)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def seen(path: Path, out: Path, **more: object) -> Evidence:
    options = replace(AnalyzeOptions(eye=LayoutEye("a test")), **more)
    return observe(path, probe(path), out, options)


def engine(evidence: Evidence, role: str) -> EngineUse:
    [use] = [use for use in evidence.engines if use.role == role]
    return use


def test_a_clip_becomes_evidence_with_every_column(clip, out):
    evidence = seen(clip, out)
    table = evidence.table
    assert evidence.duration == 6
    assert evidence.shots == (Span.of(0, 2), Span.of(2, 4), Span.of(4, 6))
    assert table.columns == ["time_s", *MEASURED, *FOCUS, "focus_kind", "embedding"]
    assert table["time_s"].to_list() == [row / 2 for row in range(12)]
    for name in (*MEASURED, *FOCUS):
        assert table[name].dtype == pl.Float32
        assert not table[name].is_nan().any()
        known = table[name].drop_nulls()
        assert known.is_between(0, 1).all(), name
    silent = {"speech_presence", "speech_rate"}
    assert {name for name in MEASURED if table[name].null_count() == 12} == silent
    assert table["freshness"].null_count() == 10
    lengths = [math.hypot(*row) for row in table["embedding"].to_list()]
    assert lengths == pytest.approx([1] * 12, abs=1e-4)
    assert {use.role for use in evidence.engines} == {"shots", "motion", "faces", "sound", "speech", "vision"}
    assert engine(evidence, "vision").fallback == "a test"


def test_signals_follow_the_scenes(clip, out):
    table = seen(clip, out).table
    quiet, loud = table["loudness"][:5].mean(), table["loudness"][7:].mean()
    assert loud - quiet > 0.3
    assert table["colour"][5] > table["colour"][1]
    assert table["action"][2] > 0.05 > table["action"][9]
    assert table["shot_opening"][4] > table["shot_opening"][3]
    assert table["richness"][5] > 2 * table["richness"][1]
    assert table["subject"][1] > 0.03 > table["subject"][9]
    assert table["detail"][5] > table["detail"][1]
    assert table["novelty"][4] > 2 * table["novelty"][3]
    places = table["focus_x"][:4].to_list()
    assert places == pytest.approx([(60 + 100 * (t + 0.25)) / 320 for t in (0, 0.5, 1, 1.5)], abs=0.05)


def test_what_lies_in_the_folder_is_whole_and_nothing_else_is_left(clip, out):
    evidence = seen(clip, out)
    assert sorted(path.name for path in out.iterdir()) == ["evidence.parquet", PEAKS, "proxy.mp4"]
    assert Evidence.load(out).table.equals(evidence.table)
    peaks = json.loads((out / PEAKS).read_text())
    assert peaks["per_second"] == 10
    assert 59 <= len(peaks["peaks"]) <= 61
    assert max(peaks["peaks"][:28]) < 0.1 < min(peaks["peaks"][32:58])
    assert proxy_frames(out / "proxy.mp4", [Fraction(1), Fraction(5)]).shape == (2, 180, 320, 3)


def test_the_same_file_gives_the_same_bytes(clip, tmp_path):
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        seen(clip, tmp_path / name)
        written.append((tmp_path / name / "evidence.parquet").read_bytes())
    assert written[0] == written[1]


def test_a_picture_without_sound_has_no_sound_signals(tmp_path, out):
    path = encode(raw(tmp_path / "raw", range(25)), tmp_path / "mute.mp4", *X264)
    table = seen(path, out).table
    assert table["loudness"].null_count() == len(table) == 2
    assert table["motion"].null_count() == 0
    assert json.loads((out / PEAKS).read_text())["peaks"] == []


def test_sound_without_a_picture_has_no_picture_signals(tmp_path, out):
    path = tmp_path / "talk.mp3"
    ff("-f", "lavfi", "-i", TONE, path)
    evidence = seen(path, out)
    assert evidence.shots == ()
    assert float(evidence.duration) == pytest.approx(6, abs=0.1)
    assert evidence.table["loudness"].null_count() == 0
    for name in ("motion", "faces", "sharpness", "shot_rhythm", "novelty", *FOCUS, "focus_kind", "embedding"):
        assert evidence.table[name].null_count() == len(evidence.table), name
    assert not (out / "proxy.mp4").exists()


@pytest.mark.parametrize("frames", [1, 5])
def test_a_fifth_of_a_second_is_one_row(frames, tmp_path, out):
    path = encode(raw(tmp_path / "raw", range(frames)), tmp_path / "short.mp4", *X264)
    evidence = seen(path, out)
    assert len(evidence.table) == 1
    assert evidence.duration == Fraction(frames, 25)
    assert evidence.shots == (Span(Fraction(0), evidence.duration),)
    assert (evidence.table["motion"][0] is None) == (frames == 1)
    assert number_in(proxy_frames(out / "proxy.mp4", [Fraction(0)])[0]) == 0


def broken_sound(clip: Path, path: Path) -> Path:
    """The clip with a sound track that no decoder can be opened for."""
    ff("-i", clip, "-c:v", "copy", "-c:a", "libvorbis", path)
    data = path.read_bytes()
    # The setup header of Vorbis, without which its decoder refuses to start.
    spoiled = data.replace(b"\x05vorbis", b"\x05xxxxxx", 1)
    assert spoiled != data
    path.write_bytes(spoiled)
    return path


def test_sound_that_cannot_be_decoded_costs_only_the_sound(clip, tmp_path, out):
    path = broken_sound(clip, tmp_path / "broken.mkv")
    found = probe(clip)
    evidence = observe(path, found, out, AnalyzeOptions())
    assert evidence.table["motion"].null_count() == 0
    assert evidence.table["loudness"].null_count() == len(evidence.table)
    assert len(evidence.shots) == 3
    assert "sound" in (engine(evidence, "sound").fallback or "")


def test_a_file_that_decodes_to_nothing_is_a_media_error_and_leaves_no_working_files(clip, tmp_path, out):
    path = tmp_path / "spoiled.mp4"
    path.write_bytes(clip.read_bytes()[:2000])
    with pytest.raises(MediaError, match=r"spoiled\.mp4"):
        observe(path, probe(clip), out, AnalyzeOptions())
    assert not (out / "sound.wav").exists()
    assert not (out / "evidence.parquet").exists()


def test_a_standing_picture_keeps_its_signals_and_does_not_move(tmp_path, out):
    """Two frames in three seconds, as a screen recording has them."""
    when = "settb=1/1000,setpts='if(eq(N,0),0,3000)'"
    words = ("-vf", when, "-fps_mode", "passthrough", "-enc_time_base", "1/1000")
    path = encode(raw(tmp_path / "raw", [5, 6]), tmp_path / "screen.mkv", *words, *X264)
    table = seen(path, out).table
    assert len(table) >= 6
    assert table["sharpness"].null_count() == table["embedding"].null_count() == 0
    assert table["motion"][1:5].to_list() == [0, 0, 0, 0]


def test_a_supplied_transcript_is_heard(clip, tmp_path, out):
    script = tmp_path / "three.srt"
    script.write_text("1\n00:00:01,000 --> 00:00:02,000\nBonjour tout le monde\n\n", encoding="utf-8")
    listener = SpeechOptions(model="none", device="cpu", models=tmp_path, supplied=script, language="fr")
    evidence = seen(clip, out, speech=listener)
    assert evidence.transcript.text == "Bonjour tout le monde"
    assert (out / "transcript.json").exists()
    assert evidence.table["speech_rate"].max() > 0


def test_progress_grows_and_ends_at_one(clip, out):
    told: list[float] = []
    observe(clip, probe(clip), out, AnalyzeOptions(), told.append)
    assert told == sorted(told)
    assert told[-1] == 1


class CountingEye(LayoutEye):
    """Remembers the batches it was shown."""

    def __init__(self) -> None:
        super().__init__("a test")
        self.batches: list[tuple[int, ...]] = []

    def see(self, frames):
        self.batches.append(frames.shape)
        return super().see(frames)


def test_the_eye_sees_one_frame_a_row_in_batches_hardly_larger_than_it_needs(tmp_path, out):
    path = tmp_path / "long.mp4"
    ff("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=5:d=40", *X264, path)
    eye = CountingEye()
    table = seen(path, out, eye=eye).table
    assert [shape[0] for shape in eye.batches] == [64, 16]
    assert {min(shape[1:3]) for shape in eye.batches} == {72}
    assert len(table) == 80
    first = np.array(table["embedding"][0].to_list())
    assert float(first @ np.array(table["embedding"][79].to_list())) < 0.9999


class NumberEye(LayoutEye):
    """Turns a numbered frame into a direction of its own."""

    input_size = 100

    def see(self, frames):
        assert min(frames.shape[1:3]) == 100
        turns = np.array([number_in(frame) for frame in frames]) * np.pi / 256
        return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def test_each_row_has_the_embedding_of_its_own_first_frame(tmp_path, out):
    """175 frames at 5 a second are 70 rows: more than one batch."""
    slowed = ("-vf", "setpts=5*PTS", "-r", 5)
    path = encode(raw(tmp_path / "raw", range(175)), tmp_path / "slow.mp4", *slowed, *X264)
    table = seen(path, out, eye=NumberEye("a test")).table
    numbers = [round(math.atan2(y, x) * 256 / math.pi) for x, y in table["embedding"].to_list()]
    assert numbers == [math.ceil(2.5 * row) for row in range(70)]


def test_what_the_eye_raises_is_heard(clip, out):
    class Blind(LayoutEye):
        def see(self, frames):
            raise MediaError("as planned")

    with pytest.raises(MediaError, match="as planned"):
        seen(clip, out, eye=Blind("a test"))


@pytest.mark.footage
@pytest.mark.parametrize(
    "name",
    [
        "edge/8_Channel_ID.m4a",
        "edge/av1_video.mkv",
        "edge/corrupted.mp4",
        "edge/no_duration.webm",
        "edge/var_fps_video.mp4",
        "edge/video_90.mov",
        "edge/video_with_failing_audio.mp4",
        "video/nasa_jwst_13s.mp4",
        "video/applause_10s.mp4",
    ],
)
def test_awkward_real_files_become_evidence(name, footage, out):
    path = footage / name
    found = probe(path)
    evidence = seen(path, out)
    assert abs(evidence.duration - found.duration) < Fraction(1, 5)
    assert sum((shot.duration for shot in evidence.shots), Fraction(0)) in (0, evidence.duration)
    if found.video is not None:
        assert evidence.table["sharpness"].null_count() == 0
    if found.audio is not None:
        assert evidence.table["loudness"].null_count() < len(evidence.table)


def test_who_is_stopped_does_not_try_again_without_sound(clip, out, monkeypatch):
    decodes: list[object] = []
    whole = decode.decode

    def counted(path: Path, probe: object, *more: object) -> int:
        decodes.append(probe)
        return whole(path, probe, *more)

    monkeypatch.setattr(decode, "decode", counted)
    options = AnalyzeOptions(eye=LayoutEye("a test"))
    with pytest.raises(Interrupted):
        observe(clip, probe(clip), out, options, lambda share: process.stop_all())
    assert len(decodes) == 1
