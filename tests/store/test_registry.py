"""The registry's records: one step at a time, one profile of a name in production, nothing forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from editron_core.domain.registry import ProfileStage, Promotion, QaKind, Record
from editron_core.errors import Busy, NotFound, StoreError
from editron_core.store import Store, migrations

RESEARCH, CANDIDATE, APPROVED, PRODUCTION, RETIRED = ProfileStage
A, B, C = "a" * 64, "b" * 64, "c" * 64
DOCUMENT = {"name": "talk", "weights": {"speech_presence": 1.0}}


def step(profile: str, came_from: ProfileStage, went_to: ProfileStage) -> Promotion:
    return Promotion(profile, came_from, went_to, "ann", "it is better")


def raised(store: Store, profile: str, to: ProfileStage, name: str = "talk") -> None:
    """Take a profile from research to a stage."""
    store.profiles.remember(profile, name, {**DOCUMENT, "name": name})
    for came_from, went_to in ((RESEARCH, CANDIDATE), (CANDIDATE, APPROVED), (APPROVED, PRODUCTION)):
        held = store.profiles.production(name)
        replacing = held.hash if held and went_to is PRODUCTION else None
        store.promotions.record(step(profile, came_from, went_to), replacing=replacing)
        if went_to is to:
            return


def test_a_profile_that_was_applied_is_kept_at_research(store: Store) -> None:
    for _ in range(2):
        store.profiles.remember(A, "talk", DOCUMENT)

    found = store.profiles.get(A[:8])
    assert (found.hash, found.name, found.document, found.stage) == (A, "talk", DOCUMENT, RESEARCH)
    assert store.profiles.list() == store.profiles.list(name="talk") == (found,)
    with pytest.raises(NotFound, match="is no profile"):
        store.profiles.get(B)


def test_a_profile_goes_the_whole_way_and_leaves_its_history(store: Store) -> None:
    store.profiles.remember(A, "talk", DOCUMENT)
    run = store.qa_runs.begin(QaKind.HOLDOUT, "g", A)
    gate, record = {"passed": True, "checks": []}, Record("/notes/promote.ipynb", "d" * 64)

    store.promotions.record(replace(step(A, RESEARCH, CANDIDATE), gate=gate, notebook=record))
    store.promotions.record(replace(step(A, CANDIDATE, APPROVED), holdout_id=run.id))
    store.promotions.record(step(A, APPROVED, PRODUCTION))

    made = store.promotions.list(profile_hash=A)
    assert [(one.came_from, one.went_to) for one in made] == [
        (RESEARCH, CANDIDATE),
        (CANDIDATE, APPROVED),
        (APPROVED, PRODUCTION),
    ]
    assert {(one.author, one.reason) for one in made} == {("ann", "it is better")}
    assert (made[0].gate, made[0].notebook, made[1].holdout_id) == (gate, record, run.id)
    assert store.profiles.production("talk") == store.profiles.get(A)
    assert store.profiles.production("other") is None


@pytest.mark.parametrize(
    ("came_from", "went_to"),
    [(RESEARCH, APPROVED), (RESEARCH, PRODUCTION), (CANDIDATE, PRODUCTION), (PRODUCTION, CANDIDATE)],
)
def test_no_step_can_be_skipped(store: Store, came_from: ProfileStage, went_to: ProfileStage) -> None:
    store.profiles.remember(A, "talk", DOCUMENT)
    with pytest.raises(StoreError, match="cannot go from"):
        store.promotions.record(step(A, came_from, went_to))
    assert store.profiles.get(A).stage is RESEARCH


def test_a_step_begins_where_the_profile_stands(store: Store) -> None:
    store.profiles.remember(A, "talk", DOCUMENT)
    with pytest.raises(Busy, match="stands at research"):
        store.promotions.record(step(A, APPROVED, PRODUCTION))
    assert store.promotions.list() == ()


def test_the_successor_retires_the_one_before_it(store: Store) -> None:
    raised(store, A, PRODUCTION)
    raised(store, B, PRODUCTION)

    assert [store.profiles.get(one).stage for one in (A, B)] == [RETIRED, PRODUCTION]
    last = store.promotions.list(profile_hash=A)[-1]
    assert (last.came_from, last.went_to, last.author) == (PRODUCTION, RETIRED, "ann")
    assert B[:12] in last.reason


def test_profiles_of_other_names_stay_in_production(store: Store) -> None:
    raised(store, A, PRODUCTION)
    raised(store, B, PRODUCTION, "action")
    assert [store.profiles.get(one).stage for one in (A, B)] == [PRODUCTION, PRODUCTION]


def test_whoever_saw_another_profile_in_production_has_to_look_again(store: Store) -> None:
    raised(store, A, PRODUCTION)
    raised(store, B, APPROVED)
    for seen in (None, C):
        with pytest.raises(Busy, match="meanwhile"):
            store.promotions.record(step(B, APPROVED, PRODUCTION), replacing=seen)
    assert store.profiles.get(B).stage is APPROVED


@pytest.mark.parametrize("first", [None, C])
def test_of_two_promoted_at_once_exactly_one_wins(store: Store, first: str | None) -> None:
    if first:
        raised(store, first, PRODUCTION)
    for one in (A, B):
        raised(store, one, APPROVED)
    start = Barrier(2)

    def promote(profile: str) -> bool:
        start.wait()
        try:
            store.promotions.record(step(profile, APPROVED, PRODUCTION), replacing=first)
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = dict(zip((A, B), pool.map(promote, (A, B)), strict=True))
    assert sorted(won.values()) == [False, True]
    assert {one: store.profiles.get(one).stage for one in won} == {
        one: PRODUCTION if had else APPROVED for one, had in won.items()
    }


def test_the_database_itself_refuses_a_second_profile_in_production(store: Store) -> None:
    raised(store, A, PRODUCTION)
    raised(store, B, APPROVED)
    with pytest.raises(StoreError, match=r"(?i)unique"), store.database.write() as session:
        session.execute(text(f"UPDATE scoring_profiles SET stage = 'production' WHERE id = '{B}'"))


def test_rollbacks_go_back_one_by_one_to_the_first(store: Store) -> None:
    for one in (A, B, C):
        raised(store, one, PRODUCTION)

    for gone, back in ((C, B), (B, A)):
        assert store.promotions.previous("talk") == back
        retired, restored = store.promotions.roll_back("talk", back, "ben", "worse on interviews")
        assert (retired.profile_hash, retired.went_to) == (gone, RETIRED)
        assert (restored.profile_hash, restored.went_to) == (back, PRODUCTION)
        assert (restored.author, restored.reason) == ("ben", "worse on interviews")
        held = store.profiles.production("talk")
        assert held is not None
        assert held.hash == back
    assert store.promotions.previous("talk") is None


def test_a_rollback_to_anything_but_the_one_before_is_refused(store: Store) -> None:
    for one in (A, B, C):
        raised(store, one, PRODUCTION)
    with pytest.raises(Busy, match="meanwhile"):
        store.promotions.roll_back("talk", A, "ben", "")
    with pytest.raises(Busy, match="stands at production"):
        store.promotions.roll_back("talk", C, "ben", "")
    assert store.profiles.get(C).stage is PRODUCTION


def test_a_retired_profile_may_go_the_whole_way_again(store: Store) -> None:
    for one in (A, B):
        raised(store, one, PRODUCTION)
    store.promotions.record(step(A, RETIRED, CANDIDATE))
    store.promotions.record(step(A, CANDIDATE, APPROVED))
    store.promotions.record(step(A, APPROVED, PRODUCTION), replacing=B)
    assert store.promotions.previous("talk") == B


def test_a_profile_at_research_takes_the_name_it_is_promoted_by_and_keeps_it(store: Store) -> None:
    store.profiles.remember(A, "trial 7", {**DOCUMENT, "name": "trial 7"})

    assert store.profiles.register(A, "talk", DOCUMENT).name == "talk"
    raised(store, A, CANDIDATE)
    with pytest.raises(StoreError, match="is the same as talk, which stands at candidate"):
        store.profiles.register(A, "chatter", {**DOCUMENT, "name": "chatter"})


def test_a_reading_is_known_before_its_result(store: Store) -> None:
    begun = store.qa_runs.begin(QaKind.HOLDOUT, "g" * 64, A)
    assert store.qa_runs.get(begun.id).result is None

    done = store.qa_runs.finish(begun.id, {"spearman": 0.5})

    assert store.qa_runs.list(QaKind.HOLDOUT, profile_hash=A) == (done,)
    assert (done.result, done.golden_hash) == ({"spearman": 0.5}, "g" * 64)
    with pytest.raises(StoreError, match="has its result"):
        store.qa_runs.finish(begun.id, {})
    store.qa_runs.begin(QaKind.REGRESS, "g" * 64)
    assert [run.kind for run in store.qa_runs.list(limit=1)] == [QaKind.REGRESS]


def test_profiles_of_the_first_schema_stand_at_research(store: Store, url: str, tmp_path: Path) -> None:
    store.profiles.remember(A, "talk", DOCUMENT)
    with store.database.exclusive() as connection:
        migrations.downgrade(connection, "0001")
    with Store.open(url, tmp_path / "blobs") as again:
        assert again.profiles.get(A).stage is RESEARCH
        assert again.profiles.get(A).document == DOCUMENT
        raised(again, A, PRODUCTION)
