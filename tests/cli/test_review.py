"""`editron review rate` and `labels`: people rate blind, and nobody's word is mixed with a machine's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.config import settings
from editron_core.domain.label import Label, Raters, Split
from editron_core.media import ffmpeg
from editron_core.store import Store
from editron_core.store.blobs import hash_file
from editron_core.times import Span


def editron(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip of six seconds: three windows."""
    path = tmp_path / "six.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=6", "-preset", "ultrafast"]
    subprocess.run([str(ffmpeg.binary()), "-v", "error", *source, str(path)], check=True)
    return path


def test_a_person_rates_a_file_blind_and_sees_how_far_others_agree(clip: Path) -> None:
    first = editron("review", "rate", str(clip), "--as", "ann", "--ratings", "3 4 5")
    second = editron("review", "rate", str(clip), "--as", "ben", "--ratings", "1,2,5", "--json")
    machine = [
        Label(hash_file(clip), "model", Raters.AUTOMATED, Span.of(2 * at, 2 * at + 2), 5 - at, Split.TUNE)
        for at in range(3)
    ]
    with Store.open(settings().database, settings().blobs) as store:
        store.labels.rate(machine)

    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr
    assert "score" not in first.stdout + second.stdout
    assert [label["rating"] for label in json.loads(second.stdout)["labels"]] == [1, 2, 5]
    found = json.loads(editron("review", "labels", "--json").stdout)
    (people,), (automated,) = found["people"], found["automated"]
    assert (people["raters"], people["ratings"], people["agreement"]) == (["ann", "ben"], 6, 1.0)
    assert (automated["raters"], automated["agreement"]) == (["model"], None)
    shown = editron("review", "labels").stdout
    assert "ann, ben" in shown
    assert "1.00" in shown


def test_a_file_taken_in_before_is_rated_by_its_name_or_id(clip: Path) -> None:
    taken = json.loads(editron("ingest", str(clip), "--json").stdout)["files"][0]
    for rater, name in (("ann", "six.mp4"), ("ben", taken["id"][:8])):
        assert editron("review", "rate", name, "--as", rater, "--ratings", "3 4 5").exit_code == 0

    (row,) = json.loads(editron("review", "labels", "--json").stdout)["people"]
    assert (row["file_sha256"], row["raters"]) == (taken["sha256"], ["ann", "ben"])


@pytest.mark.parametrize(
    ("ratings", "says"),
    [("3 4", "has 3 windows of 2 s, and 2 ratings"), ("3 4 x", "whole numbers"), ("3 4 9", "1 to 5")],
)
def test_a_rating_that_does_not_fit_teaches_the_remedy(clip: Path, ratings: str, says: str) -> None:
    result = editron("review", "rate", str(clip), "--as", "ann", "--ratings", ratings)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("error:") == 1
    assert "No label yet" in editron("review", "labels").stdout


def test_what_is_not_there_cannot_be_rated() -> None:
    result = editron("review", "rate", "nope.mp4", "--as", "ann", "--ratings", "3")
    assert result.exit_code == 2
    assert "editron status" in result.stderr
