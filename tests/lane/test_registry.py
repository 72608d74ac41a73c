"""The registry: which profile a word means, and that production takes a promoted one only."""

from __future__ import annotations

from pathlib import Path

import pytest

from editron_core.config import settings
from editron_core.domain.registry import ProfileStage
from editron_core.errors import DefinitionError, UsageError
from editron_core.lane import Lane, Order, as_json, registry
from editron_core.score import profile as profiles
from editron_core.store import Store
from tests.lane.test_promotion import Bench, another, raised

BRIEF = "the jump over the boxes"


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store=store)


def produce(lane: Lane) -> None:
    lane.desk.settings = settings().model_copy(update={"mode": "production"})


def changed_file(folder: Path) -> Path:
    """The shipped profile with another limit, under the same name."""
    path = folder / "default.toml"
    shipped = (profiles.PROFILES / "default.toml").read_text("utf-8")
    assert shipped.count("per_file = ") == 1
    path.write_text(shipped.replace("per_file = ", "per_file = 1"))
    return path


def test_a_name_a_file_and_a_hash_mean_a_profile(store: Store, tmp_path: Path) -> None:
    shipped, other = profiles.load("default"), another("mine")
    store.profiles.remember(other.hash, other.name, other.to_data())

    assert registry.find(store, "default") == registry.find(store, shipped.hash) == shipped
    assert registry.find(store, str(changed_file(tmp_path))) not in (shipped, other)
    assert registry.find(store, "mine") == registry.find(store, other.hash[:8]) == other
    with pytest.raises(DefinitionError, match="neither a shipped profile, a file nor registered"):
        registry.find(store, "nope")


def test_a_name_of_several_profiles_is_no_answer(store: Store) -> None:
    for contrast in (0.6, 0.8):
        one = another("mine", contrast)
        store.profiles.remember(one.hash, one.name, one.to_data())
    with pytest.raises(UsageError, match="several profiles") as caught:
        registry.find(store, "mine")
    assert one.hash[:12] in str(caught.value)


def test_production_of_a_fresh_store_names_the_command_that_promotes(lane: Lane) -> None:
    produce(lane)
    for name in profiles.shipped():
        with pytest.raises(UsageError, match=f"editron profiles promote {name} "):
            lane.check(Order(profile=name))


@pytest.mark.parametrize("stage", [ProfileStage.CANDIDATE, ProfileStage.APPROVED])
def test_a_profile_on_its_way_does_not_score_in_production(
    lane: Lane, store: Store, bench: Bench, stage: ProfileStage
) -> None:
    raised(store, bench, profiles.load("default"), stage)
    produce(lane)
    with pytest.raises(UsageError, match="promote default"):
        lane.check(Order())
    with pytest.raises(UsageError, match=f"stands at {stage}"):
        lane.check(Order(profile=profiles.load("default").hash))


def test_a_retired_profile_does_not_score_in_production(lane: Lane, store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    raised(store, bench, shipped)
    raised(store, bench, another())
    produce(lane)
    with pytest.raises(UsageError, match="stands at retired"):
        lane.check(Order(profile=shipped.hash[:12]))


def test_knobs_and_files_make_other_profiles_for_production(
    lane: Lane, store: Store, bench: Bench, tmp_path: Path
) -> None:
    raised(store, bench, profiles.load("default"))
    produce(lane)

    lane.check(Order())
    lane.check(Order(knobs={"energy": 0.0}))
    with pytest.raises(UsageError, match="turned knobs make another profile"):
        lane.check(Order(knobs={"energy": 0.5}))
    with pytest.raises(UsageError, match="this profile stands at research"):
        lane.check(Order(profile=str(changed_file(tmp_path))))
    lane.check(Order(profile=str(profiles.PROFILES / "default.toml")))  # it is the hash that counts


def test_production_scores_with_the_promoted_profile_and_not_with_the_shipped_one(
    lane: Lane, store: Store, bench: Bench, clips: Path
) -> None:
    promoted = another(contrast=0.3)
    raised(store, bench, promoted)
    produce(lane)
    seen = lane.analyze(lane.ingest([str(clips)]))

    first, second = (as_json(lane.score(seen, Order(brief=BRIEF))) for _ in range(2))

    assert first["profile"] == {"name": "default", "hash": promoted.hash}
    assert first["moments"]
    assert {moment["profile_hash"] for moment in first["moments"]} == {promoted.hash}
    assert first["moments"] == second["moments"]


def test_development_scores_with_a_registered_hash(lane: Lane, store: Store, clips: Path) -> None:
    other = another("mine")
    store.profiles.remember(other.hash, other.name, other.to_data())

    outcome = lane.score(lane.analyze(lane.ingest([str(clips)])), Order(BRIEF, profile=other.hash[:10]))

    assert outcome.profile == {"name": "mine", "hash": other.hash}


def test_the_list_holds_what_ships_and_what_was_used(store: Store, bench: Bench) -> None:
    shipped, other = profiles.load("default"), another("mine")
    raised(store, bench, shipped)
    store.profiles.remember(other.hash, other.name, other.to_data())

    rows = {row["hash"]: row for row in registry.listing(store)}

    assert {profiles.load(name).hash for name in profiles.shipped()} | {other.hash} == set(rows)
    first, last = rows[shipped.hash], rows[other.hash]
    assert (first["stage"], first["by"], first["shipped"]) == ("production", "ann", True)
    assert first["since"]
    assert (last["name"], last["stage"], last["by"], last["shipped"]) == ("mine", "research", None, False)


def test_the_standing_of_a_profile_says_how_it_came_there(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    raised(store, bench, shipped)
    raised(store, bench, another())

    found = registry.standing(store, shipped.hash)

    assert found["stage"] == "retired"
    assert [row["went_to"] for row in found["promotions"]] == [
        "candidate",
        "approved",
        "production",
        "retired",
    ]
    assert {run["kind"] for run in found["qa_runs"]} == {"gate", "holdout"}
    assert len(registry.history(store, "default")) == 7
