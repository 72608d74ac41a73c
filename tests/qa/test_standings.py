"""What notebooks show of golden items and of scorers: the numbers of `evaluate`, laid out."""

from __future__ import annotations

import numpy as np
import pytest

from editron_core.qa import explore, standings
from editron_core.qa.evaluate import BASELINES, evaluate, of_profile
from editron_core.qa.golden import Golden, Kind
from editron_core.qa.study import Trials
from editron_core.score import profile as profiles
from tests.qa.made_golden import made_golden, made_item

DEFAULT = profiles.load("default")


@pytest.fixture(scope="module")
def items() -> tuple[Golden, ...]:
    genres = ("sport", "talk")
    return tuple(made_golden(made_item(f"i{n}", genre=genres[n % 2]), seed=n) for n in range(8))


def test_a_signal_is_worth_what_it_orders_alone(items: tuple[Golden, ...]) -> None:
    table = explore.worth(items)
    assert set(table["name"].head(2)) == {"motion", "loudness"}, "the two that follow the panel lead"
    motion = (
        table.row(by_predicate=(table["name"] == "motion"), named=True)
        if False
        else next(row for row in table.to_dicts() if row["name"] == "motion")
    )
    assert motion["mean"] == evaluate(items, explore.of_signal("motion")).spearman.mean > 0.9
    assert motion["measured"] == 1.0


def test_a_signal_that_was_not_measured_orders_nothing(items: tuple[Golden, ...]) -> None:
    bare = [
        Golden(
            one.item,
            type(one.evidence)(**{**vars(one.evidence), "table": one.evidence.table.drop("motion")}),
            one.truth,
        )
        for one in items
    ]
    row = next(row for row in explore.worth(bare).to_dicts() if row["name"] == "motion")
    assert (row["mean"], row["measured"]) == (0.0, 0.0)


def test_an_item_over_time_has_its_panel_in_every_row(items: tuple[Golden, ...]) -> None:
    seen = explore.over_time(items[0], DEFAULT)
    assert seen["panel"].to_list() == np.repeat(items[0].truth.panel, 4).tolist()
    assert seen.height == items[0].evidence.table.height
    tall = explore.tall(seen.with_columns(faces=None))
    assert "faces" not in set(tall["name"])
    assert tall.filter(name="motion")["value"].to_list() == seen["motion"].to_list()


def test_scorers_stand_side_by_side_with_what_the_items_can_tell(items: tuple[Golden, ...]) -> None:
    ours, random = evaluate(items, explore.of_signal("motion")), evaluate(items, BASELINES["random"])
    table = standings.standing({"ours": ours, "random": random}, "held out")
    assert table["mean"].to_list() == [ours.spearman.mean, random.spearman.mean]
    assert set(table["group"]) == {"held out"}
    said = standings.verdicts(ours, {"random": random, "itself": ours})
    assert said["verdict"][0].startswith("better by")
    assert said["verdict"][1].startswith("no difference")


def test_groups_of_a_few_items_are_refused_a_verdict(items: tuple[Golden, ...]) -> None:
    ours, random = evaluate(items, explore.of_signal("motion")), evaluate(items, BASELINES["random"])
    table = standings.groups(ours, random)
    assert table.select("by", "name", "items").rows() == [
        ("genre", "sport", 4),
        ("genre", "talk", 4),
        ("locale", "en", 8),
    ]
    assert [text.split(" ")[0] for text in table["verdict"]] == ["no", "no", "better"]


def test_a_search_is_told_trial_by_trial() -> None:
    trials = Trials(({}, {}, {}), np.array([[0.1, 0.3], [0.0, 0.2], [0.5, 0.5]]))
    table = standings.history(trials)
    assert table["trial"].to_list() == [1, 2, 3]
    assert table["value"].to_list() == pytest.approx([0.2, 0.1, 0.5])
    assert table["best"].to_list() == pytest.approx([0.2, 0.2, 0.5])


def test_weights_of_profiles_are_told_for_every_signal_of_any() -> None:
    talk = profiles.load("talk")
    table = standings.weights({"default": DEFAULT, "talk": talk})
    assert set(table["name"]) == {*DEFAULT.weights, *talk.weights}
    for row in table.to_dicts():
        profile = DEFAULT if row["group"] == "default" else talk
        assert row["value"] == profile.weights.get(row["name"], 0.0)
    last = table.filter(group="talk")["value"].to_list()
    assert last == sorted(last, reverse=True)


def test_items_are_listed_with_who_rated_them(items: tuple[Golden, ...]) -> None:
    row = explore.listed({Kind.REAL: items}).row(0, named=True)
    assert (row["item"], row["seconds"], row["windows"], row["raters"]) == ("i0", 20.0, 10, "2 automated")


def test_items_one_by_one_keep_their_own_figures(items: tuple[Golden, ...]) -> None:
    ours = evaluate(items, of_profile(DEFAULT))
    table = standings.item_by_item({"default": ours})
    assert dict(table.select("name", "default").iter_rows()) == {s.item.id: s.spearman for s in ours.scores}
