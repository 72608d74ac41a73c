"""Failures: what may pass is tried again, what stays becomes a dead letter, and the other files finish."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.job import StageStatus
from editron_core.domain.operations import DeadLetter
from editron_core.domain.progress import Step
from editron_core.errors import Busy, MediaError, OutOfMemory, ProcessFailed, StoreError
from editron_core.lane import Lane, analysis, jobs
from editron_core.lane.desk import Progress
from editron_core.store import NewBatch, Stage, Store

STAGE = Stage("analyze", ("a" * 64,))
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def file(store: Store) -> MediaFile:
    batch = store.batches.create(NewBatch("/footage"))
    return store.files.add(batch.id, "a.mp4", "/footage/a.mp4")


def failing(*errors: Exception) -> Callable[[Path, Progress], dict[str, Any]]:
    left = list(errors)

    def work(folder: Path, tell: Progress) -> dict[str, Any]:
        if left:
            raise left.pop(0)
        (folder / "evidence.txt").write_text("seen")
        return {"rows": 1}

    return work


def step_of(file: MediaFile) -> Step:
    return Step("analyze", file.name, batch=file.batch_id, file=file.id)


def letter(store: Store) -> DeadLetter:
    (found,) = store.dead_letters.list()
    return found


def test_a_stage_that_goes_well_at_the_third_attempt_leaves_no_letter(
    lane: Lane, store: Store, file: MediaFile
) -> None:
    made = lane.desk.make(STAGE, step_of(file), failing(StoreError("locked"), FULL))
    assert made.facts == {"rows": 1}
    assert store.dead_letters.list() == ()
    run = store.ledger.find(STAGE.key)
    assert run is not None
    assert (run.status, run.attempts) == (StageStatus.DONE, 3)


def test_a_stage_that_fails_three_times_becomes_a_dead_letter(
    lane: Lane, store: Store, file: MediaFile
) -> None:
    error = ProcessFailed("ffmpeg", -9, "frame=1\nframe=2\nKilled", limit="4.0 GiB of memory")
    with pytest.raises(ProcessFailed):
        lane.desk.make(STAGE, step_of(file), failing(error, error, error, error))
    found = letter(store)
    assert (found.stage, found.subject, found.error_class) == ("analyze", "a.mp4", "ProcessFailed")
    assert (found.batch_id, found.file_id, found.attempts) == (file.batch_id, file.id, 3)
    assert found.message == str(error)
    assert found.log_tail == "frame=1\nframe=2\nKilled"


def test_poison_becomes_a_dead_letter_at_once(lane: Lane, store: Store, file: MediaFile) -> None:
    with pytest.raises(MediaError):
        lane.desk.make(STAGE, step_of(file), failing(MediaError("is broken", subject="a.mp4")))
    assert (letter(store).error_class, letter(store).attempts) == ("MediaError", 1)


def test_somebody_elses_turn_is_no_dead_letter(lane: Lane, store: Store, file: MediaFile) -> None:
    with store.ledger.run(STAGE) as claim:
        with pytest.raises(Busy):
            lane.desk.make(STAGE, step_of(file), failing())
        (claim.folder / "x").write_text("x")
        claim.publish()
    assert store.dead_letters.list() == ()


def test_a_mistake_of_ours_is_a_dead_letter_with_where_it_happened(
    lane: Lane, store: Store, file: MediaFile
) -> None:
    with pytest.raises(ZeroDivisionError):
        lane.desk.make(STAGE, step_of(file), failing(ZeroDivisionError("division by zero")))
    assert letter(store).error_class == "ZeroDivisionError"
    assert "in work" in letter(store).log_tail


def test_the_letter_is_dealt_with_once_the_cause_is_gone(lane: Lane, store: Store, file: MediaFile) -> None:
    with pytest.raises(OSError, match="No space"):
        lane.desk.make(STAGE, step_of(file), failing(FULL, FULL, FULL))
    assert letter(store).error_class == "OSError"
    lane.desk.make(STAGE, step_of(file), failing())
    assert store.dead_letters.list() == ()


def test_a_retry_deals_with_the_letter(lane: Lane, store: Store, file: MediaFile) -> None:
    with pytest.raises(MediaError):
        lane.desk.make(STAGE, step_of(file), failing(MediaError("is broken")))
    assert jobs.retry(store, file.batch_id)["dead_letters_resolved"] == 1
    assert store.dead_letters.list() == ()


def test_a_poison_file_is_a_dead_letter_and_the_other_files_finish(
    lane: Lane, store: Store, clips: Path
) -> None:
    (clips / "poison.mp4").write_bytes(b"not a film at all")
    outcome = lane.analyze(lane.ingest([str(clips)]))
    states = {file.name: file.status for file in outcome.files}
    assert states == {"poison.mp4": BatchStatus.FAILED, "street-jump.mp4": BatchStatus.ANALYZED}
    assert outcome.evidence
    found = letter(store)
    assert (found.stage, found.subject, found.error_class) == ("ingest", "poison.mp4", "MediaError")

    (clips / "poison.mp4").write_bytes((clips / "street-jump.mp4").read_bytes())  # mended
    lane.ingest([str(clips)])
    assert [one.subject for one in store.dead_letters.list(batch_id=outcome.batch.id)] == ["poison.mp4"]
    assert not lane.resume(jobs.retry(store, outcome.batch.id)["batch"]).failed_files
    assert store.dead_letters.list() == ()


def test_a_full_gpu_harms_neither_the_file_nor_the_others_and_the_same_command_goes_on(
    lane: Lane, store: Store, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clips / "big.mp4").write_bytes((clips / "street-jump.mp4").read_bytes() + b"\0\0\0\x08free")
    observe = analysis.observe

    def crowded(path: Path, *others: Any) -> Any:
        raise OutOfMemory("8 frames do not fit into the GPU's memory", remedy="EDITRON_DEVICE=cpu")

    taken = lane.ingest([str(clips)])
    with monkeypatch.context() as full:
        full.setattr(analysis, "observe", crowded)
        with pytest.raises(OutOfMemory, match="EDITRON_DEVICE=cpu"):
            lane.analyze(taken)
    states = {file.name: file.status for file in store.files.list(taken.batch.id)}
    assert states == {"big.mp4": BatchStatus.ANALYZING, "street-jump.mp4": BatchStatus.ANALYZED}
    assert (letter(store).error_class, letter(store).attempts) == ("OutOfMemory", 3)

    assert analysis.observe is observe
    seen = lane.analyze(lane.ingest([str(clips)]))
    assert seen.batch.status is BatchStatus.ANALYZED
    assert len(seen.evidence) == 2
    assert store.dead_letters.list() == ()
