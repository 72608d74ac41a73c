"""A batch in a notebook: every moment with its place, its reason and its parts."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.evidence import EngineUse
from editron_core.domain.moment import Moment
from editron_core.report import batch
from editron_core.times import Span
from tests.qa.made_golden import made_golden, made_item

EVIDENCE = made_golden(made_item("a")).evidence


def moment(start: int, **parts: float) -> Moment:
    span = Span(Fraction(start), Fraction(start + 3))
    return Moment("a", span, sum(parts.values()), dict(parts), parts, "Fast movement; “Goal!”", "f" * 64)


def test_a_file_that_could_not_be_used_says_why() -> None:
    broken = MediaFile("a", "b", "a.mp4", "a.mp4", "", 0, BatchStatus.FAILED, error="is empty")
    row = batch.files([broken]).row(0, named=True)
    assert row["status"] == "is empty"
    assert row["length"] is None


def test_an_engine_says_what_it_stands_in_for() -> None:
    used = {
        "vision": EngineUse("vision", "layout", "1", "no weights"),
        "sound": EngineUse("sound", "r128", "2"),
    }
    assert batch.engines(used)["instead of"].to_list() == ["no weights", None]
    assert batch.engines({}).is_empty()


def test_a_moment_is_told_with_what_is_said_in_it() -> None:
    table = batch.moments(
        [moment(2, motion=0.5), moment(10, motion=0.25)], {"a": "match.mp4"}, {"a": EVIDENCE}
    )
    first, second = table.to_dicts()
    assert (first["file"], first["from"], first["to"], first["score"]) == (
        "match.mp4",
        "0:02.0",
        "0:05.0",
        0.5,
    )
    assert (first["why"], first["said"]) == ("Fast movement", "Goal!")
    assert second["said"] is None


def test_parts_of_a_score_sum_to_it_and_the_small_ones_are_one() -> None:
    parts = {name: 0.01 * n for n, name in enumerate(list(EVIDENCE.table.columns)[1:11], start=1)}
    table = batch.breakdown([moment(2, **parts), moment(5, **parts)])
    assert table["part"].n_unique() == batch.MOST_NAMED + 1
    sums = table.group_by("name").agg(pl.col("value").sum())
    assert sums["value"].to_list() == pytest.approx([sum(parts.values())] * 2)
    assert table["part"].to_list()[batch.MOST_NAMED] == batch.REST


def test_a_moment_of_a_file_without_picture_has_no_thumbnail() -> None:
    assert not batch.thumbnails([moment(2, motion=0.5)], {}, {"a": "talk.wav"}).pictures
