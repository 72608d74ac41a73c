"""Pausing and cancelling: nothing begins that is held, and what runs ends soon, with its children."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from editron_core import process
from editron_core.config import settings
from editron_core.domain.batch import BatchStatus, Hold, MediaFile
from editron_core.domain.job import RenderJobStatus, StageStatus
from editron_core.domain.operations import Subject
from editron_core.domain.progress import Step
from editron_core.errors import EditronError, Held
from editron_core.lane import Lane, Order, jobs
from editron_core.lane.desk import Progress
from editron_core.store import NewBatch, Stage, Store
from tests import tiny_blueprint
from tests.lane.conftest import Witness

ORDER = Order(brief="the jump over the boxes")
STAGE = Stage("analyze", ("a" * 64,))


def new_file(store: Store) -> MediaFile:
    batch = store.batches.create(NewBatch("/footage"))
    return store.files.add(batch.id, "a.mp4", "/footage/a.mp4")


def step_of(file: MediaFile) -> Step:
    return Step("analyze", file.name, batch=file.batch_id, file=file.id)


def sleep_in_a_child(told: Path) -> Callable[[Path, Progress], dict[str, Any]]:
    """Work that a child does for ten minutes; the child's number goes to `told`."""

    def work(folder: Path, tell: Progress) -> dict[str, Any]:
        process.run(["sh", "-c", f"sleep 600 & echo $! > {told}; wait"])
        return {}

    return work


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def run_aside(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except EditronError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


@pytest.mark.parametrize("of", ["batch", "file"])
@pytest.mark.parametrize("order", ["pause", "cancel"])
def test_a_running_stage_stops_within_five_seconds_and_its_children_with_it(
    lane: Lane, store: Store, tmp_path: Path, of: str, order: str
) -> None:
    file, told = new_file(store), tmp_path / "told"
    work = sleep_in_a_child(told)
    thread, errors = run_aside(lambda: lane.desk.make(STAGE, step_of(file), work))
    while not (told.exists() and told.read_text().strip()):
        time.sleep(0.02)
    grandchild = int(told.read_text())
    assert alive(grandchild)

    began = time.monotonic()
    with Store.open(settings().database, settings().blobs) as another:
        getattr(jobs, order)(another, file.batch_id if of == "batch" else file.id)
    thread.join(10)

    assert time.monotonic() - began < 5
    assert not thread.is_alive()
    assert isinstance(errors[0], Held)
    assert of in str(errors[0])
    assert "editron jobs resume" in str(errors[0]) or "editron jobs retry" in str(errors[0])
    assert not alive(grandchild)
    run = store.ledger.find(STAGE.key)
    assert run is not None
    assert run.status is StageStatus.WAITING
    assert store.dead_letters.list() == ()


def test_a_stage_without_children_stops_where_it_next_tells_its_progress(lane: Lane, store: Store) -> None:
    file = new_file(store)

    def work(folder: Path, tell: Progress) -> dict[str, Any]:
        for step in range(10_000):
            time.sleep(0.01)
            tell(step / 10_000)
        return {}

    thread, errors = run_aside(lambda: lane.desk.make(STAGE, step_of(file), work))
    time.sleep(0.3)
    jobs.pause(store, file.batch_id)
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(errors[0], Held)


def test_pausing_one_file_leaves_the_children_of_another_alone(
    lane: Lane, store: Store, tmp_path: Path
) -> None:
    file = new_file(store)
    other = store.files.add(file.batch_id, "b.mp4", "/footage/b.mp4")
    told = {one.id: tmp_path / one.id for one in (file, other)}
    threads = [
        run_aside(
            lambda one=one, number=number: lane.desk.make(
                Stage("analyze", (str(number),)), step_of(one), sleep_in_a_child(told[one.id])
            )
        )
        for number, one in enumerate((file, other))
    ]
    while not all(path.exists() and path.read_text().strip() for path in told.values()):
        time.sleep(0.02)
    jobs.pause(store, file.id)
    threads[0][0].join(5)
    assert not threads[0][0].is_alive()
    assert alive(int(told[other.id].read_text()))
    jobs.cancel(store, other.id)
    threads[1][0].join(5)
    assert not threads[1][0].is_alive()


def test_nothing_begins_while_its_batch_is_held_and_it_goes_on_from_the_last_finished_stage(
    lane: Lane, store: Store, clips: Path, witness: Witness, tmp_path: Path
) -> None:
    taken = lane.ingest([str(clips)])
    seen = lane.analyze(taken)
    scored = lane.score(seen, ORDER)
    jobs.pause(store, seen.batch.id)
    stages: list[Callable[[], object]] = [
        lambda: lane.ingest([str(clips)]),
        lambda: lane.analyze(taken),
        lambda: lane.score(seen, ORDER),
        lambda: lane.edit(scored, ORDER),
        lambda: lane.deliver(scored, tmp_path / "out"),
    ]
    for stage in stages:
        with pytest.raises(Held, match=rf"is paused \(editron jobs resume {seen.batch.id[:8]}\)"):
            stage()
    assert not (tmp_path / "out").exists()
    jobs.resume(store, seen.batch.id)
    witness.seen.clear()
    assert lane.edit(lane.score(lane.analyze(lane.ingest([str(clips)])), ORDER), ORDER).cuts
    assert witness.endings("ingest") == []
    assert witness.endings("analyze") == ["kept"]


def test_a_paused_file_lets_the_others_go_on_and_keeps_the_batch_from_being_scored(
    lane: Lane, store: Store, clips: Path, witness: Witness
) -> None:
    waiting = clips / "waiting.mp4"
    waiting.write_bytes((clips / "street-jump.mp4").read_bytes() + b"\0\0\0\x08free")
    outcome = lane.ingest([str(clips)])
    (paused,) = [file for file in outcome.files if file.name == waiting.name]
    jobs.pause(store, paused.id)

    with pytest.raises(Held, match=rf"file {paused.id[:8]}: is paused"):
        lane.analyze(lane.open(outcome.batch.id))

    states = {file.name: file.status for file in store.files.list(outcome.batch.id)}
    assert states == {"street-jump.mp4": BatchStatus.ANALYZED, "waiting.mp4": BatchStatus.READY}
    assert store.batches.get(outcome.batch.id).status is BatchStatus.ANALYZING

    jobs.cancel(store, paused.id)
    seen = lane.analyze(lane.open(outcome.batch.id))
    assert set(seen.evidence) == set(seen.footage)
    assert len(seen.footage) == 1
    assert seen.batch.status is BatchStatus.ANALYZED
    assert not seen.complaints


class TestRenderJobs:
    def test_a_held_job_is_not_rendered_until_it_may(
        self, lane: Lane, store: Store, clips: Path, tmp_path: Path
    ) -> None:
        order = Order(brief="the jump", blueprints=(tiny_blueprint.written(tmp_path),))
        outcome = lane.edit(lane.score(lane.analyze(lane.ingest([str(clips)])), order), order)
        (job,) = lane.enqueue(outcome, order)
        jobs.pause(store, job.id)
        assert lane.render_next("worker") is None
        with pytest.raises(Held, match="render job"):
            lane.render(outcome, order)
        assert store.jobs.get(job.id).status is RenderJobStatus.QUEUED
        jobs.cancel(store, job.id)
        with pytest.raises(Held, match=r"was cancelled \(editron jobs retry"):
            lane.render(outcome, order)
        assert store.jobs.list(job.session_id) == (store.jobs.get(job.id),)
        assert store.ledger.list(StageStatus.RUNNING) == ()

        jobs.retry(store, job.id)
        done = lane.render_next("worker")

        assert done is not None
        assert (done.id, done.status, done.hold) == (job.id, RenderJobStatus.COMPLETE, Hold.NONE)
        assert lane.render(outcome, order).deliverables
        assert len(store.jobs.list(job.session_id)) == 1


def test_what_operators_see(store: Store) -> None:
    file = new_file(store)
    told = jobs.pause(store, file.id[:12])
    assert told == {
        "kind": "file",
        "id": file.id,
        "batch": file.batch_id,
        "name": "a.mp4",
        "status": "queued",
        "hold": "paused",
    }
    assert [(row["id"], row["hold"]) for row in jobs.listing(store)["held"]] == [(file.id, "paused")]
    assert jobs.resume(store, file.id)["hold"] == "none"
    assert jobs.listing(store)["held"] == []
    assert [dispatch["stage"] for dispatch in jobs.listing(store)["dispatches"]] == ["produce"]
    assert store.holds.of(Subject(file.batch_id)) is Hold.NONE
    assert os.path.sep not in told["name"]
