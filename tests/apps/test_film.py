"""A reviewer's whole path in a real browser, over the real lane: footage comes in, a film goes out."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.media.probe import probe
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load
from editron_core.store import Store
from tests.apps.conftest import serving

WORK_MS = 240_000
"""How long footage may be at work on a machine that does much else."""


def signed_in(chromium: Browser, url: str, key: str) -> Page:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    for cookie, value in httpx.post(f"{url}/login", data={"key": key}, timeout=60).cookies.items():
        context.add_cookies([{"name": cookie, "value": value, "url": url}])
    return context.new_page()


@pytest.mark.timeout(900)
def test_from_a_folder_to_a_film_on_the_reviewer_s_disk(chromium: Browser, tmp_path: Path) -> None:
    draw(load(FOLDER / "street-jump.toml").scaled(0.25), tmp_path / "footage" / "match day")
    here = Settings(home=tmp_path / "home")
    with Store.open(here.database, here.blobs) as store:
        key = store.keys.issue("olga", Role.ADMIN)[1]
    with serving(here.home, EDITRON_FOOTAGE_ROOTS=str(tmp_path / "footage")) as url:
        page = signed_in(chromium, url, key)
        page.goto(f"{url}/apps/batches/")
        page.get_by_label("Where the footage is").fill(str(tmp_path / "footage" / "match day"))
        page.get_by_label("Brief").fill("the jump")
        page.get_by_role("button", name="Start a run").click()
        row = page.locator(".line.item").first
        expect(row).to_contain_text("match day")
        expect(row).to_contain_text("analyzed", timeout=WORK_MS)

        row.get_by_role("link", name="Open").click()
        expect(page.locator(".lanes canvas").first).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("link", name="Review the cuts").click()
        expect(page.locator(".desk .cuts [aria-selected=true]")).to_be_visible(timeout=WORK_MS)
        page.keyboard.press("a")
        expect(page.get_by_text("Signed off by olga")).to_be_visible()

        page.goto(f"{url}/apps/renders/")
        job = page.locator("section.panel").first
        expect(job.get_by_text("checks passed").first).to_be_visible(timeout=WORK_MS)
        expect(job.get_by_text("complete")).to_be_visible()
        with page.expect_download() as film:
            job.get_by_role("link", name="Download").first.click()
        film.value.save_as(tmp_path / "film.mp4")
        page.context.close()
    found = probe(tmp_path / "film.mp4")
    assert found.video is not None
    assert found.video.height >= 1080
    assert found.duration > 3
