"""What the pages of batches, renders, board and sources show."""

from __future__ import annotations

import pytest

from editron_core.domain.batch import BatchStatus
from editron_core.domain.intake import DropboxSource, MappingRule, SourceKind
from editron_core.domain.operations import Subject
from editron_core.errors import NotFound
from editron_core.review import batches, board, renders, sources
from editron_core.store import NewBatch, Store
from tests.api.seeded import Seeded


def row(store: Store, batch_id: str) -> dict[str, object]:
    columns = batches.shown(store, {})["batches"]
    at = columns["id"].index(batch_id)
    return {name: column[at] for name, column in columns.items()}


def test_a_batch_of_which_a_file_failed_is_partial_and_can_be_retried(store: Store, seeded: Seeded) -> None:
    shown = row(store, seeded.batch_id)
    assert (shown["name"], shown["project"]) == ("cup final", "The Cup")
    assert (shown["state"], shown["retry"], shown["running"]) == ("partial", True, False)
    assert (shown["files"], shown["failed"]) == (2, 1)


def test_a_paused_batch_says_so_and_not_that_it_runs(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage", "rushes"))
    assert row(store, batch.id)["running"]
    store.holds.pause(Subject(batch.id))
    shown = row(store, batch.id)
    assert (shown["state"], shown["running"], shown["status"]) == ("paused", False, "queued")


def test_a_batch_is_as_far_as_its_files_are(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage", "rushes"))
    assert row(store, batch.id)["progress"] == 0
    files = [store.files.add(batch.id, f"{n}.mp4", f"/footage/{n}.mp4") for n in range(4)]
    path = (BatchStatus.DOWNLOADING, BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED)
    for status in path[:3]:
        store.batches.set_status(batch.id, status)
    for file in files[:3]:
        for status in path[:4] if file is not files[2] else path[:3]:
            store.files.set_status(file.id, status)
    assert row(store, batch.id)["progress"] == (100 + 100 + 50 + 0) // 4


def test_a_batch_that_is_deleted_while_the_pages_look_is_left_out(
    store: Store, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, tasks = store.jobs.page(limit=9), store.tasks.page(limit=9)
    assert jobs.items
    assert tasks.items
    store.batches.delete(seeded.batch_id)
    monkeypatch.setattr(store.jobs, "page", lambda **_: jobs)
    monkeypatch.setattr(store.tasks, "page", lambda **_: tasks)
    assert renders.shown(store, {}) == {"jobs": []}
    assert board.shown(store, {})["batches"] == []


def test_an_empty_store_has_every_column_and_no_row(store: Store) -> None:
    columns = batches.shown(store, {})["batches"]
    assert "name" in columns
    assert not any(columns.values())


def test_a_render_job_is_shown_with_its_error_and_what_it_left(store: Store, seeded: Seeded) -> None:
    (job,) = renders.shown(store, {"batch": seeded.batch_id})["jobs"]
    assert (job["state"], job["blueprint"], job["batch_name"]) == ("failed", "hero-reel", "cup final")
    assert job["error"] == "ffmpeg: ended with code 1"
    (output,) = job["outputs"]
    assert output["url"] == f"/api/jobs/{seeded.job_id}/deliverable?index=0"
    assert output["passed"]
    assert output["checks"] == [
        {"name": "loudness", "passed": True, "measured": "-14 LUFS", "required": "-14 +/- 1 LUFS"}
    ]


def test_the_renders_of_a_batch_that_is_not_there_are_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        renders.shown(store, {"batch": "f" * 32})


def test_a_card_stands_in_the_column_of_the_first_stage_that_is_not_done(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage", "rushes"))
    (card,) = board.shown(store, {})["batches"]
    assert (card["stage"], card["name"]) == ("ingest", "rushes")
    for status in (BatchStatus.DOWNLOADING, BatchStatus.READY):
        store.batches.set_status(batch.id, status)
    (card,) = board.shown(store, {})["batches"]
    assert card["stage"] == "analyze"
    assert [one["status"] for one in card["stages"]] == ["done", "todo", "todo", "todo", "todo"]


def test_a_batch_that_waits_for_people_leads_to_the_review(store: Store, seeded: Seeded) -> None:
    (card,) = board.shown(store, {})["batches"]
    assert card["stage"] == "review"
    assert card["link"] == f"/apps/moments/?batch={seeded.batch_id}"


def test_a_source_shows_its_freshness_and_never_its_token(store: Store) -> None:
    project = store.projects.ensure("The Cup")
    store.sources.create(
        DropboxSource("", "Match days", SourceKind.SHARED_LINK, source_url="https://www.dropbox.com/x",
                      refresh_token="sealed:secret", project_id=project.id)
    )  # fmt: skip
    store.mappings.create(MappingRule("/clients/*", project.id))
    shown = sources.shown(store, {}, configured=False)
    (source,) = shown["sources"]
    assert (source["label"], source["project"], source["state"]) == ("Match days", "The Cup", "queued")
    assert "secret" not in str(shown)
    assert source["waiting"] == 0
    assert [(rule["pattern"], rule["project"]) for rule in shown["rules"]] == [("/clients/*", "The Cup")]
