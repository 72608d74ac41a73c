"""From footage to sign-off and from there to deliverables, on a real server with a real worker."""

from __future__ import annotations

import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from editron_core.config import Settings
from editron_core.domain.batch import BatchStatus
from editron_core.domain.job import EditSessionStatus, StageStatus, Verdict
from editron_core.lane import Lane, production, signing
from editron_core.media import ffmpeg
from editron_core.process import run as child
from tests.flows.conftest import BLUEPRINT, Serving, alive, until

TRIGGERS = 20


def frames(path: Path) -> str:
    """A hash over every decoded frame and sample of a video."""
    shown, _ = child([ffmpeg.binary(), "-v", "error", "-i", path, "-f", "hash", "-hash", "sha256", "-"])
    return shown.decode().strip()


def facts(serving: Serving, batch: str) -> dict[str, Any]:
    """What may not differ, however often a batch was interrupted: rows and deliverables."""
    out = serving.home / "delivered" / batch[:8]
    with serving.store() as store:
        sessions = store.sessions.list(batch)
        return {
            "files": sorted((f.name, f.sha256, f.status.value) for f in store.files.list(batch)),
            "sessions": sorted((s.deliverable_type, s.content_hash, s.status.value) for s in sessions),
            "jobs": [job.status.value for session in sessions for job in store.jobs.list(session.id)],
            "videos": {p.name: frames(p) for p in sorted(out.glob("*.mp4"))},
        }


@pytest.fixture(scope="module")
def footage(parts: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two clips and one whose picture is damaged, with a blueprint beside it."""
    folder = tmp_path_factory.mktemp("footage")
    clips = folder / "clips"
    clips.mkdir()
    for path in parts[:2]:
        shutil.copy(path, clips)
    whole = bytearray(parts[2].read_bytes())
    at = whole.index(b"mdat") + 8
    whole[at:] = bytes(len(whole) - at)
    (clips / "poison.mp4").write_bytes(whole)
    (folder / "tiny.toml").write_text(BLUEPRINT)
    return folder


def wish(footage: Path, **more: object) -> dict[str, object]:
    order = {"brief": "the jump", "blueprints": [str(footage / "tiny.toml")]}
    return {"sources": [str(footage / "clips")], "order": order, **more}


@pytest.fixture
def gated(serving: Serving, footage: Path) -> Any:
    """The run of `produce` that 20 identical wishes begin, ended at the gate; all tests share it."""
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: serving.trigger("produce", wish(footage)), range(TRIGGERS)))
    assert len({one.id for one in found}) == 1
    return serving.ended(found[0].id)


def batch_of(serving: Serving, footage: Path) -> str:
    with serving.store() as store:
        return store.batches.newest(str(footage / "clips")).id


def test_twenty_identical_triggers_are_one_run_that_ends_at_the_gate(
    serving: Serving, gated: Any, footage: Path
) -> None:
    assert gated.state.is_completed()
    assert gated.run_count == 1
    with serving.store() as store:
        batches = [b for b in store.batches.list() if b.source_url == str(footage / "clips")]
        assert len(batches) == 1
        (session,) = store.sessions.list(batches[0].id)
    assert session.status in (EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.COMPLETE)


def test_a_file_that_cannot_be_used_becomes_a_dead_letter_and_the_others_finish(
    serving: Serving, gated: Any, footage: Path
) -> None:
    batch = batch_of(serving, footage)
    with serving.store() as store:
        statuses = {file.name: file.status for file in store.files.list(batch)}
        (letter,) = store.dead_letters.list(batch_id=batch)
    assert statuses == {
        "part-0.mp4": BatchStatus.ANALYZED,
        "part-1.mp4": BatchStatus.ANALYZED,
        "poison.mp4": BatchStatus.FAILED,
    }
    assert (letter.stage, letter.subject, letter.error_class) == ("ingest", "poison.mp4", "MediaError")
    assert "damaged" in letter.message


def test_what_is_not_signed_is_not_rendered_and_a_signature_starts_the_rendering(
    serving: Serving, gated: Any, footage: Path
) -> None:
    batch = batch_of(serving, footage)
    with serving.store() as store:
        (session,) = store.sessions.list(batch)
    early = serving.ended(serving.trigger("finish", {"session": session.id}).id)
    assert early.state.is_failed()
    assert "is not signed off as it is now" in early.state.message
    with serving.store() as store:
        assert not store.ledger.find("render")
        assert not [r for r in store.ledger.list() if r.stage == "render"]
        signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "ann"))

    out = serving.home / "delivered" / batch[:8]
    until(lambda: (out / "report.html").exists())
    made = facts(serving, batch)
    assert list(made["videos"]) == ["tiny_1x1.mp4"]
    assert made["jobs"] == ["complete"]
    assert made["sessions"][0][2] == "complete"
    until(lambda: not _pending(serving))


def _pending(serving: Serving) -> int:
    with serving.store() as store:
        return len(store.dispatches.pending())


def test_a_killed_worker_and_its_children_are_followed_by_others_that_finish_the_same(
    serving: Serving, gated: Any, footage: Path, parts: tuple[Path, ...]
) -> None:
    """The deliverable equals what the lane makes without flows in between, frame by frame."""
    clips = footage / "killed"
    clips.mkdir()
    for path in parts[:2]:
        shutil.copy(path, clips)
    wanted = {**wish(footage), "sources": [str(clips)], "auto_approve": True}
    begun = serving.trigger("produce", wanted)
    until(lambda: _running(serving, "render"))
    with serving.store() as store:
        finished = {r.key: r.attempts for r in store.ledger.list() if r.status is StageStatus.DONE}
    killed = kill(serving)
    run = until(lambda: _begun_again(serving, begun.id), 120)
    recovery = time.monotonic() - killed
    assert recovery < 120
    run = serving.ended(begun.id)
    assert run.state.is_completed(), run.state.message
    batch = _batch(serving, clips)
    with serving.store() as store:
        again = {r.key: r.attempts for r in store.ledger.list() if r.key in finished}
        assert again == finished, "a finished stage was run again"
        assert not [p for p in store.blobs.tmp.iterdir() if p.name.startswith(("render", "analyze", "edit"))]
    made = facts(serving, batch)
    assert made["jobs"].count("complete") == 1
    assert len(made["sessions"]) == 1
    assert made["videos"] == alone(footage, clips)
    print(f"recovery began {recovery:.0f} s after the kill")


def alone(footage: Path, clips: Path) -> dict[str, str]:
    """The deliverables of the lane by itself, in a home of its own."""
    from editron_core.lane import Order
    from editron_core.store import Store

    here = Settings(home=footage / f"alone-{clips.name}")
    order = Order(brief="the jump", blueprints=(str(footage / "tiny.toml"),))
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here)
        taken = production.take_in(lane, [str(clips)], order)
        (cut,) = production.cut(lane, taken.batch).cuts
        done = production.delivered(lane, cut.session.id, here.home / "out", auto_approve=True)
    return {Path(d.path).name: frames(Path(d.path)) for d in done.deliverables}


def kill(serving: Serving) -> float:
    """kill -9 the worker and all that it started; the supervisor and the server stay. When it was."""
    for pid, words in alive(serving.home).items():
        if "flows.worker" in words or "prefect.engine" in words or "ffmpeg" in words:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    return time.monotonic()


def _running(serving: Serving, stage: str) -> bool:
    with serving.store() as store:
        return any(run.stage == stage for run in store.ledger.list(StageStatus.RUNNING))


def _begun_again(serving: Serving, run_id: str) -> Any:
    run = serving.run(run_id)
    return run if run.run_count > 1 and run.state.is_running() else None


def _batch(serving: Serving, clips: Path) -> str:
    with serving.store() as store:
        return store.batches.newest(str(clips)).id
