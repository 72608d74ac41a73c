"""The ledger: finished once, taken up after a kill, and never published by a late riser."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from editron_core.domain.job import StageStatus
from editron_core.errors import Busy, CheckFailed, LeaseLost, MediaError, StoreError, UsageError
from editron_core.store import Stage, Store
from editron_core.store.blobs import Sealed
from editron_core.store.models import LeaseRow
from tests.store.store_workers import (
    POINTS,
    PROCESSES,
    ROWS,
    STAGE,
    report_late,
    run_stage,
    run_stage_and_die,
    write_outputs,
)

PATIENCE_S = 60


def folders(store: Store) -> list[Path]:
    return sorted((store.blobs.root / "folders").glob("*/*"))


def in_process(target: Callable[..., Any], *arguments: object) -> int | None:
    process = PROCESSES.Process(target=target, args=arguments)
    process.start()
    process.join(PATIENCE_S)
    return process.exitcode


def assert_finished_once(store: Store) -> None:
    """The stage is done, its one output is whole, and nothing else lies about."""
    run = store.ledger.find(STAGE.key)
    assert run is not None
    assert (run.status, run.facts) == (StageStatus.DONE, {"rows": ROWS})
    assert [folder.name for folder in folders(store)] == [run.output]
    assert run.output is not None
    assert store.blobs.broken(run.output, deep=True) is None
    assert list(store.blobs.tmp.iterdir()) == []


# --- keys ---


def test_a_key_depends_on_everything_that_can_change_the_result() -> None:
    stages = [
        STAGE,
        Stage("score", STAGE.inputs, STAGE.options, STAGE.version),
        Stage(STAGE.name, ("b" * 64,), STAGE.options, STAGE.version),
        Stage(STAGE.name, (*STAGE.inputs, "b" * 64), STAGE.options, STAGE.version),
        Stage(STAGE.name, STAGE.inputs, {"model": "base"}, STAGE.version),
        Stage(STAGE.name, STAGE.inputs, STAGE.options, "2"),
    ]
    assert len({stage.key for stage in stages}) == len(stages)
    assert Stage("x", (), {"a": 1, "b": 2}).key == Stage("x", (), {"b": 2, "a": 1}).key


def test_a_path_that_is_no_utf_8_has_a_key_and_can_be_recorded(store: Store, tmp_path: Path) -> None:
    stages = [Stage("edit", (), {"path": f"/footage/caf{char}.mp4"}) for char in ("\udce9", "\udce8")]
    assert stages[0].key != stages[1].key
    with store.ledger.run(stages[0]) as claim:
        write_outputs(claim, tmp_path / "runs")
        claim.publish({"path": "/out/caf\udce9.mp4"})
    with store.ledger.run(stages[0]) as again:
        assert again.facts == {"path": "/out/caf\udce9.mp4"}


@pytest.mark.parametrize("name", ["", "../x", "Analyze", "a b", "a-b"])
def test_a_stage_has_a_plain_name(name: str) -> None:
    with pytest.raises(UsageError):
        Stage(name, ())


# --- one process ---


def test_a_stage_is_run_once_and_then_found(store: Store, tmp_path: Path) -> None:
    with store.ledger.run(STAGE) as claim:
        assert claim.output is None
        assert list(claim.folder.iterdir()) == []
        write_outputs(claim, tmp_path / "runs")
        place = claim.publish({"rows": ROWS})
    with store.ledger.run(STAGE) as again:
        assert (again.output, again.facts, again.key) == (place, {"rows": ROWS}, claim.key)
    run = store.ledger.find(STAGE.key)
    assert run is not None
    assert run.attempts == 1
    assert run.seconds is not None
    assert_finished_once(store)


def test_a_finished_stage_cannot_be_published_again(store: Store, tmp_path: Path) -> None:
    with store.ledger.run(STAGE) as claim:
        write_outputs(claim, tmp_path / "runs")
        claim.publish({"rows": ROWS})
    with store.ledger.run(STAGE) as again, pytest.raises(StoreError, match="finished already"):
        again.publish()
    assert_finished_once(store)


def test_a_failure_is_recorded_and_the_next_attempt_starts_clean(store: Store, tmp_path: Path) -> None:
    def fail() -> None:
        with store.ledger.run(STAGE) as claim:
            (claim.folder / "half.txt").write_text("half")
            raise MediaError("is truncated", subject="a.mp4")

    for attempt in (1, 2):
        with pytest.raises(MediaError, match="truncated"):
            fail()
        run = store.ledger.find(STAGE.key)
        assert run is not None
        assert (run.status, run.attempts) == (StageStatus.FAILED, attempt)
        assert run.last_error == "MediaError: a.mp4: is truncated"
    assert list(store.blobs.tmp.iterdir()) == []
    with store.ledger.run(STAGE) as claim:
        assert list(claim.folder.iterdir()) == []
        write_outputs(claim, tmp_path / "runs")
        claim.publish({"rows": ROWS})
    run = store.ledger.find(STAGE.key)
    assert run is not None
    assert (run.attempts, run.last_error) == (3, None)
    assert_finished_once(store)


def test_an_interrupted_stage_waits_for_whoever_comes_next(store: Store, tmp_path: Path) -> None:
    def interrupt() -> None:
        with store.ledger.run(STAGE) as claim:
            write_outputs(claim, tmp_path / "runs")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert [run.status for run in store.ledger.list()] == [StageStatus.WAITING]
    assert store.ledger.list(StageStatus.DONE) == ()
    assert list(store.blobs.tmp.iterdir()) == []
    assert run_stage_here(store, tmp_path) == "ran"


def run_stage_here(store: Store, tmp_path: Path) -> str:
    url = store.database.url.render_as_string(hide_password=False)
    return run_stage(url, str(store.blobs.root), str(tmp_path / "runs"))


def test_a_stage_that_publishes_nothing_has_failed(store: Store) -> None:
    with pytest.raises(StoreError, match="ended without publishing"), store.ledger.run(STAGE):
        pass
    with pytest.raises(CheckFailed, match="holds no file"), store.ledger.run(STAGE) as claim:
        claim.publish()
    assert [run.status for run in store.ledger.list()] == [StageStatus.FAILED]


def test_an_error_after_publishing_does_not_undo_it(store: Store, tmp_path: Path) -> None:
    def fail_late() -> None:
        with store.ledger.run(STAGE) as claim:
            write_outputs(claim, tmp_path / "runs")
            claim.publish({"rows": ROWS})
            raise MediaError("is unlucky")

    with pytest.raises(MediaError):
        fail_late()
    assert_finished_once(store)


def test_a_finished_stage_whose_output_was_lost_is_run_again(store: Store, tmp_path: Path) -> None:
    assert run_stage_here(store, tmp_path) == "ran"
    (folders(store)[0] / "evidence.txt").unlink()
    assert run_stage_here(store, tmp_path) == "ran"
    assert run_stage_here(store, tmp_path) == "found"
    assert len((tmp_path / "runs").read_text().splitlines()) == 2


def test_a_stage_in_work_is_busy_for_everyone_else(store: Store, tmp_path: Path) -> None:
    with store.ledger.run(STAGE) as claim:
        with pytest.raises(Busy), store.ledger.run(STAGE):
            pass
        write_outputs(claim, tmp_path / "runs")
        claim.publish({"rows": ROWS})
    assert_finished_once(store)


def test_whoever_lost_the_lease_cannot_publish(store: Store, tmp_path: Path) -> None:
    def be_overtaken() -> None:
        with store.ledger.run(STAGE) as claim:
            write_outputs(claim, tmp_path / "runs")
            (claim.folder / "evidence.txt").write_text("another content")
            with store.database.write() as session:
                session.get_one(LeaseRow, f"stage:{STAGE.key}").fence += 1
            claim.publish()

    with pytest.raises(LeaseLost):
        be_overtaken()
    assert folders(store) == []
    assert list(store.blobs.tmp.iterdir()) == []


def test_a_lease_lost_while_the_outputs_are_hashed_is_noticed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = store.blobs.seal

    def seal_slowly(folder: Path) -> Sealed:
        with store.database.write() as session:
            session.get_one(LeaseRow, f"stage:{STAGE.key}").fence += 1
        return seal(folder)

    monkeypatch.setattr(store.blobs, "seal", seal_slowly)
    with pytest.raises(LeaseLost):
        run_claim(store, tmp_path)
    assert folders(store) == []


def run_claim(store: Store, tmp_path: Path) -> None:
    with store.ledger.run(STAGE) as claim:
        write_outputs(claim, tmp_path / "runs")
        claim.publish({"rows": ROWS})


def test_work_that_fails_because_it_was_overtaken_says_so(store: Store, tmp_path: Path) -> None:
    def be_overtaken() -> None:
        with store.ledger.run(STAGE) as claim:
            with store.database.write() as session:
                session.get_one(LeaseRow, f"stage:{STAGE.key}").fence += 1
            (claim.folder / "gone" / "evidence.txt").write_text("x")

    with pytest.raises(LeaseLost) as caught:
        be_overtaken()
    assert isinstance(caught.value.__cause__, FileNotFoundError)


# --- several processes ---


@pytest.mark.parametrize("point", POINTS)
def test_a_stage_killed_at_any_point_converges(store: Store, url: str, tmp_path: Path, point: str) -> None:
    runs, blobs = tmp_path / "runs", str(store.blobs.root)
    assert in_process(run_stage_and_die, url, blobs, str(runs), point) == -signal.SIGKILL
    began = time.monotonic()
    outcome = run_stage(url, blobs, str(runs))
    assert time.monotonic() - began < 20, "a dead process of this machine must not be waited for"
    assert outcome == ("found" if point == "published" else "ran")
    assert_finished_once(store)
    assert run_stage(url, blobs, str(runs)) == "found"
    assert len(runs.read_text().splitlines()) == (1 if point in ("claimed", "published") else 2)


def test_kills_at_random_instants_converge(store: Store, url: str, tmp_path: Path) -> None:
    runs, blobs = tmp_path / "runs", str(store.blobs.root)
    chance = random.Random(7)
    for _ in range(4):
        process = PROCESSES.Process(target=run_stage, args=(url, blobs, str(runs), 0.1))
        process.start()
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        process.join()
    assert run_stage(url, blobs, str(runs)) in ("ran", "found")
    assert_finished_once(store)
    assert run_stage(url, blobs, str(runs)) == "found"


def test_a_stage_dispatched_to_several_processes_runs_once(store: Store, url: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    arguments = (url, str(store.blobs.root), str(runs), 0.3, float(PATIENCE_S))
    with PROCESSES.Pool(4) as pool:
        outcomes = pool.starmap(run_stage, [arguments] * 4, chunksize=1)
    assert sorted(outcomes) == ["found", "found", "found", "ran"]
    assert len(runs.read_text().splitlines()) == 1
    assert_finished_once(store)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the worker's state in /proc")
def test_a_stopped_process_that_wakes_late_loses(store: Store, url: str, tmp_path: Path) -> None:
    started, outcome, runs = (tmp_path / name for name in ("started", "outcome", "runs"))
    blobs = str(store.blobs.root)
    lease_s = 1.0
    zombie = PROCESSES.Process(target=report_late, args=(url, blobs, str(started), lease_s, str(outcome)))
    zombie.start()
    assert zombie.pid is not None
    until_stopped(zombie.pid)
    assert run_stage(url, blobs, str(runs), wait_s=PATIENCE_S) == "ran"
    os.kill(zombie.pid, signal.SIGCONT)
    zombie.join(PATIENCE_S)
    assert outcome.read_text() == "lost"
    assert_finished_once(store)


def until_stopped(pid: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < end, "the worker never stopped"
        time.sleep(0.02)
