"""Profiles: checked on load, identified by what they hold, moved by three knobs."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from editron_core.domain.evidence import SIGNALS
from editron_core.errors import DefinitionError
from editron_core.score import profile
from editron_core.score.profile import KNOBS, Lengths, Profile, Prompts, load, parse, shipped

PLAIN = """
[weights]
motion = 0.6
loudness = 0.4
"""


def written(folder, text: str, name: str = "mine") -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_default_talk_event_and_product_ship():
    assert shipped()[0] == "default"
    assert set(shipped()) >= {"default", "talk", "event", "product"}


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_profile_holds_together(name):
    p = load(name)
    assert p.name == name
    assert p.description
    assert math.fsum(p.weights.values()) == pytest.approx(1, abs=1e-6)
    assert set(p.weights) <= set(SIGNALS)
    assert p.prompts.positive
    assert p.prompts.negative


def test_shipped_profiles_differ():
    assert len({load(name).hash for name in shipped()}) == len(shipped())


def test_the_hash_is_of_the_content_not_of_the_writing(tmp_path):
    one = load(written(tmp_path, PLAIN + '[prompts]\npositive = ["a", "b"]\n[lengths]\nmin = 3\n'))
    other = load(
        written(
            tmp_path,
            "# a comment\ndescription='other words'\n[lengths]\nmin=3.0\n"
            "[prompts]\npositive=['b',\n 'a']\n[weights]\nloudness=4e-1\nmotion = 0.60\n",
            "renamed",
        )
    )
    assert one.name != other.name
    assert one.hash == other.hash
    assert len(one.hash) == 64


@pytest.mark.parametrize(
    "line",
    [
        "[lengths]\nmin = 2",
        "[lengths]\ntarget = 9",
        "[lengths]\nmax = 20",
        "[normalisation]\ncontrast = 0.1",
        "[normalisation]\nsmoothing_s = 1",
        "[selection]\nthreshold = 0.5",
        "[selection]\npeak = 0.5",
        "[selection]\nmax_overlap = 0.5",
        "[selection]\ndiversity = 0.5",
        "[selection]\nmax_moments = 3",
        "[selection]\nper_file = 3",
        '[prompts]\npositive = ["a cat"]',
        '[prompts]\nnegative = ["a cat"]',
    ],
)
def test_everything_that_can_change_a_choice_changes_the_hash(tmp_path, line):
    assert load(written(tmp_path, PLAIN + line)).hash != load(written(tmp_path, PLAIN, "plain")).hash


def test_a_weight_changes_the_hash(tmp_path):
    other = PLAIN.replace("0.6", "0.7").replace("0.4", "0.3")
    assert load(written(tmp_path, other)).hash != load(written(tmp_path, PLAIN)).hash


def test_data_goes_and_comes_back():
    p = load("talk")
    again = parse(p.to_data(), source="the store")
    assert again == p
    assert again.hash == p.hash
    assert again.lengths.min == Fraction(6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[weights]\nmotion = 0.6\n", "weights: sum to 0.6 .make them sum to 1"),
        ("[weights]\nmotion = 1\ncharm = 0\n", "weights.charm: is no signal .signals are motion"),
        ("[weights]\nmotion = 1\nonset = 0\n", r"weights.onset: is 0.*list it: off = \['onset'\]"),
        ("[weights]\nmotion = 1.5\nonset = -0.5\n", "weights.onset: is -0.5"),
        ('off = ["motion"]\n[weights]\nmotion = 1\n', "weights.motion: is weighted and declared off"),
        (PLAIN + "[lengths]\nmin = 9\ntarget = 8\n", "lengths: min 9, target 8.*use 0 < min"),
        (PLAIN + "[lengths]\nmin = 0\n", "lengths: min 0"),
        (PLAIN + "[lengths]\nmax = 900\n", "lengths"),
        (PLAIN + '[lengths]\nmin = "soon"\n', "lengths.min"),
        (PLAIN + "[lengths]\nmin = true\n", "lengths.min: is not a number of seconds"),
        (PLAIN + "[selection]\nthreshold = 1.2\n", "selection.threshold: is 1.2 .use a share"),
        (PLAIN + "[selection]\nmax_moments = 0\n", "selection.max_moments: is 0"),
        (PLAIN + "[selection]\nmax_moments = 2.5\n", "selection.max_moments"),
        (PLAIN + "[selection]\ntreshold = 0.5\n", "selection.treshold.*correct its spelling"),
        (PLAIN + "[normalisation]\nsmoothing_s = nan\n", "normalisation.smoothing_s"),
        (PLAIN + '[prompts]\npositive = [" "]\n', "prompts: holds an empty text"),
        ("weigths = 3\n" + PLAIN, "weigths.*correct its spelling"),
        ("description = 'no weights'\n", "weights"),
        ("[weights\n", "is not TOML"),
    ],
)
def test_what_does_not_hold_together_is_refused_with_key_and_remedy(tmp_path, text, says):
    with pytest.raises(DefinitionError, match=says) as caught:
        load(written(tmp_path, text))
    assert "mine.toml" in str(caught.value)
    assert caught.value.remedy


def test_an_unknown_name_lists_what_ships():
    with pytest.raises(DefinitionError, match="shipped are default"):
        load("defualt")


def test_a_profile_made_in_code_is_checked_too():
    with pytest.raises(DefinitionError, match=r"sum to 1\.1"):
        Profile("mine", {"motion": 0.6, "loudness": 0.5})


def test_the_order_of_weights_and_prompts_does_not_matter():
    one = Profile("x", {"motion": 0.6, "loudness": 0.4}, prompts=Prompts(("a", "b")))
    other = Profile("x", {"loudness": 0.4, "motion": 0.6}, prompts=Prompts(("b", "a", "a")))
    assert list(one.weights) == list(other.weights)
    assert one == other
    assert one.hash == other.hash


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("knob", KNOBS)
@pytest.mark.parametrize("value", [-1.0, 0.5, 1.0])
def test_a_knob_moves_its_own_signals_and_no_other(name, knob, value):
    before = load(name)
    after = before.with_knobs(**{knob: value})
    mine = [s for s in before.weights if s in KNOBS[knob]]
    others = [s for s in before.weights if s not in KNOBS[knob]]
    share = lambda p: sum(p.weights[s] for s in mine)  # noqa: E731
    assert (share(after) > share(before)) == (value > 0)
    # The others keep their proportions, and so do the knob's own.
    for group in (mine, others):
        ratios = [after.weights[s] / before.weights[s] for s in group]
        assert max(ratios) == pytest.approx(min(ratios))
    assert math.fsum(after.weights.values()) == pytest.approx(1)
    assert after.hash != before.hash
    assert knob in after.name


def test_knobs_at_rest_change_nothing():
    p = load("default")
    assert p.with_knobs() is p
    assert p.with_knobs(energy=0).hash == p.hash


def test_the_knobs_do_not_share_a_signal():
    signals = [s for group in KNOBS.values() for s in group]
    assert len(signals) == len(set(signals))
    assert set(signals) <= set(SIGNALS)


def test_a_knob_beyond_its_range_is_refused():
    with pytest.raises(DefinitionError, match=r"knob talk: is 1\.5"):
        load("default").with_knobs(talk=1.5)


def test_a_knob_that_could_move_nothing_is_refused():
    p = Profile("loud", {"loudness": 1.0}, lengths=Lengths())
    with pytest.raises(DefinitionError, match="moves nothing"):
        p.with_knobs(beauty=1)


def test_the_profiles_folder_holds_nothing_but_profiles():
    assert all(path.suffix == ".toml" for path in profile.PROFILES.iterdir())


def test_the_weights_of_a_turned_profile_given_again_are_the_same_profile():
    turned = load("talk").with_knobs(energy=0.5)
    assert load("talk").with_weights(turned.weights).hash == turned.hash
