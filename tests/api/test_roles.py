"""Who may call what, for every route there is: a matrix made from the routes themselves."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from editron_core.api.app import create_app
from editron_core.api.table import WRITING, Entry
from editron_core.config import Settings
from editron_core.domain.access import Role
from tests.api.conftest import BASE, As

DRAWN = {"/api/brands/preview", "/api/sessions/{session_id}/preview"}
"""They draw what they are sent, and write nothing."""
PUBLIC = {
    *("/", "/docs", "/openapi.json", "/healthz", "/login", "/logout"),
    "/api/webhooks/dropbox",  # by its signature
    *("/api/blobs/files/{sha256}", "/api/blobs/uploads/{upload_id}"),  # by theirs
}
"""The only routes that ask for no key."""
ENTRIES = create_app(Settings()).state.table.entries


def routes() -> list[tuple[str, Entry]]:
    return [(method, entry) for entry in ENTRIES for method in sorted(entry.methods)]


def name(value: object) -> str | None:
    return value.path if isinstance(value, Entry) else None


NOTHING = {"key_id": "0" * 16, "sha256": "0" * 64, "brand_id": "0" * 64, "task_id": f"{'0' * 32}:ingest"}


def address(path: str) -> str:
    """The path with identifiers that name nothing."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: NOTHING.get(found[1], "0" * 32), path)


@pytest.fixture
def anonymous(app: FastAPI, keys: dict[Role, str]) -> TestClient:
    return TestClient(app, BASE, raise_server_exceptions=False, client=("192.0.2.7", 1))


def test_no_route_but_these_is_open_to_everybody() -> None:
    public = {(method, entry.path) for method, entry in routes() if entry.role is None}
    assert {path for method, path in public if method != "OPTIONS"} <= PUBLIC


def test_viewers_change_nothing() -> None:
    """Whatever is written needs a reviewer at least."""
    for method, entry in routes():
        if method in WRITING and entry.role is not None and entry.path not in DRAWN:
            assert entry.role is not Role.VIEWER, f"{method} {entry.path}"


def test_every_route_against_every_caller(anonymous: TestClient, client_as: As) -> None:
    callers = {role: client_as(role) for role in Role}
    for method, entry in routes():
        if entry.role is None or entry.path.endswith("/events"):  # streams have tests of their own
            continue
        where = f"{method} {address(entry.path)}"
        answer = anonymous.request(method, address(entry.path))
        assert answer.status_code == 401, where
        for role, client in callers.items():
            status = client.request(method, address(entry.path)).status_code
            if role.may(entry.role):
                assert status not in (401, 403, 405), (where, role, status)
            else:
                assert status == 403, (where, role, status)


def test_the_description_says_who_may_call(app: FastAPI) -> None:
    described = app.openapi()["paths"]
    for method, entry in routes():
        operation = described.get(entry.path, {}).get(method.lower())
        if operation is None:
            continue
        assert operation.get("x-role") == (entry.role.value if entry.role else None)
        assert bool(operation["security"]) == (entry.role is not None)
        assert {"400", "429", "500", "503"} <= operation["responses"].keys()


def test_an_id_that_names_nothing_is_404_for_whoever_may_ask(client_as: As) -> None:
    viewer = client_as(Role.VIEWER)
    for method, entry in routes():
        named = entry.path.count("{") == 1 and re.search(r"\{\w+_id\}$", entry.path)
        if method == "GET" and named and entry.role is Role.VIEWER:
            assert viewer.get(address(entry.path)).status_code == 404, entry.path
