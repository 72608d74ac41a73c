"""The desk that the stages work at: the store, the settings, who watches, and the ledger's rule."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count as integers
from pathlib import Path
from typing import Any, TypeVar

from editron_core import log, retry, telemetry
from editron_core.config import Settings
from editron_core.domain.batch import MediaFile
from editron_core.domain.operations import DeadLetter
from editron_core.domain.progress import Step, Watcher
from editron_core.errors import Busy, Held, Interrupted, LeaseLost, NotFound, StoreError
from editron_core.lane import holding
from editron_core.lane.connections import Connections
from editron_core.redact import redact
from editron_core.store import Stage, Store
from editron_core.store.remote import is_there, open_blobs

PACKAGE = Path(__file__).resolve().parent.parent

NOT_OVER = (Held, Interrupted, Busy, LeaseLost)
"""Whoever may do it goes on with the stage: nothing is wrong with it."""
BURIED = "buried"
"""Attribute of errors that became a dead letter; pickling keeps it."""
_log = log.get(__name__)

T = TypeVar("T")
Progress = Callable[[float], None]
Work = Callable[[Path, Progress], dict[str, Any]]
"""What a stage does: given the folder to fill and whom to tell progress, returns JSON-ready facts."""


@dataclass(frozen=True)
class Made:
    """What a stage left, now or before."""

    folder: Path
    key: str
    """Content key, named among the inputs of the stages that read it."""
    facts: dict[str, Any]


class Desk:
    """Everything that the stages share."""

    def __init__(self, store: Store, settings: Settings, watcher: Watcher) -> None:
        self.store = store
        self.settings = settings
        self.watcher = watcher
        self.timings: dict[str, float] = {}
        """Wall-clock seconds by stage, of this desk's own work."""
        self.dropbox = Connections(settings)
        """Who is asked for what lies at Dropbox."""

    def at_hand(self, file: MediaFile) -> MediaFile:
        """A file of a batch with its original on this machine's disk, fetched where it lies elsewhere.

        Raises NotFound where it is gone.
        """
        if Path(file.path).is_file():
            return file
        suffix = Path(file.path).suffix
        try:
            return replace(file, path=str(self.store.blobs.path(file.sha256, suffix)))
        except NotFound:
            if not is_there(self.settings.archived):
                raise
            archived = open_blobs(self.settings.archived)
            return replace(file, path=str(archived.path(file.sha256, suffix)))

    def keeps(self, file: MediaFile) -> bool:
        """Whether a file's original is on this machine's disk, or can be fetched."""
        if file.path and Path(file.path).exists():
            return True
        if not file.sha256:
            return False
        archived = self.settings.archived
        return bool(
            self.store.blobs.size(file.sha256)
            or (is_there(archived) and open_blobs(archived).size(file.sha256))
        )

    def with_transcript(self, file: MediaFile) -> MediaFile:
        """A file of a batch with its transcript, where it has one, on this machine's disk."""
        if file.transcript_path is None or Path(file.transcript_path).is_file():
            return file
        lies = Path(file.transcript_path)
        return replace(file, transcript_path=str(self.store.blobs.folder(lies.parent.name) / lies.name))

    def make(self, stage: Stage, step: Step, work: Work) -> Made:
        """The result of a stage: from the ledger, or by doing `work` in its folder.

        Raises Held where an operator paused or cancelled what the step works for, before it begins or
        while it runs; else what `tried` raises.
        """
        with self.watched(step) as (tell, ending):

            def attempt(watch: Progress) -> Made:
                with self.store.ledger.run(stage) as claim:
                    if claim.output is None:
                        claim.publish(work(claim.folder, watch))
                    else:
                        ending.outcome = "kept"
                    assert claim.output is not None
                    assert claim.key is not None
                    return Made(claim.output, claim.key, claim.facts)

            return self.tried(step, attempt, tell)

    def tried(self, step: Step, work: Callable[[Progress], T], tell: Progress = lambda share: None) -> T:
        """What `work` returns; tried again, up to 3 times in all, while its failure may pass.

        A failure that stays becomes a dead letter and is raised; one that went well after all resolves
        it. `work` is given whom to tell progress, and stops there once an operator wants it to: Held.
        """
        wanted, begun = holding.subjects(step), integers()

        def attempt() -> T:
            if next(begun):
                telemetry.count("retries", stage=step.stage)
            holding.check(self.store, *wanted)
            with holding.stoppable(self.store, *wanted) as scope:

                def watch(share: float) -> None:
                    if scope.stopped:
                        raise Interrupted("the stage is being stopped")
                    tell(share)

                return work(watch)

        result = retry.persist(attempt, lambda error, count: self.give_up(step, error, count))
        for subject in wanted:
            self.store.dead_letters.resolve(subject, step.stage, step.label)
        return result

    def give_up(self, step: Step, error: Exception, attempts: int = 1) -> None:
        """Leave a dead letter of a step that failed, unless it is only somebody else's turn."""
        if isinstance(error, NOT_OVER):
            return
        letter = DeadLetter(
            stage=step.stage,
            subject=step.label,
            error_class=type(error).__name__,
            message=redact(str(error)) or type(error).__name__,
            log_tail=retry.log_tail(error),
            attempts=attempts,
            batch_id=step.batch or None,
            file_id=step.file or None,
            job_id=step.job or None,
        )
        try:
            self.store.dead_letters.record(letter)
            mark_buried(error)
        except StoreError as trouble:  # the error that ended the stage is the one to hear about
            _log.warning("dead_letter_not_recorded", stage=step.stage, trouble=str(trouble))

    @contextmanager
    def watched(self, step: Step) -> Iterator[tuple[Progress, telemetry.Ending]]:
        """Tell the watcher, and operators, of a step that begins and ends with the block."""
        tell = self.watcher.begin(step)
        try:
            with telemetry.stage(step) as ending:
                yield tell, ending
        except BaseException as error:
            self.watcher.end(step, "failed", str(error) or "interrupted")
            raise
        self.watcher.end(step, "kept" if ending.outcome == "kept" else "done")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the block's wall-clock seconds to the timings of `stage`."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.timings[stage] = self.timings.get(stage, 0.0) + time.monotonic() - began


def mark_buried(error: BaseException) -> None:
    """Say of an error that a dead letter tells of it."""
    error.__dict__[BURIED] = True


def is_buried(error: object) -> bool:
    """Whether the lane has tried what failed so as often as it may, and a dead letter tells of it."""
    return bool(getattr(error, "__dict__", {}).get(BURIED))


@lru_cache(maxsize=8)
def code_version(*rooms: str) -> str:
    """A hash of the sources of some rooms of this package: the code version in a stage's key.

    Nobody can forget to raise it, so that a result of an older formula is never taken for a new one.
    """
    digest = hashlib.sha256()
    for room in ("domain", "times.py", *rooms):
        place = PACKAGE / room
        files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix != ".pyc")
        for path in files:
            if path.is_file():
                digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
