"""A batch from footage to deliverables on one real server, and what becomes of it when things go wrong."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from editron_core.config import Settings
from editron_core.domain.batch import BatchStatus
from editron_core.domain.job import (
    EditSessionStatus,
    RenderJobStatus,
    RenderPriority,
    StageStatus,
    Verdict,
)
from editron_core.errors import OutOfMemory, UsageError
from editron_core.lane import Lane, Order, analysis, asking, rendering, signing
from editron_core.store import Store
from tests.flows.conftest import Serving, batch_of, until, wish
from tests.flows.witness import facts, kill

# On a busy machine each process takes its time.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def nobody_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def test_twenty_identical_triggers_are_one_run_that_ends_at_the_gate(
    serving: Serving, gated: Any, shoot: Path
) -> None:
    assert gated.state.is_completed()
    assert gated.run_count == 1
    with serving.store() as store:
        batches = [b for b in store.batches.list() if b.source_url == str(shoot / "clips")]
        assert len(batches) == 1
        assert store.sessions.list(batches[0].id)


def test_a_file_that_cannot_be_used_becomes_a_dead_letter_and_the_others_finish(
    serving: Serving, gated: Any, shoot: Path
) -> None:
    batch = batch_of(serving, shoot / "clips")
    with serving.store() as store:
        statuses = {file.name: file.status for file in store.files.list(batch)}
        letters = [one for one in store.dead_letters.list(batch_id=batch) if one.stage == "ingest"]
    assert statuses == {
        "part-0.mp4": BatchStatus.ANALYZED,
        "part-1.mp4": BatchStatus.ANALYZED,
        "poison.mp4": BatchStatus.FAILED,
    }
    assert [(one.subject, one.error_class) for one in letters] == [("poison.mp4", "MediaError")]
    assert "damaged" in letters[0].message


def test_what_is_not_signed_is_not_rendered(
    serving: Serving, gated: Any, shoot: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from flows.produce import finish

    with serving.store() as store:
        (session,) = store.sessions.list(batch_of(serving, shoot / "clips"))
        with pytest.raises(UsageError, match="is not signed off as it is now"):
            finish(session=session.id)
        caplog.clear()  # Prefect logs each failure as an error
        assert store.jobs.list(session.id) == ()
        assert not [run for run in store.ledger.list() if run.stage == "render"]


@pytest.fixture
def delivered(serving: Serving, gated: Any, shoot: Path) -> str:
    """The batch, once it was signed and delivered."""
    batch = batch_of(serving, shoot / "clips")
    with serving.store() as store:
        session = store.sessions.list(batch)[-1]
        if session.status is EditSessionStatus.NEEDS_REVIEW:
            signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "ann"))
    until(lambda: (serving.home / "delivered" / batch[:8] / "report.html").exists())
    return batch


def test_a_signature_starts_the_rendering(serving: Serving, delivered: str) -> None:
    made = facts(serving, delivered)
    assert list(made["videos"]) == ["tiny_1x1.mp4"]
    assert made["jobs"] == ["complete"]
    assert made["sessions"][0][2] == "complete"
    assert until(lambda: not _pending(serving))


def test_a_render_that_somebody_asks_for_is_carried_out_by_the_flows(
    serving: Serving, delivered: str, tmp_path: Path
) -> None:
    wish = asking.RenderWish(RenderPriority.RUSH, (str(tmp_path),))
    with serving.store() as store:
        (session,) = store.sessions.list(delivered)
        job = asking.render(Lane(store, Settings(home=serving.home)), session.id, wish)
        until(lambda: store.jobs.get(job.id).status is RenderJobStatus.COMPLETE)
    assert [path.name for path in tmp_path.rglob("*.mp4")] == ["tiny_1x1.mp4"]


def _pending(serving: Serving) -> int:
    with serving.store() as store:
        return len(store.dispatches.pending())


def crowded(*others: Any) -> Any:
    raise OutOfMemory("8 frames do not fit into the GPU's memory", remedy="EDITRON_DEVICE=cpu")


@pytest.mark.usefixtures("nobody_waits")
def test_an_analysis_that_may_pass_is_tried_three_times_in_all_and_is_one_dead_letter(
    serving: Serving,
    parts: tuple[Path, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from flows.produce import produce

    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "full.mp4").write_bytes(parts[0].read_bytes() + b"\0\0\0\x08free")  # nobody has analysed it
    tried: list[str] = []
    monkeypatch.setattr(analysis, "observe", lambda path, *others: tried.append(str(path)) or crowded())
    with pytest.raises(UsageError, match="holds no file that can be used"):
        produce(sources=[str(clips)])
    caplog.clear()
    assert len(tried) == 3
    with serving.store() as store:
        (letter,) = store.dead_letters.list(batch_id=batch_of(serving, clips))
    assert (letter.stage, letter.subject, letter.attempts) == ("analyze", "full.mp4", 3)


@pytest.mark.usefixtures("nobody_waits")
def test_a_rendering_that_may_pass_is_tried_three_times_in_all_and_is_one_dead_letter(
    serving: Serving,
    gated: Any,
    shoot: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from flows.produce import finish

    batch = batch_of(serving, shoot / "clips")
    with serving.store() as store:
        known = {one.id for one in store.dead_letters.list()}
        session = _another_cut(serving, store, batch, shoot / "failing.toml")
        tried: list[int] = []
        monkeypatch.setattr(rendering, "encode", lambda *what: tried.append(1) or crowded())
        with pytest.raises(OutOfMemory):
            finish(session=session, auto_approve=True)
        caplog.clear()
        assert len(tried) == 3
        (letter,) = [one for one in store.dead_letters.list() if one.id not in known]
        (job,) = store.jobs.list(session)
    assert (letter.stage, letter.job_id, letter.attempts) == ("render", job.id, 3)
    assert (job.status, job.deliverables) == (RenderJobStatus.FAILED, ())


def _another_cut(serving: Serving, store: Store, batch: str, blueprint: Path) -> str:
    """A session of the same batch by another blueprint."""
    lane = Lane(store, Settings(home=serving.home, device="cpu"))
    order = Order(brief="the jump", blueprints=(str(blueprint),))
    (cut,) = lane.edit(lane.score(lane.analyze(lane.open(batch)), order), order).cuts
    return cut.session.id


@pytest.mark.proof
def test_a_rush_begins_before_what_was_asked_for_earlier(serving: Serving, tmp_path: Path) -> None:
    """Two runs at a time, so of four the last waits for one of the others to end."""
    standard = [
        serving.trigger("produce", {"sources": [str(tmp_path / f"nothing-{number}")]}).id
        for number in range(4)
    ]
    rush = serving.trigger("produce", {"sources": [str(tmp_path / "no-rush")], "order.priority": "rush"}).id
    began = [serving.ended(run).start_time for run in standard]
    assert serving.ended(rush).start_time < max(began)


@pytest.mark.proof
def test_a_killed_worker_and_its_children_are_followed_by_others_that_finish_the_same(
    serving: Serving, delivered: str, shoot: Path, parts: tuple[Path, ...], tmp_path: Path
) -> None:
    """The deliverable equals, frame by frame, that of the same footage that nobody disturbed."""
    clips = tmp_path / "killed"
    clips.mkdir()
    for path in parts[:2]:
        shutil.copy(path, clips)
    begun = serving.trigger("produce", {**wish(shoot), "sources": [str(clips)], "auto_approve": True})
    until(lambda: _running(serving, "render"))
    with serving.store() as store:
        finished = {r.key: r.attempts for r in store.ledger.list() if r.status is StageStatus.DONE}
    killed = kill(serving)
    until(lambda: _begun_again(serving, begun.id), 120)
    recovery = time.monotonic() - killed
    assert recovery < 120
    run = serving.ended(begun.id)
    assert run.state.is_completed(), run.state.message
    with serving.store() as store:
        again = {r.key: r.attempts for r in store.ledger.list() if r.key in finished}
        assert again == finished, "a finished stage was run again"
        assert not [p for p in store.blobs.tmp.iterdir() if p.name.startswith(("render", "analyze", "edit"))]
    made = facts(serving, batch_of(serving, clips))
    assert made["jobs"].count("complete") == 1
    assert len(made["sessions"]) == 1
    assert made["videos"] == facts(serving, delivered)["videos"]
    print(f"recovery began {recovery:.0f} s after the kill")


def _running(serving: Serving, stage: str) -> bool:
    with serving.store() as store:
        return any(run.stage == stage for run in store.ledger.list(StageStatus.RUNNING))


def _begun_again(serving: Serving, run_id: str) -> Any:
    run = serving.run(run_id)
    return run if run.run_count > 1 and run.state.is_running() else None
