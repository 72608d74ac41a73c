"""The analysis report in a real browser: it follows the playhead, and opens quickly however long the file."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from playwright.sync_api import expect

from editron_core.domain.batch import BatchStatus
from editron_core.domain.timeline import Clip
from editron_core.times import Span
from tests.apps.conftest import As, Served
from tests.apps.stage import SAID, analysed, arrived, draw, evidence, moment, session, transcript

HOURS = 2


def test_the_transcript_follows_the_playhead_and_a_word_leads_there(page_as: As, served: Served) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/report/?batch={served.staged.batch}")
    word = page.locator("[data-word]", has_text="goal")
    word.click()
    expect(word).to_have_class("lit")
    assert page.locator("video").evaluate("one => one.currentTime") > 5
    page.get_by_title("Play it").first.click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("k")


def test_files_say_what_is_wrong_with_them_and_engines_what_stands_in(page_as: As, served: Served) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/report/?batch={served.staged.batch}")
    expect(page.get_by_text("Stands in: no weights here (connect once)")).to_be_visible()
    expect(page.get_by_text("3 moments to tell a story with")).to_be_visible()
    page.get_by_text("broken.mov").click()
    expect(page.get_by_role("alert").get_by_text("holds no picture (export it again)")).to_be_visible()


def test_a_copy_for_playing_that_is_missing_is_said_and_the_rest_goes_on(
    page_as: As, served: Served, tmp_path: Path
) -> None:
    clip = tmp_path / "bare.mp4"
    draw(clip)
    sha256 = hashlib.sha256(b"without a copy").hexdigest()
    said = transcript(SAID.split())
    with served.store() as store:
        batch = arrived(store, "without a copy", clip, sha256)
        analysed(store, sha256, evidence(said), None)
        session(store, batch.id, "hero-reel", [Clip(sha256, Span.of(0, 4), moment(sha256, 0, 4))], said)
    page = page_as("ann")
    page.goto(f"{served.url}/apps/report/?batch={batch.id}")
    expect(page.get_by_text("copy for playing")).to_be_visible()
    expect(page.locator("[data-word]", has_text="goal")).to_be_visible()
    page.goto(f"{served.url}/apps/moments/?batch={batch.id}")
    expect(page.get_by_text("The copy for playing is missing")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text("Signed off by ann")).to_be_visible()
    page.goto(f"{served.url}/apps/captions/?batch={batch.id}")
    expect(page.locator(".capline textarea").first).to_be_visible()


def test_a_batch_that_is_gone_leaves_one_message_and_a_way_on(page_as: As, served: Served) -> None:
    page = page_as("vera")
    for app in ("report", "moments", "captions"):
        page.goto(f"{served.url}/apps/{app}/?batch={'0' * 32}")
        expect(page.get_by_role("alert")).to_contain_text("This batch is not there, or was deleted")
        expect(page.get_by_role("link", name="All batches")).to_be_visible()


def test_two_hours_and_hundreds_of_files_open_at_once(page_as: As, served: Served, tmp_path) -> None:
    clip = tmp_path / "long.mp4"
    draw(clip)
    sha256 = hashlib.sha256(b"two hours").hexdigest()
    with served.store() as store:
        batch = arrived(store, "long", clip, sha256)
        said = transcript(["word." if n % 12 == 11 else "word" for n in range(18_000)], HOURS * 3600)
        analysed(store, sha256, evidence(said, HOURS * 3600), clip)
        for number in range(600):  # more than are sent before the page stands
            more = store.files.add(batch.id, f"take {number:04d}.mov", f"/footage/long/{number}.mov")
            store.files.set_status(more.id, BatchStatus.FAILED, "is empty (copy it again)")
    page = page_as("vera")
    page.goto(f"{served.url}/apps/report/?batch={served.staged.batch}")
    expect(page.locator("[data-line]").first).to_be_visible()  # marimo's own files are in the cache now

    began = time.monotonic()
    page.goto(f"{served.url}/apps/report/?batch={batch.id}")
    expect(page.locator("[data-line]").first).to_be_visible()
    expect(page.locator(".lanes canvas")).to_be_visible()
    took = time.monotonic() - began

    assert took < 20, took  # on a machine that does much else; `-m proof` measures it
    assert page.locator("[data-line]").count() == 1500
    assert page.locator("[data-word]").count() < 2000  # only what is near the view is laid out word by word
    assert page.locator(".line.item").count() < 60
