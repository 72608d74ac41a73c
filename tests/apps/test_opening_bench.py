"""How long the apps take to open on 10,000 files, two hours of talk and 10,000 batches, beside an empty page.

Run alone, on a machine that does nothing else.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from editron_core.domain.batch import BatchStatus
from editron_core.domain.timeline import Clip
from editron_core.store import NewBatch
from editron_core.times import Span
from tests.apps.conftest import As, Served
from tests.apps.stage import analysed, arrived, draw, evidence, moment, session, transcript

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]
FILES, SECONDS = 10_000, 2 * 3600
AT_MOST_S = 2.0
OPENINGS = 5
STUTTER_MS = 50.0
"""A frame that takes longer is seen: three in a row of a screen that shows 60 a second."""
SCROLLED = """(length) => new Promise((done) => {
  const inside = (one) => [one, ...(one.shadowRoot?.querySelectorAll("*") ?? [])];
  const all = [...document.querySelectorAll("*")].flatMap(inside);
  const rolls = (one) => one.clientHeight > 0 && /auto|scroll/.test(getComputedStyle(one).overflowY);
  const [list] = all.filter(rolls).sort((a, b) => b.scrollHeight - a.scrollHeight);
  const took = [];
  let last = performance.now();
  const step = (now) => {
    took.push(now - last);
    last = now;
    list.scrollTop += 400;
    if (took.length < length) requestAnimationFrame(step);
    else done(took.slice(1));
  };
  requestAnimationFrame(step);
})"""
"""Scrolls whatever is longest on a page, 400 pixels a frame; milliseconds of each frame."""


@pytest.fixture
def long(served: Served, tmp_path: Path) -> str:
    clip = tmp_path / "long.mp4"
    draw(clip)
    sha256 = hashlib.sha256(b"two hours of talk").hexdigest()
    said = transcript(["word." if n % 12 == 11 else "word" for n in range(18_000)], SECONDS)
    with served.store() as store:
        batch = arrived(store, "two hours of talk", clip, sha256)
        analysed(store, sha256, evidence(said, SECONDS), clip)
        cut = [
            Clip(sha256, Span.of(600 * n, 600 * n + 3), moment(sha256, 600 * n, 600 * n + 3))
            for n in range(10)
        ]
        session(store, batch.id, "hero-reel", cut, said)
        for number in range(FILES - 1):
            more = store.files.add(batch.id, f"take {number:05d}.mov", f"/footage/long/{number}.mov")
            store.files.set_status(more.id, BatchStatus.FAILED, "is empty (copy it again)")
    return batch.id


@pytest.fixture
def many(served: Served) -> None:
    """Ten thousand batches."""
    with served.store() as store:
        for number in range(FILES):
            store.batches.create(NewBatch(f"/footage/day {number:05d}", f"day {number:05d}"))


def opened(page: Page, address: str, sign: str) -> float:
    """Median seconds until `sign` is in sight, the browser's cache being warm."""
    took = []
    for _ in range(OPENINGS + 1):
        began = time.monotonic()
        page.goto(address)
        expect(page.locator(sign).first).to_be_visible()
        took.append(time.monotonic() - began)
    return statistics.median(took[1:])


def test_a_long_batch_opens_within_two_seconds(served: Served, page_as: As, long: str) -> None:
    page = page_as("vera")
    empty = opened(page, f"{served.url}/apps/sources/", "main.page")
    print(f"\n  an empty page: {empty:.2f} s")
    signs = {
        "report": ".lanes canvas",
        "captions": "[data-line], textarea",
        "moments": ".trim canvas",
    }
    slow = {}
    for app, sign in signs.items():
        took = opened(page, f"{served.url}/apps/{app}/?batch={long}", sign)
        print(f"  {app}: {took:.2f} s, {took / empty:.2f} of an empty page (at most {AT_MOST_S:g} s)")
        if took > AT_MOST_S:
            slow[app] = took
    assert not slow


@pytest.mark.usefixtures("many")
def test_ten_thousand_batches_open_within_two_seconds(served: Served, page_as: As) -> None:
    page = page_as("vera")
    empty = opened(page, f"{served.url}/apps/sources/", "main.page")
    slow = {}
    for app, sign in {"batches": ".line.item", "board": "article"}.items():
        took = opened(page, f"{served.url}/apps/{app}/", sign)
        print(f"\n  {app}: {took:.2f} s, {took / empty:.2f} of an empty page (at most {AT_MOST_S:g} s)")
        if took > AT_MOST_S:
            slow[app] = took
    assert not slow


@pytest.mark.usefixtures("many")
def test_long_lists_scroll_without_stutter(served: Served, page_as: As, long: str) -> None:
    page = page_as("vera")
    signs = {"batches": ".line.item", "report": ".lanes canvas", "captions": "textarea"}
    for app, sign in signs.items():
        page.goto(f"{served.url}/apps/{app}/?batch={long}")
        expect(page.locator(sign).first).to_be_visible()
        page.wait_for_timeout(1500)  # what comes after the first picture
        frames = sorted(page.evaluate(SCROLLED, 300))
        usual, worst = statistics.median(frames), frames[-3]
        print(
            f"\n  {app}: {usual:.1f} ms a frame, two of 300 longer than {worst:.1f} (at most {STUTTER_MS:g})"
        )
        assert worst <= STUTTER_MS
