"""The gate: who gets in, from where, how often, and what the refused are told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from editron_core.api.app import create_app
from editron_core.api.auth import REMEMBERED_S
from editron_core.api.table import Table
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.store import Store
from tests.api.conftest import BASE, As
from tests.api.seeded import Seeded

FOREIGN = ("192.0.2.7", 50000)


def stranger(app: FastAPI) -> TestClient:
    return TestClient(app, BASE, raise_server_exceptions=False, client=FOREIGN)


def test_while_no_key_exists_whoever_is_on_this_machine_is_an_admin_and_nobody_else(
    local: TestClient, app: FastAPI
) -> None:
    assert local.get("/api/me").json() == {"name": "local", "role": "admin", "key_id": None}

    refused = stranger(app).get("/api/me")

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_from_the_first_key_on_only_keys_open_even_when_they_were_all_revoked(
    local: TestClient, store: Store, app: FastAPI
) -> None:
    key, text = store.keys.issue("first", Role.ADMIN)
    app.state.keyring.forget()
    assert local.get("/api/me").status_code == 401
    assert local.get("/api/me", headers={"Authorization": f"Bearer {text}"}).json()["name"] == "first"

    assert local.post(f"/api/keys/{key.id}/revoke", headers={"Authorization": f"Bearer {text}"}).is_success

    assert local.get("/api/me", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    assert local.get("/api/me").status_code == 401


def test_behind_a_proxy_nobody_counts_as_being_on_this_machine(here: Settings) -> None:
    app = create_app(here.model_copy(update={"trusted_proxies": "127.0.0.1"}))
    with TestClient(app, BASE, client=("127.0.0.1", 1)) as client:
        assert client.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    "credential",
    [
        "Bearer edk_0123456789abcdef_" + "A" * 43,
        "Bearer edk_../../etc_" + "A" * 43,
        "Bearer " + "e" * 100_000,
        "Bearer eds_0123456789abcdef_9999999999_" + "0" * 64,
        "Basic dXNlcjpwYXNz",
        "Bearer",
        "Bearer \u00e9dk".encode().decode("latin-1"),
    ],
)
def test_a_credential_that_does_not_hold_is_401_also_on_this_machine(
    local: TestClient, credential: str
) -> None:
    answer = local.get("/api/me", headers={"Authorization": credential.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_key_of_another_keys_id_does_not_open(store: Store, keys: dict[Role, str], app: FastAPI) -> None:
    viewer, admin = keys[Role.VIEWER], keys[Role.ADMIN]
    mixed = "_".join([*admin.split("_")[:2], viewer.split("_", 2)[2]])
    assert stranger(app).get("/api/me", headers={"Authorization": f"Bearer {mixed}"}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", ""]
)
def test_a_host_that_is_no_name_of_ours_is_refused(local: TestClient, host: str) -> None:
    assert local.get("/api/me", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.4:80", "LOCALHOST"])
def test_addresses_and_localhost_are_names_of_ours(local: TestClient, host: str) -> None:
    assert local.get("/api/me", headers={"Host": host}).status_code == 200


def test_another_name_is_ours_where_the_settings_say_so(here: Settings) -> None:
    app = create_app(here.model_copy(update={"hosts": ("desk.example",)}))
    with TestClient(app, "http://desk.example", client=("127.0.0.1", 1)) as client:
        assert client.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_origin_changes_nothing(local: TestClient, headers: dict[str, str]) -> None:
    assert local.post("/api/projects", json={"name": "x"}, headers=headers).status_code == 403
    assert local.get("/api/projects").json()["items"] == []


def test_our_own_pages_and_programs_may_change_things(local: TestClient) -> None:
    for headers in ({}, {"Origin": BASE}, {"Sec-Fetch-Site": "same-origin"}):
        assert local.post("/api/projects", json={"name": "x"}, headers=headers).status_code == 201


def test_one_who_asks_too_often_is_told_when_to_come_back(here: Settings) -> None:
    app = create_app(here.model_copy(update={"rate_address": 5}))
    with TestClient(app, BASE, client=("127.0.0.1", 1)) as client:
        answers = [client.get("/api/me", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
        assert client.get("/healthz").status_code == 200


def test_keys_have_counts_of_their_own(here: Settings) -> None:
    app = create_app(here.model_copy(update={"rate_key": 3}))
    with TestClient(app, BASE, client=FOREIGN) as client:
        one, other = (app.state.store.keys.issue(name, Role.VIEWER)[1] for name in ("one", "other"))
        ask = [
            client.get("/api/me", headers={"Authorization": f"Bearer {one}"}).status_code for _ in range(4)
        ]
        assert ask == [200, 200, 200, 429]
        assert client.get("/api/me", headers={"Authorization": f"Bearer {other}"}).status_code == 200


def test_guessing_keys_is_slowed_down(here: Settings) -> None:
    app = create_app(here.model_copy(update={"rate_logins": 4}))
    with TestClient(app, BASE, client=FOREIGN) as client:
        wrong = {"Authorization": "Bearer edk_0123456789abcdef_" + "A" * 43}
        assert [client.get("/api/me", headers=wrong).status_code for _ in range(6)] == [401] * 4 + [429] * 2


def test_what_is_wrong_is_a_problem_with_the_requests_id(local: TestClient) -> None:
    answer = local.get(f"/api/batches/{'0' * 32}", headers={"X-Request-Id": "mine-12345"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == "mine-12345"
    assert answer.json()["title"] == "Not Found"
    assert answer.json()["instance"] == f"/api/batches/{'0' * 32}"


def test_an_odd_request_id_is_not_taken_over(local: TestClient) -> None:
    answer = local.get("/healthz", headers={"X-Request-Id": "<script>alert(1)</script>"})
    assert len(answer.headers["X-Request-Id"]) == 32


def test_paths_and_methods_that_are_not_there(local: TestClient) -> None:
    assert local.get("/api/nothing").status_code == 404
    assert local.get("/api/batches/").status_code == 404
    wrong = local.request("DELETE", "/api/batches")
    assert wrong.status_code == 405
    assert wrong.headers["Allow"] == "GET, POST"
    assert local.request("TRACE", "/api/batches").status_code == 405
    fixed = local.get("/api/brands/preview")  # no brand is called so
    assert (fixed.status_code, fixed.headers["Allow"]) == (405, "POST")


def test_an_error_of_ours_that_nobody_expected_is_a_500_that_tells_nothing(
    app: FastAPI, local: TestClient, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the secret is hunter2, in /home/me/x.py")

    monkeypatch.setattr(store.projects, "page", broken)
    from structlog.testing import capture_logs

    with capture_logs() as logged:
        answer = local.get("/api/projects")

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["request_failed"]


def test_every_answer_tells_browsers_to_run_and_keep_nothing(local: TestClient, seeded: Seeded) -> None:
    for path in ("/api/batches", "/api/nothing", "/healthz", "/docs", "/login"):
        headers = local.get(path, follow_redirects=False).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Referrer-Policy"] == "no-referrer"
    assert local.get("/api/batches").headers["Cache-Control"] == "no-store"


def test_a_route_that_does_not_say_who_may_call_it_keeps_the_app_from_starting() -> None:
    app, router = FastAPI(), APIRouter()

    @router.get("/api/open")
    def forgotten() -> None: ...

    app.include_router(router)
    with pytest.raises(TypeError, match="/api/open"):
        Table(app)


def test_a_browser_exchanges_its_key_for_a_session_that_no_script_can_read(
    app: FastAPI, keys: dict[Role, str]
) -> None:
    browser = stranger(app)
    assert browser.get("/api/me").status_code == 401

    answer = browser.post(
        "/login", data={"key": keys[Role.REVIEWER], "next": "/docs"}, follow_redirects=False
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/docs"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert keys[Role.REVIEWER] not in cookie
    assert browser.get("/api/me").json()["role"] == "reviewer"


def test_a_session_ends_with_its_key(app: FastAPI, keys: dict[Role, str], store: Store) -> None:
    browser = stranger(app)
    browser.post("/login", data={"key": keys[Role.VIEWER]})
    assert browser.get("/api/me").status_code == 200

    store.keys.revoke(keys[Role.VIEWER].split("_")[1])
    app.state.keyring.forget()

    assert browser.get("/api/me").status_code == 401
    assert browser.get("/login").status_code == 200  # and the page that asks for another one is shown


def test_who_signs_out_is_out_wherever_the_cookie_is_kept(
    app: FastAPI, here: Settings, keys: dict[Role, str]
) -> None:
    mine, other = stranger(app), stranger(app)
    for browser in (mine, other):
        browser.post("/login", data={"key": keys[Role.VIEWER]})
    kept = mine.cookies["editron_session"]
    thief = stranger(app)
    thief.cookies["editron_session"] = kept
    assert thief.get("/api/me").status_code == 200

    answer = mine.post("/logout", follow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert thief.get("/api/me").status_code == 401
    assert other.get("/api/me").status_code == 200  # of the same key, in another browser
    assert thief.post("/logout", follow_redirects=False).status_code == 303
    with TestClient(create_app(here), BASE, client=("192.0.2.9", 1)) as elsewhere:  # another process
        elsewhere.cookies["editron_session"] = kept
        assert elsewhere.get("/api/me").status_code == 401


def test_a_session_that_is_ended_elsewhere_is_refused_within_a_second(
    app: FastAPI, keys: dict[Role, str], store: Store
) -> None:
    browser = stranger(app)
    browser.post("/login", data={"key": keys[Role.VIEWER]})
    session = browser.cookies["editron_session"]
    assert browser.get("/api/me").status_code == 200
    store.keys.end_session(session.strip('"').split("_")[3], datetime.now(UTC) + timedelta(hours=1))
    time.sleep(REMEMBERED_S + 0.1)
    assert browser.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb"]
)
def test_signing_in_leads_nowhere_else(app: FastAPI, keys: dict[Role, str], place: str) -> None:
    answer = stranger(app).post(
        "/login", data={"key": keys[Role.VIEWER], "next": place}, follow_redirects=False
    )
    assert answer.headers["Location"] == "/"


def test_a_forged_session_is_nobodys(app: FastAPI, keys: dict[Role, str]) -> None:
    browser = stranger(app)
    browser.post("/login", data={"key": keys[Role.VIEWER]})
    session = browser.cookies["editron_session"].strip('"')
    kind, key_id, until, own, mac = session.split("_")
    admin = keys[Role.ADMIN].split("_")[1]
    for forged in (
        f"{kind}_{admin}_{until}_{own}_{mac}",
        f"{kind}_{key_id}_{int(until) + 1}_{own}_{mac}",
        f"{kind}_{key_id}_{until}_{'0' * 32}_{mac}",
        f"{kind}_{key_id}_{until}_{own}_{'0' * 64}",
    ):
        fresh = stranger(app)
        fresh.cookies["editron_session"] = forged
        assert fresh.get("/api/me").status_code == 401


def test_a_key_text_is_shown_once_and_its_role_is_what_it_says(client_as: As) -> None:
    admin = client_as(Role.ADMIN)
    made = admin.post("/api/keys", json={"name": "desk", "role": "operator", "days": 3}).json()
    assert made["key"].startswith(f"edk_{made['id']}_")
    assert "key" not in admin.get("/api/keys").json()["items"][0]
    assert made["key"] not in admin.get("/api/keys").text

    rotated = admin.post(f"/api/keys/{made['id']}/rotate", json={"grace_hours": 1}).json()

    assert rotated["replaces"] == made["id"]
    for text in (made["key"], rotated["key"]):
        mine = client_as(Role.VIEWER)
        mine.headers["Authorization"] = f"Bearer {text}"
        assert mine.get("/api/me").json()["role"] == "operator"


def test_the_first_key_must_be_an_admins(local: TestClient) -> None:
    assert local.post("/api/keys", json={"name": "me", "role": "viewer"}).status_code == 422
    assert local.post("/api/keys", json={"name": "me", "role": "admin"}).status_code == 201
    assert local.post("/api/keys", json={"name": "me", "role": "admin"}).status_code == 401


def test_events_tell_whose_doing_they_are(client_as: As, store: Store, seeded: Seeded) -> None:
    before = store.events.after(0, 1000)
    assert not any("by" in event.data for event in before)

    answer = client_as(Role.OPERATOR).post(
        f"/api/batches/{seeded.batch_id}/pause", headers={"X-Request-Id": "pause-0001"}
    )

    assert answer.status_code == 200
    told = store.events.after(before[-1].id, 1000)
    assert [event.kind for event in told if event.kind.startswith("batch.")] == ["batch.paused"]
    assert {(event.data["by"], event.data["request"]) for event in told} == {
        ("operator of the test", "pause-0001")
    }


def test_web_sockets_go_through_the_same_gate(app: FastAPI, keys: dict[Role, str]) -> None:
    from starlette.types import Receive, Scope, Send
    from starlette.websockets import WebSocket, WebSocketDisconnect

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        who = scope["state"]["caller"]
        await socket.send_text(who.name if who else "nobody")
        await socket.close()

    app.mount("/apps", echo)
    client = stranger(app)
    mine = {"Authorization": f"Bearer {keys[Role.VIEWER]}"}
    with client.websocket_connect("ws://127.0.0.1:8000/apps/x", headers={**mine, "Origin": BASE}) as socket:
        assert socket.receive_text() == "viewer of the test"
    with client.websocket_connect("ws://127.0.0.1:8000/apps/x") as socket:
        assert socket.receive_text() == "nobody"  # and the apps turn them away
    for wrong in (
        {**mine, "Origin": "https://evil.example"},
        {**mine, "Host": "evil.example"},
        {"Authorization": "Bearer edk_nonsense"},
    ):
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("ws://127.0.0.1:8000/apps/x", headers=wrong),
        ):
            pass


@pytest.mark.proof
def test_twice_as_many_as_allowed_for_a_minute_are_taken_to_within_two_percent(here: Settings) -> None:
    import time

    limit = 600
    app = create_app(here.model_copy(update={"rate_address": limit}))
    with TestClient(app, BASE, client=("127.0.0.1", 1)) as client:
        began, taken = time.monotonic(), 0
        for number in range(2 * limit):
            time.sleep(max(0.0, began + number * 60 / (2 * limit) - time.monotonic()))
            taken += client.get("/api/me").status_code == 200
        took = time.monotonic() - began
    print(f"{taken} of {2 * limit} taken in {took:.1f} s, {limit} allowed a minute")
    assert abs(taken - limit * max(1.0, took / 60)) <= 0.02 * limit
