"""Long proofs of the store at the size that is promised; `uv run pytest -m proof -n 0 -s tests/store`."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from editron_core.domain.job import RenderJobStatus, RenderPriority, StageStatus
from editron_core.store import NewBatch, NewSession, Stage, Store, migrations
from editron_core.store.leases import LEASE_S
from editron_core.store.models import JobRow, LeaseRow, StageRow, utc_now
from tests.store.store_workers import (
    POINTS,
    PROCESSES,
    ROWS,
    append_batches,
    raise_count,
    report_late,
    run_stage,
    run_stage_and_die,
    work_off_until_killed,
    write_outputs,
)
from tests.store.test_ledger import assert_finished_once

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]

WRITERS = 8
JOBS = 10_000
STOPPED_S = 180.0


def forget(store: Store) -> None:
    """Begin a trial from nothing."""
    with store.database.write() as session:
        for table in (StageRow, LeaseRow):
            session.query(table).delete()
    for entry in (store.blobs.root / "folders").glob("*/*"):
        entry.rename(store.blobs.tmp / f"old-{entry.name}")
    store.blobs.sweep(older_than_s=-60)


def test_8000_transactions_of_8_writers(store: Store, url: str) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    began = time.monotonic()
    with PROCESSES.Pool(WRITERS) as pool:
        pool.starmap(raise_count, [(url, batch.id, 1000)] * WRITERS, chunksize=1)
    print(f"{8000 / (time.monotonic() - began):.0f} transactions/s")
    assert store.batches.get(batch.id).file_count == 8000


def test_100_killed_writers_lose_nothing_that_was_acknowledged(
    store: Store, url: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    told = tmp_path / "told"
    told.touch()
    for _ in range(100):
        before = told.stat().st_size
        writer = PROCESSES.Process(target=append_batches, args=(url, str(told)))
        writer.start()
        while told.stat().st_size == before:  # it has to get going
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.1))
        writer.kill()
        writer.join()
    acknowledged = told.read_text().split()
    with store.database.read() as session:
        kept = set(session.execute(text("SELECT id FROM media_batches")).scalars())
        if store.database.lite:
            assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    print(f"{len(acknowledged)} acknowledged, {len(kept)} kept")
    assert len(acknowledged) >= 100
    assert set(acknowledged) <= kept


def test_10000_jobs_of_8_workers_with_random_kills_are_done_once_each(
    store: Store, url: str, tmp_path: Path
) -> None:
    chance = random.Random(7)
    batch = store.batches.create(NewBatch("/footage"))
    session = store.sessions.ensure(NewSession(batch.id, "hero-reel", (), ("16:9",)))
    priorities = list(RenderPriority)
    now = utc_now()
    with store.database.write() as writer:
        for number in range(JOBS):
            writer.add(
                JobRow(
                    id=f"{number:032x}",
                    edit_session_id=session.id,
                    destinations=[],
                    formats=["youtube"],
                    priority=chance.choice(priorities),
                    status=RenderJobStatus.QUEUED,
                    created_at=now + timedelta(microseconds=number),
                )
            )
    told = [tmp_path / f"told{number}" for number in range(WRITERS)]

    def start(number: int) -> BaseProcess:
        arguments = (url, str(store.blobs.root), str(told[number]))
        worker = PROCESSES.Process(target=work_off_until_killed, args=arguments)
        worker.start()
        return worker

    began, kills = time.monotonic(), 0
    before = [0] * WRITERS
    workers = [start(number) for number in range(WRITERS)]
    while any(worker.is_alive() or worker.exitcode for worker in workers):
        time.sleep(chance.uniform(0.5, 3))  # at a quicker pace all the time goes into starting workers
        number = chance.randrange(WRITERS)
        size = told[number].stat().st_size if told[number].exists() else 0
        if workers[number].is_alive() and size > before[number]:  # it is at work, not yet starting
            before[number] = size
            workers[number].kill()
            workers[number].join()
            kills += 1
        for at, worker in enumerate(workers):
            if worker.exitcode:
                workers[at] = start(at)
    lines = [line for path in told for line in path.read_text().split()]
    with store.database.read() as reader:
        ended = dict(reader.execute(select(JobRow.status, func.count()).group_by(JobRow.status)).all())
    seconds = time.monotonic() - began
    print(f"{JOBS} jobs, {kills} kills, {len(lines)} told, {JOBS / seconds:.0f} jobs/s")
    assert ended == {RenderJobStatus.COMPLETE: JOBS}
    assert len(lines) == len(set(lines))
    assert JOBS - len(lines) <= kills  # one that was killed between the commit and the telling
    assert kills > 10


def test_60_stages_killed_at_every_point_converge(store: Store, url: str, tmp_path: Path) -> None:
    blobs, runs = str(store.blobs.root), str(tmp_path / "runs")
    outputs, slowest = set(), 0.0
    for trial in range(60):
        forget(store)
        point = POINTS[trial % len(POINTS)]
        worker = PROCESSES.Process(target=run_stage_and_die, args=(url, blobs, runs, point))
        worker.start()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
        began = time.monotonic()
        assert run_stage(url, blobs, runs) == ("found" if point == "published" else "ran")
        slowest = max(slowest, time.monotonic() - began)
        assert_finished_once(store)
        outputs |= {folder.name for folder in (store.blobs.root / "folders").glob("*/*")}
    print(f"slowest recovery {slowest:.2f} s")
    assert len(outputs) == 1


def test_20_stages_killed_between_rename_and_commit_converge(store: Store, url: str, tmp_path: Path) -> None:
    blobs, runs = str(store.blobs.root), str(tmp_path / "runs")
    outputs = set()
    for _ in range(20):
        forget(store)
        worker = PROCESSES.Process(target=run_stage_and_die, args=(url, blobs, runs, "placed"))
        worker.start()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
        assert len(list((store.blobs.root / "folders").glob("*/*"))) == 1, "it was renamed"
        assert not store.ledger.list(StageStatus.DONE), "and nothing committed"
        assert run_stage(url, blobs, runs) == "ran"
        assert_finished_once(store)
        outputs |= {folder.name for folder in (store.blobs.root / "folders").glob("*/*")}
    assert len(outputs) == 1


def test_20_workers_stopped_for_minutes_publish_nothing(store: Store, url: str, tmp_path: Path) -> None:
    """All at once, each at a stage of its own, with the lease that production has."""
    stages = [Stage("analyze", (f"{number:064x}",)) for number in range(20)]
    blobs, stopped = str(store.blobs.root), time.monotonic()
    workers = []
    for number, stage in enumerate(stages):
        files = [str(tmp_path / f"{name}-{number}") for name in ("started", "outcome")]
        arguments = (url, blobs, files[0], LEASE_S, files[1], stage)
        workers.append(PROCESSES.Process(target=report_late, args=arguments))
        workers[-1].start()
    for number in range(len(stages)):
        while not (tmp_path / f"started-{number}").exists():
            time.sleep(0.05)
    for stage in stages:
        with store.ledger.run(stage, wait_s=3 * LEASE_S) as claim:
            assert claim.output is None
            write_outputs(claim, tmp_path / "runs")
            claim.publish({"rows": ROWS})
    assert time.monotonic() - stopped > LEASE_S, "only a lease that ran out lets others in"
    time.sleep(max(0.0, STOPPED_S - (time.monotonic() - stopped)))
    for worker in workers:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGCONT)
        worker.join(60)
    assert [(tmp_path / f"outcome-{number}").read_text() for number in range(len(stages))] == ["lost"] * 20
    runs = store.ledger.list(StageStatus.DONE)
    assert len(runs) == len(stages)
    assert {(run.attempts, run.output is not None) for run in runs} == {(2, True)}
    assert len(list((store.blobs.root / "folders").glob("*/*"))) == 1, "equal outputs are one folder"
    assert list(store.blobs.tmp.iterdir()) == [], "and nothing of those who came late is left"


def test_100_double_dispatches_run_once_each(store: Store, url: str, tmp_path: Path) -> None:
    with PROCESSES.Pool(2) as pool:
        for trial in range(100):
            forget(store)
            runs = tmp_path / f"runs{trial}"
            arguments = (url, str(store.blobs.root), str(runs), 0.0, 60.0)
            assert sorted(pool.starmap(run_stage, [arguments] * 2, chunksize=1)) == ["found", "ran"]
            assert len(runs.read_text().splitlines()) == 1
            assert_finished_once(store)


def test_migrations_with_100_000_rows_go_down_and_up(store: Store, url: str, tmp_path: Path) -> None:
    with store.database.write() as session:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        session.execute(
            text(
                "INSERT INTO leases (name, fence, host, pid, process_start, expires_at) "
                f"{numbers} SELECT 'lease ' || i, i, 'a machine', i, i, 0 FROM n"
            )
        )
    began = time.monotonic()
    Store.open(url, tmp_path / "blobs").close()
    print(f"opening with 100,000 rows: {1000 * (time.monotonic() - began):.0f} ms")
    with store.database.exclusive() as connection:
        migrations.downgrade(connection, "base")
        migrations.upgrade(connection)
        assert migrations.revision(connection) == migrations.HEAD
    assert store.batches.list() == ()
