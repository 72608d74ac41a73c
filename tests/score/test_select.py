"""From evidence to moments: what is chosen, why, and that it cannot be otherwise."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from editron_core.domain import codec
from editron_core.domain.evidence import MEASURED
from editron_core.domain.moment import Selection
from editron_core.errors import DefinitionError
from editron_core.score import scorer, select
from editron_core.score.brief import Brief
from editron_core.score.derive import PromptVectors
from editron_core.score.profile import Lengths, Normalisation, Profile, Rules, load, shipped
from editron_core.score.snap import Snapper
from editron_core.times import Span
from tests.score.tables import ROWS, bump, evidence, noise, said

BRIEF = Brief("Show the winning goal")
PLAIN = Profile(
    "plain",
    {"motion": 0.6, "loudness": 0.4},
    lengths=Lengths(Fraction(3), Fraction(8), Fraction(15)),
    normalisation=Normalisation(contrast=0, smoothing_s=0),
    selection=Rules(threshold=0.5),
)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def talk(seed: int):
    rng = np.random.default_rng(seed)
    words = [
        (str(rng.choice(["goal.", "weather", "winning", "rain."])), 3.0 * i, 3.0 * i + 0.6) for i in range(18)
    ]
    return said(*words)


def rich(seed: int):
    """Evidence with every signal, a transcript and embeddings: 60 s."""
    columns = {name: noise(100 * seed + i) for i, name in enumerate(MEASURED)}
    looks = unit(np.random.default_rng(seed).normal(size=(ROWS, 8)).cumsum(axis=0))
    return evidence(columns, cuts=(7.3, 18, 29.6, 44), transcript=talk(seed), embeddings=looks)


def prompts(seed: int = 5) -> PromptVectors:
    rows = unit(np.random.default_rng(seed).normal(size=(5, 8)))
    return PromptVectors(rows[:2], rows[2:4], rows[4:])


BATCH = {"a": rich(1), "b": rich(2)}


def chosen(profile: Profile, batch=None) -> Selection:
    return select.select(batch or BATCH, profile, BRIEF, prompts())


def without(profile: Profile, name: str) -> Profile:
    rest = {k: v for k, v in profile.weights.items() if k != name}
    total = sum(rest.values())
    return replace(profile, weights={k: v / total for k, v in rest.items()}, off=(name,))


def ranking(profile: Profile) -> list[tuple[str, Span]]:
    found = []
    for key, seen in BATCH.items():
        table = scorer.curve(seen, profile, BRIEF, prompts())
        found += select.candidates(key, seen, table, profile)
    return [(c.file_id, c.span) for c in sorted(found, key=lambda c: c.order)]


@pytest.mark.parametrize(("name", "signal"), [(n, s) for n in shipped() for s in load(n).weights])
def test_no_weight_is_dead(name, signal):
    profile = load(name)
    assert ranking(without(profile, signal)) != ranking(profile)


@pytest.mark.parametrize("name", shipped())
def test_the_profile_that_was_asked_for_is_the_one_applied(name):
    profile = load(name)
    moments = chosen(profile).moments
    assert moments
    assert {m.profile_hash for m in moments} == {profile.hash}
    turned = profile.with_knobs(talk=-0.5)
    assert {m.profile_hash for m in chosen(turned).moments} == {turned.hash} != {profile.hash}


def test_the_best_moment_is_where_the_peak_is():
    found = select.select({"a": evidence({"motion": bump(31), "loudness": bump(31)})}, PLAIN)
    best = found.moments[0]
    assert best.span.holds(Fraction(31))
    assert PLAIN.lengths.min <= best.span.duration <= PLAIN.lengths.max
    assert found.best_score == best.score > 0.6


def test_moments_come_best_first_and_do_not_overlap():
    moments = chosen(load("default")).moments
    assert len(moments) > 3
    assert [m.score for m in moments] == sorted((m.score for m in moments), reverse=True)
    for i, one in enumerate(moments):
        for other in moments[:i]:
            if one.file_id == other.file_id:
                shorter = min(one.span.duration, other.span.duration)
                most = load("default").selection.max_overlap
                assert one.span.overlap(other.span) <= most * float(shorter)


@pytest.mark.parametrize("name", shipped())
def test_contributions_sum_to_the_score_and_signals_are_shares(name):
    for moment in chosen(load(name)).moments:
        assert sum(moment.contributions.values()) == pytest.approx(moment.score, abs=1e-12)
        assert set(moment.contributions) == set(moment.signals) == set(load(name).weights)
        assert 0 <= moment.score <= 1
        assert all(value is None or 0 <= value <= 1 for value in moment.signals.values())


def test_without_a_peak_bonus_the_score_is_the_weighted_sum_of_the_signals():
    flat = replace(PLAIN, selection=replace(PLAIN.selection, peak=0.0))
    for m in chosen(flat).moments:
        expected = sum(flat.weights[name] * value for name, value in m.signals.items())
        assert m.score == pytest.approx(expected, abs=1e-9)


def test_a_moment_never_cuts_a_word():
    for seed in range(5):
        seen = rich(seed)
        for moment in select.select({"a": seen}, load("talk"), BRIEF, prompts()).moments:
            for word in seen.transcript.words:
                for end in (moment.span.start, moment.span.end):
                    assert not word.span.start < end < word.span.end


def test_the_same_input_gives_the_same_bytes():
    one, other = (codec.canonical(codec.dump(chosen(load("default")))) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_files_and_weights_changes_nothing(seed):
    shuffle = random.Random(seed)
    batch = {"a": rich(1), "b": rich(2), "c": rich(1)}
    keys, weights = list(batch), list(load("default").weights.items())
    shuffle.shuffle(keys)
    shuffle.shuffle(weights)
    mixed = replace(load("default"), weights=dict(weights))
    one = chosen(load("default"), batch)
    other = chosen(mixed, {key: batch[key] for key in keys})
    assert codec.canonical(codec.dump(one)) == codec.canonical(codec.dump(other))


def test_equals_are_told_apart_by_file_then_time():
    same = evidence({"motion": bump(31), "loudness": bump(31)})
    found = select.select({"b": same, "a": same}, PLAIN)
    assert [m.file_id for m in found.moments[:2]] == ["a", "b"]


DEFAULT = load("default")
CHANGES = {
    "threshold": replace(DEFAULT, selection=replace(DEFAULT.selection, threshold=0.55)),
    "peak": replace(DEFAULT, selection=replace(DEFAULT.selection, peak=1.0)),
    "max_overlap": replace(DEFAULT, selection=replace(DEFAULT.selection, max_overlap=0.9)),
    "diversity": replace(
        DEFAULT, selection=replace(DEFAULT.selection, diversity=1.0, max_moments=4, per_file=4)
    ),
    "max_moments": replace(DEFAULT, selection=replace(DEFAULT.selection, max_moments=2)),
    "contrast": replace(DEFAULT, normalisation=replace(DEFAULT.normalisation, contrast=0.9)),
    "smoothing_s": replace(DEFAULT, normalisation=replace(DEFAULT.normalisation, smoothing_s=0.0)),
    "min": replace(DEFAULT, lengths=replace(DEFAULT.lengths, min=Fraction(6))),
    "target": replace(DEFAULT, lengths=replace(DEFAULT.lengths, target=Fraction(11))),
    "max": replace(DEFAULT, lengths=replace(DEFAULT.lengths, max=Fraction(6))),
    "energy": DEFAULT.with_knobs(energy=1),
    "talk": DEFAULT.with_knobs(talk=1),
    "beauty": DEFAULT.with_knobs(beauty=1),
}


@pytest.mark.parametrize("setting", CHANGES)
def test_a_setting_that_changes_changes_what_comes_out(setting):
    spans = lambda s: [(m.file_id, m.span, m.score) for m in s.moments]  # noqa: E731
    assert spans(chosen(CHANGES[setting])) != spans(chosen(DEFAULT))


def test_the_most_that_one_file_may_give_is_applied():
    rich_in_moments = evidence({"motion": np.maximum(bump(12), bump(48)), "loudness": bump(12)})
    batch = {
        "a": rich_in_moments,
        "b": evidence({"motion": bump(30, high=0.5), "loudness": bump(30, high=0.5)}),
    }

    def most(per_file: int) -> int:
        few = replace(PLAIN.selection, threshold=0.0, max_moments=2, per_file=per_file, diversity=0.0)
        found = chosen(replace(PLAIN, selection=few), batch)
        return max(Counter(moment.file_id for moment in found.moments).values())

    assert (most(1), most(2)) == (1, 2)


def test_changing_prompts_or_the_brief_changes_what_comes_out():
    spans = lambda s: [(m.file_id, m.span, m.score) for m in s.moments]  # noqa: E731
    base = spans(chosen(DEFAULT))
    assert spans(select.select(BATCH, DEFAULT, BRIEF, prompts(6))) != base
    assert spans(select.select(BATCH, DEFAULT, Brief("rain and weather"), prompts())) != base


@pytest.mark.parametrize(
    ("knob", "liked", "other"),
    [
        ("energy", "action", "speech_presence"),
        ("talk", "speech_presence", "action"),
        ("beauty", "detail", "loudness"),
    ],
)
def test_a_knob_brings_the_moments_that_it_names_forward(knob, liked, other):
    batch = {"a": evidence({liked: bump(10), other: bump(45)})}
    first = lambda value: select.select(batch, DEFAULT.with_knobs(**{knob: value})).moments[0]  # noqa: E731
    assert first(1).span.holds(Fraction(10))
    assert first(-1).span.holds(Fraction(45))


def test_an_empty_selection_explains_itself_and_is_right():
    strict = replace(PLAIN, selection=replace(PLAIN.selection, threshold=0.97))
    found = chosen(strict)
    assert found.moments == ()
    told = re.match(
        r"0 of (\d+) passed; best (0\.\d\d) < 0\.97; at (0\.\d\d) there are (\d+)", found.explanation
    )
    assert told, found.explanation
    considered, best, lower, there = told.groups()
    assert int(considered) == found.considered > 0
    assert float(best) <= found.best_score < 0.97
    looser = replace(PLAIN, selection=replace(PLAIN.selection, threshold=float(lower)))
    assert len(chosen(looser).moments) == int(there) >= select.NEAR_MISSES


def test_the_best_score_is_never_rounded_up_to_the_threshold():
    seen = {"a": evidence({"motion": np.full(ROWS, 0.6999), "loudness": np.full(ROWS, 0.6999)})}
    strict = replace(PLAIN, selection=replace(PLAIN.selection, threshold=0.7))
    assert "best 0.69 < 0.70" in select.select(seen, strict).explanation


def test_a_full_selection_says_how_many_passed():
    found = chosen(DEFAULT)
    told = re.match(r"(\d+) of (\d+) passed 0\.20; best 0\.\d\d; (\d+) kept", found.explanation)
    assert told
    assert int(told[2]) == found.considered
    assert int(told[3]) == len(found.moments)


def test_signals_that_were_never_measured_are_reported():
    found = select.select({"a": evidence({"motion": bump(31)})}, PLAIN)
    assert "Coverage 0.60" in found.explanation
    assert "measured never: loudness (0.40)" in found.explanation


def test_signals_that_were_measured_in_part_are_reported():
    half = bump(31).copy()
    half[:30] = np.nan
    found = select.select({"a": evidence({"motion": bump(31), "loudness": half})}, PLAIN)
    assert "measured in part: loudness (75% of the time)" in found.explanation


def test_where_all_was_measured_nothing_is_said_about_coverage():
    found = select.select({"a": evidence({"motion": bump(31), "loudness": bump(31)})}, PLAIN)
    assert "Coverage" not in found.explanation


def test_nothing_to_score_is_told():
    for batch in ({}, {"a": evidence()}):
        found = select.select(batch, PLAIN)
        assert found.moments == ()
        assert found.best_score is None
        assert found.explanation.startswith("0 of 0 passed")


def test_a_short_file_is_one_candidate_that_covers_it():
    short = evidence({"motion": bump(1, rows=4), "loudness": bump(1, rows=4)}, rows=4)
    found = select.select({"a": short}, PLAIN)
    assert found.considered == 1
    assert found.moments[0].span == Span.of(0, 2)


def test_diversity_prefers_a_moment_that_looks_different():
    # Three equal peaks; the first two look alike, the third does not and is slightly weaker.
    columns = np.maximum(bump(10), bump(30) - 0.005) * (np.arange(ROWS) < 80)
    columns = np.maximum(columns, bump(50) - 0.03)
    looks = np.zeros((ROWS, 3), np.float32)
    looks[:80, 0], looks[80:, 1] = 1, 1
    batch = {"a": evidence({"motion": columns, "loudness": columns}, embeddings=looks)}
    rules = replace(PLAIN.selection, max_moments=2, diversity=0.0)
    middles = lambda rules: sorted(  # noqa: E731
        float(m.span.middle) for m in select.select(batch, replace(PLAIN, selection=rules)).moments
    )
    assert middles(rules) == pytest.approx([10, 30], abs=2)
    assert middles(replace(rules, diversity=0.5)) == pytest.approx([10, 50], abs=2)


def test_a_reason_names_what_lifts_the_moment_and_quotes_it():
    speech = said(("What", 30, 30.3), ("a", 30.4, 30.5), ("goal!", 30.6, 31.2))
    batch = {"a": evidence({"motion": np.full(ROWS, 0.9), "loudness": bump(31)}, transcript=speech)}
    reason = select.select(batch, PLAIN).moments[0].reason
    assert reason.startswith("Loud sound and fast movement")
    assert "“What a goal!”" in reason


def test_a_long_quote_is_shortened_between_words():
    words = [(f"word{i}", 20 + 0.3 * i, 20.2 + 0.3 * i) for i in range(60)]
    batch = {"a": evidence({"motion": bump(31), "loudness": bump(31)}, transcript=said(*words))}
    quote = re.search("“(.*)”", select.select(batch, PLAIN).moments[0].reason)[1]
    assert quote.endswith(" …")
    assert len(quote) <= 76
    assert all(re.fullmatch(r"word\d+", word) for word in quote.removesuffix(" …").split())


def test_every_signal_has_words():
    from editron_core.domain.evidence import SIGNALS
    from editron_core.score.explain import WORDS

    assert set(WORDS) == set(SIGNALS)


def test_windows_cover_the_curve_and_keep_their_distance():
    found = select.windows(noise(9), Fraction(1, 2), PLAIN.lengths)
    assert all(span.duration == 8 for span in found)
    assert all(a.overlap(b) <= 4 for i, a in enumerate(found) for b in found[:i])
    scores = noise(9)
    best = max(range(ROWS - 15), key=lambda i: scores[i : i + 16].mean())
    assert found[0].start == Fraction(best, 2)


def test_hours_of_footage_are_scored_in_bounds():
    rows = 4 * 3600
    columns = {"motion": noise(1, rows), "loudness": noise(2, rows)}
    cuts = np.arange(9.7, rows / 2 - 10, 9.7).tolist()
    found = select.select({"a": evidence(columns, rows=rows, cuts=cuts)}, PLAIN)
    assert len(found.moments) == PLAIN.selection.max_moments


def test_candidates_end_where_the_snapper_lets_them():
    seen = rich(3)
    table = scorer.curve(seen, DEFAULT, BRIEF, prompts())
    snapper = Snapper(seen, DEFAULT.lengths)
    for c in select.candidates("a", seen, table, DEFAULT):
        assert DEFAULT.lengths.min <= c.span.duration <= DEFAULT.lengths.max
        assert c.span.clamp(snapper.whole) == c.span


def test_a_profile_that_does_not_hold_together_never_gets_here():
    with pytest.raises(DefinitionError):
        replace(PLAIN, weights={"motion": 0.5})
