"""A reviewer's whole path in a real browser: from the table of batches to a cut that is signed off."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from editron_core.domain.job import EditSessionStatus, Verdict
from editron_core.domain.review import ApprovalRule
from editron_core.lane import signing
from editron_core.review import revisions, signoff
from editron_core.store import Store
from tests.apps.conftest import As, Served


def cut(page: Page, timeline: str) -> None:
    """Wait until the desk shows this cut in full."""
    expect(page.locator(".desk .cuts [aria-selected=true]")).to_contain_text(timeline)


def reel(store: Store, served: Served) -> revisions.EditSession:
    """The hero reel as it is now."""
    sessions = store.sessions.list(served.staged.batch)
    return next(one for one in revisions.current(sessions) if one.deliverable_type == "hero-reel")


def test_by_mouse_from_the_batch_to_a_signed_cut(page_as: As, served: Served) -> None:
    page = page_as("ann")
    page.goto(f"{served.url}/apps/batches/")
    page.get_by_role("link", name="Open").first.click()
    page.get_by_role("link", name="Review the cuts").click()
    page.locator(".cuts").get_by_text("hero-reel").click()
    cut(page, "hero-reel")

    # The first clip's end is pulled in, then the cut is signed.
    canvas = page.locator(".trim canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    window, end = 12.0, 3.0  # seconds shown, and where the clip ends in them
    at, y = box["x"] + end / window * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(at, y)
    page.mouse.down()
    page.mouse.move(at - box["width"] / window * 0.8, y, steps=6)
    page.mouse.up()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name=re.compile("Undo: it was trimmed"))).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Signed off by ann")).to_be_visible()

    with served.store() as store:
        now = signoff.of(store, reel(store, served))
        (timeline,) = now.session.timelines
        assert now.word(timeline).standing is signoff.Standing.APPROVED
        assert now.session.status is EditSessionStatus.APPROVED
        first = timeline.clips[0].source
        assert 1 <= float(first.start) < float(first.end) < 3  # and snapped to a word or a sentence
        assert len(store.dispatches.pending(10)) == 1  # it is to be rendered


def test_a_change_after_sign_off_voids_it_and_says_so(page_as: As, served: Served) -> None:
    page = page_as("ben")
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    page.locator(".strip button").nth(2).click()
    page.get_by_role("button", name="Take out").click()

    expect(
        page.get_by_text("ann had approved this cut before it was shortened by a clip by ben")
    ).to_be_visible()
    expect(page.get_by_text("1 more approval is needed")).to_be_visible()
    page.get_by_role("button", name=re.compile("Undo: it was shortened")).click()
    expect(page.get_by_text("Signed off by ann")).to_be_visible()


def test_by_keyboard_alone_a_cut_is_split_put_back_rejected_and_approved(page_as: As, served: Served) -> None:
    page = page_as("ben")
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    page.keyboard.press("]")
    cut(page, "shorts-01")
    clips = page.locator(".strip button")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    expect(clips).to_have_count(2)
    page.keyboard.press("m")
    expect(clips).to_have_count(1)
    page.keyboard.press("s")  # the playhead still stands where it was split
    expect(clips).to_have_count(2)
    page.keyboard.press("u")
    expect(clips).to_have_count(1)

    page.keyboard.press("i")
    expect(page.get_by_role("button", name="Apply")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()

    page.keyboard.press("r")
    page.keyboard.type("the logo is missing")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Rejected by ben.")).to_be_visible()
    expect(page.get_by_text("the logo is missing")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("1 more approval is needed")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text("Signed off by ben.")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("backwards, faster with each press")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_pressed_while_a_change_is_on_its_way_wait_for_it(page_as: As, served: Served) -> None:
    page = page_as("ben")
    changes: list[str] = []

    def slowly(route: Route) -> None:
        found = route.fetch()
        page.wait_for_timeout(700)  # longer than the page waits after an event to look anew
        route.fulfill(response=found)

    changing = re.compile("/api/sessions/.*/(split|merge|undo)$")
    # Before the page is opened: what a page that is open asks for first may slip past a new route.
    page.route(changing, slowly)
    page.on("request", lambda asked: changes.extend(changing.findall(asked.url)))
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    page.keyboard.press("]")
    cut(page, "shorts-01")
    clips = page.locator(".strip button")
    expect(clips).to_have_count(1)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    for key in "smsu":
        page.keyboard.press(key)
    expect(page.get_by_text("Back to how it was before")).to_be_visible()
    expect(clips).to_have_count(1)
    assert changes == ["split", "merge", "split", "undo"]


def test_space_plays_and_k_stops_across_clips(page_as: As, served: Served) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    page.locator(".strip button").nth(1).click()
    page.keyboard.press(" ")
    playing = page.get_by_role("button", name="Pause").first
    expect(playing).to_be_visible()
    expect(page.locator(".strip button").nth(2)).to_have_attribute("aria-selected", "true")  # it went on
    page.keyboard.press("k")
    expect(playing).to_have_count(0)
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()  # a viewer looks on


def test_a_cut_is_compared_with_a_clip_and_with_another_cut(page_as: As, served: Served) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    beside = page.get_by_role("group", name="Compared with")
    expect(beside).to_be_hidden()
    page.keyboard.press("v")  # with the next clip
    expect(beside).to_be_visible()
    page.get_by_label("Compare with").select_option("shorts-01")
    expect(beside.get_by_text(re.compile(r"0:00.* / 0:02"))).to_be_visible()
    page.keyboard.press(" ")  # both play
    expect(page.get_by_role("button", name="Pause")).to_have_count(2)
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    page.keyboard.press("]")  # the cut that stands beside is the one to look at now
    cut(page, "shorts-01")
    expect(beside).to_be_hidden()
    expect(page.get_by_label("Compare with")).to_have_value("")


def test_who_decides_about_what_is_not_there_any_more_is_told_and_loses_nothing(
    page_as: As, served: Served
) -> None:
    page = page_as("ann")
    page.route("**/api/events*", lambda route: route.abort())  # it does not hear of changes in time
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    page.keyboard.press("r")
    page.get_by_label("Reason").fill("too long")
    with served.store() as store:
        signing.split(store, reel(store, served).id, "", 1, "ben")
    page.get_by_role("dialog").get_by_role("button", name="Reject").click()

    expect(page.get_by_text("Somebody else changed this meanwhile")).to_be_visible()
    expect(page.get_by_text("ben changed it: split")).to_be_visible()
    with served.store() as store:
        assert Verdict.REJECT not in {
            one.verdict for one in store.decisions.list(reel(store, served).id) if one.note == "too long"
        }


def test_an_admin_names_whose_approval_counts(page_as: As, served: Served) -> None:
    with served.store() as store:
        store.members.create("ann", "ann@example.org")
    page = page_as("olga")
    page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
    cut(page, "hero-reel")
    page.keyboard.press("a")
    expect(page.get_by_text("Signed off by olga")).to_be_visible()
    page.get_by_text("by different people").click()
    page.get_by_label("Name, as their key has it").fill("cleo")
    page.get_by_label("E-mail").fill("cleo@example.org")
    page.get_by_role("button", name="Take into the team").click()
    page.get_by_label("cleo").check()
    expect(page.get_by_text("1 more approval is needed, from cleo")).to_be_visible()  # at once
    page.get_by_label("How many people must approve").select_option("2 approvals")
    expect(page.get_by_text("asks for more approvals than people can give")).to_be_visible()
    expect(page.get_by_label("How many people must approve")).to_have_value("1")
    page.get_by_label("ann").check()
    expect(page.get_by_text("1 more approval is needed, from ann or cleo")).to_be_visible()
    page.get_by_label("ann").uncheck()
    expect(page.get_by_text("needed, from cleo")).to_be_visible()
    page.get_by_label("cleo").uncheck()
    expect(page.get_by_text("Signed off by olga")).to_be_visible()
    with served.store() as store:
        assert store.approvals.rule(None) == ApprovalRule(1)
    page.keyboard.press("u")
    expect(page.get_by_text("1 more approval is needed")).to_be_visible()


def test_two_approvals_are_asked_for_where_the_rule_says_so(page_as: As, served: Served) -> None:
    with served.store() as store:
        store.approvals.set_rule(ApprovalRule(2))
    first, second = page_as("ann"), page_as("ben")
    for page in (first, second):
        page.goto(f"{served.url}/apps/moments/?batch={served.staged.batch}")
        cut(page, "hero-reel")
    first.keyboard.press("a")
    expect(first.get_by_text("Approved by ann; 1 more approval is needed")).to_be_visible()
    expect(second.get_by_text("Approved by ann; 1 more approval is needed")).to_be_visible()  # live
    with served.store() as store:
        assert reel(store, served).status is EditSessionStatus.NEEDS_REVIEW
    second.keyboard.press("a")
    expect(second.get_by_text("Signed off by ann, ben")).to_be_visible()
    with served.store() as store:
        assert reel(store, served).status is EditSessionStatus.APPROVED
