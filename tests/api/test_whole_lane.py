"""The whole lane over HTTP: footage is asked for, produced, signed, rendered and fetched, by keys alone."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from editron_core.config import settings
from editron_core.domain.access import Role
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load
from editron_core.store import Store
from tests.cli.test_serve import serving

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1200)]


def until(ask: Callable[[], Any], seconds: float = 600) -> Any:
    over = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < over
        time.sleep(1)
    return found


def test_from_footage_to_a_signed_film(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(load(FOLDER / "street-jump.toml").scaled(0.25), tmp_path / "footage")
    monkeypatch.setenv("EDITRON_FOOTAGE_ROOTS", str(tmp_path / "footage"))
    with Store.open(settings().database, settings().blobs) as store:
        keys = {role: store.keys.issue(role, role)[1] for role in Role}

    def client(url: str, role: Role) -> httpx.Client:
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {keys[role]}"}, timeout=120)

    with (
        serving() as (url, _),
        client(url, Role.OPERATOR) as operator,
        client(url, Role.REVIEWER) as reviewer,
    ):
        asked = {"sources": [str(tmp_path / "footage")], "order": {"brief": "the jump"}}
        made = operator.post("/api/batches", json=asked, headers={"Idempotency-Key": str(uuid.uuid4())})
        assert made.status_code == 201, made.text
        at = f"/api/batches/{made.json()['id']}"
        sessions = until(lambda: reviewer.get(f"{at}/sessions").json()["items"])
        assert reviewer.get(at).json()["status"] == "analyzed"
        moments = reviewer.get(f"{at}/moments").json()["items"]
        assert moments[0]["places"]
        file = reviewer.get(f"{at}/files").json()["items"][0]
        assert 90 < len(reviewer.get(f"/api/files/{file['id']}/waveform?points=100").json()["peaks"]) <= 100
        assert reviewer.get(f"/api/files/{file['id']}/proxy").headers["content-type"] == "video/mp4"

        session = f"/api/sessions/{sessions[0]['id']}"
        until(lambda: reviewer.get(session).json()["status"] == "needsreview")
        seen = {"If-Match": reviewer.get(session).headers["ETag"]}
        assert reviewer.post(f"{session}/approve", json={"note": "good"}, headers=seen).status_code == 200
        done = until(lambda: reviewer.get("/api/jobs?status=complete").json()["items"])
        assert all(check["passed"] for one in done[0]["deliverables"] for check in one["checks"])
        film = reviewer.get(f"/api/jobs/{done[0]['id']}/deliverable?index=0", headers={"Range": "bytes=0-99"})
        assert film.status_code == 206

        again = operator.post(
            f"{session}/jobs",
            json={"priority": "rush", "destinations": ["blobs"]},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert again.status_code == 201, again.text
        job = f"/api/jobs/{again.json()['id']}"
        until(lambda: operator.get(job).json()["status"] == "complete")
        assert [one for one in operator.get(job).json()["output_urls"] if one.startswith("blob:")]
