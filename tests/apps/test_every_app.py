"""Every app opens for whoever may look, says what to do where there is nothing, and acts by keys."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Response, expect

from editron_core.api import apps
from editron_core.domain.batch import BatchStatus
from editron_core.domain.label import Raters
from editron_core.domain.registry import ProfileStage
from editron_core.score import profile as profiles
from editron_core.store import NewBatch
from tests.apps.conftest import As, Served

HEADINGS = {
    "batches": "Batches",
    "board": "Board",
    "brands": "Brand kits",
    "captions": "Captions",
    "lab": "Scoring lab",
    "labels": "Labels",
    "moments": "Review",
    "qa": "QA",
    "renders": "Renders",
    "report": "Analysis",
    "sources": "Sources",
}
"""By app, the word of the bar that leads to it."""


def test_the_bar_leads_to_every_app_that_is_mounted() -> None:
    assert apps.names() == sorted(HEADINGS)


@pytest.mark.parametrize("name", sorted(HEADINGS))
def test_an_app_opens_for_a_viewer_and_fits_on_a_telephone_too(
    name: str, served: Served, page_as: As
) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/{name}/?batch={served.staged.batch}")
    expect(page.locator("main.page").first).to_be_visible()
    expect(page.locator("nav a[aria-current=page]")).to_have_text(HEADINGS[name])
    expect(page.get_by_text("could not be drawn")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    sideways = "() => document.scrollingElement.scrollWidth <= innerWidth"
    page.wait_for_function(sideways)


def test_scripts_are_kept_by_the_browser_as_long_as_they_stay_the_same(served: Served, page_as: As) -> None:
    page = page_as("vera")
    scripts: dict[str, str] = {}

    def note(answer: Response) -> None:
        if urlsplit(answer.url).path.endswith(("board.js", "kit.js", "dom.js", "widgets.css")):
            scripts[urlsplit(answer.url).path] = answer.headers["cache-control"]

    page.on("response", note)
    page.goto(f"{served.url}/apps/board/")
    expect(page.locator("main.page").first).to_be_visible()
    assert len(scripts) == 4
    assert all(path.startswith(f"{apps.drawn_with()}/") for path in scripts)
    assert all("immutable" in kept for kept in scripts.values())
    for path in ("/apps/static/kit.js", f"/apps/static/v{'0' * 16}/kit.js"):
        other = page.request.get(f"{served.url}{path}")
        assert (other.status, other.headers["cache-control"]) == (200, "no-cache")
    assert page.request.get(f"{served.url}/apps/static/v{'0' * 16}/../ui.py").status == 404


def test_without_a_key_every_app_leads_to_the_page_that_asks_for_one(served: Served, page_as: As) -> None:
    page = page_as("vera")
    page.context.clear_cookies()
    page.goto(f"{served.url}/apps/board/")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def test_a_batch_that_is_not_there_is_one_plain_message_with_a_way_on(served: Served, page_as: As) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/report/?batch={'f' * 32}")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("link", name="All batches").click()
    expect(page.get_by_role("heading", name="Batches")).to_be_visible()


def test_the_table_of_batches_follows_what_happens(served: Served, page_as: As) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/batches/")
    expect(page.locator("main.page")).to_be_visible()
    with served.store() as store:
        batch = store.batches.create(NewBatch("/footage/late", "late arrivals"))
        row = page.locator(f"[data-key='{batch.id}']")
        expect(row).to_contain_text("late arrivals")
        store.batches.set_status(batch.id, BatchStatus.DOWNLOADING)
        expect(row).to_contain_text("downloading")
        store.batches.delete(batch.id)


def test_cards_move_over_the_board_by_themselves(served: Served, page_as: As) -> None:
    page = page_as("vera")
    with served.store() as store:
        batch = store.batches.create(NewBatch("/footage/moving", "moving on"))
        page.goto(f"{served.url}/apps/board/")
        card = page.locator(f"[data-batch='{batch.id}']")
        expect(page.get_by_role("region", name="Ingest").locator(card)).to_be_visible()
        for status in (BatchStatus.DOWNLOADING, BatchStatus.READY):
            store.batches.set_status(batch.id, status)
        expect(page.get_by_role("region", name="Analyze").locator(card)).to_be_visible()
        store.batches.delete(batch.id)


def test_what_was_typed_outlives_a_server_that_goes_away(served: Served, page_as: As) -> None:
    page = page_as("olga")
    page.goto(f"{served.url}/apps/batches/")
    place = page.get_by_label("Where the footage is")
    place.fill("/footage/of/today")
    page.route("**/api/batches", lambda route: route.abort())
    page.get_by_role("button", name="Start a run").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.reload()
    expect(page.get_by_label("Where the footage is")).to_have_value("/footage/of/today")


def test_footage_is_rated_by_keys_alone(served: Served, page_as: As) -> None:
    page = page_as("ann")
    page.goto(f"{served.url}/apps/labels/")
    page.get_by_role("button", name="Rate", exact=True).first.press("Enter")
    expect(page.get_by_text("window 1 of 6")).to_be_visible()
    for number, rating in enumerate("543215", start=1):
        page.keyboard.press(rating)
        expect(page.get_by_text(f"{number} rated")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_text("1 person rated it")).to_be_visible()
    with served.store() as store:
        said = [label.rating for label in store.labels.list(Raters.PEOPLE) if label.rater == "ann"]
    assert sorted(said) == [1, 2, 3, 4, 5, 5]


def test_a_knob_that_is_turned_ranks_anew(served: Served, page_as: As) -> None:
    page = page_as("ann")
    page.goto(f"{served.url}/apps/lab/?batch={served.staged.batch}")
    weight = page.get_by_title("share of the step that holds speech")
    page.get_by_text("Raw weights").click()
    before = weight.inner_text()
    page.get_by_role("slider", name="talk").fill("1")
    expect(weight).not_to_have_text(before)


def test_a_source_is_added_and_removed(served: Served, page_as: As) -> None:
    page = page_as("olga")
    page.goto(f"{served.url}/apps/sources/")
    page.get_by_role("button", name="Add a source").first.click()
    page.get_by_label("What people call it").fill("Match days")
    page.get_by_label("Link", exact=True).fill("https://www.dropbox.com/scl/fo/abc/def?rlkey=x")
    page.get_by_role("button", name="Add", exact=True).click()
    source = page.get_by_label("Match days")
    expect(source).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    source.get_by_role("button", name="Remove").click()
    expect(source).to_have_count(0)


def test_a_rule_gives_a_folder_its_project_known_or_new(served: Served, page_as: As) -> None:
    page = page_as("olga")
    page.goto(f"{served.url}/apps/sources/")
    page.get_by_label("Folder pattern").fill("/clients/acme/*")
    page.get_by_label("Project").fill("Acme spring")
    page.get_by_label("Priority").fill("5")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("/clients/acme/*")).to_be_visible()
    expect(page.get_by_text("→ Acme spring · priority 5")).to_be_visible()
    with served.store() as store:
        (rule,) = store.mappings.list()
        assert (rule.pattern, rule.priority) == ("/clients/acme/*", 5)
        assert rule.project_id == store.projects.ensure("Acme spring").id
    page.get_by_role("button", name="Remove the rule /clients/acme/*").click()
    expect(page.get_by_text("/clients/acme/*")).to_have_count(0)


def test_what_was_tried_in_the_lab_is_what_is_kept(served: Served, page_as: As) -> None:
    page = page_as("ann")  # a reviewer: kept for research, and no more
    page.goto(f"{served.url}/apps/lab/?batch={served.staged.batch}")
    start = page.get_by_label("The profile to start from")
    start.select_option(label=f"talk · {profiles.load('talk').hash[:6]}")
    expect(page.get_by_text("beside talk")).to_be_visible()
    page.get_by_role("slider", name="energy").fill("0.5")
    expect(page.get_by_role("status").filter(has_text="beside talk")).to_be_visible()
    page.get_by_label("Name of the new profile").fill("livelier talk")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Kept for research", exact=True)).to_be_visible()
    with served.store() as store:
        (made,) = store.profiles.list(name="livelier talk")
    assert made.hash == profiles.load("talk").with_knobs(energy=0.5).hash
    assert made.stage is ProfileStage.RESEARCH
