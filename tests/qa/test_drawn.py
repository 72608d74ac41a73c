"""Drawn footage: what the truth says is what the clip holds."""

from __future__ import annotations

import dataclasses
import itertools
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pysubs2
import pytest

from editron_core.errors import DefinitionError, EngineUnavailable
from editron_core.qa import drawn, recipe, voiceover
from editron_core.qa.drawn import Drawn, draw
from editron_core.qa.scenes import SCENES, Painter, Scene, Stage
from editron_core.times import Span, to_frames

SMALL = """
seed = 3
size = [1280, 720]
fps = "30000/1001"
mood = "bright"

[voice]
name = "en-us"

[[scenes]]
kind = "title"
seconds = 1.5
palette = ["#1d1147", "#6a2c70", "#f08a5d", "#f9d56e"]
title = "Cup & <final>"

[[scenes]]
kind = "goal"
seconds = 3
palette = ["#274472", "#5f9bd1", "#ffe9c4", "#f7a440"]
payoff = [1.2, 2.9]
say = "One of the best goals. What a finish!"
say_at = 0.1
sounds = [{ name = "cheer", at = 1.2, seconds = 1.8, gain = 0.8 }]

[[scenes]]
kind = "host"
seconds = 2
enter = "dissolve"
palette = ["#8fb8de", "#b8cfd0", "#f7e3c4", "#2f8f83"]
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> recipe.Recipe:
    path = tmp_path_factory.mktemp("recipe") / "cup.toml"
    path.write_text(SMALL)
    return recipe.load(path).scaled(0.25)


@pytest.fixture(scope="module")
def clip(plan: recipe.Recipe, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return draw(plan, tmp_path_factory.mktemp("clip"))


def _frames(video: Path) -> np.ndarray:
    with av.open(str(video)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(
            np.float32
        )


def _sound(video: Path) -> tuple[np.ndarray, int]:
    with av.open(str(video)) as container:
        stream = container.streams.audio[0]
        parts = [frame.to_ndarray().mean(axis=0) for frame in container.decode(stream)]
        return np.concatenate(parts), stream.rate


def test_the_clip_is_h264_and_aac_of_the_promised_rate_and_length(clip: Drawn) -> None:
    with av.open(str(clip.video)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height) == (320, 180)
        assert video.average_rate == Fraction(30000, 1001)
    assert len(_frames(clip.video)) == to_frames(clip.truth.duration, clip.truth.fps)


def test_cuts_lie_where_the_truth_says(clip: Drawn) -> None:
    change = np.abs(np.diff(_frames(clip.video), axis=0)).mean(axis=(1, 2, 3))
    (cut,) = clip.truth.cuts
    before = to_frames(cut, clip.truth.fps) - 1
    assert change[before] > 5 * max(change[before - 1], change[before + 1])


def test_a_dissolve_changes_slowly_and_has_no_cut(clip: Drawn) -> None:
    (dissolve,) = clip.truth.dissolves
    assert clip.truth.scenes[2].span.start == dissolve.middle
    frames = _frames(clip.video)
    first, last = (to_frames(at, clip.truth.fps) for at in (dissolve.start, dissolve.end))
    whole = np.abs(frames[last] - frames[first]).mean()
    steps = np.abs(np.diff(frames[first : last + 1], axis=0)).mean(axis=(1, 2, 3))
    assert whole > 20
    assert steps.max() < whole / 3


def test_the_payoff_is_the_liveliest_and_loudest_stretch(clip: Drawn) -> None:
    (payoff,) = clip.truth.payoffs
    motion = np.abs(np.diff(_frames(clip.video), axis=0)).mean(axis=(1, 2, 3))
    hit = to_frames(payoff.start, clip.truth.fps)
    title_end = to_frames(clip.truth.cuts[0], clip.truth.fps)
    assert motion[hit : hit + 20].mean() > 2 * motion[title_end + 2 : hit - 2].mean()
    samples, rate = _sound(clip.video)
    cheer = samples[round(float(payoff.start + Fraction(3, 10)) * rate) :][:rate]
    quiet = samples[: round(float(clip.truth.cuts[0]) * rate)]
    assert np.sqrt((cheer**2).mean()) > 2 * np.sqrt((quiet**2).mean())


def test_every_word_of_the_script_has_a_time_at_which_the_voice_sounds(
    plan: recipe.Recipe, clip: Drawn
) -> None:
    words = clip.truth.words
    assert [word.text for word in words] == plan.scenes[1].say.split()  # "of the" is one sound, and two words
    assert all(a.span.end <= b.span.start for a, b in itertools.pairwise(words))
    voice = voiceover.record(plan)
    for word in words:
        assert max(voice.level(float(word.span.start) + step / 50) for step in range(20)) > 0.2, word
    gap = Span(words[4].span.end, words[5].span.start)  # the pause after the first sentence
    assert gap.duration > Fraction(1, 5)
    assert voice.level(float(gap.middle)) < 0.2


def test_the_script_beside_the_clip_has_the_words_times(clip: Drawn) -> None:
    assert clip.transcript == clip.video.with_name("cup.en.srt")
    cues = pysubs2.load(str(clip.transcript))
    assert [cue.text for cue in cues] == ["One of the best goals.", "What a finish!"]
    assert cues[0].start == round(clip.truth.words[0].span.start * 1000)
    assert cues[1].end == round(clip.truth.words[-1].span.end * 1000)


def test_the_truth_beside_the_clip_is_the_truth_returned(clip: Drawn) -> None:
    from editron_core.domain import codec

    data = json.loads(clip.video.with_name("cup.truth.json").read_text())
    assert codec.load(drawn.Truth, data) == clip.truth


def test_the_same_recipe_gives_the_same_bytes(plan: recipe.Recipe, clip: Drawn, tmp_path: Path) -> None:
    assert draw(plan, tmp_path).video.read_bytes() == clip.video.read_bytes()


def test_another_seed_gives_another_picture(plan: recipe.Recipe, clip: Drawn, tmp_path: Path) -> None:
    short = dataclasses.replace(plan, seed=4, scenes=plan.scenes[:1])
    assert np.abs(_frames(draw(short, tmp_path).video)[20] - _frames(clip.video)[20]).mean() > 1


def test_without_a_voice_it_draws_and_says_so(
    plan: recipe.Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lines: list[str], voice: object) -> list[object]:
        raise EngineUnavailable("is not installed", subject="espeak-ng")

    monkeypatch.setattr(voiceover, "speak", refuse)
    mute = draw(dataclasses.replace(plan, scenes=plan.scenes[:2]), tmp_path)
    assert mute.transcript is None
    assert mute.truth.words == ()
    assert "espeak-ng" in (mute.spoken or "")
    assert list(tmp_path.glob("*.srt")) == []


def test_nothing_half_made_stays_behind_when_ffmpeg_fails(
    plan: recipe.Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from editron_core.errors import ProcessFailed

    monkeypatch.setattr(drawn, "THREADS", "no number")
    with pytest.raises(ProcessFailed):
        draw(dataclasses.replace(plan, scenes=plan.scenes[:1]), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('kind = "goal"', 'kind = "gaol"', "gaol"),
        ("payoff = [1.2, 2.9]", "payoff = [1.2, 3.9]", "payoff"),
        ('"#f9d56e"]', "]", "four colours"),
        ('name = "cheer"', 'name = "chear"', "chear"),
        ("seed = 3", "", "seed"),
    ],
)
def test_a_recipe_that_does_not_hold_together_is_refused(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(SMALL.replace(was, becomes))
    with pytest.raises(DefinitionError, match=said):
        recipe.load(path)


def test_a_line_longer_than_the_clip_is_refused(plan: recipe.Recipe) -> None:
    short = dataclasses.replace(plan, scenes=plan.scenes[:2])
    wordy = dataclasses.replace(short.scenes[1], say="far too many words " * 8)
    with pytest.raises(DefinitionError, match="say_at"):
        voiceover.record(dataclasses.replace(short, scenes=(short.scenes[0], wordy)))


@pytest.mark.parametrize("path", recipe.shipped(), ids=lambda path: path.stem)
def test_the_shipped_recipes_hold_together(path: Path) -> None:
    plan = recipe.load(path)
    assert 20 <= plan.duration <= 40
    assert any(scene.payoff for scene in plan.scenes)
    assert voiceover.record(plan).words


def test_the_drawn_hosts_have_a_face_that_a_detector_finds(clip: Drawn) -> None:
    import cv2

    finder = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    frames = _frames(clip.video)[to_frames(clip.truth.dissolves[0].end, clip.truth.fps) + 2 :: 8].astype(
        np.uint8
    )
    found = [
        len(finder.detectMultiScale(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), 1.1, 3)) for frame in frames
    ]
    assert np.mean([count == 1 for count in found]) >= 0.6


def test_each_frame_is_painted_once(plan: recipe.Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scenes at a time only within the dissolve: painting is most of the work."""
    painted: list[str] = []

    def counted(kind: str, scene: Scene) -> Scene:
        def build(stage: Stage) -> Painter:
            painter = scene(stage)
            return lambda at: painted.append(kind) or painter(at)

        return build

    monkeypatch.setattr(drawn, "SCENES", {kind: counted(kind, scene) for kind, scene in SCENES.items()})
    count = sum(1 for _ in drawn._frames(plan, voiceover.silent(plan)))
    fading = to_frames(recipe.DISSOLVE, plan.fps)
    assert count == plan.frames
    assert abs(len(painted) - count - fading) <= 1


def test_drawing_closes_no_file_that_somebody_else_opens_meanwhile(
    plan: recipe.Recipe, tmp_path: Path
) -> None:
    place = tmp_path / "theirs.txt"
    place.write_text("theirs")
    opened = []

    def somebody_else(done: float) -> None:
        if not opened:  # they get the lowest numbers that are free, such as those of ends that were closed
            opened.extend(place.open() for _ in range(4))

    draw(dataclasses.replace(plan, scenes=plan.scenes[:1]), tmp_path, progress=somebody_else)
    assert [file.read() for file in opened] == ["theirs"] * 4
    for file in opened:
        file.close()
