"""The scoring lab: other weights choose other moments, and each knows its place under the profile."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import polars as pl
import pytest

from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.errors import DefinitionError, NotFound
from editron_core.review.lab import Lab, Shelf
from editron_core.score import profile as profiles
from editron_core.score.profile import Lengths, Normalisation, Profile, Rules
from editron_core.store import Stage, Store
from editron_core.times import Span
from tests.api.seeded import SHA, Seeded

SECONDS = 60
BASE = Profile(
    "base",
    {"motion": 0.9, "loudness": 0.1},
    lengths=Lengths(Fraction(2), Fraction(4), Fraction(6)),
    normalisation=Normalisation(contrast=0.0, smoothing_s=0.0),
    selection=Rules(threshold=0.3, max_moments=2),
)


def lab(store: Store, base: Profile = BASE) -> Lab:
    return Lab(store, Shelf(list, lambda name: base), lambda profile, brief, evidence: None)


@pytest.fixture
def seen(store: Store, seeded: Seeded) -> Seeded:
    """Footage that moves at 10 s and is loud at 40 s."""
    times = [row / 2 for row in range(2 * SECONDS)]
    peak = {"motion": 10, "loudness": 40}
    table = pl.DataFrame(
        {
            "time_s": times,
            **{
                name: pl.Series([float(0 <= t - peak.get(name, -9) < 4) for t in times], dtype=pl.Float32)
                for name in MEASURED
            },
            **{name: pl.Series([None] * len(times), dtype=pl.Float32) for name in FOCUS},
            "focus_kind": pl.Series([None] * len(times), dtype=pl.String),
            "embedding": pl.Series([None] * len(times), dtype=pl.List(pl.Float32)),
        }
    )
    shots = tuple(Span.of(at, at + 2) for at in range(0, SECONDS, 2))
    found = Evidence(table, Fraction(SECONDS), shots, None, (EngineUse("sound", "dsp", "1"),))
    with store.ledger.run(Stage("analyze", (SHA,), {"made": "by hand"}, "1")) as claim:
        found.save(claim.folder)
        claim.publish({})
    return seeded


def test_without_a_wish_the_moments_are_those_of_the_profile(store: Store, seen: Seeded) -> None:
    shown = lab(store).shown({})
    assert shown["hash"] == BASE.hash
    assert [moment["was"] for moment in shown["moments"]] == [1]
    assert shown["moments"][0]["start"] == 10
    assert shown["left"] == []


def test_other_weights_choose_another_moment_and_tell_which_is_gone(store: Store, seen: Seeded) -> None:
    shown = lab(store).shown({"batch": seen.batch_id, "weights": {"motion": 0.1, "loudness": 0.9}})
    assert shown["hash"] != BASE.hash
    assert [(moment["start"], moment["was"]) for moment in shown["moments"]] == [(40.0, None)]
    assert [moment["start"] for moment in shown["left"]] == [10.0]
    weights = {one["name"]: (one["base"], one["weight"]) for one in shown["signals"]}
    assert weights["loudness"] == (0.1, pytest.approx(0.9))


def test_a_weight_of_nothing_leaves_the_signal_out(store: Store, seen: Seeded) -> None:
    shown = lab(store).shown({"weights": {"loudness": 0}})
    weights = {one["name"]: one["weight"] for one in shown["signals"]}
    assert (weights["motion"], weights["loudness"]) == (1.0, 0.0)
    with pytest.raises(DefinitionError, match="weighs nothing"):
        lab(store).shown({"weights": {"loudness": 0, "motion": 0}})


def test_a_knob_turns_its_signals(store: Store, seen: Seeded) -> None:
    base = replace(BASE, weights={"motion": 0.5, "speech_presence": 0.5})
    turned = lab(store, base).shown({"knobs": {"talk": 1}})
    weights = {one["name"]: one["weight"] for one in turned["signals"]}
    assert weights["speech_presence"] == pytest.approx(profiles.KNOB_STRENGTH / (profiles.KNOB_STRENGTH + 1))


def test_an_empty_store_says_what_to_do(store: Store) -> None:
    with pytest.raises(NotFound, match="editron demo"):
        lab(store).shown({})
