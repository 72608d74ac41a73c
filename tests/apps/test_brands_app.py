"""Brand kits in a real browser: made, seen as the export draws them, and chosen for a project."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import expect

from editron_core.domain.brand import Bumper, Slate
from tests.apps.conftest import As, Served
from tests.apps.stage import draw


def png() -> bytes:
    out = BytesIO()
    Image.new("RGBA", (60, 30), "#ff4000").save(out, "PNG")
    return out.getvalue()


def test_a_kit_is_made_by_versions_and_chosen_for_a_project(page_as: As, served: Served) -> None:
    with served.store() as store:
        project = store.projects.ensure("The Cup").id
    page = page_as("olga")
    page.goto(f"{served.url}/apps/brands/")
    expect(page.get_by_text("No kit yet")).to_be_visible()
    page.get_by_label("Name").fill("acme")
    page.get_by_label("Before the cut: the intro").select_option("a card")
    page.get_by_label("Title", exact=True).fill("ACME")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a PNG").first.click()
    chooser.value.set_files({"name": "logo.png", "mimeType": "image/png", "buffer": png()})
    expect(page.get_by_alt_text("logo.png")).to_have_js_property("naturalWidth", 60)
    expect(page.get_by_text("Not saved; kept in this browser")).to_be_visible()
    page.reload()  # nothing typed is lost
    expect(page.get_by_label("Name")).to_have_value("acme")
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("acme, version 1, is kept")).to_be_visible()
    page.get_by_label("Kit of The Cup").select_option("acme v1")
    expect(page.get_by_text("Exports of The Cup inherit it")).to_be_visible()

    expect(page.get_by_role("button", name="Intro")).to_be_enabled()
    page.get_by_role("button", name="Intro").click()
    expect(page.locator(".shot.old")).to_have_count(0)
    expect(page.get_by_alt_text("How the export draws it")).to_have_js_property("naturalWidth", 1920)

    page.get_by_label("Title", exact=True).fill("ACME!")
    page.get_by_role("button", name=re.compile("Save as version 2")).click()
    expect(page.get_by_text("acme, version 2, is kept")).to_be_visible()
    with served.store() as store:
        chosen = store.brands.chosen(project)
        assert chosen is not None
        assert chosen.version == 1
        assert store.brands.get(chosen.id).intro == Slate("ACME")
        logo = store.brands.get(chosen.id).logo
        assert logo is not None
        assert store.blobs.path(logo.removeprefix("blob:")).read_bytes() == png()


def test_a_clip_of_one_s_own_is_uploaded_for_the_end_and_seen_there(
    page_as: As, served: Served, tmp_path: Path
) -> None:
    draw(tmp_path / "outro.mp4", 2)
    page = page_as("olga")
    page.goto(f"{served.url}/apps/brands/")
    page.get_by_role("button", name="New kit").click()
    page.get_by_label("Name").fill("moving")
    page.get_by_label("After the cut: the outro").select_option("a clip of your own")
    expect(page.get_by_role("button", name="Outro")).to_be_disabled()  # none is chosen yet
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload an MP4").click()
    chooser.value.set_files(tmp_path / "outro.mp4")
    expect(page.get_by_role("button", name="Outro")).to_be_enabled()
    expect(page.get_by_title("outro.mp4")).to_have_js_property("videoWidth", 320)
    expect(page.locator(".shot.old")).to_have_count(0)
    expect(page.get_by_alt_text("How the export draws it")).to_have_js_property("naturalWidth", 1920)
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("moving, version 1, is kept")).to_be_visible()
    expect(page.get_by_text("Version 1", exact=True)).to_be_visible()
    page.get_by_label("Name").fill("moving on")  # what was kept can be changed and kept again
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("moving on, version 1, is kept")).to_be_visible()
    with served.store() as store:
        kits = {one.name: store.brands.get(one.id) for one in store.brands.page().items}
    assert kits["moving"].outro == kits["moving on"].outro
    assert isinstance(kits["moving"].outro, Bumper)
    assert kits["moving"].outro.seconds == 2.0


def test_what_is_no_picture_is_refused_in_plain_words_and_viewers_look_on(
    page_as: As, served: Served
) -> None:
    page = page_as("olga")
    page.goto(f"{served.url}/apps/brands/")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a PNG").first.click()
    chooser.value.set_files({"name": "evil.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"})
    expect(page.get_by_text("evil.png: holds no PNG")).to_be_visible()
    headers = {"Authorization": f"Bearer {served.keys['vera']}"}
    kit = {"name": "mine"}
    assert httpx.post(f"{served.url}/api/brands", json=kit, headers=headers, timeout=60).status_code == 403
    asset = f"{served.url}/api/brands/assets?kind=logo&name=x"
    assert httpx.post(asset, content=png(), headers=headers, timeout=60).status_code == 403
