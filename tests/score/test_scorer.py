"""The score over time: normalisation, missing signals, the brief and the prompts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from editron_core.score import scorer
from editron_core.score.brief import Brief
from editron_core.score.profile import Normalisation, Profile
from editron_core.score.scorer import PromptVectors, contrast, coverage, curve, smooth, to_array, weigh
from tests.auc import auc
from tests.score.tables import EYE, ROWS, bump, evidence, noise, said
from tests.tiny_clip import CAPTIONS, EMPTY, draw, tiny_clip

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


def test_the_parts_sum_to_the_score():
    values = {"motion": noise(1), "loudness": np.where(noise(2) > 0.5, noise(2), np.nan)}
    score, parts = weigh(values, HALF)
    np.testing.assert_allclose(parts["motion"] + parts["loudness"], score, atol=1e-15)


def test_contrast_is_about_the_files_own_median():
    values = contrast(np.array([0.1, 0.2, 0.3, 0.4, 0.9, np.nan]))
    assert values[2] == 0.5
    assert (np.diff(values[:5]) > 0).all()
    assert np.isnan(values[5])


def test_contrast_does_not_stretch_noise_to_the_full_range():
    quiet = 0.5 + 0.002 * (noise(4) - 0.5)
    assert np.ptp(contrast(quiet)) < 0.05


def test_contrast_makes_a_dull_file_comparable_but_keeps_its_order():
    dull = 0.1 + 0.1 * noise(5)
    assert (np.argsort(contrast(dull)) == np.argsort(dull)).all()


def test_smoothing_keeps_the_mean_and_the_holes():
    values = noise(6)
    values[10] = np.nan
    out = smooth(values, 8)
    assert np.isnan(out[10])
    assert np.isfinite(np.delete(out, 10)).all()
    assert np.nanstd(np.diff(out)) < np.nanstd(np.diff(values))
    np.testing.assert_allclose(smooth(np.full(7, 0.3), 40), 0.3)
    assert smooth(values, 1) is values


@pytest.mark.parametrize("name", ["motion", "brief_coverage"])
def test_a_column_that_evidence_does_not_have_counts_as_not_measured(name):
    seen = evidence({"loudness": noise(1)})
    seen = replace(seen, table=seen.table.drop("motion"))
    profile = Profile("p", {name: 0.5, "loudness": 0.5})
    assert curve(seen, profile, NO_BRIEF)[name].null_count() == ROWS


def talk(seed: int, at: float | None) -> scorer.Evidence:
    """A minute of talk about the weather, in which somebody speaks of goals at `at`."""
    rng = np.random.default_rng(seed)
    small_talk = ["weather", "rain", "cloudy", "morning", "really", "sunny", "wind", "cold"]
    words = [(str(rng.choice(small_talk)), 0.5 * i, 0.5 * i + 0.4) for i in range(110)]
    if at is not None:
        i = int(at * 2)
        words[i : i + 2] = [("winning", 0.5 * i, 0.5 * i + 0.4), ("goals!", 0.5 * i + 0.5, 0.5 * i + 0.9)]
    return evidence({}, transcript=said(*words))


def test_brief_coverage_separates_talk_of_the_brief_from_other_talk():
    brief = Brief("Show the goal that wins the match")
    row = 40
    with_it = [scorer.brief_coverage(talk(s, 20.0), brief)[row] for s in range(12)]
    without = [scorer.brief_coverage(talk(s, None), brief)[row] for s in range(12)]
    assert auc(with_it, without) >= 0.9


def test_brief_coverage_is_where_it_is_said():
    values = scorer.brief_coverage(talk(1, 20.0), Brief("goals"))
    assert values[41] == 1
    assert values[10] == values[80] == 0


def test_brief_coverage_is_null_without_a_brief_and_without_a_transcript():
    assert np.isnan(scorer.brief_coverage(talk(1, 20.0), NO_BRIEF)).all()
    assert np.isnan(scorer.brief_coverage(evidence(), Brief("goals"))).all()


@pytest.fixture(scope="module")
def eye(tmp_path_factory):
    from editron_core.analyze.vision import open_eye

    return open_eye("ViT-B-32", str(tiny_clip(tmp_path_factory)), "cpu", tmp_path_factory.mktemp("models"))


def shown(eye, captions: list[str], seed: int) -> scorer.Evidence:
    """Evidence of real frames, one per row, seen by the real engine."""
    rng = np.random.default_rng(seed)
    seen = eye.see(np.stack([draw(caption, rng, (72, 128)) for caption in captions]))
    made = evidence({}, rows=len(captions), embeddings=seen)
    return replace(made, engines=(eye.engine,))


def vectors(eye, positive, negative, brief=()) -> PromptVectors:
    name = f"{eye.engine.name} {eye.engine.version}"
    return PromptVectors(eye.read(positive), eye.read(negative), eye.read(brief), engine=name)


@pytest.mark.parametrize("caption", ["a red circle", "a blue square", "a yellow triangle"])
def test_vision_prompt_separates_frames_that_show_it(eye, caption):
    others = [c for c in CAPTIONS if c != caption]
    seen = shown(eye, [caption] * 8 + others, seed=11)
    values = scorer.vision_prompt(seen, vectors(eye, [caption], others))
    assert auc(values[:8], values[8:]) >= 0.9
    assert ((values >= 0) & (values <= 1)).all()


def test_negative_prompts_push_down(eye):
    seen = shown(eye, ["a red circle", EMPTY] * 6, seed=12)
    values = scorer.vision_prompt(seen, vectors(eye, ["a red circle", "a blue circle"], [EMPTY]))
    assert auc(values[::2], values[1::2]) >= 0.9


def test_without_negative_prompts_the_files_mean_is_the_measure(eye):
    seen = shown(eye, ["a red circle", EMPTY] * 6, seed=13)
    values = scorer.vision_prompt(seen, vectors(eye, ["a red circle"], []))
    assert values[::2].min() > 0.5 > values[1::2].max()


def test_the_brief_is_found_in_the_picture_too(eye):
    seen = shown(eye, ["a green square"] * 6 + [c for c in CAPTIONS if "green" not in c] * 2, seed=14)
    prompts = vectors(eye, [], [], ["a green square"])
    covered = scorer.brief_coverage(seen, Brief("a green square"), prompts)
    assert auc(covered[:6], covered[6:]) >= 0.9
    prompted = scorer.vision_prompt(seen, prompts)
    assert auc(prompted[:6], prompted[6:]) >= 0.9


def test_prompts_of_another_engine_are_not_compared(eye):
    prompts = vectors(eye, ["a red circle"], [EMPTY])
    seen = shown(eye, ["a red circle", EMPTY], seed=15)
    assert np.isnan(scorer.vision_prompt(replace(seen, engines=(EYE,)), prompts)).all()
    wider = evidence({}, rows=2, embeddings=np.eye(2, 50, dtype=np.float32))
    assert np.isnan(scorer.vision_prompt(wider, replace(prompts, engine=None))).all()
    assert np.isnan(scorer.vision_prompt(seen, None)).all()


def test_rows_without_a_frame_have_no_prompt(eye):
    seen = shown(eye, ["a red circle", EMPTY, "a red circle"], seed=16)
    table = seen.table.with_columns(
        embedding=pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise(pl.col("embedding"))
    )
    values = scorer.vision_prompt(replace(seen, table=table), vectors(eye, ["a red circle"], []))
    assert np.isnan(values).tolist() == [False, True, False]
