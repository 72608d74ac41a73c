"""Who carries out what is asked for: everything once, the urgent first, and nothing is lost by a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpserver import HTTPServer
from structlog.testing import capture_logs
from werkzeug import Request, Response

from editron_core import telemetry
from editron_core.config import settings
from editron_core.domain import codec
from editron_core.domain.batch import BatchStatus, MediaBatch
from editron_core.domain.job import RenderJobStatus, RenderPriority, StageStatus, Verdict
from editron_core.domain.operations import Subject
from editron_core.errors import OutOfMemory
from editron_core.lane import Lane, Order, analysis, asking, attendant, signing
from editron_core.lane.attend import MOST_DEATHS, Attendance, attending
from editron_core.lane.attendant import MARK, Share
from editron_core.lane.elsewhere import flows_answer
from editron_core.store import NewBatch, Store
from tests import tiny_blueprint

PATIENCE_S = 280.0


def asked(store: Store, *sources: Path, order: Order | None = None) -> MediaBatch:
    """A batch that somebody asked for by its sources, and the dispatch that is to produce it."""
    facts = {"order": codec.dump(order)} if order else {}
    batch = store.batches.create(NewBatch("\n".join(map(str, sources)), "asked", metadata=facts))
    store.dispatches.add(batch.id, "produce")
    return batch


def until(holds: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.05)


def test_what_was_asked_for_becomes_cuts_and_a_signed_cut_is_delivered(
    lane: Lane, store: Store, clips: Path, tmp_path: Path
) -> None:
    batch = asked(store, clips, order=Order(blueprints=(tiny_blueprint.written(tmp_path),)))

    assert attendant.once(lane)
    assert not attendant.once(lane)

    (session,) = store.sessions.list(batch.id)
    assert store.batches.get(batch.id).status is BatchStatus.ANALYZED
    signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "Ana"))
    assert [one.stage for one in store.dispatches.pending()] == ["render"]
    assert attendant.once(lane)

    assert not store.dispatches.pending()
    assert list((settings().home / "delivered" / batch.id[:8]).glob("*.mp4"))

    copies = tmp_path / "copies"
    job = asking.render(lane, session.id, asking.RenderWish(RenderPriority.RUSH, (str(copies),)))
    assert [one.stage for one in store.dispatches.pending()] == ["job"]
    assert attendant.once(lane, share=Share.URGENT)
    assert not store.dispatches.pending()
    assert store.jobs.get(job.id).status is RenderJobStatus.COMPLETE
    assert list(copies.rglob("*.mp4"))


def test_a_dispatch_goes_on_in_the_trace_of_who_asked_for_it(lane: Lane, store: Store, clips: Path) -> None:
    with (clips / "street-jump.mp4").open("ab") as film:
        film.write(b"\0\0\0\x08free")  # nobody has analysed it
    memory = InMemorySpanExporter()
    telemetry.export_to(SimpleSpanProcessor(memory))
    try:
        with telemetry.span("POST request") as request:
            asked(store, clips)
        assert attendant.once(lane)
    finally:
        telemetry.stop()
    spans = memory.get_finished_spans()
    trace = request.traceparent.split("-")[1]
    names = {span.name for span in spans if span.context and f"{span.context.trace_id:032x}" == trace}
    assert {"POST request", "dispatch", "stage analyze", "run ffmpeg"} <= names
    (dispatch,) = [span for span in spans if span.name == "dispatch"]
    assert dispatch.parent is not None
    assert f"{dispatch.parent.span_id:016x}" == request.traceparent.split("-")[2]


def test_a_paused_batch_waits_until_it_is_resumed(lane: Lane, store: Store, clips: Path) -> None:
    batch = asked(store, clips)
    store.holds.pause(Subject(batch.id))

    assert attendant.once(lane)
    assert not store.dispatches.pending()
    assert not store.sessions.list(batch.id)
    assert not store.dead_letters.list()

    store.holds.resume(Subject(batch.id))
    assert attendant.once(lane)
    assert store.sessions.list(batch.id)


def test_a_dispatch_that_somebody_holds_is_left_and_the_next_one_taken(
    lane: Lane, store: Store, tmp_path: Path
) -> None:
    first, second = (asked(store, tmp_path / name) for name in ("one", "two"))
    held, free = store.dispatches.pending()
    assert held.batch_id == first.id

    with store.leases.hold(attendant.lease_name(held.key)):
        assert attendant.once(lane)
        assert store.dispatches.pending() == (held,)
        assert not attendant.once(lane)

    assert store.dead_letters.list(batch_id=second.id)[0].subject == f"dispatch {free.key}"


def test_the_urgent_comes_first(lane: Lane, store: Store, tmp_path: Path) -> None:
    for name, priority in zip("abc", ("low", "standard", "rush"), strict=True):
        asked(store, tmp_path / name, order=Order(priority=RenderPriority(priority)))
    done: list[str] = []
    names = {
        one.key: Path(store.batches.get(one.batch_id).source_url).name for one in store.dispatches.pending()
    }

    while attendant.once(lane, lambda line: done.append(line) if line.startswith("end") else None):
        pass

    assert [names[line.removeprefix("end ")] for line in done] == ["c", "b", "a"]


def test_what_cannot_be_done_becomes_a_dead_letter(lane: Lane, store: Store, tmp_path: Path) -> None:
    batch = asked(store, tmp_path / "not-there")
    store.dispatches.add(batch.id, "sing")

    while attendant.once(lane):
        pass

    assert store.batches.get(batch.id).status is BatchStatus.FAILED
    letters = {letter.stage: letter.message for letter in store.dead_letters.list(batch_id=batch.id)}
    assert "carried out by nobody" in letters["sing"]
    assert "no file that can be used" in letters["produce"]


def test_what_is_in_a_hurry_does_not_wait_for_a_long_analysis(
    lane: Lane, store: Store, tmp_path: Path
) -> None:
    """Of the two processes one takes renders and batches in a rush alone."""
    asked(store, tmp_path / "long")
    assert not attendant.once(lane, share=Share.URGENT)
    for number in range(150):
        asked(store, tmp_path / f"more-{number}")
    rush = asked(store, tmp_path / "rush", order=Order(priority=RenderPriority.RUSH))
    said: list[str] = []
    assert attendant.once(lane, said.append, Share.URGENT)
    assert said[0] == f"begin {rush.id}:produce:1"
    assert not attendant.once(lane, share=Share.URGENT)
    one = store.dispatches.add(rush.id, "render", {"session": "none"})
    assert attendant.once(lane, said.append, Share.URGENT)
    assert said[-1] == f"end {one.key}"


def test_a_batch_in_a_rush_is_carried_out_while_another_one_is_analysed(drawn: Path) -> None:
    with (
        Store.open(settings().database, settings().blobs) as store,
        attending(settings()) as (any_work, urgent),
    ):
        until(lambda: any_work.ready.is_set() and urgent.ready.is_set(), "both processes")
        asked(store, drawn)
        until(lambda: any_work.at_work, "an analysis at work")
        rush = asked(store, drawn / "not-there", order=Order(priority=RenderPriority.RUSH))
        until(lambda: store.batches.get(rush.id).status is BatchStatus.FAILED, "the end of the rush")
        assert any_work.at_work, "the analysis goes on"


def test_a_killed_process_is_started_again_and_loses_nothing(drawn: Path) -> None:
    with Store.open(settings().database, settings().blobs) as store:
        batch = asked(store, drawn)
        with attending(settings()) as (found, _):
            until(lambda: store.ledger.list(StageStatus.RUNNING), "a stage at work")
            first = found.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            until(lambda: not store.dispatches.pending(), "the end of the dispatch")
            second = found.pid
        assert store.sessions.list(batch.id)
        assert not store.dead_letters.list()
    assert second not in (None, first)
    until(lambda: not Path(f"/proc/{second}").exists(), "the end of the process with the block")


def test_the_process_ends_with_who_started_it_even_if_that_died_before_it_was_ready(tmp_path: Path) -> None:
    start = (
        "import sys, time\n"
        "from editron_core.config import settings\n"
        "from editron_core.lane import attend\n"
        "with attend.attending(settings()):\n"
        "    time.sleep(600)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", start])
    children = Path(f"/proc/{server.pid}/task")
    found: list[str] = []

    def born() -> bool:
        found[:] = " ".join(p.read_text() for p in children.glob("*/children")).split()
        return bool(found)

    until(born, "the child")
    server.kill()  # its child is still importing
    server.wait()
    until(lambda: not Path(f"/proc/{found[0]}").exists(), "the end of the child")


def test_where_flows_are_served_nobody_attends(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = {"at": datetime.now(UTC)}

    def answer(request: Request) -> Response:
        assert request.get_json() == {"deployments": {"name": {"any_": ["editron"]}}}
        return Response(
            json.dumps([{"last_polled": polled["at"].isoformat()}]), content_type="application/json"
        )

    httpserver.expect_request("/api/deployments/filter", method="POST").respond_with_handler(answer)
    monkeypatch.setenv("PREFECT_API_URL", httpserver.url_for("/api"))
    settings.cache_clear()

    assert flows_answer(settings())
    with attending(settings()) as (found, _):
        assert not found.ready.wait(3.0)

    polled["at"] -= timedelta(seconds=90)
    assert not flows_answer(settings())
    with capture_logs() as said, attending(settings()) as (found, _):
        assert found.ready.wait(60), "who serves the API does the work while no worker of the flows lives"
    assert [one["event"] for one in said].count("work_is_done_here") == 1


def test_a_dispatch_that_kills_again_and_again_is_given_up_but_progress_counts() -> None:
    found = Attendance()
    for _ in range(MOST_DEATHS - 1):
        found.hear(f"{MARK}begin b:produce:1")
        assert found.died() is None
    found.hear(f"{MARK}begin b:produce:1")
    found.hear(f"{MARK}step analyze")
    assert found.died() is None  # a stage got done: the count starts over

    for _ in range(MOST_DEATHS - 2):
        found.hear(f"{MARK}begin b:produce:1")
        assert found.died() is None
    found.hear(f"{MARK}begin b:produce:1")
    assert found.died() == "b:produce:1"

    found.hear(f"{MARK}begin c:produce:1")
    found.hear(f"{MARK}end c:produce:1")
    assert found.died() is None


def test_what_the_lane_has_given_up_is_not_tried_again_and_is_one_dead_letter(
    lane: Lane, store: Store, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (clips / "street-jump.mp4").open("ab") as film:
        film.write(b"\0\0\0\x08free")  # nobody has analysed it
    batch = asked(store, clips)
    tried: list[int] = []

    def crowded(*given: object) -> None:
        tried.append(1)
        raise OutOfMemory("8 frames do not fit into the GPU's memory")

    monkeypatch.setattr(analysis, "observe", crowded)
    with stamina.set_testing(True, attempts=3, cap=True):
        assert attendant.once(lane)

    assert len(tried) == 3
    (letter,) = store.dead_letters.list(batch_id=batch.id)
    assert (letter.stage, letter.attempts) == ("analyze", 3)


@pytest.mark.proof
@pytest.mark.timeout(5400)
def test_killed_at_twenty_points_every_batch_ends_as_the_undisturbed_one(drawn: Path, tmp_path: Path) -> None:
    dice, points, kills, batches = random.Random(5), 20, 0, 0
    with Store.open(settings().database, settings().blobs) as store, attending(settings()) as (found, _):
        undisturbed = asked(store, drawn)
        until(lambda: not store.dispatches.pending(), "the undisturbed batch", 900)
        wanted = [(t.name, t.duration) for t in store.sessions.list(undisturbed.id)[0].timelines]
        while kills < points:
            folder = tmp_path / f"copy-{batches}"
            folder.mkdir()
            for path in drawn.iterdir():  # a trailing box makes it another content with the same frames
                free = b"\0\0\0\x0cfree" + batches.to_bytes(4, "big") if path.suffix == ".mp4" else b""
                (folder / path.name).write_bytes(path.read_bytes() + free)
            batch, batches = asked(store, folder), batches + 1
            done = 0
            # A dispatch that costs one life more without a stage done is given up, as another test shows.
            while store.dispatches.pending() and kills < points and done < MOST_DEATHS - 1:
                until(lambda: found.at_work or not store.dispatches.pending(), "the next start", 900)
                time.sleep(dice.uniform(0, 3.0 * (1 + done)))
                if found.pid is not None and found.at_work:
                    os.kill(found.pid, signal.SIGKILL)
                    kills, done = kills + 1, done + 1
                    until(lambda: not found.at_work, "its death", 60)
            until(lambda: not store.dispatches.pending(), "the end of the batch", 900)
            assert store.batches.get(batch.id).status is BatchStatus.ANALYZED
            (session,) = store.sessions.list(batch.id)
            assert [(t.name, t.duration) for t in session.timelines] == wanted
            print(f"{kills} kills over {batches} batches", flush=True)
        assert all(run.status is StageStatus.DONE for run in store.ledger.list())
        assert not store.dead_letters.list()
