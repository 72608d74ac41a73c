"""The board, the team, findings and endpoints over HTTP."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from editron_core.api.app import create_app
from editron_core.config import Settings, settings
from editron_core.domain.access import Role
from editron_core.domain.finding import Finding
from editron_core.store import Store
from tests.api.conftest import OFTEN, As
from tests.api.seeded import Seeded

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def here() -> Settings:
    return settings().model_copy(update={**OFTEN, "sealing_key": KEY})


@pytest.fixture
def app(here: Settings) -> FastAPI:
    return create_app(here)


# --- the board ---


def test_the_board_shows_the_tasks_of_a_batch_in_order_and_who_looks_after_them(
    local: TestClient, store: Store, seeded: Seeded
) -> None:
    tasks = local.get(f"/api/batches/{seeded.batch_id}/tasks").json()
    assert [task["stage"] for task in tasks] == ["ingest", "analyze", "edit", "review", "render"]
    assert [task["status"] for task in tasks[:2]] == ["done", "done"]
    ann = store.members.create("Ann", "ann@x.org")
    task = tasks[3]["id"]
    given = local.patch(f"/api/tasks/{task}", json={"assignee_id": ann.id}).json()
    assert given["assignee_id"] == ann.id
    assert [one["id"] for one in local.get(f"/api/tasks?assignee_id={ann.id}").json()["items"]] == [task]
    assert local.patch(f"/api/tasks/{task}", json={"assignee_id": "0" * 32}).status_code == 422
    assert local.patch(f"/api/tasks/{task}", json={"assignee_id": None}).json()["assignee_id"] is None


def test_nobody_moves_a_task_by_hand(local: TestClient, seeded: Seeded) -> None:
    task = f"{seeded.batch_id}:edit"
    assert local.patch(f"/api/tasks/{task}", json={"status": "done"}).status_code == 422


# --- the team ---


def test_the_team_is_kept_by_admins_and_seen_by_all(client_as: As) -> None:
    admin, viewer = client_as(Role.ADMIN), client_as(Role.VIEWER)
    made = admin.post("/api/members", json={"name": "Ann", "email": "ann@x.org"})
    assert (made.status_code, made.json()["role"]) == (201, "reviewer")
    assert admin.post("/api/members", json={"name": "B", "email": "ANN@x.org"}).status_code == 409
    assert [one["name"] for one in viewer.get("/api/members").json()["items"]] == ["Ann"]
    gone = admin.patch(f"/api/members/{made.json()['id']}", json={"active": False}).json()
    assert (gone["name"], gone["active"]) == ("Ann", False)
    assert viewer.get("/api/members?active=true").json()["items"] == []


@pytest.mark.parametrize("email", ["", "x", "a@b@c", "a b@c", "a@\n", "@x"])
def test_what_is_no_address_is_refused(local: TestClient, email: str) -> None:
    assert local.post("/api/members", json={"name": "Ann", "email": email}).status_code == 422


# --- findings ---


def test_a_finding_goes_from_hand_to_hand(local: TestClient, store: Store, seeded: Seeded) -> None:
    ann = store.members.create("Ann", "ann@x.org")
    asked = {
        "title": "a jump",
        "session_id": seeded.session_id,
        "overlays": [{"label": "difference", "url": "/api/blobs/files/x"}],
        "at_seconds": 1.5,
    }
    answer = local.post("/api/findings", json=asked)
    assert answer.status_code == 201
    finding, tag = answer.json(), answer.headers["etag"]
    assert (finding["batch_id"], finding["author"], finding["status"]) == (seeded.batch_id, "local", "open")
    change = {"status": "in_progress", "assignee_id": ann.id, "due_on": "2026-03-01"}
    at = f"/api/findings/{finding['id']}"
    assert local.patch(at, json=change).status_code == 428
    changed = local.patch(at, json=change, headers={"If-Match": tag})
    assert changed.json()["due_on"] == "2026-03-01"
    assert local.patch(at, json=change, headers={"If-Match": tag}).status_code == 412
    away = local.patch(at, json={"assignee_id": None}, headers={"If-Match": changed.headers["etag"]}).json()
    assert (away["assignee_id"], away["due_on"], away["status"]) == (None, "2026-03-01", "in_progress")
    assert local.post(f"{at}/comments", json={"text": "seen"}).json()["author"] == "local"
    assert [one["text"] for one in local.get(f"{at}/comments").json()["items"]] == ["seen"]
    assert local.delete(at, headers={"If-Match": tag}).status_code == 412
    assert local.delete(at, headers={"If-Match": "*"}).status_code == 204
    assert local.get(at).status_code == 404


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "//evil.org/x", "/\\evil.org", "data:text/html,x", "ftp://x", "", "a", "/a b"],
)
def test_a_link_that_a_browser_would_run_is_refused(local: TestClient, url: str) -> None:
    asked = {"title": "x", "overlays": [{"label": "x", "url": url}]}
    assert local.post("/api/findings", json=asked).status_code == 422


@pytest.mark.parametrize("char", list("\x00\t\x1f \x7f\x80\x85\xa0\u2028\u3000\ufeff"))
def test_no_link_holds_what_nobody_sees(local: TestClient, char: str) -> None:
    for url in (f"/a{char}b", f"https://x.org/{char}"):
        asked = {"title": "x", "overlays": [{"label": "x", "url": url}]}
        assert local.post("/api/findings", json=asked).status_code == 422
    assert local.post("/api/endpoints", json={"url": f"https://x.org/{char}"}).status_code == 422


@pytest.mark.parametrize("url", ["/", "/api/x?y=1#z", "https://x.org/a.png", "http://x.org"])
def test_other_links_are_taken(local: TestClient, url: str) -> None:
    asked = {"title": "x", "overlays": [{"label": "x", "url": url}]}
    assert local.post("/api/findings", json=asked).status_code == 201


def test_viewers_look_and_reviewers_work(client_as: As, app: FastAPI) -> None:
    viewer, reviewer = client_as(Role.VIEWER), client_as(Role.REVIEWER)
    assert viewer.post("/api/findings", json={"title": "x"}).status_code == 403
    made = reviewer.post("/api/findings", json={"title": "x"}).json()
    assert made["author"].startswith("reviewer")
    assert [one["id"] for one in viewer.get("/api/findings?status=open").json()["items"]] == [made["id"]]


def test_findings_are_pages(local: TestClient, store: Store) -> None:
    made = [store.findings.create(Finding("", f"f{n}")).id for n in range(5)]
    first = local.get("/api/findings?limit=3").json()
    rest = local.get(f"/api/findings?limit=3&cursor={first['next']}").json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == made[::-1]
    assert rest["next"] is None


# --- endpoints ---


def test_the_secret_of_an_endpoint_is_shown_once(local: TestClient, store: Store) -> None:
    asked = {"url": "https://93.184.216.34/hook", "kinds": ["finding.*"]}
    made = local.post("/api/endpoints", json=asked)
    assert made.status_code == 201
    endpoint = made.json()
    assert endpoint["secret"].startswith("whsec_")
    at = f"/api/endpoints/{endpoint['id']}"
    assert "secret" not in local.get(at).json()
    assert endpoint["secret"] not in local.get("/api/endpoints").text
    rotated = local.post(f"{at}/rotate", json={"grace_hours": 1}).json()
    assert rotated["secret"] not in ("", endpoint["secret"])
    until = store.endpoints.get(endpoint["id"]).old_secret_until
    assert until is not None
    assert 3500 < (until - datetime.now(UTC)).total_seconds() <= 3600
    assert local.patch(at, json={"enabled": False}).json()["enabled"] is False
    assert local.get(f"{at}/deliveries").json() == {"items": [], "next": None}
    assert local.delete(at).status_code == 204
    assert local.get(at).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://127.0.0.1/hook"},
        {"url": "http://169.254.169.254/"},
        {"url": "ftp://93.184.216.34/"},
        {"url": "https://user:pass@93.184.216.34/"},
        {"url": "https://93.184.216.34/", "kinds": ["nothing.*"]},
        {"url": "https://93.184.216.34/", "kinds": []},
        {"url": "https://93.184.216.34/", "secret": "whsec_mine"},
    ],
)
def test_an_endpoint_that_leads_inside_or_wants_nothing_is_refused(
    local: TestClient, store: Store, wrong: dict[str, object]
) -> None:
    assert local.post("/api/endpoints", json=wrong).status_code == 422
    assert store.endpoints.page().items == ()


def test_endpoints_are_the_admins(client_as: As) -> None:
    for role in (Role.VIEWER, Role.REVIEWER, Role.OPERATOR):
        assert client_as(role).get("/api/endpoints").status_code == 403
    assert client_as(Role.ADMIN).get("/api/endpoints").status_code == 200
