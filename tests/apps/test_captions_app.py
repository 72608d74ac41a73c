"""Captions edited in a real browser reach every cut, and are seen as the export draws them."""

from __future__ import annotations

from io import BytesIO

import httpx
from PIL import Image
from playwright.sync_api import expect

from editron_core.domain.review import CaptionLine
from editron_core.lane import captioning
from editron_core.review import revisions, signoff
from editron_core.times import Span
from tests.apps.conftest import As, Served


def texts(page) -> list[str]:
    return [one.input_value() for one in page.locator(".capline textarea").all()]


def test_a_line_is_rewritten_by_keyboard_and_every_cut_that_shows_it_is_unsigned(
    page_as: As, served: Served
) -> None:
    with served.store() as store:
        before = {one.id for one in revisions.current(store.sessions.list(served.staged.batch))}
    page = page_as("ann")
    page.goto(f"{served.url}/apps/captions/?batch={served.staged.batch}")
    expect(page.locator(".capline textarea").first).to_be_visible()
    at = next(n for n, text in enumerate(texts(page)) if "shoots" in text)
    for _ in range(at):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    page.keyboard.press("Control+A")
    page.keyboard.type("She shoots AND IT IS a goal!")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Not saved; kept in this browser")).to_be_visible()
    page.reload()  # nothing typed is lost
    expect(page.locator(".capline textarea").nth(at)).to_have_value("She shoots AND IT IS a goal!")
    page.keyboard.press("w")
    expect(page.get_by_text("Last edited by ann")).to_be_visible()

    with served.store() as store:
        now = revisions.current(store.sessions.list(served.staged.batch))
        assert not before & {one.id for one in now}  # both cuts show that line
        for session in now:
            said = " ".join(line for cue in session.timelines[0].cues for line in cue.lines)
            assert "AND IT" in said
            assert signoff.of(store, session).unsigned == session.timelines


def test_lines_are_split_merged_added_and_deleted_and_undone(page_as: As, served: Served) -> None:
    page = page_as("ben")
    page.goto(f"{served.url}/apps/captions/?batch={served.staged.batch}")
    rows = page.locator(".capline")
    expect(rows.first).to_be_visible()
    count, was = rows.count(), texts(page)
    page.keyboard.press("s")
    expect(rows).to_have_count(count + 1)
    page.keyboard.press("m")
    expect(rows).to_have_count(count)
    page.keyboard.press("Delete")
    expect(rows).to_have_count(count - 1)
    for _ in range(3):
        page.keyboard.press("u")
    expect(rows).to_have_count(count)
    assert sorted(texts(page)) == sorted(was)


def test_while_typing_a_line_is_split_at_the_caret_and_joined_from_its_front(
    page_as: As, served: Served
) -> None:
    page = page_as("ben")
    page.goto(f"{served.url}/apps/captions/?batch={served.staged.batch}")
    rows = page.locator(".capline")
    expect(rows.first).to_be_visible()
    count, before = rows.count(), texts(page)
    first = next(text for text in before if text.startswith("Here"))
    rows.locator("textarea").nth(before.index(first)).click()
    page.keyboard.press("Home")
    space = first.index(" ", len(first) // 3)
    for _ in range(space):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    expect(rows).to_have_count(count + 1)
    halves = [first[:space], first[space + 1 :]]
    rest = [text for text in before if text != first]
    assert sorted(texts(page)) == sorted([*rest, *halves])
    rows.locator("textarea").nth(texts(page).index(halves[1])).click()
    page.keyboard.press("Home")
    page.keyboard.press("Backspace")
    expect(rows).to_have_count(count)
    assert sorted(texts(page)) == sorted(before)


def test_the_preview_is_the_size_of_the_export_and_follows_the_preset(page_as: As, served: Served) -> None:
    page = page_as("ann")
    page.goto(f"{served.url}/apps/captions/?batch={served.staged.batch}")
    expect(page.locator(".preview img")).to_be_visible()
    with served.store() as store:
        sessions = revisions.current(store.sessions.list(served.staged.batch))
        session = next(one for one in sessions if one.deliverable_type == "shorts")
        at = float(session.timelines[0].cues[0].span.middle)
    headers = {"Authorization": f"Bearer {served.keys['vera']}"}
    drawn = {}
    for preset in ("off", "bold", "karaoke"):
        answer = httpx.get(
            f"{served.url}/api/sessions/{session.id}/preview",
            params={"at": str(at), "preset": preset},
            headers=headers,
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        drawn[preset] = answer.content
        with Image.open(BytesIO(answer.content)) as picture:
            assert picture.size == (1080, 1920)
    assert len(set(drawn.values())) == 3


def test_a_second_editor_is_told_and_keeps_what_they_typed(page_as: As, served: Served) -> None:
    page = page_as("ann")
    page.goto(f"{served.url}/apps/captions/?batch={served.staged.batch}")
    expect(page.locator(".capline textarea").first).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.type("MINE ")
    page.keyboard.press("Escape")
    with served.store() as store:
        now = captioning.of_file(store, served.staged.file)
        lines = [CaptionLine(Span.of(0, 1), "Theirs"), *now.lines[1:]]
        captioning.save(store, served.staged.file, lines, "ben", now.version)
    expect(page.get_by_text("ben changed these captions meanwhile")).to_be_visible()
    assert any("MINE" in text for text in texts(page))
    page.get_by_role("button", name="Keep mine").click()
    page.keyboard.press("w")
    expect(page.get_by_text("Last edited by ann")).to_be_visible()
    assert any("MINE" in text for text in texts(page))
