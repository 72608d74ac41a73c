"""From two people who rate a clip to a figure by their labels, through the command line alone; what machines
said is not moved by it."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.cli.shared import open_store
from editron_core.domain.job import Decision, Verdict
from editron_core.domain.registry import QaKind
from editron_core.domain.timeline import Clip, Timeline
from editron_core.qa import golden
from editron_core.qa.drawn import draw
from editron_core.qa.golden import Kind, Raters, Split
from editron_core.qa.recipe import load
from editron_core.qa.tune import Search, tune
from editron_core.review import labels
from editron_core.score import profile as profiles
from editron_core.store.blobs import hash_file
from editron_core.store.records.labels import replace_labels
from editron_core.times import Span
from tests.qa.made_golden import made_item, made_set

RECIPES = Path(__file__).parents[2] / "datasets" / "golden"
ANA = "1 2 3 5 5 3 2 1 1 1 1 1"
BEN = "2 2 3 4 5 4 2 2 1 2 1 1"


def editron(*words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


def document(*words: object) -> Any:
    result = editron(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two drawn clips."""
    folder = tmp_path_factory.mktemp("drawn")
    for name in ("en-sport", "es-street"):
        shutil.copy(draw(load(RECIPES / f"{name}.toml"), folder / "made").video, folder / f"{name}.mp4")
    shutil.rmtree(folder / "made")
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A golden dataset as machines have rated it."""
    names = (made_item("a"), made_item("b", genre="talk"), made_item("drawn", Kind.DRAWN))
    made_set(tmp_path / "golden", *names)
    return tmp_path / "golden"


def rate(clip: Path | str, rater: str, ratings: str, windows: int) -> None:
    words = " ".join(ratings.split()[:windows])
    assert editron("review", "rate", clip, "--as", rater, "--ratings", words).exit_code == 0


def windows(clip: Path) -> int:
    from editron_core.media.probe import probe

    return len(labels.Footage(clip.name, "", probe(clip).duration).windows)


def test_two_people_rate_a_clip_and_a_profile_is_evaluated_by_their_labels(
    drawn: Path, dataset: Path
) -> None:
    clip = drawn / "en-sport.mp4"
    before = document("qa", "evaluate", "--golden", dataset)
    machines = {
        path: path.read_bytes() for path in dataset.rglob("*") if path.suffix in (".json", ".parquet")
    }
    assert (
        "editron qa freeze --from-labels"
        in editron("qa", "evaluate", "--golden", dataset, "--raters", "people").stderr
    )
    for rater, ratings in (("ana", ANA), ("ben", BEN)):
        rate(clip, rater, ratings, windows(clip))

    frozen = document("qa", "freeze", drawn, "--from-labels", "--golden", dataset)

    (item,) = frozen["items"]
    assert (item["id"], item["split"], item["raters"]) == ("en-sport.people", "tune", 2)
    assert 0.8 < item["agreement"] < 1
    entry = golden.load(dataset).item("en-sport.people")
    assert (entry.kind, entry.raters, entry.rater_count) == (Kind.REAL, Raters.PEOPLE, 2)
    assert entry.checksum == hash_file(clip)
    kept = b"".join(path.read_bytes() for path in dataset.rglob("*") if path.is_file())
    assert b"ana" not in (dataset / "truth" / "en-sport.people.json").read_bytes()
    assert str(drawn).encode() not in kept
    for path, content in machines.items():
        assert path.name == "manifest.json" or path.read_bytes() == content, path

    after = document("qa", "evaluate", "--golden", dataset)
    people = document("qa", "evaluate", "--golden", dataset, "--raters", "people")
    assert after == before
    real, _ = people["panels"]
    assert (real["raters"], real["items"]) == ("people", ["en-sport.people"])
    assert real["scorers"][0]["rho"]["count"] == 1
    with open_store() as store:
        (run, *_) = store.qa_runs.list(QaKind.EVALUATE)
    assert run.result == people
    assert run.profile_hash == people["profile"]["hash"]


def test_what_is_frozen_of_people_is_read_by_the_harness_under_names_of_its_own(
    drawn: Path, dataset: Path
) -> None:
    suites = ("qa", "regress", "--suite", "scoring", "--golden", dataset)
    from editron_core.qa.suites import scoring

    was = {reading.name: reading.value for reading in scoring.readings(dataset)}
    rate(drawn / "en-sport.mp4", "ana", ANA, windows(drawn / "en-sport.mp4"))
    editron("qa", "freeze", drawn, "--from-labels", "--golden", dataset)

    now = {reading.name: reading.value for reading in scoring.readings(dataset)}

    assert {name: now[name] for name in was} == was
    new = now.keys() - was.keys()
    assert "real, people: all" in new
    assert all(name.startswith("real, people: ") for name in new)
    assert "their raters are people" in editron(*suites).stdout


def test_a_file_that_was_taken_in_needs_no_folder_and_one_that_is_gone_is_named(
    drawn: Path, dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "inbox").mkdir()
    moved = Path(shutil.copy(drawn / "en-sport.mp4", tmp_path / "inbox" / "match.mp4"))
    assert editron("ingest", moved).exit_code == 0
    rate("match.mp4", "ana", ANA, windows(moved))
    other = drawn / "es-street.mp4"
    rate(other, "ana", ANA, windows(other))

    result = editron("qa", "freeze", "--from-labels", "--golden", dataset)

    assert result.exit_code == 1
    assert "match.people" in result.stdout
    assert f"file {hash_file(other)[:12]}: was rated, and its bytes are nowhere" in result.stderr
    assert "--from-labels FOOTAGE" in result.stderr
    shown = " ".join(editron("review", "labels").stdout.split())
    assert "match.mp4 ana" in shown
    assert f"{hash_file(other)[:12]} (not taken in) ana" in shown


def test_what_people_decided_is_an_item_of_its_own_split(drawn: Path, dataset: Path) -> None:
    clip = drawn / "en-sport.mp4"
    sha256 = hash_file(clip)
    shown = Timeline("reel", "hero-reel", Fraction(25), ("16:9",), (Clip(sha256, Span.of(4, 8)),))
    said = labels.of_decision(
        Decision("", "s", shown.name, shown.content_hash, Verdict.APPROVE, "ana"), shown
    )
    with open_store() as store, store.database.write() as session:
        replace_labels(session, said)

    document("qa", "freeze", drawn, "--from-labels", "--golden", dataset)

    found = golden.load(dataset)
    (one,) = found.open(Kind.REAL, Split.REVIEW)
    assert (one.item.id, one.item.raters) == ("en-sport.review", Raters.PEOPLE)
    assert one.truth.ratings["p1"][:5] == (None, None, 5.0, 5.0, None)
    assert [golden.item.id for golden in found.real("automated")] == ["a", "b"]
    assert editron("qa", "evaluate", "--golden", dataset, "--raters", "people").exit_code == 2


def test_a_clip_of_the_holdout_stays_there_whoever_rated_it(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    clip = drawn / "en-sport.mp4"
    held = replace(made_item("machine", split=Split.HOLDOUT, locale="mi"), checksum=hash_file(clip))
    made_set(tmp_path / "golden", held, made_item("a"))
    rate(clip, "ana", ANA, windows(clip))

    (item,) = document("qa", "freeze", drawn, "--from-labels", "--golden", tmp_path / "golden")["items"]

    assert item["split"] == "holdout"
    assert golden.load(tmp_path / "golden").item(item["id"]).locale == "mi", "the same clip, the same words"
    # What was rated before it was held out is not given to the notebooks either.
    monkeypatch.setattr(golden, "FOLDER", tmp_path / "golden")
    monkeypatch.setattr(golden, "load", lambda load=golden.load: load(tmp_path / "golden"))
    with open_store() as store:
        assert store.labels.list(Raters.PEOPLE, split=Split.TUNE)
        assert labels.as_ratings(store, Raters.PEOPLE) == {}


def test_the_search_tells_by_whose_labels_it_was_made(tmp_path: Path) -> None:
    items = [
        made_item(name, raters=who)
        for who in ("automated", "people")
        for name in (f"{who}-{n}" for n in range(3))
    ]
    found = made_set(tmp_path, *items)
    for who in ("automated", "people"):
        made = tune(found.real(who), profiles.load("default"), Search(trials=1))
        assert f"({who} raters)" in made.profile.description
        assert {score.item.raters.value for score in made.evaluation.scores} == {who}
