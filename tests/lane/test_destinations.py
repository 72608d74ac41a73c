"""Destinations: copies in each place, and one that fails is a finding that stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stamina

from editron_core.domain.job import RenderJobStatus, RenderPriority, Severity
from editron_core.errors import UsageError
from editron_core.lane import Lane, Order, destinations, jobs, rendering
from editron_core.lane.document import Outcome, as_json
from editron_core.store import Store
from editron_core.store.blobs import hash_file
from tests import tiny_blueprint


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(brief="the jump over the boxes", blueprints=(tiny_blueprint.written(tmp_path),))


def cut(lane: Lane, clips: Path, order: Order) -> Outcome:
    return lane.edit(lane.score(lane.analyze(lane.ingest([str(clips)])), order), order)


def test_deliverables_go_to_every_destination_and_a_broken_one_is_told(
    lane: Lane, store: Store, clips: Path, order: Order, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.touch()  # a file where a folder should be made
    share = tmp_path / "share"
    order = replace(
        order, priority=RenderPriority.RUSH, destinations=(str(blocked / "sub"), str(share), "blobs")
    )
    outcome = cut(lane, clips, order)

    rendered = lane.render(outcome, order)

    (job,) = store.jobs.list(outcome.cuts[0].session.id)
    assert (job.priority, job.destinations) == (RenderPriority.RUSH, order.destinations)
    assert job.status is RenderJobStatus.FAILED
    assert rendered.deliverables
    folder = share / outcome.batch.id[:8]
    for one in rendered.deliverables:
        made = Path(one.path)
        assert hash_file(folder / made.name) == hash_file(made)
        assert hash_file(store.blobs.path(hash_file(made))) == hash_file(made)
        assert {Path(path).name for path in one.captions} <= {path.name for path in folder.iterdir()}
    (finding,) = [f for f in rendered.findings if f.rule == "destination"]
    assert finding.severity is Severity.FAILURE
    assert str(blocked) in finding.message
    assert any(str(blocked) in line for line in as_json(rendered)["complaints"])
    (letter,) = store.dead_letters.list(batch_id=outcome.batch.id)
    assert (letter.stage, letter.job_id, letter.attempts) == ("send", job.id, 3)

    blocked.unlink()
    jobs.retry(store, job.id)
    done = lane.render_next("worker")

    assert done is not None
    assert (done.id, done.status) == (job.id, RenderJobStatus.COMPLETE)
    assert {url.partition(":")[0] for url in done.output_urls if url.startswith("blob:")} == {"blob"}
    assert store.dead_letters.list() == ()
    assert not lane.render(outcome, order).complaints
    assert len(store.jobs.list(job.session_id)) == 1


@pytest.mark.parametrize("place", ["dropbox://folder", "https://x.test", " ", ""])
def test_what_is_no_destination_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="is no destination"):
        destinations.check([place])


def test_a_worker_renders_the_most_urgent_job_first_and_knows_all_it_needs(
    lane: Lane, store: Store, clips: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = cut(lane, clips, order)
    (slow,) = lane.enqueue(outcome, replace(order, priority=RenderPriority.LOW))
    (fast,) = lane.enqueue(outcome, replace(order, priority=RenderPriority.RUSH, destinations=("blobs",)))
    seen: list[str] = []
    carried = rendering.carried_out

    def watched(desk, job, cut, files):  # type: ignore[no-untyped-def]
        seen.append(job.id)
        return carried(desk, job, cut, files)

    monkeypatch.setattr(rendering, "carried_out", watched)
    while lane.render_next("worker") is not None:
        pass
    assert seen == [fast.id, slow.id]
    assert {store.jobs.get(one).status for one in seen} == {RenderJobStatus.COMPLETE}
    assert store.jobs.get(slow.id).deliverables
