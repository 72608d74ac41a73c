"""What the store's tests run in processes of their own, which they then kill or stop.

The processes are forked from a clean server that has imported the store once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from editron_core.errors import Busy, LeaseLost
from editron_core.store import Claim, NewBatch, Stage, Store
from editron_core.store.blobs import Sealed
from editron_core.store.database import Database
from editron_core.store.models import BatchRow
from editron_core.store.outbox import claimed
from editron_core.store.records.access import Idempotency
from editron_core.store.records.batches import Batches
from editron_core.store.records.projects import Projects
from editron_core.store.records.studies import Journal

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["editron_core.store", "tests.store.store_workers"])

STAGE = Stage("analyze", ("a" * 64,), {"model": "tiny"}, "1")
ROWS = 40
POINTS = ("claimed", "half_written", "written", "sealed", "placed", "published")
"""The moments of a stage's life at which a worker can be killed, in order."""


def open_and_count(url: str, blobs: str) -> int:
    """Open the store, which may be new, and count its batches."""
    with Store.open(url, Path(blobs)) as store:
        return len(store.batches.list())


def raise_count(url: str, batch_id: str, times: int) -> None:
    """Add 1 to a batch's file count so many times, each time reading it first."""
    database = Database(url)
    for _ in range(times):
        with database.write() as session:
            row = session.get_one(BatchRow, batch_id, with_for_update=True)
            row.file_count += 1
    database.close()


def append_batches(url: str, told: str) -> None:
    """Record batches until killed, telling of each only when the store has said that it is recorded."""
    batches = Batches(Database(url))
    with Path(told).open("a") as log:
        while True:
            log.write(f"{batches.create(NewBatch('/footage')).id}\n")
            log.flush()


def write_outputs(claim: Claim, runs: Path, between: Callable[[], None] = lambda: None) -> None:
    """The work of the stage: two files, the same whoever makes them; tells `runs` that it ran."""
    with runs.open("a") as log:
        log.write(f"{os.getpid()}\n")
    (claim.folder / "evidence.txt").write_text("row\n" * ROWS)
    between()
    (claim.folder / "deep").mkdir()
    (claim.folder / "deep" / "proxy.bin").write_bytes(bytes(range(256)) * ROWS)


def run_stage(url: str, blobs: str, runs: str, work_s: float = 0.0, wait_s: float = 0.0) -> str:
    """Run the stage, or find it done; returns `ran`, `found` or `busy`."""
    with Store.open(url, Path(blobs)) as store:
        try:
            with store.ledger.run(STAGE, wait_s=wait_s) as claim:
                if claim.output is not None:
                    return "found"
                write_outputs(claim, Path(runs), lambda: time.sleep(work_s))
                claim.publish({"rows": ROWS})
                return "ran"
        except Busy:
            return "busy"


def run_stage_and_die(url: str, blobs: str, runs: str, point: str) -> None:
    """Run the stage and be killed without warning at one of `POINTS`."""

    def die_at(here: str) -> None:
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with Store.open(url, Path(blobs)) as store:
        seal, place = store.blobs.seal, store.blobs.place

        def dying_seal(folder: Path) -> Sealed:
            sealed = seal(folder)
            die_at("sealed")
            return sealed

        def dying_place(sealed: Sealed) -> Path:
            placed = place(sealed)
            die_at("placed")  # renamed, and the transaction not yet committed
            return placed

        blobs_in_use: Any = store.blobs
        blobs_in_use.seal, blobs_in_use.place = dying_seal, dying_place
        with store.ledger.run(STAGE) as claim:
            die_at("claimed")
            write_outputs(claim, Path(runs), lambda: die_at("half_written"))
            die_at("written")
            claim.publish({"rows": ROWS})
            die_at("published")


def run_stage_late(url: str, blobs: str, started: str, lease_s: float, stage: Stage = STAGE) -> str:
    """Begin a stage, stop this very process, and publish other outputs on waking; returns the outcome."""
    with Store.open(url, Path(blobs), lease_s=lease_s) as store:
        try:
            with store.ledger.run(stage) as claim:
                (claim.folder / "evidence.txt").write_text("a zombie's\n")
                Path(started).touch()
                os.kill(os.getpid(), signal.SIGSTOP)
                claim.folder.mkdir(exist_ok=True)  # whoever took over has cleared it
                (claim.folder / "evidence.txt").write_text("a zombie's\n")
                claim.publish()
                return "published"
        except LeaseLost:
            return "lost"


def report_late(
    url: str, blobs: str, started: str, lease_s: float, outcome: str, stage: Stage = STAGE
) -> None:
    """`run_stage_late`, its outcome written to a file."""
    Path(outcome).write_text(run_stage_late(url, blobs, started, lease_s, stage))


def hold_lease(url: str, blobs: str, name: str, started: str) -> None:
    """Take a lease and keep it until killed."""
    with Store.open(url, Path(blobs)) as store, store.leases.hold(name):
        Path(started).touch()
        time.sleep(600)


def append_logs(url: str, study: str, times: int) -> None:
    """Append so many pairs of lines to a study's journal."""
    database = Database(url)
    for at in range(times):
        line = {"by": os.getpid(), "at": at}
        Journal(database, study).append_logs([line, line])
    database.close()


def claim_and_hold(url: str, blobs: str, started: str, outcome: str, lease_s: float = 30.0) -> None:
    """Claim a render job, hold it until stopped and woken (or killed), then try to complete it."""
    with Store.open(url, Path(blobs), lease_s=lease_s) as store:
        job = store.jobs.claim("a holder")
        assert job is not None
        with store.jobs.holding(job):
            Path(started).touch()
            began = time.monotonic()
            while time.monotonic() - began < 3 * lease_s:  # a stop makes the clock jump
                time.sleep(0.05)
        try:
            store.jobs.complete(job.id, [], fence=job.fence)
            Path(outcome).write_text("completed")
        except LeaseLost:
            Path(outcome).write_text("lost")


def work_off(url: str, blobs: str, told: str) -> None:
    """Claim and complete render jobs until none is waiting; tells of each that it completed."""
    with Store.open(url, Path(blobs)) as store, Path(told).open("a") as log:
        while (job := store.jobs.claim(f"worker {os.getpid()}")) is not None:
            with store.jobs.holding(job):
                pass
            store.jobs.complete(job.id, [], fence=job.fence)
            log.write(f"{job.id}\n")
            log.flush()


def work_off_until_killed(url: str, blobs: str, told: str) -> None:
    """`work_off` that takes a moment for each job, so that kills fall into every part of it."""
    with Store.open(url, Path(blobs)) as store, Path(told).open("a") as log:
        while (job := store.jobs.claim(f"worker {os.getpid()}")) is not None:
            with store.jobs.holding(job):
                time.sleep(0.001)
            store.jobs.complete(job.id, [], [f"/out/{job.id}"], fence=job.fence)
            log.write(f"{job.id}\n")
            log.flush()


def claim_request(url: str, key: str, effect: bool) -> None:
    """Claim a keyed request, let it take effect or not, and be killed."""
    database = Database(url)
    Idempotency(database).begin("POST /x", key, "f")
    claimed.set(("POST /x", key))
    if effect:
        Projects(database).ensure("acme")
    os.kill(os.getpid(), signal.SIGKILL)
