"""The ledger: which stages are finished on which inputs, and what they left.

    with store.ledger.run(Stage("analyze", (file.sha256,), options, "3")) as claim:
        if claim.output is None:            # nobody has finished it: it is ours to do
            observe(..., out=claim.folder)
            claim.publish({"rows": 120})
        evidence = Evidence.load(claim.output)

A finished stage is never run again. One whose process was killed is taken up by whoever comes next:
at once on the same machine, else when its lease has run out. Publishing hashes and flushes the folder,
then in one transaction checks the fence, renames the folder to its place, and marks the stage done; a
holder that lost its lease in the meantime gets LeaseLost, and its work is thrown away.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from editron_core import log
from editron_core.domain import codec
from editron_core.domain.job import StageRun, StageStatus
from editron_core.errors import Held, Interrupted, LeaseLost, StoreError, UsageError
from editron_core.store.blobs import Blobs, remove
from editron_core.store.database import Database
from editron_core.store.leases import Lease, Leases, waiting
from editron_core.store.models import StageRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked

STAGE_NAME = re.compile(r"[a-z][a-z_]*")
_log = log.get(__name__)


@dataclass(frozen=True)
class Stage:
    """One stage on one set of inputs."""

    name: str
    """Lower-case letters and underscores, such as `analyze`."""
    inputs: tuple[str, ...]
    """Content hashes of all that it reads, in a fixed order."""
    options: dict[str, Any] = field(default_factory=dict)
    """JSON-ready; everything else that can change the result."""
    version: str = "1"
    """The code's version: raised when the same inputs would give another result."""

    def __post_init__(self) -> None:
        if not STAGE_NAME.fullmatch(self.name):
            raise UsageError("is no name for a stage", subject=self.name)

    @property
    def key(self) -> str:
        """SHA-256 over name, inputs, options and version."""
        return codec.content_hash([self.name, list(self.inputs), self.options, self.version])


class Claim:
    """A stage as `Ledger.run` hands it over: finished, or ours to do."""

    def __init__(self, ledger: Ledger, stage: Stage, lease: Lease | None, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        """Where to write the outputs; empty at first, gone after the block unless published."""
        self.output: Path | None = None
        """The finished outputs; null while they are still to be made."""
        self.key: str | None = None
        """Content key of `output`: what a later stage names among its inputs."""
        self.facts: dict[str, Any] = {}
        """What was published with them."""
        self.lease = lease
        self.began = time.monotonic()
        self._ledger = ledger

    def check(self) -> None:
        """Raises LeaseLost where somebody else has taken the stage over: going on would be for nothing."""
        self._ledger.check(self)

    def publish(self, facts: dict[str, Any] | None = None) -> Path:
        """Finish the stage with what lies in `folder` and JSON-ready facts; returns where it lies now.

        Raises LeaseLost where somebody else took the stage over, CheckFailed for an empty folder.
        """
        return self._ledger.publish(self, facts or {})

    def finish(self, output: Path, key: str, facts: dict[str, Any]) -> None:
        """Told by the ledger: the stage is done."""
        self.output, self.key, self.facts = output, key, facts


class Ledger:
    """The finished and unfinished stages of one store."""

    def __init__(self, database: Database, blobs: Blobs, leases: Leases) -> None:
        self._database = database
        self._blobs = blobs
        self._leases = leases

    @contextmanager
    def run(self, stage: Stage, *, wait_s: float = 0.0) -> Iterator[Claim]:
        """Claim a stage. Raises Busy where somebody alive is at it and not done within `wait_s` seconds.

        An exception that leaves the block is recorded with the stage, which can then be claimed again;
        Ctrl-C and an operator's hold leave it waiting. Raises LeaseLost where the block failed because the
        stage was taken over.
        """
        claim = waiting(lambda: self._claim(stage), wait_s)
        if claim.lease is None:
            yield claim
            return
        try:
            with self._leases.beating(claim.lease):
                yield claim
                if claim.output is None:
                    raise StoreError("ended without publishing anything", subject=stage.name)
        except BaseException as error:
            if claim.output is None:
                self._give_up(claim, error)
            raise
        finally:
            remove(claim.folder)

    def find(self, key: str) -> StageRun | None:
        """What is recorded under a stage's key; null where it was never begun."""
        with self._database.read() as session:
            row = session.get(StageRow, key)
            return _run(row) if row else None

    def list(self, status: StageStatus | None = None) -> tuple[StageRun, ...]:
        """The recorded stages, by name and then by age."""
        wanted = [] if status is None else [StageRow.status == status]
        order = (StageRow.stage, StageRow.created_at, StageRow.key)
        with self._database.read() as session:
            rows = session.scalars(select(StageRow).where(*wanted).order_by(*order))
            return tuple(_run(row) for row in rows)

    def newest(self, stage: str, inputs: Sequence[str]) -> StageRun | None:
        """The run of a stage on these inputs that finished last, whatever its options; null for none."""
        # Two texts: the column's JSON is written with the same separators on both engines.
        same = cast(StageRow.inputs, Text) == json.dumps(list(inputs))
        wanted = (StageRow.stage == stage, StageRow.status == StageStatus.DONE, same)
        query = select(StageRow).where(*wanted).order_by(StageRow.updated_at.desc(), StageRow.key).limit(1)
        with self._database.read() as session:
            row = session.scalars(query).first()
            return _run(row) if row else None

    def check(self, claim: Claim) -> None:
        """See `Claim.check`."""
        self._leases.check(_lease(claim))

    def publish(self, claim: Claim, facts: dict[str, Any]) -> Path:
        """See `Claim.publish`."""
        lease = _lease(claim)
        self.check(claim)
        sealed = self._blobs.seal(claim.folder)
        # The rename happens inside the transaction that holds the lease's row: whoever lost the fence
        # never gets that far, and nobody can take the stage over in between.
        with self._database.write() as session:
            self._leases.assure(session, lease)
            output = self._blobs.place(sealed)
            row = locked(session, StageRow, claim.stage.key)
            row.status, row.output, row.facts = StageStatus.DONE, sealed.key, facts
            row.seconds = time.monotonic() - claim.began
            row.last_error = None
            self._leases.drop(session, lease)
            emit(session, "stage.done", row.key, data={"stage": row.stage, "seconds": round(row.seconds, 3)})
        claim.finish(output, sealed.key, facts)
        return output

    def _claim(self, stage: Stage) -> Claim:
        with self._database.read() as session:
            finished = self._finished(session.get(StageRow, stage.key), stage)
        if finished is not None:
            return finished
        with self._database.write() as session:
            # The lease before the stage, here and in `publish`: one order of locks, no deadlock.
            lease = self._leases.take(session, f"stage:{stage.key}")
            row = self._row(session, stage)
            finished = self._finished(row, stage)
            if finished is not None:  # somebody was done while we waited for the row
                self._leases.drop(session, lease)
                return finished
            row.status, row.fence, row.output = StageStatus.RUNNING, lease.fence, None
            row.attempts += 1
            emit(session, "stage.running", row.key, data={"stage": row.stage, "attempt": row.attempts})
        return Claim(self, stage, lease, self._fresh_folder(stage, lease))

    def _row(self, session: Session, stage: Stage) -> StageRow:
        row = session.get(StageRow, stage.key, with_for_update=True)
        if row is None:
            row = StageRow(
                key=stage.key,
                stage=stage.name,
                inputs=list(stage.inputs),
                options=stage.options,
                code_version=stage.version,
                status=StageStatus.WAITING,
                attempts=0,
            )
            session.add(row)
        return row

    def _finished(self, row: StageRow | None, stage: Stage) -> Claim | None:
        if row is None or row.status is not StageStatus.DONE or row.output is None:
            return None
        trouble = self._blobs.broken(row.output)
        if trouble:
            _log.warning("finished_output_lost", stage=stage.name, key=stage.key, trouble=trouble)
            return None
        output = self._blobs.folder(row.output)
        claim = Claim(self, stage, None, output)
        claim.finish(output, row.output, row.facts)
        return claim

    def _fresh_folder(self, stage: Stage, lease: Lease) -> Path:
        prefix = f"{stage.name}-{stage.key[:16]}-"
        for left in self._blobs.tmp.glob(f"{prefix}*"):
            remove(left)  # of holders that are dead, or too late
        folder = self._blobs.tmp / f"{prefix}{lease.fence}"
        folder.mkdir()
        return folder

    def _give_up(self, claim: Claim, error: BaseException) -> None:
        lease = _lease(claim)
        failed = isinstance(error, Exception) and not isinstance(error, Held | Interrupted)
        try:
            with self._database.write() as session:
                self._leases.assure(session, lease)
                row = locked(session, StageRow, claim.stage.key)
                row.status = StageStatus.FAILED if failed else StageStatus.WAITING
                row.last_error = f"{type(error).__name__}: {error}"
                self._leases.drop(session, lease)
                data = {"stage": row.stage, "error": type(error).__name__}
                emit(session, f"stage.{row.status}", row.key, data=data)
        except LeaseLost as lost:
            raise lost from error
        except StoreError as trouble:  # the error that ended the block is the one to hear about
            _log.warning("failure_not_recorded", stage=claim.stage.name, trouble=str(trouble))


def _lease(claim: Claim) -> Lease:
    if claim.lease is None:
        raise StoreError("is finished already", subject=claim.stage.name)
    return claim.lease


def _run(row: StageRow) -> StageRun:
    return StageRun(
        key=row.key,
        stage=row.stage,
        status=row.status,
        attempts=row.attempts,
        output=row.output,
        facts=row.facts,
        seconds=row.seconds,
        last_error=row.last_error,
    )
