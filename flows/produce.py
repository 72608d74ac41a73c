"""From footage to cuts that wait for sign-off: ingest -> analyse -> score -> edit -> review gate.

Each step is one call of the lane, by ids: what is finished is in the ledger, and a run that was killed
goes on there. The files of a batch are analysed side by side; one that cannot be used becomes a dead letter
and the others go on. The run ends at the gate. A decision writes a dispatch, and that starts `finish`;
whoever asks for one render starts `render_job`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.futures import PrefectFuture

from editron_core.domain.operations import DeadLetter
from editron_core.errors import Held
from editron_core.lane import production
from editron_core.lane.desk import is_buried
from editron_core.render.encode import video_encoder
from flows import pools, runs, slots
from flows.orders import OrderFields


@runs.stage("ingest")
def ingest(sources: list[str], order: OrderFields | None) -> dict[str, Any]:
    """Take in footage, or go on with a batch taken in before; returns its id and the files to analyse."""
    with runs.open_lane() as lane:
        taken = production.take_in(lane, sources, order.order() if order else None)
        return {"batch": taken.batch, "files": taken.files}


@runs.stage("analyze")
def analyze(batch: str, file: str) -> str:
    """The evidence of one file; returns its content key."""
    with runs.open_lane() as lane, slots.gpu(lane.engines.device == "cuda"):
        return production.analyze_file(lane, batch, file)


@runs.stage("score")
def score(batch: str) -> int:
    """The moments of a batch; returns how many."""
    with runs.open_lane() as lane:
        chosen = production.scored(lane, batch).selection
        return len(chosen.moments) if chosen else 0


@runs.stage("edit")
def edit(batch: str) -> list[str]:
    """The cuts of a batch, waiting for review; returns their sessions."""
    with runs.open_lane() as lane:
        return [cut.session.id for cut in production.cut(lane, batch).cuts]


@runs.stage("enqueue")
def enqueue(session: str, auto_approve: bool) -> list[str]:
    """The render jobs of a signed session, in the queue; returns their ids."""
    with runs.open_lane() as lane:
        return list(production.enqueued(lane, session, auto_approve=auto_approve))


@runs.stage("render")
def render(jobs: list[str]) -> int:
    """The queue's most urgent jobs, until these are rendered; returns how many videos these left."""
    with runs.open_lane() as lane, slots.gpu(video_encoder() == "h264_nvenc"):
        return production.rendered(lane, jobs)


@runs.stage("deliver")
def deliver(session: str, out: str, jobs: list[str], auto_approve: bool) -> str:
    """Copies for people, with the report; returns where that lies."""
    with runs.open_lane() as lane:
        place = Path(out) if out else None
        done = production.delivered(lane, session, place, jobs, auto_approve=auto_approve)
        return str(done.report)


@flow(name="produce", on_failure=[runs.bury])
def produce(
    sources: list[str], order: OrderFields | None = None, auto_approve: bool = False
) -> dict[str, Any]:
    """Footage becomes cuts that wait for sign-off.

    `sources` are files, folders or URLs, or the id of one batch taken in before. `order` is how to score and
    cut; without one, a known batch keeps its own. `auto_approve` renders without sign-off: development
    only, and the report says so.
    """
    with runs.attended():
        if auto_approve:
            _refuse_in_production()
        taken = ingest(sources, order)
        batch = taken["batch"]
        with pools.open_pool() as pool:
            files = dict(taken["files"])
            futures = [pool.submit(analyze, {"batch": batch, "file": file}) for file in files]
            _settle(batch, files, futures)
        moments = score(batch)
        sessions = edit(batch) if moments else []
        if auto_approve and sessions:
            _finish(sessions[0], "", auto_approve=True)
        return {"batch": batch, "moments": moments, "sessions": sessions}


@flow(name="finish", on_failure=[runs.bury])
def finish(session: str, out: str = "", auto_approve: bool = False) -> dict[str, Any]:
    """A signed session becomes deliverables in the folder `out` (default: one per batch).

    What is not signed as it is now is not rendered, unless `auto_approve` is set in development mode.
    """
    with runs.attended():
        return _finish(session, out, auto_approve=auto_approve)


@flow(name="render_job", on_failure=[runs.bury])
def render_job(job: str) -> int:
    """A render job that somebody asked for by itself, after those that are more urgent.

    Its copies go to the places that it names. Returns how many videos it left.
    """
    with runs.attended():
        return render([job])


def _finish(session: str, out: str, *, auto_approve: bool) -> dict[str, Any]:
    jobs = enqueue(session, auto_approve)
    made = render(jobs)
    return {"deliverables": made, "report": deliver(session, out, jobs, auto_approve)}


def _settle(batch: str, files: dict[str, str], futures: Sequence[PrefectFuture[Any]]) -> None:
    """Wait for every file; one that failed for good becomes a dead letter and the others go on."""
    held: Held | None = None
    for (file, name), future in zip(files.items(), futures, strict=True):
        error = future.result(raise_on_failure=False)
        if isinstance(error, Held):
            held = error
        elif isinstance(error, BaseException):
            kind, why = runs.reason(error)
            if not is_buried(error):
                runs.record(DeadLetter("analyze", name, kind, why, batch_id=batch, file_id=file))
            with runs.open_lane() as lane:
                production.give_up(lane, batch, file, why)
    if held is not None:
        raise held


def _refuse_in_production() -> None:
    with runs.open_lane() as lane:
        production.refuse_auto_approve(lane)
