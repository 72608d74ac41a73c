"""The gate: what works and chooses well passes, and each defect that was published of others is caught."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from editron_core.domain.evidence import MEASURED
from editron_core.errors import UsageError
from editron_core.qa import applied, golden, soundness, wordeye
from editron_core.qa.agreement import agreement
from editron_core.qa.exam import Exam, without
from editron_core.qa.gate import gate
from editron_core.qa.golden import Golden, GoldenSet, Kind
from editron_core.qa.merit import cross_validated
from editron_core.score import derive, scorer, select
from editron_core.score import profile as profiles
from editron_core.score.profile import Profile, load

DEFAULT = load("default")


@pytest.fixture(scope="module")
def dataset() -> GoldenSet:
    return golden.load()


@pytest.fixture
def exam(dataset: GoldenSet) -> Exam:
    """A new one for each test: it keeps what it has scored."""
    return Exam.of(DEFAULT, dataset)


def failed(exam: Exam) -> list[str]:
    """The names of the checks of soundness that an exam does not pass."""
    return [found.name for check in soundness.CHECKS if not (found := check(exam)).passed]


def heaviest(exam: Exam) -> str:
    """The measured signal that weighs most; what is derived from it has no column to change."""
    return max(set(exam.profile.weights) & set(MEASURED), key=lambda name: (exam.profile.weights[name], name))


def changed(exam: Exam, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Exam:
    """The exam with every evidence table changed."""

    def each(one: Golden) -> Golden:
        return replace(one, evidence=replace(one.evidence, table=change(one.evidence.table)))

    return replace(exam, drawn=tuple(map(each, exam.drawn)), real=tuple(map(each, exam.real)))


def test_the_default_profile_passes(dataset: GoldenSet) -> None:
    result = gate(DEFAULT, dataset)
    assert result.failed == ()
    assert result.passed
    assert result.profile_hash == DEFAULT.hash
    assert {check.name for check in result.checks} >= {"beats middle", "beats loudest", "beats longest"}


def test_a_weighted_channel_without_data_is_caught(exam: Exam) -> None:
    signal = heaviest(exam)
    dead = changed(exam, lambda table: table.with_columns(pl.lit(None, pl.Float32).alias(signal)))
    assert failed(dead) == ["signals are measured", "signals change the ranking"]
    assert signal in soundness.signals_are_measured(dead).detail


def test_a_channel_that_says_nothing_is_caught(exam: Exam) -> None:
    signal = heaviest(exam)
    constant = changed(exam, lambda table: table.with_columns(pl.lit(0.5, pl.Float32).alias(signal)))
    assert failed(constant) == ["signals are measured", "signals change the ranking"]
    assert signal in soundness.signals_are_measured(constant).detail


def test_weights_that_do_not_sum_are_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "_check_weights", lambda weights, off: None)
    raised = {name: weight * 1.15 for name, weight in exam.profile.weights.items()}
    assert "weights are sane" in failed(replace(exam, profile=replace(exam.profile, weights=raised)))


def test_one_signal_that_outweighs_all_others_is_caught(exam: Exam) -> None:
    lopsided = Profile("lopsided", {"motion": 0.6, "loudness": 0.2, "colour": 0.2})
    assert "weights are sane" in failed(replace(exam, profile=lopsided))


def test_a_setting_that_is_not_applied_is_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = select.choose
    always = lambda found, rules: choose(found, replace(rules, threshold=0.0))  # noqa: E731
    monkeypatch.setattr(select, "choose", always)
    assert failed(exam) == ["the profile is applied"]
    assert "threshold" in applied.profile_is_applied(exam).detail


@pytest.mark.parametrize("setting", sorted(applied.SETTINGS))
def test_every_setting_is_seen_to_be_applied(exam: Exam, setting: str) -> None:
    one, other = applied.SETTINGS[setting](exam.profile)
    assert one.hash != other.hash
    assert exam.moments(one) != exam.moments(other)


def test_a_shape_that_is_not_applied_is_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer, "_shaped", lambda signal, shape, scale: signal * scale)
    assert failed(exam) == ["the profile is applied"]
    assert applied.profile_is_applied(exam).detail == "not applied: shapes"


@pytest.mark.parametrize("side", ["positive", "negative"])
def test_prompts_that_are_not_applied_are_caught(
    exam: Exam, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = wordeye.prompts
    fixed = {"positive": wordeye.embed(["a person speaking"]), "negative": wordeye.embed([])}[side]
    monkeypatch.setattr(
        wordeye, "prompts", lambda profile, brief: replace(read(profile, brief), **{side: fixed})
    )
    assert applied.profile_is_applied(exam).detail == f"not applied: {side}"


def test_another_profile_than_was_asked_for_is_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    moment, other = select._moment, load("talk")
    monkeypatch.setattr(select, "_moment", lambda candidate, evidence, _: moment(candidate, evidence, other))
    assert failed(exam) == ["the profile is applied"]


def test_a_cache_that_mixes_two_formulas_is_caught(exam: Exam) -> None:
    (formula, ids), *_ = exam.formulas.items()
    mixed = replace(exam, formulas={formula: ids[1:], "another": ids[:1]})
    assert failed(mixed) == ["evidence is of one formula"]
    assert ids[0] in soundness.evidence_is_of_one_formula(mixed).detail


def test_an_unseeded_choice_is_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    choose, dice = select.choose, random.Random()

    def jittered(found, rules):
        kept = choose(found, replace(rules, max_moments=2 * rules.max_moments))
        return sorted(dice.sample(kept, min(len(kept), rules.max_moments)), key=lambda one: one.order)

    monkeypatch.setattr(select, "choose", jittered)
    assert "replay is deterministic" in failed(exam)


def test_a_score_with_noise_in_it_is_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    smoothed, dice = scorer._smoothed, random.Random()
    noisy = lambda column, profile, step: smoothed(column, profile, step) + dice.random() * 1e-3  # noqa: E731
    monkeypatch.setattr(scorer, "_smoothed", noisy)
    assert "replay is deterministic" in failed(exam)


def test_a_scale_that_saturates_is_caught(exam: Exam) -> None:
    signal = next(name for name in ("loudness", "motion", "colour") if name in exam.profile.weights)
    loud = changed(exam, lambda table: table.with_columns((pl.col(signal) * 50).clip(0, 1)))
    assert "scales are not saturated" in failed(loud)
    assert signal in soundness.scales_are_not_saturated(loud).detail


def test_a_score_that_saturates_is_caught(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    smoothed = scorer._smoothed
    squashed = lambda column, profile, step: 0.99 + smoothed(column, profile, step) / 1000  # noqa: E731
    monkeypatch.setattr(scorer, "_smoothed", squashed)
    assert "scores hardly differ" in soundness.scales_are_not_saturated(exam).detail


def test_what_does_not_work_is_not_asked_how_well_it_chooses(dataset: GoldenSet) -> None:
    lopsided = Profile("lopsided", {"motion": 0.6, "loudness": 0.2, "colour": 0.2})
    result = gate(lopsided, dataset)
    assert not result.passed
    assert not any(check.name.startswith("beats") for check in result.checks)


def test_a_profile_of_signals_that_say_nothing_about_taste_does_not_pass(
    dataset: GoldenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(3)
    table = derive.derived

    def noise(evidence, names, brief, prompts=None):
        made = table(evidence, names, brief, prompts)
        values = [pl.Series(name, [dice.random() for _ in range(len(made))], pl.Float32) for name in names]
        return made.with_columns(values)

    exam = Exam.of(DEFAULT, dataset)
    monkeypatch.setattr(scorer, "derived", noise)
    monkeypatch.setattr("editron_core.qa.channels.derived", noise)
    from editron_core.qa import merit

    assert not any(check.passed for check in merit.beats_the_baselines(exam))


def test_a_locale_that_is_sacrificed_is_named(exam: Exam) -> None:
    from editron_core.qa import merit

    real = tuple(upside_down(one) if one.item.genre == "nature" else one for one in exam.real)
    checks = {check.name: check for check in merit.sacrifices_nobody(replace(exam, real=real))}
    found = checks["sacrifices no locale or genre (real)"]
    assert not found.passed
    assert "genre nature" in found.measured


def test_raters_who_do_not_agree_condemn_nobody(exam: Exam) -> None:
    from editron_core.qa import merit

    def quarrelling(one: Golden) -> Golden:
        first = next(iter(one.truth.ratings.values()))
        ratings = {"a": first, "b": tuple(6 - value for value in first)}
        return replace(one, truth=replace(one.truth, ratings=ratings))

    (worst,) = (one for one in exam.real if one.item.id == "fades_nature_24s")
    one, two = agreement(worst.truth.rows), agreement(quarrelling(worst).truth.rows)
    assert one is not None
    assert two is not None
    assert one > merit.LEAST_AGREEMENT > two
    real = tuple(quarrelling(one) if one is worst else one for one in exam.real)
    found = {check.name: check for check in merit.sacrifices_nobody(replace(exam, real=real))}
    assert "fades_nature_24s" in found["sacrifices no locale or genre (real)"].detail


def upside_down(one: Golden) -> Golden:
    """The item as rated by people who like what the others leave out."""
    ratings = {rater: tuple(6 - value for value in row) for rater, row in one.truth.ratings.items()}
    return replace(one, truth=replace(one.truth, ratings=ratings))


@pytest.mark.parametrize("shaped", [False, True])
def test_an_item_is_judged_by_weights_that_know_nothing_of_it(dataset: GoldenSet, shaped: bool) -> None:
    items = dataset.open(Kind.REAL)
    profile = replace(DEFAULT, shapes={"action": (0.0, 0.9, 1.0)}) if shaped else DEFAULT
    before = cross_validated(items, profile).scores
    for at in (1, 5):
        turned = (*items[:at], upside_down(items[at]), *items[at + 1 :])
        after = cross_validated(turned, profile).scores[at]
        assert before[at].spearman > 0.2
        assert after.spearman == pytest.approx(
            -before[at].spearman, abs=0.1
        )  # all folds are solved in one go


def test_the_cross_validated_figure_owes_nothing_to_the_profiles_own_weights(dataset: GoldenSet) -> None:
    items = dataset.open(Kind.REAL)
    unseen = {name: DEFAULT.weights[name] for name in ("brief_coverage", "vision_prompt")}
    names = [name for name in DEFAULT.weights if name not in unseen]
    turned = dict(zip(names, reversed([DEFAULT.weights[name] for name in names]), strict=True))
    one = cross_validated(items, DEFAULT)
    assert cross_validated(items, replace(DEFAULT, weights=turned | unseen)) == one


def test_without_real_items_there_is_nothing_to_judge_by(dataset: GoldenSet) -> None:
    drawn = tuple(entry for entry in dataset.entries if entry.item.kind is Kind.DRAWN)
    with pytest.raises(UsageError, match="no real items"):
        gate(DEFAULT, replace(dataset, entries=drawn))


def test_a_signal_taken_away_leaves_its_weight_to_the_others() -> None:
    rest = without(DEFAULT, "subject")
    assert "subject" not in rest.weights
    assert "subject" in rest.off
    assert sum(rest.weights.values()) == pytest.approx(1)
