"""The score over time: normalisation, missing signals, the brief and the prompts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from editron_core.domain.evidence import MEASURED
from editron_core.score import scorer
from editron_core.score.brief import Brief
from editron_core.score.profile import Normalisation, Profile
from editron_core.score.scorer import coverage, curve, to_array
from tests.score.tables import ROWS, bump, evidence, noise

AS_MEASURED = Normalisation(contrast=0, smoothing_s=0)
NO_BRIEF = Brief()
HALF = Profile("half", {"motion": 0.75, "loudness": 0.25}, normalisation=AS_MEASURED)


def test_the_score_is_the_weighted_mean_of_its_columns():
    table = curve(evidence({"motion": bump(20), "loudness": noise(1)}), HALF, NO_BRIEF)
    assert table.columns == ["time_s", "score", "loudness", "motion"]
    assert table["time_s"].to_list()[:3] == [0.0, 0.5, 1.0]
    expected = 0.75 * to_array(table["motion"]) + 0.25 * to_array(table["loudness"])
    np.testing.assert_allclose(to_array(table["score"]), expected, atol=1e-12)


def test_scores_stay_within_0_and_1():
    wild = np.linspace(0, 1, ROWS)
    profile = replace(HALF, normalisation=Normalisation(contrast=1, smoothing_s=5))
    table = curve(evidence({"motion": wild, "loudness": wild}), profile, NO_BRIEF)
    assert 0 <= table["score"].min() < table["score"].max() <= 1


def test_the_weight_of_a_signal_that_is_null_goes_to_the_others():
    deaf = evidence({"motion": bump(20)})
    table = curve(deaf, HALF, NO_BRIEF)
    np.testing.assert_allclose(to_array(table["score"]), bump(20), atol=1e-6)
    share, filled = coverage(table, HALF)
    assert share == pytest.approx(0.75)
    assert filled == {"loudness": 0.0, "motion": 1.0}


def test_the_weight_is_renormalised_row_by_row():
    half_deaf = noise(3).copy()
    half_deaf[60:] = np.nan
    table = curve(evidence({"motion": bump(20), "loudness": half_deaf}), HALF, NO_BRIEF)
    score = to_array(table["score"])
    np.testing.assert_allclose(score[60:], bump(20)[60:], atol=1e-6)
    np.testing.assert_allclose(score[:60], (0.75 * bump(20) + 0.25 * noise(3))[:60], atol=1e-6)
    assert coverage(table, HALF)[1]["loudness"] == 0.5


def test_where_nothing_was_measured_there_is_no_score():
    holes = bump(20).copy()
    holes[5:8] = np.nan
    table = curve(evidence({"motion": holes}), HALF, NO_BRIEF)
    assert table["score"].is_null().to_list()[4:9] == [False, True, True, True, False]


@pytest.mark.parametrize("smoothing", [0, 5])
def test_the_parts_sum_to_the_score(smoothing):
    gappy = np.where(noise(2) > 0.5, noise(2), np.nan)
    profile = replace(HALF, normalisation=Normalisation(contrast=0.3, smoothing_s=smoothing))
    table = curve(evidence({"motion": noise(1), "loudness": gappy}), profile, NO_BRIEF)
    added = scorer.parts(table, profile)
    assert added.columns == ["loudness", "motion"]
    np.testing.assert_allclose(added.sum_horizontal(), table["score"], atol=1e-6)


def test_what_was_not_measured_adds_nothing():
    holes = bump(20).copy()
    holes[5:8] = np.nan
    added = scorer.parts(curve(evidence({"motion": holes}), HALF, NO_BRIEF), HALF)
    assert added["loudness"].sum() == 0
    assert added["motion"].to_list()[5:8] == [0, 0, 0]


def placed(values: np.ndarray) -> np.ndarray:
    """What a signal counts as where its place in the file is all that counts."""
    place = replace(HALF, weights={"motion": 1.0}, normalisation=Normalisation(contrast=1, smoothing_s=0))
    return to_array(curve(evidence({"motion": values}, rows=len(values)), place, NO_BRIEF)["motion"])


def test_place_is_about_the_files_own_mean():
    values = placed(np.array([0.1, 0.2, 0.4, 0.6, 0.7, np.nan]))
    assert values[2] == pytest.approx(0.5, abs=1e-6)
    assert (np.diff(values[:5]) > 0).all()
    assert np.isnan(values[5])


def test_place_does_not_stretch_noise_to_the_full_range():
    assert np.ptp(placed(0.5 + 0.002 * (noise(4) - 0.5))) < 0.05


def test_place_makes_a_dull_file_comparable_but_keeps_its_order():
    dull = 0.1 + 0.1 * noise(5)
    assert (np.argsort(placed(dull)) == np.argsort(dull)).all()
    assert np.ptp(placed(dull)) > 2 * np.ptp(dull)


def test_a_rare_event_is_not_lost_in_its_own_file():
    silent = np.zeros(ROWS)
    silent[40:44] = 0.6
    assert placed(silent)[41] == 1


def test_smoothing_keeps_the_mean_and_the_holes():
    values = noise(6)
    values[10] = np.nan
    smooth = replace(HALF, normalisation=Normalisation(contrast=0, smoothing_s=4))
    out = to_array(curve(evidence({"motion": values}), smooth, NO_BRIEF)["score"])
    assert np.isnan(out[10])
    assert np.isfinite(np.delete(out, 10)).all()
    assert np.nanstd(np.diff(out)) < np.nanstd(np.diff(values)) / 2
    assert np.nanmean(out) == pytest.approx(np.nanmean(values), abs=0.01)
    short = curve(evidence({"motion": np.full(7, 0.3)}, rows=7), smooth, NO_BRIEF)["score"]
    np.testing.assert_allclose(short, 0.3, atol=1e-6)


def test_smoothing_spreads_an_instant_as_a_triangle():
    instant = np.zeros(ROWS)
    instant[50] = 1
    smooth = replace(HALF, weights={"motion": 1.0}, normalisation=Normalisation(contrast=0, smoothing_s=3))
    out = to_array(curve(evidence({"motion": instant}), smooth, NO_BRIEF)["score"])
    np.testing.assert_allclose(out[48:53], np.array([1, 2, 3, 2, 1]) / 9, atol=1e-9)


def test_a_shape_says_what_a_value_counts_as():
    steps = np.array([0, 0.25, 0.5, 0.75, 1.0, np.nan])
    shaped = replace(HALF, weights={"motion": 1.0}, shapes={"motion": (0.2, 1.0, 0.0)})
    out = to_array(curve(evidence({"motion": steps}, rows=6), shaped, NO_BRIEF)["score"])
    np.testing.assert_allclose(out, [0.2, 0.6, 1.0, 0.5, 0.0, np.nan], atol=1e-6)


def test_a_shape_along_the_diagonal_changes_nothing():
    seen = evidence({"motion": noise(1), "loudness": noise(2)})
    straight = replace(HALF, shapes={"motion": (0.0, 0.5, 1.0)})
    plain, shaped = curve(seen, HALF, NO_BRIEF), curve(seen, straight, NO_BRIEF)
    np.testing.assert_allclose(shaped["score"], plain["score"], atol=1e-6)


def test_many_files_are_scored_as_each_by_itself(tmp_path):
    profile = replace(HALF, normalisation=Normalisation(contrast=0.4, smoothing_s=3))
    seen = [
        evidence({"motion": noise(i), "loudness": bump(i)} if i % 3 else {"motion": noise(i)})
        for i in range(70)
    ]
    files = [tmp_path / f"{i:02}.parquet" for i in range(70)]
    for one, path in zip(seen, files, strict=True):
        one.table.write_parquet(path)
    again = pl.concat(scorer.rescore(files, profile))
    single = pl.concat([curve(one, profile, NO_BRIEF) for one in seen])
    assert again["file"].to_list()[::ROWS] == [str(path) for path in files]
    assert again.select("time_s", "score").equals(single.select("time_s", "score"))


def test_a_signal_that_no_file_holds_leaves_its_weight_to_the_others(tmp_path):
    evidence({"motion": noise(1)}).table.drop("loudness").write_parquet(tmp_path / "old.parquet")
    (frame,) = scorer.rescore([tmp_path / "old.parquet"], HALF)
    np.testing.assert_allclose(frame["score"], noise(1), atol=1e-6)


def test_a_table_without_times_is_no_evidence(tmp_path):
    evidence({"motion": noise(1)}).table.write_parquet(tmp_path / "good.parquet")
    pl.DataFrame({"motion": [0.5]}, {"motion": pl.Float32}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match=r"time_s.*other\.parquet"):
        list(scorer.rescore([tmp_path / "good.parquet", tmp_path / "other.parquet"], HALF))


@pytest.mark.parametrize("name", ["motion", "brief_coverage"])
def test_a_column_that_evidence_does_not_have_counts_as_not_measured(name):
    seen = evidence({"loudness": noise(1)})
    seen = replace(seen, table=seen.table.drop("motion"))
    profile = Profile("p", {name: 0.5, "loudness": 0.5})
    assert curve(seen, profile, NO_BRIEF)[name].null_count() == ROWS


def test_many_signals_give_the_same_bytes_each_time():
    names = [name for name in MEASURED if name != "novelty"]
    seen = evidence({name: noise(seed) for seed, name in enumerate(names)})
    profile = Profile("all", {name: 1 / len(names) for name in names})
    first = curve(seen, profile, NO_BRIEF)
    with ThreadPoolExecutor(4) as pool:  # who adds what first must not depend on who is busy
        assert all(
            again.equals(first) for again in pool.map(lambda _: curve(seen, profile, NO_BRIEF), range(200))
        )
