"""Holds, dead letters and dispatches: what operators ask for is kept together with what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from editron_core.domain.batch import BatchStatus, Hold, MediaFile
from editron_core.domain.job import EditSessionStatus, RenderJobStatus
from editron_core.domain.operations import DeadLetter, Subject
from editron_core.errors import NotFound, StoreError, UsageError
from editron_core.store import NewBatch, Store
from tests.store.test_jobs import claimed, queued
from tests.store.test_records import DELIVERABLE, PROBE, new_session

LETTER = DeadLetter("analyze", "a.mp4", "MediaError", "a.mp4: cannot be decoded", "moov atom not found", 3)


def new_file(store: Store) -> MediaFile:
    batch = store.batches.create(NewBatch("/footage"))
    return store.files.add(batch.id, "a.mp4", "/footage/a.mp4")


# --- dead letters ---


def test_a_dead_letter_keeps_what_is_known(store: Store) -> None:
    file = new_file(store)
    kept = store.dead_letters.record(replace(LETTER, batch_id=file.batch_id, file_id=file.id))
    assert store.dead_letters.list() == (kept,)
    assert store.dead_letters.list(batch_id=file.batch_id) == (kept,)
    assert store.dead_letters.list(batch_id="another") == ()
    assert (kept.error_class, kept.message, kept.log_tail) == (
        "MediaError",
        LETTER.message,
        LETTER.log_tail,
    )
    assert (kept.attempts, kept.resolved_at) == (3, None)


def test_the_same_stage_of_the_same_subject_is_one_letter(store: Store) -> None:
    store.dead_letters.record(LETTER)
    again = store.dead_letters.record(replace(LETTER, error_class="StoreError", message="no space"))
    assert store.dead_letters.list() == (again,)
    assert (again.error_class, again.message, again.attempts) == ("StoreError", "no space", 6)
    store.dead_letters.record(replace(LETTER, stage="render"))
    assert len(store.dead_letters.list()) == 2


def test_a_resolved_letter_is_no_longer_listed_and_opens_again(store: Store) -> None:
    file = new_file(store)
    letter = replace(LETTER, batch_id=file.batch_id, file_id=file.id)
    store.dead_letters.record(letter)
    subject = Subject(file.batch_id, file_id=file.id)
    assert store.dead_letters.resolve(subject, "render") == 0
    assert store.dead_letters.resolve(subject, "analyze") == 1
    assert store.dead_letters.resolve(subject, "analyze") == 0
    assert store.dead_letters.list() == ()
    assert store.dead_letters.list(open_only=False)[0].resolved_at is not None
    assert store.dead_letters.record(letter).resolved_at is None


# --- dispatches ---


def test_a_dispatch_is_pending_until_it_is_done(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    first = store.dispatches.add(batch.id, "produce", {"brief": "the goal"})
    second = store.dispatches.add(batch.id, "produce")
    assert (first.key, second.key) == (f"{batch.id}:produce:1", f"{batch.id}:produce:2")
    assert store.dispatches.pending() == (first, second)
    assert first.facts == {"brief": "the goal"}
    assert store.dispatches.get(first.key) == first
    assert store.dispatches.waits(first.key)
    for _ in range(2):
        store.dispatches.done(first.key)
    assert not store.dispatches.waits(first.key)
    assert not store.dispatches.waits("nothing")
    assert store.dispatches.pending() == (second,)
    with pytest.raises(NotFound):
        store.dispatches.done("nothing")


def test_a_sign_off_is_announced_once(store: Store) -> None:
    session = new_session(store)
    for status in (EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.APPROVED, EditSessionStatus.APPROVED):
        store.sessions.set_status(session.id, status)
    assert [(d.stage, d.facts) for d in store.dispatches.pending()] == [("render", {"session": session.id})]


def test_a_change_that_fails_announces_nothing(store: Store) -> None:
    session = new_session(store)
    with pytest.raises(StoreError, match="cannot go"):
        store.sessions.set_status(session.id, EditSessionStatus.APPROVED)
    assert store.dispatches.pending() == ()


def test_a_change_whose_dispatch_cannot_be_written_does_not_happen(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    store.holds.pause(Subject(batch.id))
    with store.database.write() as session:
        session.execute(text("ALTER TABLE dispatches RENAME TO elsewhere"))
    with pytest.raises(StoreError):
        store.holds.resume(Subject(batch.id))
    assert store.holds.of(Subject(batch.id)) is Hold.PAUSED


# --- holds ---


def test_what_an_operator_names_is_found(store: Store) -> None:
    file, job = new_file(store), queued(store)
    assert store.holds.find(file.batch_id[:8]) == Subject(file.batch_id)
    assert store.holds.find(file.id) == Subject(file.batch_id, file_id=file.id)
    found = store.holds.find(job.id[:10])
    assert (found.job_id, found.kind, found.id) == (job.id, "render job", job.id)
    with pytest.raises(NotFound, match="neither a batch, a file nor a render job"):
        store.holds.find("nonsense")


def test_an_identifier_that_begins_two_things_is_refused(store: Store) -> None:
    file, job = new_file(store), queued(store)
    with store.database.write() as session:
        session.execute(
            text("UPDATE render_jobs SET id = :new WHERE id = :old"),
            {"new": file.batch_id[:8] + job.id[8:], "old": job.id},
        )
    with pytest.raises(UsageError, match="a batch and a render job"):
        store.holds.find(file.batch_id[:8])


def test_a_hold_stands_for_a_thing_and_all_that_belongs_to_it(store: Store) -> None:
    file = new_file(store)
    whole, part = Subject(file.batch_id), Subject(file.batch_id, file_id=file.id)
    assert store.holds.standing([whole, part]) is None
    store.holds.pause(part)
    assert store.holds.standing([whole]) is None
    assert store.holds.standing([part]) == (part, Hold.PAUSED)
    store.holds.cancel(whole)
    assert store.holds.standing([part]) == (whole, Hold.CANCELLED)
    assert store.files.get(file.id).hold is Hold.PAUSED


def test_pausing_and_resuming(store: Store) -> None:
    subject = Subject(new_file(store).batch_id)
    store.holds.resume(subject)
    assert store.dispatches.pending() == ()
    store.holds.pause(subject)
    store.holds.resume(subject)
    store.holds.resume(subject)
    assert store.holds.of(subject) is Hold.NONE
    assert [dispatch.stage for dispatch in store.dispatches.pending()] == ["produce"]


def test_what_was_cancelled_can_only_be_retried(store: Store) -> None:
    subject = Subject(new_file(store).batch_id)
    store.holds.cancel(subject)
    for change in (store.holds.pause, store.holds.resume):
        with pytest.raises(UsageError, match=r"was cancelled \(editron jobs retry"):
            change(subject)
    store.holds.retry(subject)
    assert store.holds.of(subject) is Hold.NONE


def test_a_complete_job_can_be_neither_paused_nor_cancelled_nor_retried(store: Store) -> None:
    job = queued(store)
    subject = store.holds.find(job.id)
    store.jobs.complete(job.id, [DELIVERABLE], fence=claimed(store).fence)
    for change in (store.holds.pause, store.holds.cancel, store.holds.retry):
        with pytest.raises(UsageError, match=r"has ended|is complete"):
            change(subject)


def test_a_failed_job_that_is_retried_is_queued_and_its_letter_dealt_with(store: Store) -> None:
    job = queued(store)
    subject = store.holds.find(job.id)
    store.jobs.set_status(job.id, RenderJobStatus.FAILED, "no space", fence=claimed(store).fence)
    store.dead_letters.record(
        DeadLetter("render", "reel", "StoreError", "no space", batch_id=subject.batch_id, job_id=job.id)
    )
    assert store.holds.retry(subject) == 1
    again = store.jobs.get(job.id)
    assert (again.status, again.last_error) == (RenderJobStatus.QUEUED, None)
    assert store.dead_letters.list() == ()
    assert [(d.stage, d.facts) for d in store.dispatches.pending()] == [("render", {"job": job.id})]


def test_a_retried_batch_begins_again_with_the_files_that_failed(store: Store) -> None:
    gone = new_file(store)
    here = store.files.add(gone.batch_id, "b.mp4", "/footage/b.mp4")
    store.files.arrived(here.id, "/blobs/b", "b" * 64, 1)
    store.files.probed(here.id, PROBE)
    for file in (gone, here):
        store.files.set_status(file.id, BatchStatus.FAILED, "broken")
    store.batches.set_status(gone.batch_id, BatchStatus.FAILED, "none can be used")
    store.dead_letters.record(replace(LETTER, batch_id=gone.batch_id, file_id=gone.id))

    assert store.holds.retry(Subject(gone.batch_id)) == 1

    assert [(f.status, f.error) for f in store.files.list(gone.batch_id)] == [
        (BatchStatus.QUEUED, None),
        (BatchStatus.READY, None),
    ]
    batch = store.batches.get(gone.batch_id)
    assert (batch.status, batch.last_error) == (BatchStatus.READY, None)
    assert [dispatch.stage for dispatch in store.dispatches.pending()] == ["produce"]
