"""Render jobs: claimed once, the most urgent first, and taken over where their holder is gone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from editron_core.domain.job import Decision, RenderJob, RenderJobStatus, RenderPriority, Verdict
from editron_core.domain.operations import Subject
from editron_core.errors import Busy, LeaseLost, NotFound, StoreError, Withdrawn
from editron_core.store import NewJob, Store
from editron_core.store.models import JobRow
from tests.store.store_workers import PROCESSES, claim_and_hold, work_off
from tests.store.test_records import DELIVERABLE, new_session

RUSH, STANDARD, LOW = RenderPriority.RUSH, RenderPriority.STANDARD, RenderPriority.LOW


def queued(store: Store, priority: RenderPriority = STANDARD, session: str = "") -> RenderJob:
    return store.jobs.create(
        NewJob(session or new_session(store).id, ("youtube",), ("/out",), priority, {"cut": "abc"})
    )


def claimed(store: Store, worker: str = "one") -> RenderJob:
    job = store.jobs.claim(worker)
    assert job is not None
    return job


def test_a_job_goes_from_queued_to_complete(store: Store) -> None:
    job = queued(store, RUSH)
    assert (job.status, job.priority, job.formats) == (RenderJobStatus.QUEUED, RUSH, ("youtube",))
    mine = claimed(store)
    assert (mine.id, mine.status, mine.worker) == (job.id, RenderJobStatus.RENDERING, "one")
    assert mine.metadata == {"cut": "abc"}
    store.jobs.progress(job.id, 42.5)
    store.jobs.progress(job.id, 10)
    assert store.jobs.get(job.id).progress_percent == 42.5
    done = store.jobs.complete(job.id, [DELIVERABLE], ["/elsewhere/reel.mp4"], fence=mine.fence)
    assert (done.status, done.progress_percent) == (RenderJobStatus.COMPLETE, 100)
    assert done.deliverables == (DELIVERABLE,)
    assert done.output_urls == ("/out/reel.mp4", "/elsewhere/reel.mp4")
    assert store.jobs.list(job.session_id) == (done,)
    assert store.jobs.claim("two") is None


def test_a_failed_job_can_be_queued_again_and_a_complete_one_is_final(store: Store) -> None:
    job = queued(store)
    with pytest.raises(StoreError, match="cannot go from queued to complete"):
        store.jobs.complete(job.id, [DELIVERABLE])
    mine = claimed(store)
    store.jobs.progress(job.id, 80)
    failed = store.jobs.set_status(job.id, RenderJobStatus.FAILED, "no space", fence=mine.fence)
    assert failed.last_error == "no space"
    again = store.jobs.set_status(job.id, RenderJobStatus.QUEUED)
    assert (again.progress_percent, again.last_error) == (0, None)
    store.jobs.complete(job.id, [DELIVERABLE], fence=claimed(store).fence)
    with pytest.raises(StoreError, match="cannot go from complete to queued"):
        store.jobs.set_status(job.id, RenderJobStatus.QUEUED)


def test_rush_overtakes_and_equals_go_by_age(store: Store) -> None:
    wanted = [STANDARD, LOW, RUSH, STANDARD, LOW, RUSH]
    made = [queued(store, priority) for priority in wanted]
    order = [made[i].id for i in (2, 5, 0, 3, 1, 4)]
    assert [job.id for job in store.jobs.queue()] == order
    assert [claimed(store).id for _ in made] == order
    assert store.jobs.claim("one") is None


def test_a_late_rush_job_overtakes_what_was_queued_before_it(store: Store) -> None:
    older = [queued(store) for _ in range(3)]
    first = claimed(store)
    rush = queued(store, RUSH)
    assert [first.id, claimed(store).id] == [older[0].id, rush.id]


def test_two_requests_for_one_rendering_are_one_job_and_the_more_urgent_counts(store: Store) -> None:
    session = new_session(store).id
    first = store.jobs.ensure(NewJob(session, ("youtube",), (), LOW, {"cut": "abc"}))
    again = store.jobs.ensure(NewJob(session, ("youtube",), (), RUSH, {"cut": "abc"}))
    assert (again.id, again.priority) == (first.id, RUSH)
    assert store.jobs.ensure(NewJob(session, ("youtube",), (), LOW, {"cut": "abc"})).priority is RUSH
    assert store.jobs.ensure(NewJob(session, ("youtube",), (), LOW, {"cut": "other"})).id != first.id
    assert store.jobs.ensure(NewJob(session, ("youtube",), ("/x",), LOW, {"cut": "abc"})).id != first.id


def test_a_finished_job_is_not_taken_for_a_new_request_and_a_cancelled_one_is(store: Store) -> None:
    new = NewJob(new_session(store).id, ("youtube",))
    first = store.jobs.ensure(new)
    store.jobs.complete(first.id, [DELIVERABLE], fence=claimed(store).fence)
    second = store.jobs.ensure(new)
    assert second.id != first.id
    store.holds.cancel(store.holds.find(second.id))
    assert store.jobs.ensure(new).id == second.id


def test_what_is_held_is_passed_over_and_so_is_what_its_batch_holds(store: Store) -> None:
    held, of_held_batch, free = queued(store), queued(store), queued(store)
    store.holds.pause(store.holds.find(held.id))
    batch = store.sessions.get(of_held_batch.session_id).batch_id
    store.holds.pause(Subject(batch))
    assert claimed(store).id == free.id
    assert store.jobs.claim("one") is None
    store.holds.resume(Subject(batch))
    assert claimed(store).id == of_held_batch.id


def test_a_job_whose_lease_ran_out_is_taken_over_and_its_old_holder_is_too_late(store: Store) -> None:
    job = queued(store, LOW)
    late = claimed(store)
    assert store.jobs.claim("two") is None
    expire(store, job.id)
    mine = claimed(store, "two")
    assert (mine.id, mine.worker, mine.fence) == (job.id, "two", late.fence + 1)
    with pytest.raises(LeaseLost):
        store.jobs.complete(job.id, [DELIVERABLE], fence=late.fence)
    with pytest.raises(LeaseLost):
        store.jobs.set_status(job.id, RenderJobStatus.FAILED, "late", fence=late.fence)
    assert store.jobs.get(job.id).status is RenderJobStatus.RENDERING
    store.jobs.complete(job.id, [DELIVERABLE], fence=mine.fence)


def test_a_job_whose_holder_was_killed_is_claimed_at_once(store: Store, url: str, tmp_path: Path) -> None:
    job = queued(store)
    started = tmp_path / "started"
    holder = PROCESSES.Process(
        target=claim_and_hold, args=(url, str(store.blobs.root), str(started), str(tmp_path / "outcome"))
    )
    holder.start()
    while not started.exists():
        time.sleep(0.01)
    assert store.jobs.claim("two") is None
    holder.kill()
    holder.join()
    assert claimed(store, "two").id == job.id


def test_a_holder_that_was_stopped_and_wakes_up_late_completes_nothing(url: str, tmp_path: Path) -> None:
    with Store.open(url, tmp_path / "blobs", lease_s=0.6) as store:
        job = queued(store)
        started, outcome = tmp_path / "started", tmp_path / "outcome"
        holder = PROCESSES.Process(
            target=claim_and_hold,
            args=(url, str(store.blobs.root), str(started), str(outcome), 0.6),
        )
        holder.start()
        while not started.exists():
            time.sleep(0.01)
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGSTOP)
        until = time.monotonic() + 20
        while (mine := store.jobs.claim("two")) is None and time.monotonic() < until:
            time.sleep(0.05)
        assert mine is not None
        with store.jobs.holding(mine):
            os.kill(holder.pid, signal.SIGCONT)
            holder.join()
        assert outcome.read_text() == "lost"
        assert store.jobs.get(job.id).status is RenderJobStatus.RENDERING
        store.jobs.complete(job.id, [DELIVERABLE], fence=mine.fence)


def test_an_abandoned_job_that_others_ended_or_took_since_we_looked_is_left_to_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, taken = queued(store), queued(store)
    store.jobs.complete(ended.id, [DELIVERABLE], fence=claimed(store).fence)
    held = claimed(store)
    looks = iter([[ended.id, taken.id]])
    look = store.jobs._abandoned
    monkeypatch.setattr(store.jobs, "_abandoned", lambda session: next(looks, None) or look(session))
    assert store.jobs.claim("two") is None
    assert store.jobs.get(ended.id).status is RenderJobStatus.COMPLETE
    store.jobs.complete(held.id, [DELIVERABLE], fence=held.fence)


def test_one_particular_job_is_claimed_by_one(store: Store) -> None:
    job = queued(store)
    mine = store.jobs.claim_one(job.id, "one")
    assert mine.fence == 1
    with pytest.raises(Busy):
        store.jobs.claim_one(job.id, "two")
    assert store.jobs.get(job.id).worker == "one"
    store.jobs.complete(job.id, [], fence=mine.fence)
    with pytest.raises(StoreError, match="is complete already"):
        store.jobs.claim_one(job.id, "two")
    with pytest.raises(NotFound):
        store.jobs.claim_one("nothing", "two")


def test_a_job_that_rests_can_be_claimed_again(store: Store) -> None:
    job = queued(store)
    store.jobs.set_status(job.id, RenderJobStatus.QUEUED, "paused", fence=claimed(store).fence)
    assert claimed(store, "two").fence == 2


def test_a_job_that_nobody_claimed_cannot_be_held(store: Store) -> None:
    with pytest.raises(Busy), store.jobs.holding(queued(store)):
        pass


def test_many_workers_do_each_job_once(store: Store, url: str, tmp_path: Path) -> None:
    session = new_session(store).id
    jobs = {queued(store, session=session).id for _ in range(40)}
    told = [tmp_path / f"told{number}" for number in range(4)]
    with PROCESSES.Pool(4) as pool:
        pool.starmap(work_off, [(url, str(store.blobs.root), str(path)) for path in told], chunksize=1)
    done = [line for path in told for line in path.read_text().split()]
    assert sorted(done) == sorted(jobs)
    with store.database.read() as reader:
        statuses = {row.status for row in reader.query(JobRow)}
    assert statuses == {RenderJobStatus.COMPLETE}


def expire(store: Store, job_id: str) -> None:
    from sqlalchemy import update

    from editron_core.store.models import LeaseRow

    with store.database.write() as session:
        session.execute(update(LeaseRow).where(LeaseRow.name == f"job:{job_id}").values(expires_at=1.0))


def test_a_withdrawn_job_publishes_nothing_and_is_free_for_whoever_retries_it(store: Store) -> None:
    session = new_session(store)
    job, other = queued(store, session=session.id), queued(store, LOW, session.id)
    store.holds.cancel(Subject(session.batch_id, job_id=other.id))
    mine = claimed(store)
    cut = session.timelines[0]
    store.decisions.add(Decision("", session.id, cut.name, cut.content_hash, Verdict.REJECT, "ann"))

    now = store.jobs.get(job.id)
    assert (now.status, now.withdrawn) == (RenderJobStatus.FAILED, True)
    assert now.last_error == f"withdrawn: {cut.name} was rejected by ann"
    assert store.jobs.get(other.id).status is RenderJobStatus.QUEUED, "what was cancelled stays so"
    for publish in (
        lambda: store.jobs.progress(job.id, 50),
        lambda: store.jobs.complete(job.id, [DELIVERABLE], fence=mine.fence),
        lambda: store.jobs.set_status(job.id, RenderJobStatus.QUEUED, fence=mine.fence),
        lambda: store.jobs.set_status(job.id, RenderJobStatus.FAILED, "no space", fence=mine.fence),
    ):
        with pytest.raises(Withdrawn, match="rejected by ann"):
            publish()

    store.holds.retry(Subject(session.batch_id, job_id=job.id))
    again = claimed(store, "two")
    assert (again.id, again.withdrawn) == (job.id, False)
    with pytest.raises(LeaseLost):
        store.jobs.complete(job.id, [DELIVERABLE], fence=mine.fence)
    assert store.jobs.complete(job.id, [DELIVERABLE], fence=again.fence).status is RenderJobStatus.COMPLETE
