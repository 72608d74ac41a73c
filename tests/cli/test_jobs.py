"""`editron jobs`: what operators type, and what they get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.config import settings
from editron_core.domain.job import RenderPriority
from editron_core.domain.operations import DeadLetter
from editron_core.store import NewBatch, NewJob, NewSession, Store

RUNNER = CliRunner()


def told(*words: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, ["jobs", *words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def batch(home: Path) -> str:
    """A batch with a file, a rush and a low render job, and a dead letter."""
    with Store.open(settings().database, settings().blobs) as store:
        batch = store.batches.create(NewBatch("/footage", "spring"))
        store.files.add(batch.id, "a.mp4", "/footage/a.mp4")
        session = store.sessions.ensure(NewSession(batch.id, "hero-reel", (), ("16:9",)))
        for priority in (RenderPriority.LOW, RenderPriority.RUSH):
            store.jobs.create(NewJob(session.id, ("youtube",), ("/out",), priority))
        store.dead_letters.record(
            DeadLetter("analyze", "a.mp4", "MediaError", "a.mp4: is broken", batch_id=batch.id)
        )
        return batch.id


def test_nothing_to_list_says_so(home: Path) -> None:
    assert "Nothing is held" in told("list")


def test_a_batch_is_paused_resumed_cancelled_and_retried(batch: str) -> None:
    assert "is paused" in told("pause", batch[:8])
    assert "may go on" in told("resume", batch[:8])
    assert "is cancelled" in told("cancel", batch)
    assert "was cancelled" in told("resume", batch[:8], code=2)
    assert json.loads(told("retry", batch[:8], "--json")) == {
        "kind": "batch",
        "id": batch,
        "batch": batch,
        "name": "spring",
        "status": "queued",
        "hold": "none",
        "dead_letters_resolved": 1,
    }


def test_the_list_shows_the_queue_in_its_order_and_what_was_given_up(batch: str) -> None:
    told("pause", batch)
    document = json.loads(told("list", "--json"))
    assert [row["id"] for row in document["held"]] == [batch]
    assert [row["priority"] for row in document["queue"]] == ["rush", "low"]
    assert document["queue"][0]["destinations"] == ["/out"]
    assert document["dead_letters"][0]["message"] == "a.mp4: is broken"
    assert document["dispatches"] == []
    shown = told("list")
    for word in ("spring", "paused", "rush", "a.mp4: is broken"):
        assert word in shown


def test_an_unknown_id_is_said_with_the_remedy(batch: str) -> None:
    assert "is neither a batch, a file nor a render job" in told("pause", "nonsense", code=1)


def test_a_held_batch_ends_a_command_with_one_line_and_the_remedy(home: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert RUNNER.invoke(app, ["ingest", str(empty)]).exit_code == 1  # it is no film
    with Store.open(settings().database, settings().blobs) as store:
        batch = store.batches.newest().id
    told("pause", batch[:8])
    result = RUNNER.invoke(app, ["ingest", str(empty)])
    assert result.exit_code == 1
    assert f"batch {batch[:8]}: is paused (editron jobs resume {batch[:8]})" in result.output
    assert "Traceback" not in result.output


def test_run_refuses_a_destination_and_a_priority_that_cannot_be(home: Path, tmp_path: Path) -> None:
    for words in (["--to", "dropbox://x"], ["--priority", "urgent"]):
        assert RUNNER.invoke(app, ["run", str(tmp_path), *words]).exit_code == 2
