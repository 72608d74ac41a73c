"""The processes that carry out what was asked for: `python -m editron_core.lane.attendant PARENT SHARE`.

There are two. One takes whatever is to be done, the other what is in a hurry, renders and batches in a rush,
so that these do not wait for the end of a long analysis. Each takes one dispatch at a time, the most urgent
first, under a lease, and marks it done at its end: a process that is killed leaves the dispatch pending and
free, and whoever comes next goes on where the ledger says that it was. Renders that wait in the queue without
a dispatch are carried out between these, and a thread beside the first looks at Dropbox sources.
What they say to who started them are the lines that begin with `MARK`; all others are their log.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from enum import StrEnum

import stamina

from editron_core import log, process, retry, telemetry
from editron_core.config import Settings, settings
from editron_core.domain.batch import Hold
from editron_core.domain.job import MOST_URGENT_FIRST, RenderJob, RenderJobStatus, RenderPriority
from editron_core.domain.operations import DeadLetter, Dispatch
from editron_core.domain.progress import Ending, Nobody, Step
from editron_core.errors import Busy, EditronError, Held, Interrupted, LeaseLost, NotFound, UsageError
from editron_core.lane import monitor, production
from editron_core.lane.desk import is_buried
from editron_core.lane.elsewhere import flows_answer
from editron_core.lane.lane import Lane
from editron_core.redact import redact
from editron_core.store import Store

MARK = "\x1eattend "
LOOK_EVERY_S = 1.0
ASK_FLOWS_EVERY_S = 15.0
ATTEMPTS = 4
"""Tries of a dispatch whose failure may pass; the delay between them doubles."""
SETTLED_S = 2.0
"""Who asks for a render and does it at once claims its job within this time."""
RENDERS = ("render", "job")
"""The stages of dispatches that ask for renders: of all that is signed of a session, and of one job."""
_log = log.get(__name__)
Say = Callable[[str], None]
Urgency = tuple[int, bool, str]
"""Rank of the priority, whether it takes long, and when it was asked for."""


class Teller(Nobody):
    """A watcher that tells of each stage that was done, not merely found done."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def end(self, step: Step, ending: Ending, detail: str = "") -> None:
        """Tells of a stage that was done."""
        if ending == "done":
            self._say(f"step {step.stage}")


class Share(StrEnum):
    """What one of the processes takes of what is to be done."""

    ANY = "any"
    URGENT = "urgent"
    """Renders, and what belongs to a batch in a rush."""


def once(lane: Lane, say: Say = lambda line: None, share: Share = Share.ANY) -> bool:
    """Carry out the most urgent thing that waits; false where nothing does, or others are at all of it."""
    if _render_queued(lane):
        return True
    store = lane.desk.store
    waiting = sorted((_urgency(store, one), one.key, one) for one in store.dispatches.pending())
    mine = [one for urgency, _, one in waiting if share is Share.ANY or _urgent(urgency)]
    return any(_taken(lane, one, say) for one in mine)


def lease_name(key: str) -> str:
    """The lease under which a dispatch is begun, by whoever begins it."""
    return f"dispatch:{key}"


def _taken(lane: Lane, one: Dispatch, say: Say) -> bool:
    """Whether a dispatch was dealt with here; not so where somebody else holds it or what it works on."""
    store = lane.desk.store
    try:
        with store.leases.hold(lease_name(one.key)):
            if not store.dispatches.waits(one.key):  # asked again now that the lease is held
                return False
            say(f"begin {one.key}")
            _carried_out(lane, one)
            with suppress(NotFound):  # the batch was deleted meanwhile, and its dispatches with it
                store.dispatches.done(one.key)
            say(f"end {one.key}")
    except (Busy, LeaseLost) as error:
        say(f"left {one.key}")
        _log.info("dispatch_left", dispatch=one.key, why=str(error))
        return False
    return True


def _carried_out(lane: Lane, one: Dispatch) -> None:
    """Do what a dispatch asks for, tried again while its failure may pass; what stays is a dead letter."""
    with telemetry.span("dispatch", parent=one.traceparent, run=one.key):
        try:
            for attempt in stamina.retry_context(
                on=_may_pass,
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=lane.desk.settings.retry_s,
                wait_max=600.0,
            ):
                with attempt:
                    _begun(lane, one)
        except (Interrupted, Busy, LeaseLost):
            raise
        except Held as error:  # resuming writes a dispatch of its own
            _log.info("dispatch_held", dispatch=one.key, why=str(error))
        except EditronError as error:
            if not is_buried(error):
                bury(lane.desk.store, one, type(error).__name__, str(error))


def _may_pass(error: Exception) -> bool:
    """Whether to try again: not what the lane has tried three times already."""
    return retry.passing(error) and not is_buried(error)


def bury(store: Store, one: Dispatch, kind: str, why: str, attempts: int = 1) -> None:
    """A dispatch that could not be carried out becomes a dead letter, for `editron jobs`."""
    _log.warning("dispatch_given_up", dispatch=one.key, error=why)
    letter = DeadLetter(
        one.stage, f"dispatch {one.key}", kind, redact(why), attempts=attempts, batch_id=one.batch_id
    )
    with suppress(NotFound, UsageError):  # the batch was deleted meanwhile
        store.dead_letters.record(letter)


def _begun(lane: Lane, one: Dispatch) -> None:
    if one.stage == "produce":
        production.take_in(lane, [one.batch_id], None)
        outcome = production.scored(lane, one.batch_id)
        if outcome.selection and outcome.selection.moments:
            lane.edit(outcome, production.ordered(lane, one.batch_id))
    elif one.stage == "render":
        session = one.facts.get("session") or lane.desk.store.jobs.get(str(one.facts["job"])).session_id
        production.delivered(lane, str(session), None)
    elif one.stage == "job":  # its copies go to the places that it names itself
        lane.work_off([str(one.facts["job"])])
    else:
        raise UsageError("is carried out by nobody", subject=one.stage)


def _render_queued(lane: Lane) -> bool:
    """Carry out the most urgent job of the queue that nobody else is about to claim."""
    if not any(map(_waits, lane.desk.store.jobs.queue())):
        return False
    try:
        return lane.render_next(f"{platform.node()}:{os.getpid()}") is not None
    except Busy:
        return False
    except Interrupted:
        raise
    except EditronError as error:  # the job and a dead letter say it, too
        _log.warning("render_failed", error=str(error))
        return True


def _waits(job: RenderJob) -> bool:
    assert job.created_at is not None  # every row is dated
    age = (datetime.now(UTC) - job.created_at).total_seconds()
    return job.status is RenderJobStatus.QUEUED and job.hold is Hold.NONE and age > SETTLED_S


def _urgent(urgency: Urgency) -> bool:
    rank, long, _ = urgency
    return rank == 0 or not long


def _urgency(store: Store, one: Dispatch) -> Urgency:
    """By the priority of the order, renders before what is yet to be cut, then by age."""
    try:
        asked = _priority(store, one)
    except NotFound:  # it goes with the next look
        asked = RenderPriority.STANDARD
    return MOST_URGENT_FIRST.index(asked), one.stage not in RENDERS, str(one.created_at)


def _priority(store: Store, one: Dispatch) -> RenderPriority:
    """The priority of the job or of the order that a dispatch is about."""
    if "job" in one.facts:
        return store.jobs.get(str(one.facts["job"])).priority
    facts = (
        store.sessions.get(str(one.facts["session"])).metadata
        if one.stage in RENDERS
        else store.batches.get(one.batch_id).metadata
    )
    return RenderPriority(facts.get("order", {}).get("priority", RenderPriority.STANDARD))


def attend(lane: Lane, here: Settings, say: Say, share: Share) -> None:
    """Carry out what is asked for until a Prefect server that serves our flows answers."""
    asked = -ASK_FLOWS_EVERY_S
    while True:
        if time.monotonic() - asked >= ASK_FLOWS_EVERY_S:
            if flows_answer(here):
                return
            asked = time.monotonic()
        if not once(lane, say, share):
            time.sleep(LOOK_EVERY_S)


def _say(line: str) -> None:
    sys.stdout.write(f"{MARK}{line}\n")
    sys.stdout.flush()


def _leave() -> None:
    process.stop_all()
    os._exit(143)


def _with_parent(parent: int) -> None:
    """End with the process that started us, even where that was killed, maybe before we were here."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        _leave()

    threading.Thread(target=look, daemon=True, name="parent").start()


def main(parent: int, share: Share) -> None:
    """Attend until told to end, or the process of this number is no more."""
    os.dup2(1, 2)  # one stream, so that who started us reads the log and what we tell
    _with_parent(parent)
    # The ledger keeps what is finished: a slow goodbye would only keep the operator waiting.
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    here = settings()
    log.configure(here.service_log_level, here.log_format)
    telemetry.configure(here)
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here, Teller(_say))
        with monitor.watching(lane.desk) if share is Share.ANY else nullcontext():
            _say(f"ready {os.getpid()}")
            attend(lane, here, _say, share)


if __name__ == "__main__":
    main(int(sys.argv[1]), Share(sys.argv[2]))
