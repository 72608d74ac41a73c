"""Freezing: drawn and real footage becomes golden items, the same each time, and nothing more is kept."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from editron_core import process
from editron_core.cli import app
from editron_core.domain.evidence import FOCUS
from editron_core.errors import DefinitionError, EngineUnavailable, UsageError
from editron_core.media import ffmpeg
from editron_core.qa import freeze, golden, keep, recipe, truths, voiceover, wordeye
from editron_core.qa.golden import Kind, Raters, Split
from editron_core.qa.scenes import SCENES
from editron_core.score.brief import stems
from editron_core.times import Span
from tests.qa.made_golden import made_golden, made_item

RECIPE = """
seed = 3
size = [160, 90]
fps = 25
language = "de"

[voice]
name = "de"

[golden]
locale = "de"
genre = "sport"
brief = "das Tor"

[[scenes]]
kind = "title"
seconds = 1
palette = ["#1d1147", "#6a2c70", "#f08a5d", "#f9d56e"]
title = "Pokal"

[[scenes]]
kind = "goal"
seconds = 3
palette = ["#274472", "#5f9bd1", "#ffe9c4", "#f7a440"]
payoff = [1.2, 2.8]
say = "Das ist das Tor!"
say_at = 0.1
"""
LABEL: dict[str, Any] = {
    "clip": "video/ball.mp4",
    "window_s": 2.0,
    "ratings": {"r1": [1, 4], "r2": [2, 5]},
    "best_span_s": {"r1": [2, 3.5], "r2": None},
    "why": {"r1": "The ball flies."},
    "genre": "sport",
}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _label(folder: Path, name: str, **changes: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({**LABEL, **changes}))


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "cup.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def drawn(recipes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    assert freeze.freeze_drawn(folder, "f1", recipes).kept == ("cup",)
    return folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of moving picture and sound, with one supplied transcript; one file of noise."""
    folder = tmp_path_factory.mktemp("footage") / "video"
    folder.mkdir()
    made = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4"]
    coding = ["-c:v", "libx264", "-threads", "1", "-c:a", "aac", "-shortest", f"file:{folder / 'ball.mp4'}"]
    ffmpeg.run([*made, *coding], limits=process.Limits(wall_s=60))
    (folder / "ball.en.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nSecret words\n")
    shutil.copy(folder / "ball.mp4", folder / "unrated.mp4")
    (folder / "broken.mp4").write_bytes(b"no film at all" * 40)
    return folder.parent


# --- drawn items --------------------------------------------------------------------------------------


def test_a_drawn_item_holds_what_its_recipe_says(drawn: Path, recipes: Path) -> None:
    (item,) = golden.load(drawn).items
    assert (item.kind, item.raters, item.rater_count) == (Kind.DRAWN, Raters.CONSTRUCTION, 1)
    assert (item.locale, item.genre, item.footage, item.formula) == ("de", "sport", "cup.mp4", "f1")
    found = golden.load(drawn).one("cup")
    assert found.truth.cuts == (Fraction(1),)
    assert found.truth.best == {"construction": Span.of(Fraction(11, 5), Fraction(19, 5))}
    assert found.brief.text == "das Tor"
    transcript = found.evidence.transcript
    assert transcript is not None
    assert (transcript.text, transcript.language) == ("Das ist das Tor!", "de")
    assert found.evidence.table["novelty"].null_count() < 8
    assert {use.name for use in found.evidence.engines} >= {"drawn words"}


def test_the_drawn_eye_tells_the_payoff_from_the_title(drawn: Path) -> None:
    found = golden.load(drawn).one("cup").evidence
    frames = np.array(found.table["embedding"].to_list())
    title, payoff = frames[0], frames[5]
    assert np.linalg.norm(frames, axis=1) == pytest.approx(1)
    (celebrating,) = wordeye.embed(["people celebrating"])
    assert payoff @ celebrating > title @ celebrating + 0.1
    assert title @ celebrating == pytest.approx(wordeye.RESTING, abs=1e-3)


def test_freezing_again_gives_the_same_bytes(drawn: Path, recipes: Path, tmp_path: Path) -> None:
    freeze.freeze_drawn(tmp_path, "f1", recipes)
    assert _files(tmp_path) == _files(drawn)


def test_a_recipe_that_is_gone_takes_its_item_along(drawn: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn, tmp_path / "golden")
    keep.keep(tmp_path / "golden", [made_golden(made_item("gone", Kind.DRAWN)), made_golden(made_item("a"))])
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "mug.toml").write_text(RECIPE.replace("seconds = 3", "seconds = 3.4"))
    freeze.freeze_drawn(tmp_path / "golden", "f2", tmp_path / "recipes")
    found = golden.load(tmp_path / "golden")
    assert [item.id for item in found.items] == ["a", "mug"]
    assert sorted(path.name for path in (tmp_path / "golden" / "evidence").iterdir()) == ["a", "mug"]
    assert sorted(path.name for path in (tmp_path / "golden" / "truth").iterdir()) == ["a.json", "mug.json"]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('genre = "sport"\n', "", "has no genre under .golden."),
        ("payoff = [1.2, 2.8]\n", "", "has no payoff"),
        ('kind = "goal"', 'kind = "gaol"', "gaol"),
    ],
)
def test_a_recipe_that_cannot_be_an_item_is_named(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    (tmp_path / "cup.toml").write_text(RECIPE.replace(was, becomes))
    with pytest.raises(DefinitionError, match=rf"cup.*{said}"):
        freeze.freeze_drawn(tmp_path / "golden", "f1", tmp_path)
    assert not (tmp_path / "golden").exists()


def test_without_a_voice_nothing_is_frozen(
    recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lines: list[str], voice: object) -> list[object]:
        raise EngineUnavailable("is not installed", subject="espeak-ng")

    monkeypatch.setattr(voiceover, "speak", refuse)
    with pytest.raises(EngineUnavailable, match="espeak-ng"):
        freeze.freeze_drawn(tmp_path / "golden", "f1", recipes)
    assert not (tmp_path / "golden").exists()


def test_ratings_by_construction_follow_the_written_rule(recipes: Path) -> None:
    plan = recipe.load(recipes / "cup.toml")
    truth = truths.by_construction(plan, "")
    # 0-2 s: 1 s of title, 1 s before the payoff; 2-4 s: 0.2 s before, 1.6 s of payoff, 0.2 s after.
    assert truth.ratings == {"construction": (2.0, 4.6)}


@pytest.mark.parametrize(
    "path", [*sorted(freeze.RECIPES.glob("*.toml")), *recipe.shipped()], ids=lambda p: p.stem
)
def test_recipes_use_voices_that_say_the_same_each_time(path: Path) -> None:
    """Variants of espeak-ng with breath are made of fresh noise."""
    import espeakng_loader

    _, _, variant = recipe.load(path).voice.name.partition("+")
    if variant:
        facts = Path(espeakng_loader.get_data_path()) / "voices" / "!v" / variant
        assert not [line for line in facts.read_text("utf-8").splitlines() if line.startswith("breath")]


# --- the drawn eye ------------------------------------------------------------------------------------


def test_every_scene_is_described_and_no_two_words_share_an_axis() -> None:
    assert set(wordeye.SHOWN) == set(SCENES)
    words = {stem for both in wordeye.SHOWN.values() for text in both for stem in stems(text)}
    assert len({wordeye.axis(stem) for stem in words}) == len(words)


def test_the_drawn_eye_refuses_frames_that_the_recipe_does_not_have(recipes: Path) -> None:
    eye = wordeye.WordEye(recipe.load(recipes / "cup.toml"))
    frame = np.zeros((1, 16, 16, 3), np.uint8)
    assert eye.see(np.repeat(frame, 8, axis=0)).shape == (8, wordeye.AXES + 2)
    with pytest.raises(UsageError, match="more frames"):
        eye.see(frame)


# --- real items ---------------------------------------------------------------------------------------


def test_a_real_item_keeps_signals_and_ratings_only(clips: Path, tmp_path: Path) -> None:
    _label(tmp_path / "labels", "ball", locale="en")
    _label(tmp_path / "labels", "mute", clip="video/unrated.mp4")
    result = freeze.freeze_real(tmp_path / "golden", "f1", clips, tmp_path / "labels")
    assert (result.kept, result.failed) == (("ball", "mute"), {})
    found = golden.load(tmp_path / "golden").one("ball")
    assert (found.item.kind, found.item.raters, found.item.rater_count) == (Kind.REAL, Raters.AUTOMATED, 2)
    assert (found.item.locale, found.item.genre, found.item.footage) == ("en", "sport", "ball.mp4")
    assert found.truth.panel.tolist() == [1.5, 4.5]
    assert found.truth.best == {"r1": Span.of(2, 3.5)}
    table = found.evidence.table
    assert all(table[name].is_null().all() for name in (*FOCUS, "focus_kind", "embedding"))
    assert found.evidence.transcript is None
    assert table["motion"].null_count() == 0
    assert table["speech_rate"].max() > 0  # the words were counted, and are not kept
    kept = b"".join(_files(tmp_path / "golden").values())
    for words in (b"Secret", b"ball flies", str(clips).encode(), b"/tmp/"):
        assert words not in kept


def test_what_cannot_be_used_is_named_and_the_others_go_on(clips: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    _label(labels, "ball")
    _label(labels, "broken", clip="video/broken.mp4")
    _label(labels, "absent", clip="video/absent.mp4")
    _label(labels, "unrated", clip="video/unrated.mp4", ratings={})
    _label(labels, "long", clip="video/unrated.mp4", ratings={"r1": [1] * 9})
    _label(labels, "wild", ratings={"r1": [1, 9]})
    (labels / "torn.json").write_text('{"clip": "video/ba')
    (labels / "agreement.json").write_text('{"note": "no labels"}')
    result = freeze.freeze_real(tmp_path / "golden", "f1", clips, labels)
    assert result.kept == ("ball",)
    told = dict(result.failed)
    assert "broken.mp4" in told.pop("video/broken.mp4")
    assert "absent.mp4: is not there" in told.pop("video/absent.mp4")
    assert "long: has 9 rated windows of 2 s, and 4 s of evidence" in told.pop("video/unrated.mp4")
    assert "unrated.json: holds no ratings" in told.pop("unrated.json")
    assert "wild.json: ratings are 1 to 5" in told.pop("wild.json")
    assert "torn.json: is not JSON" in told.pop("torn.json")
    assert told == {}
    assert result.passed_over == 1  # agreement.json; every clip here has a label file


def test_clips_without_labels_are_counted_and_passed_over(clips: Path, tmp_path: Path) -> None:
    _label(tmp_path / "labels", "ball")
    result = freeze.freeze_real(tmp_path / "golden", "f1", clips, tmp_path / "labels")
    assert result.passed_over == 2  # unrated.mp4 and broken.mp4


def test_an_item_that_fails_keeps_what_was_frozen_before(clips: Path, tmp_path: Path) -> None:
    where = tmp_path / "golden"
    _label(tmp_path / "labels", "ball")
    freeze.freeze_real(where, "f1", clips, tmp_path / "labels")
    before = _files(where)
    _label(tmp_path / "labels", "ball", clip="video/broken.mp4")
    assert freeze.freeze_real(where, "f2", clips, tmp_path / "labels").kept == ()
    assert _files(where) == before


def test_missing_folders_are_named(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: is no folder"):
        freeze.freeze_real(tmp_path, "f1", tmp_path / "nowhere", tmp_path)
    with pytest.raises(UsageError, match="holds no label file"):
        freeze.freeze_real(tmp_path, "f1", clips, tmp_path)
    with pytest.raises(UsageError, match="holds no recipe"):
        freeze.freeze_drawn(tmp_path, "f1", tmp_path)


@pytest.mark.parametrize("key", ["window_s", "best_span_s", "genre"])
def test_labels_that_lack_a_key_say_which(key: str) -> None:
    with pytest.raises(UsageError, match=f"has no key '{key}'"):
        truths.of_labels({name: value for name, value in LABEL.items() if name != key})


# --- splits -------------------------------------------------------------------------------------------


def test_a_third_is_held_out_by_the_hash_of_the_id(tmp_path: Path) -> None:
    ids = [f"clip_{number}" for number in range(14)]
    splits = freeze.deal(tmp_path, Kind.REAL, ids)
    assert sum(split is Split.HOLDOUT for split in splits.values()) == 5
    assert freeze.deal(tmp_path, Kind.REAL, ids[::-1]) == splits


def test_an_item_never_changes_its_split(tmp_path: Path) -> None:
    keep.keep(tmp_path, [made_golden(made_item(name)) for name in "abcdef"])
    splits = freeze.deal(tmp_path, Kind.REAL, [*"abcdef", "g", "h", "i"])
    assert all(splits[name] is Split.TUNE for name in "abcdef")
    assert [splits[name] for name in "ghi"] == [Split.HOLDOUT] * 3
    assert freeze.deal(tmp_path, Kind.DRAWN, "abc") != {name: splits[name] for name in "abc"}


# --- the command ----------------------------------------------------------------------------------------


def test_the_command_freezes_both_kinds_and_exits_1_where_one_fails(
    clips: Path, recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze.freeze_drawn, "__defaults__", (recipes, None))
    _label(tmp_path / "labels", "ball")
    _label(tmp_path / "labels", "broken", clip="video/broken.mp4")
    words = [
        "qa",
        "freeze",
        str(clips),
        "--labels",
        str(tmp_path / "labels"),
        "--golden",
        str(tmp_path / "g"),
    ]
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["kept"] == ["cup", "ball"]
    assert list(document["failed"]) == ["video/broken.mp4"]
    assert result.stderr.count("error:") == 1
    assert set(golden.load(tmp_path / "g").formulas) == {document["formula"]}


def test_labels_without_footage_are_bad_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["qa", "freeze", "--labels", str(tmp_path)]).exit_code == 2


@pytest.mark.footage
@pytest.mark.proof
def test_freezing_the_real_clips_twice_gives_the_same_bytes(footage: Path, tmp_path: Path) -> None:
    """Two runs of the same code."""
    for name in ("one", "two"):
        result = freeze.freeze_real(tmp_path / name, "f", footage, footage / "labels")
        assert (len(result.kept), result.failed) == (14, {})
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
