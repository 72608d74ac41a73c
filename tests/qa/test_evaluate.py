"""Scorers on golden items: the order of windows, counted by eye; baselines; what is never mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from editron_core.errors import UsageError
from editron_core.qa import explore
from editron_core.qa.channels import of_golden
from editron_core.qa.evaluate import BASELINES, evaluate, of_profile, windowed
from editron_core.qa.golden import Golden, Kind, Raters, Split, Truth
from editron_core.score import profile as profiles
from editron_core.score import scorer
from tests.qa.made_golden import made_golden, made_item


def item(name: str, panel: Sequence[float], **facts: str) -> Golden:
    """An item of two-second windows with this panel."""
    made = made_golden(made_item(name, **facts), rows=4 * len(panel))
    return replace(made, truth=Truth(Fraction(2), {"r1": tuple(panel)}, {}, None))


def per_window(*scores: float):
    """A scorer that gives each window's four rows these scores."""
    return lambda golden: np.repeat(np.array(scores, dtype=np.float64), 4)


def test_the_panels_own_order_is_1_its_reverse_is_minus_1_and_no_order_is_0() -> None:
    one = item("a", [1, 3, 2, 5])

    assert evaluate([one], per_window(0.1, 0.5, 0.3, 0.9)).spearman.mean == pytest.approx(1)
    assert evaluate([one], per_window(0.9, 0.5, 0.7, 0.1)).spearman.mean == pytest.approx(-1)
    flat = evaluate([one], per_window(0.4, 0.4, 0.4, 0.4))
    assert flat.spearman.mean == 0
    assert flat.pairwise == 0.5


def test_pairs_are_counted_and_added_over_items() -> None:
    # a: 5 pairs differ in the panel (3 and 3 do not); the scorer turns 1 round and ties 1.
    a, b = item("a", [1, 3, 3, 5]), item("b", [2, 4])
    scores = {"a": (0.1, 0.0, 0.3, 0.3), "b": (0.2, 0.6)}

    found = evaluate([a, b], lambda golden: per_window(*scores[golden.item.id])(golden))

    first, second = found.scores
    assert (first.right, first.tied, first.pairs) == (3, 1, 5)
    assert (second.right, second.tied, second.pairs) == (1, 0, 1)
    assert found.pairwise == pytest.approx((3 + 0.5 + 1) / 6)


def test_a_hit_is_a_best_window_among_the_panels_best() -> None:
    panel = [1, 2, 3, 4, 5, 5, 1, 1, 1, 1, 1, 1, 1]  # the best 15 % of 13 are 2 windows
    scores = np.zeros(13)

    def picking(window: int):
        return per_window(*np.where(np.arange(13) == window, 1.0, scores))

    one = item("a", panel)
    assert [evaluate([one], picking(w)).scores[0].hit for w in (3, 4, 5)] == [False, True, True]
    assert evaluate([one, item("b", panel)], picking(4)).hits == 1


def test_a_window_is_the_mean_of_its_rows_that_were_scored_and_0_without_one() -> None:
    truth = Truth(Fraction(2), {"r": (1, 2, 3)}, {}, None)
    nan = np.nan
    scores = np.array([0.2, 0.4, nan, 0.6, nan, nan, nan, nan, 0.5, 0.7, 9.0, 9.0, 9.0])

    # The third window holds rows 8 to 11, and row 12 lies after the last window.
    assert windowed(scores, Fraction(1, 2), truth) == pytest.approx([0.4, 0.0, (0.5 + 0.7 + 18) / 4])


def test_a_row_belongs_to_the_window_that_it_begins_in_whatever_the_grid() -> None:
    truth = Truth(Fraction(1), {"r": (1, 2)}, {}, None)

    # Rows begin at 0, 0.4, 0.8, 1.2, 1.6 s.
    assert windowed(np.array([1.0, 2, 3, 10, 20]), Fraction(2, 5), truth) == pytest.approx([2, 15])


def test_labels_that_reach_further_than_the_evidence_are_refused_by_name() -> None:
    one = item("short", [1, 2, 3])
    long = replace(one, truth=Truth(Fraction(2), {"r": (1, 2, 3, 4)}, {}, None))

    with pytest.raises(UsageError, match=r"short: evidence of 6 s does not reach the labels' window 3"):
        evaluate([long], per_window(1, 2, 3))


def test_rounding_noise_of_single_precision_orders_nothing() -> None:
    noise = 0.5 + np.random.default_rng(0).normal(0, 1e-8, 16)

    found = evaluate([item("a", [1, 2, 3, 4])], lambda golden: noise)

    assert found.spearman.mean == 0


def test_a_profile_is_scored_by_the_lanes_own_curve() -> None:
    default, one = profiles.load("default"), made_golden(made_item("a"), 3, 48)
    curve = scorer.curve(one.evidence, default, one.brief, one.prompts(default))
    means = curve.group_by((pl.col("time_s") // 2).alias("w")).agg(pl.col("score").mean()).sort("w")

    found = evaluate([one], of_profile(default))

    table = pl.DataFrame({"ours": means["score"], "panel": one.truth.panel})
    expected = table.select(pl.corr("ours", "panel", method="spearman")).item()
    assert found.spearman.mean == pytest.approx(expected)


def test_an_evaluation_is_cut_by_genre_and_the_parts_hold_the_whole() -> None:
    items = [
        item("a", [1, 2], genre="talk"),
        item("b", [2, 1], genre="sport"),
        item("c", [1, 2], genre="talk"),
    ]
    found = evaluate(items, per_window(0.1, 0.2))

    parts = found.by(lambda item: item.genre)

    assert list(parts) == ["sport", "talk"]
    assert parts["talk"].spearman.count == 2
    assert parts["sport"].spearman.mean == pytest.approx(-1)
    assert sorted(score.item.id for part in parts.values() for score in part.scores) == ["a", "b", "c"]


def test_kinds_of_items_and_kinds_of_raters_are_never_mixed() -> None:
    real, drawn = made_golden(made_item("a")), made_golden(made_item("b", Kind.DRAWN))
    people = replace(real, item=replace(real.item, id="c", raters=Raters.PEOPLE))

    for pair, what in (
        ([real, drawn], "kind drawn and real"),
        ([real, people], "raters automated and people"),
    ):
        with pytest.raises(UsageError, match=what):
            evaluate(pair, BASELINES["middle"])
    with pytest.raises(UsageError, match="no golden item"):
        evaluate([], BASELINES["middle"])


def test_splits_are_never_mixed() -> None:
    one, other = item("a", [1, 2, 5]), item("b", [1, 2, 5])
    decided = replace(other, item=replace(other.item, split=Split.REVIEW))
    with pytest.raises(UsageError, match="review and tune are never mixed"):
        evaluate([one, decided], per_window(1, 2, 3))


def test_windows_that_nobody_rated_count_for_nothing() -> None:
    whole, partly = item("a", [1, 3, 5, 2]), item("a", [1, 3, 5, 2])
    said = replace(partly, truth=replace(partly.truth, ratings={"r1": (1, None, 5, 2)}))

    (found,) = evaluate([said], per_window(0.1, 0.9, 0.5, 0.3)).scores

    assert found.spearman == pytest.approx(1), "the best-scored window was not rated"
    assert (found.right, found.pairs, found.hit) == (3, 3, True)
    assert evaluate([whole], per_window(0.1, 0.9, 0.5, 0.3)).spearman.mean < 1


def test_what_is_partly_rated_is_shown_but_not_fitted_on() -> None:
    one = item("a", [1, 3, 5, 2])
    said = replace(one, truth=replace(one.truth, ratings={"r1": (1, None, 5, 2)}))

    shown = explore.over_time(said, profiles.load("default"))["panel"].to_list()

    assert shown == [1.0] * 4 + [None] * 4 + [5.0] * 4 + [2.0] * 4
    with pytest.raises(UsageError, match="a: has 1 window that nobody rated"):
        of_golden([said], profiles.load("default"))


def test_the_baselines_are_what_they_are_called() -> None:
    one = made_golden(made_item("a"), rows=40)
    given = {name: score(one) for name, score in BASELINES.items()}

    assert all(len(scores) == 40 for scores in given.values())
    assert np.argmax(given["middle"]) in (19, 20)
    assert given["middle"][0] == given["middle"][-1] == 0
    assert given["loudest"] == pytest.approx(one.evidence.table["loudness"].to_numpy())
    assert set(given["longest"]) == {10.0}
    assert given["random"] == pytest.approx(BASELINES["random"](one))
    assert not np.array_equal(given["random"], BASELINES["random"](made_golden(made_item("b"), rows=40)))


@pytest.mark.parametrize("picks", [2, 4, 8])
def test_uniform_spreads_its_best_rows_evenly_however_many(picks: int) -> None:
    scores = BASELINES["uniform"](made_golden(made_item("a"), rows=64))

    best = np.sort(np.argsort(-scores)[:picks])

    assert set(np.diff(best)) == {64 // picks}


def test_a_file_without_sound_or_picture_has_no_order_by_them() -> None:
    one = made_golden(made_item("a"))
    table = one.evidence.table.with_columns(pl.lit(None, pl.Float32).alias("loudness"))
    bare = replace(one, evidence=replace(one.evidence, table=table, shots=()))

    for name in ("loudest", "longest"):
        assert evaluate([bare], BASELINES[name]).spearman.mean == 0
