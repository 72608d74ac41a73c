"""The queue of renders: rush overtakes whoever asked, and no worker is harmed by another's job."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stamina

from editron_core.config import settings
from editron_core.domain.job import EditSessionStatus, RenderJob, RenderJobStatus, RenderPriority
from editron_core.errors import EditronError, Held, NotFound, OutOfMemory, UsageError
from editron_core.lane import Lane, Order, asking, jobs, production, render_queue, rendering
from editron_core.lane.asking import RenderWish
from editron_core.lane.desk import is_buried
from editron_core.render import presets
from editron_core.store import NewJob, Store
from tests import tiny_blueprint


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(render_queue, "LOOK_EVERY_S", 0.05)
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def cuts(lane: Lane, clips: Path, tmp_path: Path) -> dict[str, str]:
    """Sessions of one batch by their names: three standard ones and a rush, none in the queue yet."""
    scored = lane.analyze(lane.ingest([str(clips)]))
    made = {}
    for name in ("first", "second", "third", "rush"):
        priority = RenderPriority.RUSH if name == "rush" else RenderPriority.STANDARD
        order = Order(
            brief="the jump", blueprints=(tiny_blueprint.written(tmp_path, name),), priority=priority
        )
        (cut,) = lane.edit(lane.score(scored, order), order).cuts
        made[name] = cut.session.id
    return made


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sessions in the order in which their rendering began."""
    begun: list[str] = []
    carried_out = rendering.carried_out

    def watched(desk: Any, job: RenderJob, cut: Any, files: Any) -> Any:
        begun.append(cut.session.deliverable_type)
        return carried_out(desk, job, cut, files)

    monkeypatch.setattr(rendering, "carried_out", watched)
    return begun


def enqueued(lane: Lane, session: str) -> tuple[str, ...]:
    return production.enqueued(lane, session, auto_approve=True)


def test_a_rush_that_comes_last_is_rendered_before_what_waits(
    lane: Lane, cuts: dict[str, str], seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers, each at a standard job of its own, when the third and the rush come."""
    both_at_work, go_on = threading.Barrier(3, timeout=60), threading.Event()
    encode = rendering.encode

    def slow(plan: Any, tell: Any) -> Any:
        if not go_on.is_set():
            both_at_work.wait()
            go_on.wait(60)
        return encode(plan, tell)

    monkeypatch.setattr(rendering, "encode", slow)

    def work(name: str) -> int:
        with Store.open(settings().database, settings().blobs) as store:
            mine = Lane(store, settings())
            return production.rendered(mine, enqueued(mine, cuts[name]))

    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(work, name) for name in ("first", "second")]
        both_at_work.wait()
        waiting = enqueued(lane, cuts["third"])
        rush = enqueued(lane, cuts["rush"])
        ends += [pool.submit(production.rendered, Lane(lane.desk.store, settings()), waiting)]
        go_on.set()
        assert [end.result() for end in ends] == [1, 1, 1]
    assert sorted(seen[:2]) == ["first", "second"]
    assert seen[2:] == ["rush", "third"]
    assert [job.status for job in lane.work_off(rush)] == [RenderJobStatus.COMPLETE]


def test_a_job_that_fails_harms_only_whoever_asked_for_it(
    lane: Lane, store: Store, cuts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = rendering.encode
    rush, mine = enqueued(lane, cuts["rush"]), enqueued(lane, cuts["first"])

    def crowded(plan: Any, tell: Any) -> Any:
        if plan.timeline.name.startswith("rush"):
            raise OutOfMemory("8 frames do not fit")
        return encode(plan, tell)

    monkeypatch.setattr(rendering, "encode", crowded)
    assert production.rendered(lane, mine) == 1
    with pytest.raises(EditronError, match=r"render job .*: 8 frames do not fit") as caught:
        production.rendered(lane, rush)
    assert is_buried(caught.value), "the dead letter of the job tells of it"
    (letter,) = store.dead_letters.list()
    assert (letter.job_id, letter.attempts) == (rush[0], 3)


def test_a_job_that_cannot_be_begun_has_failed_and_says_why(
    lane: Lane, store: Store, cuts: dict[str, str]
) -> None:
    broken = store.jobs.create(NewJob(cuts["first"], ("youtube",), metadata={"cut": "0" * 64}))
    with pytest.raises(KeyError):
        lane.render_next("worker")
    assert store.jobs.get(broken.id).status is RenderJobStatus.FAILED
    assert [letter.job_id for letter in store.dead_letters.list()] == [broken.id]
    lost = replace(store.jobs.get(enqueued(lane, cuts["first"])[0]))
    store.blobs.drop_folder(lost.metadata["cut"])
    with pytest.raises(NotFound):
        lane.render_next("worker")
    assert store.jobs.get(lost.id).status is RenderJobStatus.FAILED


def test_who_waits_for_a_held_job_is_told_at_once(lane: Lane, store: Store, cuts: dict[str, str]) -> None:
    mine = enqueued(lane, cuts["first"])
    jobs.pause(store, mine[0])
    with pytest.raises(Held, match="render job"):
        production.rendered(lane, mine)
    assert store.jobs.get(mine[0]).status is RenderJobStatus.QUEUED


def test_asking_again_for_what_is_rendered_is_the_same_job(
    lane: Lane, store: Store, cuts: dict[str, str], seen: list[str]
) -> None:
    mine = enqueued(lane, cuts["first"])
    assert production.rendered(lane, mine) == 1
    assert enqueued(lane, cuts["first"]) == mine
    assert production.rendered(lane, mine) == 1
    assert seen == ["first"]
    # Killed between the end of the job and that of its session:
    with store.database.write() as session:
        from editron_core.store.models import SessionRow

        session.get_one(SessionRow, cuts["first"]).status = EditSessionStatus.RENDERING
    assert enqueued(lane, cuts["first"]) == mine
    assert store.sessions.get(cuts["first"]).status is EditSessionStatus.COMPLETE


def test_whoever_asks_for_some_formats_gets_these_alone(
    lane: Lane, store: Store, clips: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.toml"
    both.write_text(tiny_blueprint.TINY.replace('aspects = ["1:1"]', 'aspects = ["1:1", "9:16"]'))
    order = Order(brief="the jump", blueprints=(str(both),))
    scored = lane.score(lane.analyze(lane.ingest([str(clips)])), order)
    session = lane.edit(scored, order).cuts[0].session.id
    with pytest.raises(UsageError, match=r"has no format 4:3 \(it has 1:1 \("):
        asking.render(lane, session, RenderWish(formats=("4:3",)))
    upright = asking.render(lane, session, RenderWish(formats=("9:16",)))
    assert upright.formats == (presets.for_aspect("9:16"),)
    assert asking.render(lane, session, RenderWish(formats=upright.formats)).id == upright.id
    done = lane.render_next("worker")
    assert done is not None
    assert [one.aspect for one in done.deliverables] == ["9:16"]
    every = asking.render(lane, session, RenderWish())
    assert len(every.formats) == 2
    done = lane.render_next("worker")
    assert done is not None
    assert [one.aspect for one in done.deliverables] == ["1:1", "9:16"]
    assert store.jobs.get(every.id).status is RenderJobStatus.COMPLETE
