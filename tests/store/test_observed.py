"""What operators watch of a store is what lies in it, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from editron_core.config import Settings
from editron_core.domain.batch import Hold
from editron_core.domain.intake import DropboxSource
from editron_core.domain.job import RenderPriority
from editron_core.domain.operations import DeadLetter, Subject
from editron_core.domain.registry import ProfileStage
from editron_core.errors import StoreError
from editron_core.lane.gauges import reader
from editron_core.store import NewBatch, Stage, Store
from editron_core.store.models import DispatchRow, JobRow, ProfileRow, utc_now
from editron_core.store.observed import readings
from editron_core.store.records.jobs import NewJob
from editron_core.telemetry import METRICS, Kind
from tests.store.test_records import new_session


def seen(store: Store) -> dict[tuple[str, ...], float]:
    """The readings by name and labels; each is in the table, with as many labels."""
    found = {}
    for one in readings(store.database):
        metric = METRICS[one.name]
        assert metric.kind is Kind.STORE
        assert len(one.labels) == len(metric.labels)
        found[(one.name, *one.labels)] = one.value
    return found


def aged(store: Store, row: type[JobRow] | type[DispatchRow], seconds: float) -> None:
    with store.database.write() as work:
        work.execute(update(row).values(created_at=utc_now() - timedelta(seconds=seconds)))


def test_an_empty_store_answers_with_zeros(store: Store) -> None:
    found = seen(store)
    assert found.pop(("store_up",)) == 1
    assert set(found.values()) == {0}
    assert {("queue_depth", priority) for priority in RenderPriority} <= set(found)


def test_jobs_are_counted_by_priority_and_aged_by_the_oldest(store: Store) -> None:
    here = new_session(store)
    rush = store.jobs.create(NewJob(here.id, ("a",), priority=RenderPriority.RUSH))
    store.jobs.create(NewJob(here.id, ("b",), priority=RenderPriority.RUSH))
    held = store.jobs.create(NewJob(here.id, ("c",), priority=RenderPriority.LOW))
    store.holds.pause(Subject(here.batch_id, job_id=held.id))
    aged(store, JobRow, 100.0)
    found = seen(store)
    assert found["queue_depth", "rush"] == 2
    assert found["queue_oldest_seconds", "rush"] == pytest.approx(100, abs=20)
    assert found["queue_depth", "low"] == found["queue_oldest_seconds", "low"] == 0
    assert found["held", "job", "paused"] == 1
    assert store.jobs.claim("worker") is not None
    found = seen(store)
    assert (found["queue_depth", "rush"], found["jobs_running",]) == (1, 1)
    assert found["leases_held",] == 1
    assert rush.priority is RenderPriority.RUSH


def test_dead_letters_are_counted_until_they_are_resolved(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    for subject in ("a.mp4", "b.mp4"):
        store.dead_letters.record(DeadLetter("analyze", subject, "MediaError", "is empty", batch_id=batch.id))
    assert seen(store)["dead_letters", "analyze"] == 2
    store.dead_letters.resolve(Subject(batch.id))
    assert ("dead_letters", "analyze") not in seen(store)


def test_the_outbox_is_counted_until_it_is_begun(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    dispatch = store.dispatches.add(batch.id, "render")
    aged(store, DispatchRow, 50.0)
    found = seen(store)
    assert found["dispatches_pending",] == 1
    assert found["dispatches_oldest_seconds",] == pytest.approx(50, abs=20)
    store.dispatches.done(dispatch.key)
    found = seen(store)
    assert found["dispatches_pending",] == found["dispatches_oldest_seconds",] == 0


def test_sources_are_counted_by_what_they_wait_for(store: Store) -> None:
    kept = [store.sources.create(DropboxSource("", f"{n}", account_id=f"dbid:{n}")) for n in range(3)]
    assert seen(store)[("sources_dirty",)] == 3
    store.sources.finish(kept[0].id, 1)
    store.sources.fail(kept[1].id, "revoked", needs_reauth=True)
    assert seen(store)[("sources_dirty",)] == 1
    assert seen(store)[("sources_need_reauth",)] == 1
    assert 0 <= seen(store)[("sources_oldest_seconds",)] < 60


def test_leases_are_held_expired_or_given_back(store: Store) -> None:
    with store.leases.hold("held"):
        with store.database.write() as work:
            work.execute(text("UPDATE leases SET expires_at = 1.0 WHERE name = 'held'"))
            store.leases.take(work, "other")
        found = seen(store)
        assert (found["leases_held",], found["leases_expired",]) == (1, 1)
    found = seen(store)
    assert (found["leases_held",], found["leases_expired",]) == (1, 0)


def test_stages_are_counted_by_how_they_stand(store: Store) -> None:
    with store.ledger.run(Stage("analyze", ("a",))) as claim:
        (claim.folder / "x").write_text("x")
        claim.publish()
    with pytest.raises(ValueError), store.ledger.run(Stage("analyze", ("b",))):
        raise ValueError
    found = seen(store)
    assert found["stages_recorded", "analyze", "done"] == found["stages_recorded", "analyze", "failed"] == 1


def test_what_operators_hold_is_counted(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    file = store.files.add(batch.id, "a.mp4", "/footage/a.mp4")
    store.holds.pause(Subject(batch.id))
    store.holds.cancel(Subject(batch.id, file_id=file.id))
    found = seen(store)
    assert (found["held", "batch", Hold.PAUSED], found["held", "file", Hold.CANCELLED]) == (1, 1)


def test_the_profile_in_production_is_named(store: Store) -> None:
    store.profiles.register("ab" * 32, "default", {})
    assert not [key for key in seen(store) if key[0] == "profile_info"]
    with store.database.write() as work:
        work.execute(update(ProfileRow).values(stage=ProfileStage.PRODUCTION))
    assert seen(store)["profile_info", "default", "ab" * 6] == 1


def test_a_store_that_does_not_answer_reads_as_down(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read = reader(store, Settings())
    up = {one.name: one.value for one in read()}
    assert up["store_up"] == 1
    assert up["free_bytes"] > 0

    def fail(*_: object) -> None:
        raise StoreError("cannot be reached")

    monkeypatch.setattr(store.database, "read", fail)
    down = {one.name: one.value for one in read()}
    assert down == {"free_bytes": pytest.approx(up["free_bytes"], rel=0.2), "store_up": 0}
