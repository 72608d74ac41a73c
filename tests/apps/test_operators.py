"""What operators do from the tables: hold work, let it go on, try again, and see why something failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import expect

from editron_core.domain.batch import BatchStatus, Hold
from editron_core.domain.job import Check, Deliverable, RenderJob, RenderJobStatus
from editron_core.domain.operations import DeadLetter
from editron_core.store import NewBatch, NewJob, Stage
from tests.apps.conftest import As, Served
from tests.apps.stage import draw


@pytest.fixture
def job(served: Served) -> Iterator[RenderJob]:
    """A render of the staged reel that somebody is at."""
    with served.store() as store:
        made = store.jobs.create(NewJob(served.staged.reel, ("folder",), ("youtube",)))
        yield store.jobs.claim_one(made.id, "somebody")
        store.holds.cancel(store.holds.find(made.id))


def test_a_batch_is_paused_goes_on_and_is_cancelled_for_good(served: Served, page_as: As) -> None:
    page = page_as("olga")
    with served.store() as store:
        batch = store.batches.create(NewBatch("/footage/held", "held up"))
        store.batches.set_status(batch.id, BatchStatus.DOWNLOADING)
        page.goto(f"{served.url}/apps/batches/")
        row = page.locator(f"[data-key='{batch.id}']")
        row.get_by_role("button", name="Pause").click()
        expect(row).to_contain_text("paused")
        assert store.batches.get(batch.id).hold is Hold.PAUSED
        row.get_by_role("button", name="Resume").click()
        expect(row).to_contain_text("downloading")
        assert store.batches.get(batch.id).hold is Hold.NONE
        page.once("dialog", lambda dialog: dialog.dismiss())
        row.get_by_role("button", name="Cancel").click()
        expect(row).to_contain_text("downloading")  # nobody meant it
        page.once("dialog", lambda dialog: dialog.accept())
        row.get_by_role("button", name="Cancel").click()
        expect(row).to_contain_text("cancelled")
        assert store.batches.get(batch.id).hold is Hold.CANCELLED
        store.batches.delete(batch.id)


def test_what_failed_is_tried_again_from_the_table(served: Served, page_as: As) -> None:
    page = page_as("olga")
    with served.store() as store:
        batch = store.batches.create(NewBatch("/footage/torn", "torn tape"))
        store.batches.set_status(batch.id, BatchStatus.FAILED, "holds nothing (copy it again)")
        page.goto(f"{served.url}/apps/batches/")
        row = page.locator(f"[data-key='{batch.id}']")
        expect(row.get_by_title("holds nothing (copy it again)")).to_be_visible()
        row.get_by_role("button", name="Retry").click()
        expect(row).to_contain_text("queued")
        assert any(one.batch_id == batch.id for one in store.dispatches.pending())
        store.batches.delete(batch.id)


def test_who_may_only_look_finds_nothing_to_press(served: Served, page_as: As, job: RenderJob) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/batches/")
    row = page.locator(f"[data-key='{served.staged.batch}']")
    expect(row.get_by_role("link", name="Open")).to_be_visible()
    expect(row.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="Start a run")).to_be_disabled()
    page.goto(f"{served.url}/apps/renders/?batch={served.staged.batch}&role=admin")
    expect(page.get_by_role("button", name="Pause").first).to_be_disabled()
    page.goto(f"{served.url}/apps/sources/")
    expect(page.get_by_role("button", name="Add a source").first).to_be_disabled()
    page.goto(f"{served.url}/apps/brands/")
    expect(page.get_by_role("button", name="New kit")).to_be_disabled()


def test_a_render_shows_how_far_it_is_as_it_goes(served: Served, page_as: As, job: RenderJob) -> None:
    page = page_as("olga")
    page.goto(f"{served.url}/apps/renders/?batch={served.staged.batch}")
    shown = page.locator("section.panel").first  # the newest
    bar = shown.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    with served.store() as store:
        store.jobs.progress(job.id, 42)
        expect(bar).to_have_attribute("aria-valuenow", "42")
        shown.get_by_role("button", name="Pause").click()
        expect(shown.get_by_role("button", name="Resume")).to_be_visible()
        assert store.jobs.get(job.id).hold is Hold.PAUSED


def test_a_failed_render_says_why_with_its_log_and_is_tried_again(
    served: Served, page_as: As, job: RenderJob
) -> None:
    page = page_as("olga")
    tail = "frame 100\nNo space left on device"
    with served.store() as store:
        letter = DeadLetter("render", "hero-reel", "StoreError", "the disk is full", tail)
        about = {"batch_id": served.staged.batch, "job_id": job.id}
        store.dead_letters.record(replace(letter, **about))
        store.jobs.set_status(job.id, RenderJobStatus.FAILED, "the disk is full (make room)")
        page.goto(f"{served.url}/apps/renders/?batch={served.staged.batch}")
        shown = page.locator("section.panel").first
        expect(shown.get_by_role("alert")).to_contain_text("the disk is full (make room)")
        shown.get_by_text("Last lines of the log").click()
        expect(shown.get_by_text("No space left on device")).to_be_visible()
        shown.get_by_role("button", name="Retry").click()
        expect(shown.get_by_text("queued")).to_be_visible()
        expect(shown.get_by_role("alert")).to_have_count(0)
        assert store.jobs.get(job.id).status is RenderJobStatus.QUEUED


def test_a_film_that_fails_a_check_is_shown_with_what_was_measured(
    served: Served, page_as: As, job: RenderJob
) -> None:
    checks = (
        Check("loudness", False, "-9.2 LUFS", "-14.0 LUFS, within 1"),
        Check("size", True, "320x180", "320x180"),
    )
    with served.store() as store:
        with store.ledger.run(Stage("render", (job.id,), {"made": "by hand"}, "1")) as claim:
            draw(claim.folder / "film.mp4", 1)
            film = claim.publish() / "film.mp4"
        made = Deliverable(
            str(film), "hero-reel", "16:9", "youtube", Fraction(1), 320, 180, (), -9.2, -1.0, checks
        )
        store.jobs.delivered(job.id, [made])
    page = page_as("vera")
    page.goto(f"{served.url}/apps/renders/?batch={served.staged.batch}")
    expect(page.get_by_text("check failed")).to_be_visible()
    page.get_by_text("2 checks").click()
    expect(page.get_by_text("loudness: -9.2 LUFS")).to_be_visible()
    expect(page.locator("video")).to_have_js_property("videoWidth", 320)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    assert Path(saved.value.path()).read_bytes() == film.read_bytes()
