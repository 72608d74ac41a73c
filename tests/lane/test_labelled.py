"""Profiles beside what people decided: in a split of its own, on evidence that the lane already has."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.domain.label import Raters, Split
from editron_core.errors import UsageError
from editron_core.lane import Lane
from editron_core.lane.labelled import beside_people
from editron_core.qa.evaluate import windowed
from editron_core.qa.golden import Truth
from editron_core.qa.metrics import spearman
from editron_core.review import labels
from editron_core.review.labels import Footage
from editron_core.score import profile as profiles
from editron_core.score import scorer
from editron_core.score.brief import Brief

RATINGS = [1, 2, 3, 5, 5, 4, 2, 1, 3, 1, 2]


def test_a_profile_is_held_beside_the_windows_that_people_rated(lane: Lane, clips: Path) -> None:
    outcome = lane.analyze(lane.ingest([str(clips)]))
    (sha256, file), *_ = outcome.footage.items()
    footage = Footage(file.name, sha256, outcome.evidence[sha256].duration)
    ratings = [RATINGS[n % len(RATINGS)] for n in range(len(footage.windows))]
    labels.rate(lane.desk.store, footage, "ann", ratings)
    profile = profiles.load("default")

    row = beside_people(lane, {"default": profile}, Split.TUNE).row(0, named=True)

    evidence = outcome.evidence[sha256]
    truth = Truth(Fraction(2), {"ann": tuple(map(float, ratings))}, {}, None)
    score = scorer.to_array(scorer.curve(evidence, profile, Brief())["score"])
    assert row["default"] == spearman(windowed(score, evidence.step, truth), truth.panel)
    assert (row["file"], row["raters"], row["windows"]) == (file.name, 1, len(ratings))
    assert beside_people(lane, {"default": profile}, Split.REVIEW).is_empty(), "splits are never mixed"
    assert labels.as_ratings(lane.desk.store, Raters.AUTOMATED, Split.TUNE) == {}


def test_without_labels_the_table_has_its_columns_and_no_row(lane: Lane) -> None:
    table = beside_people(lane, {"default": profiles.load("default")})
    assert table.columns == ["file", "raters", "windows", "default"]
    assert table.is_empty()


def test_the_holdout_stays_closed(lane: Lane) -> None:
    with pytest.raises(UsageError, match="holdout"):
        beside_people(lane, {}, Split.HOLDOUT)
