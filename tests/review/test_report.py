"""What the report sends: little, and never less than what stands out."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from editron_core.errors import NotFound
from editron_core.review import report, signals
from editron_core.store import Store
from tests.apps.stage import evidence, stage, transcript


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8)


def test_a_lane_keeps_the_least_and_the_greatest_of_every_column() -> None:
    found = evidence(None, 7200)
    values = np.full(found.table.height, 0.5)
    values[7_001], values[7_003] = 1.0, 0.0  # one loud and one silent step in two hours
    seen = replace(found, table=found.table.with_columns(pl.Series("motion", values, pl.Float32)))

    told = signals.lanes(seen, 0, 7200, 600)

    motion = next(lane for lane in told["lanes"] if lane["name"] == "motion")
    low, high = unpacked(motion["low"]), unpacked(motion["high"])
    assert len(low) == len(high) == told["columns"] == 600
    assert (low.min(), high.max()) == (0, 254)
    assert list(np.flatnonzero(high == 254)) == [7_001 * 600 // 14_400]


def test_what_was_not_measured_is_not_drawn_as_nothing() -> None:
    found = evidence(None)
    gap = [None] * 12 + [0.0] * 12
    table = found.table.with_columns(
        pl.Series("motion", gap, pl.Float32), pl.Series("faces", [None] * 24, pl.Float32)
    )

    told = signals.lanes(replace(found, table=table), 0, 12)

    lanes = {lane["name"]: lane for lane in told["lanes"]}
    assert "faces" not in lanes
    assert list(unpacked(lanes["motion"]["high"])) == [signals.UNKNOWN] * 12 + [0] * 12


def test_a_stretch_is_sent_as_fine_as_the_grid() -> None:
    told = signals.lanes(evidence(None, 7200), 100, 110, 900)

    assert (told["from"], told["to"], told["columns"]) == (100, 110, 20)


def test_the_report_shows_the_best_moments_file_and_says_why_another_failed(
    store: Store, tmp_path: Path
) -> None:
    staged = stage(store, tmp_path)

    told = report.analysis(store, {"batch": staged.batch})

    assert told["file"]["id"] == staged.file
    assert told["file"]["proxy"] is True
    assert [moment["number"] for moment in told["moments"]] == [1, 2, 3]
    assert told["files"]["error"] == [None, "holds no picture (export it again)"]
    assert sum(part["added"] for part in told["moments"][0]["parts"]) == pytest.approx(0.7)
    again = report.analysis(store, {"batch": staged.batch, "known": told["version"]})
    assert again["files"] is None  # what is known is not sent twice


def test_a_file_that_was_not_analysed_is_no_error(store: Store, tmp_path: Path) -> None:
    staged = stage(store, tmp_path)
    broken = next(file for file in store.files.list(staged.batch) if file.id != staged.file)

    told = report.analysis(store, {"batch": staged.batch, "file": broken.id})["file"]

    assert told["seen"] is False
    assert "was not analysed yet" in told["unseen"]


def test_a_batch_or_a_file_that_is_gone_is_said_to_be(store: Store, tmp_path: Path) -> None:
    assert report.analysis(store, {}) == {"nothing": True}
    staged = stage(store, tmp_path)
    with pytest.raises(NotFound, match="deleted"):
        report.analysis(store, {"batch": "f" * 32})
    with pytest.raises(NotFound, match="not in the batch"):
        report.analysis(store, {"batch": staged.batch, "file": "nobody"})


def test_words_are_sent_in_columns_with_the_places_where_sentences_begin() -> None:
    told = report.words(transcript(["One", "two.", "Three", "four", "five.", "Six."]))

    assert told is not None
    assert told["sentences"] == [0, 2, 5]
    assert told["starts"][0] == 0
    assert all(a < b for a, b in zip(told["starts"], told["ends"], strict=True))
    assert report.words(None) is None
