"""The QA board in a real browser: from a changed reading to a finding that somebody has, live and safe."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable

import httpx
from playwright.sync_api import expect

from editron_core.config import Settings
from editron_core.domain.finding import Finding, FindingStatus
from editron_core.domain.webhook import Endpoint, new_secret
from editron_core.lane import judged, webhooks
from editron_core.qa import golden
from tests.apps.conftest import As, Served
from tests.lane.test_webhooks import KEY, Receiver, receive  # noqa: F401  # a fixture
from tests.review.test_qaboard import leave, report


def signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """By the Standard Webhooks specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{mac}"


def test_before_any_run_the_board_says_what_to_do(page_as: As, served: Served) -> None:
    page = page_as("vera")
    page.goto(f"{served.url}/apps/qa/")
    expect(page.get_by_text("uv run editron qa regress")).to_be_visible()
    expect(page.get_by_text("Nothing was found yet")).to_be_visible()


def test_a_changed_reading_becomes_a_finding_that_somebody_has_and_others_hear_of(
    page_as: As,
    served: Served,
    receive: Callable[..., Receiver],  # noqa: F811
) -> None:
    receiver, secret = receive(), new_secret()
    here = Settings(home=served.home, allow_private_urls=True, sealing_key=KEY)
    with served.store() as store:
        leave()
        with judged.kept(store, golden.load()) as keep:
            keep(report(0.5), blessed=False)
        maya = store.members.create("Maya", "maya@example.com").id
        one = webhooks.new_endpoint_id()
        sealed = webhooks.sealed(one, secret, here)
        store.endpoints.create(Endpoint(one, receiver.url, ("finding.*",), secret=sealed))
    page, other = page_as("ann"), page_as("ben")
    for each in (page, other):
        each.goto(f"{served.url}/apps/qa/")
        expect(each.get_by_role("button", name="event, de: 1 reading, 1 changed")).to_be_visible()
    expect(page.get_by_alt_text("As it was blessed")).to_have_js_property("naturalWidth", 6)
    page.get_by_label("How much of the frame is shown as it was").fill("20")
    expect(page.locator(".sides")).to_have_attribute("style", re.compile("--edge: 20%"))

    page.get_by_role("button", name="Report", exact=True).click()
    sheet = page.get_by_role("region", name="Finding", exact=True)
    expect(sheet.get_by_label("What was seen")).to_have_value(re.compile("Blessed .*, now .*tolerated"))
    sheet.get_by_label("Assignee").select_option("Maya")
    expect(sheet.get_by_label("Assignee")).to_have_value(maya)
    sheet.get_by_label("Status").select_option("in progress")
    sheet.get_by_label("Comment", exact=True).fill("The pan again")
    sheet.get_by_role("button", name="Comment", exact=True).click()
    expect(sheet.get_by_text("The pan again")).to_be_visible()

    row = other.locator(".finding")
    expect(row).to_contain_text("Maya")  # live
    expect(row).to_contain_text("in progress")
    with served.store() as store:
        (found,) = store.findings.page().items
        assert (found.assignee_id, found.status) == (maya, FindingStatus.IN_PROGRESS)
        assert (found.locale, found.genre, found.author) == ("de", "event", "ann")
        assert found.qa_run_id == store.qa_runs.list()[0].id
        webhooks.drain(store, here)
    assert receiver.kinds() == ["finding.created", "finding.changed", "finding.changed", "finding.commented"]
    assert all(signed(secret, headers, body) for headers, body in receiver.told)


def test_a_stale_edit_is_told_in_one_message_and_what_was_typed_stays(page_as: As, served: Served) -> None:
    with served.store() as store:
        found = store.findings.create(Finding("", "late"))
    page = page_as("ann")
    page.goto(f"{served.url}/apps/qa/?finding={found.id}")
    page.get_by_label("Title", exact=True).fill("MINE")
    with served.store() as store:
        store.findings.change(found.id, {"title": "THEIRS"})
    expect(page.get_by_text("It was changed meanwhile and now reads")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Title", exact=True)).to_have_value("MINE")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Somebody else changed this meanwhile")).to_be_visible()
    with served.store() as store:
        assert store.findings.get(found.id).title == "THEIRS"
    page.get_by_role("button", name="Keep mine").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved")).to_be_visible()
    with served.store() as store:
        assert store.findings.get(found.id).title == "MINE"


def test_frames_are_given_by_the_run_that_names_them_and_nothing_else(served: Served) -> None:
    with served.store() as store:
        run = store.qa_runs.list()[0].id
    headers = {"Authorization": f"Bearer {served.keys['vera']}"}
    at = f"{served.url}/api/qa/runs/{run}/frames"
    for path, status in {"0/after": 200, "0/diff": 200, "1/after": 404, "0/secret": 422}.items():
        assert httpx.get(f"{at}/{path}", headers=headers, timeout=60).status_code == status
    assert httpx.get(f"{at}/0/after", headers=headers, timeout=60).content[:4] == b"\x89PNG"
    assert httpx.get(f"{at}/0/after", timeout=60).status_code == 401
