"""Signals derived from evidence: what is said and shown of the brief, and likeness to the prompts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from editron_core.domain.evidence import Evidence
from editron_core.score import derive
from editron_core.score.brief import Brief
from editron_core.score.derive import PromptVectors
from tests.auc import auc
from tests.score.tables import EYE, evidence, said
from tests.tiny_clip import CAPTIONS, EMPTY, draw, tiny_clip

NO_BRIEF = Brief()


def talk(seed: int, at: float | None) -> Evidence:
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
    with_it = [derive.brief_coverage(talk(s, 20.0), brief)[row] for s in range(12)]
    without = [derive.brief_coverage(talk(s, None), brief)[row] for s in range(12)]
    assert auc(with_it, without) >= 0.9


def test_brief_coverage_is_where_it_is_said():
    values = derive.brief_coverage(talk(1, 20.0), Brief("goals"))
    assert values[41] == 1
    assert values[10] == values[80] == 0


def test_brief_coverage_is_null_without_a_brief_and_without_a_transcript():
    assert np.isnan(derive.brief_coverage(talk(1, 20.0), NO_BRIEF)).all()
    assert np.isnan(derive.brief_coverage(evidence(), Brief("goals"))).all()


@pytest.fixture(scope="module")
def eye(tmp_path_factory):
    from editron_core.analyze.vision import open_eye

    return open_eye("ViT-B-32", str(tiny_clip(tmp_path_factory)), "cpu", tmp_path_factory.mktemp("models"))


def shown(eye, captions: list[str], seed: int) -> Evidence:
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
    values = derive.vision_prompt(seen, vectors(eye, [caption], others))
    assert auc(values[:8], values[8:]) >= 0.9
    assert ((values >= 0) & (values <= 1)).all()


def test_negative_prompts_push_down(eye):
    seen = shown(eye, ["a red circle", EMPTY] * 6, seed=12)
    values = derive.vision_prompt(seen, vectors(eye, ["a red circle", "a blue circle"], [EMPTY]))
    assert auc(values[::2], values[1::2]) >= 0.9


def test_without_negative_prompts_the_files_mean_is_the_measure(eye):
    seen = shown(eye, ["a red circle", EMPTY] * 6, seed=13)
    values = derive.vision_prompt(seen, vectors(eye, ["a red circle"], []))
    assert values[::2].min() > 0.5 > values[1::2].max()


def test_the_brief_is_found_in_the_picture_too(eye):
    seen = shown(eye, ["a green square"] * 6 + [c for c in CAPTIONS if "green" not in c] * 2, seed=14)
    prompts = vectors(eye, [], [], ["a green square"])
    covered = derive.brief_coverage(seen, Brief("a green square"), prompts)
    assert auc(covered[:6], covered[6:]) >= 0.9
    prompted = derive.vision_prompt(seen, prompts)
    assert auc(prompted[:6], prompted[6:]) >= 0.9


def test_prompts_of_another_engine_are_not_compared(eye):
    prompts = vectors(eye, ["a red circle"], [EMPTY])
    seen = shown(eye, ["a red circle", EMPTY], seed=15)
    assert np.isnan(derive.vision_prompt(replace(seen, engines=(EYE,)), prompts)).all()
    wider = evidence({}, rows=2, embeddings=np.eye(2, 50, dtype=np.float32))
    assert np.isnan(derive.vision_prompt(wider, replace(prompts, engine=None))).all()
    assert np.isnan(derive.vision_prompt(seen, None)).all()


def test_rows_without_a_frame_have_no_prompt(eye):
    seen = shown(eye, ["a red circle", EMPTY, "a red circle"], seed=16)
    table = seen.table.with_columns(
        embedding=pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise(pl.col("embedding"))
    )
    values = derive.vision_prompt(replace(seen, table=table), vectors(eye, ["a red circle"], []))
    assert np.isnan(values).tolist() == [False, True, False]
