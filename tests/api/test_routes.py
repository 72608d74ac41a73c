"""What the routes show and do, over a store with one of everything."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from editron_core.api import tools
from editron_core.api.deps import Caller
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus, Hold
from editron_core.errors import UsageError
from editron_core.lane import registry
from editron_core.score import profile as profiles
from editron_core.store import NewBatch, Store
from tests.api.conftest import As
from tests.api.seeded import SECONDS, SHA, Seeded, see


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": f'"{uuid.uuid4()}"'}


def test_a_batch_is_asked_for_and_its_work_is_dispatched_with_it(
    local: TestClient, store: Store, tmp_path: Path
) -> None:
    asked = {"sources": ["https://example.com/a.mp4", str(tmp_path)], "order": {"brief": "the goal"}}
    answer = local.post("/api/batches", json=asked, headers=keyed())

    assert answer.status_code == 201
    batch = answer.json()
    assert batch["status"] == "queued"
    assert batch["reference_name"] == "a.mp4"
    assert [(one.batch_id, one.stage) for one in store.dispatches.pending()] == [(batch["id"], "produce")]
    assert store.batches.get(batch["id"]).metadata["order"]["brief"] == "the goal"
    assert store.batches.get(batch["id"]).sources == tuple(asked["sources"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"sources": []},
        {"sources": ["relative/path.mp4"]},
        {"sources": ["ftp://example.com/a.mp4"]},
        {"sources": ["file:///etc/passwd"]},
        {"sources": ["https://"]},
        {"sources": ["/a\n/etc/passwd"]},
        {"sources": ["/a"], "order": {"profile": "no-such"}},
        {"sources": ["/a"], "order": {"blueprints": ["no-such"]}},
        {"sources": ["/a"], "order": {"blueprints": ["../../etc/passwd.toml"]}},
        {"sources": ["/a"], "order": {"knobs": {"energy": 7}}},
        {"sources": ["/a"], "order": {"brief": "x" * 4001}},
        {"sources": ["/a"], "project_id": "0" * 31},
        {"sources": ["/a"], "surprise": 1},
    ],
)
def test_what_cannot_be_carried_out_is_422_and_leaves_nothing(
    local: TestClient, store: Store, wrong: dict[str, object]
) -> None:
    assert local.post("/api/batches", json=wrong, headers=keyed()).status_code == 422
    assert store.batches.list() == ()
    assert store.dispatches.pending() == ()


@pytest.mark.parametrize("between", list("\0\t\n\v\f\r\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029"))
def test_no_source_reads_as_two(app: FastAPI, client_as: As, store: Store, between: str) -> None:
    """A key may name what lies below its roots, and nothing that is written behind such a place."""
    root, secret = app.state.settings.home.parent / "footage", "/home/ceo/private.mp4"
    app.state.settings = app.state.settings.model_copy(update={"footage_roots": (root,)})
    operator = client_as(Role.OPERATOR)
    agent = tools.Bench(store, app.state.settings, Caller("agent", Role.OPERATOR, "0" * 16))
    for source in (f"{root}/x{between}{secret}", f"https://e.com/x{between}{secret}"):
        answer = operator.post("/api/batches", json={"sources": [source]}, headers=keyed())
        assert answer.status_code == 422
        with pytest.raises(UsageError, match="control character"):
            tools.named("ingest_media_batch").call(agent, {"sources": [source]})
    assert store.batches.list() == ()
    fine = {"sources": [f"{root}/a\u202fPM.mp4"]}
    assert operator.post("/api/batches", json=fine, headers=keyed()).is_success


def test_an_unknown_project_is_404(local: TestClient, store: Store) -> None:
    asked = {"sources": ["/a"], "project_id": "0" * 32}
    assert local.post("/api/batches", json=asked, headers=keyed()).status_code == 404
    assert store.batches.list() == ()


def test_a_key_is_no_login_to_the_server(client_as: As, here: Settings, tmp_path: Path) -> None:
    """An operator names URLs and folders that are meant for it; an admin any folder."""
    asked = {"sources": [str(tmp_path)]}
    operator = client_as(Role.OPERATOR)
    assert operator.post("/api/batches", json=asked, headers=keyed()).status_code == 422
    assert operator.post(
        "/api/batches", json={"sources": ["https://e.com/a.mp4"]}, headers=keyed()
    ).is_success
    sends = {"sources": ["https://e.com/a.mp4"], "order": {"destinations": ["/etc"]}}
    assert operator.post("/api/batches", json=sends, headers=keyed()).status_code == 422
    assert client_as(Role.ADMIN).post("/api/batches", json=asked, headers=keyed()).is_success


def test_batches_are_listed_in_pages_and_filtered(local: TestClient, store: Store, seeded: Seeded) -> None:
    for number in range(5):
        store.batches.create(NewBatch(f"/b{number}", f"b{number}"))
    seen, cursor = [], ""
    while True:
        page = local.get(f"/api/batches?limit=2{cursor}").json()
        seen += [row["reference_name"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ["b4", "b3", "b2", "b1", "b0", "cup final"]
    assert [row["id"] for row in local.get("/api/batches?status=analyzed").json()["items"]] == [
        seeded.batch_id
    ]
    mine = local.get(f"/api/batches?project_id={seeded.project_id}").json()["items"]
    assert [row["partial"] for row in mine] == [True]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIl0", "WyJhIiwiYiIsImMiXQ", "e30", "🎬", "bnVsbA"])
def test_a_cursor_that_is_none_of_ours_is_422(local: TestClient, seeded: Seeded, cursor: str) -> None:
    assert local.get("/api/batches", params={"cursor": cursor}).status_code == 422


def test_a_batch_is_held_and_let_go_on(local: TestClient, store: Store, seeded: Seeded) -> None:
    at = f"/api/batches/{seeded.batch_id}"
    assert local.post(f"{at}/pause").json()["hold"] == "paused"
    assert local.post(f"{at}/resume").json()["hold"] == "none"
    assert local.post(f"{at}/cancel").json()["hold"] == "cancelled"
    assert local.post(f"{at}/resume").status_code == 422
    assert local.post(f"{at}/retry").json()["hold"] == "none"
    assert store.files.get(seeded.broken_id).status is BatchStatus.QUEUED
    assert [one.stage for one in store.dispatches.pending()] == ["produce", "produce"]


def test_a_batch_goes_with_all_that_hangs_on_it(local: TestClient, seeded: Seeded) -> None:
    assert local.delete(f"/api/batches/{seeded.batch_id}").status_code == 204
    for path in (f"batches/{seeded.batch_id}", f"files/{seeded.file_id}", f"sessions/{seeded.session_id}"):
        assert local.get(f"/api/{path}").status_code == 404
    assert local.delete(f"/api/batches/{seeded.batch_id}").status_code == 404


def test_files_are_shown_whatever_they_are_called(local: TestClient, seeded: Seeded) -> None:
    rows = local.get(f"/api/batches/{seeded.batch_id}/files").json()["items"]
    assert [(row["name"], row["status"]) for row in rows] == [("goal.mp4", "analyzed"), ("b?.mov", "failed")]
    assert rows[0]["probe"]["video"]["fps"] == "25"
    one = local.get(f"/api/batches/{seeded.batch_id}/files?status=failed").json()["items"]
    assert [row["id"] for row in one] == [seeded.broken_id]


def test_a_file_is_held_by_itself(local: TestClient, store: Store, seeded: Seeded) -> None:
    assert local.post(f"/api/files/{seeded.file_id}/pause").json()["hold"] == "paused"
    assert store.batches.get(seeded.batch_id).hold is Hold.NONE
    assert local.post(f"/api/files/{seeded.broken_id}/retry").json()["status"] == "queued"


def test_what_was_not_analysed_yet_has_no_evidence(local: TestClient, seeded: Seeded) -> None:
    for part in ("evidence", "transcript", "signals", "waveform"):
        answer = local.get(f"/api/files/{seeded.file_id}/{part}")
        assert answer.status_code == 404
        assert "was not analysed yet" in answer.json()["detail"]


def test_what_was_seen_and_heard_is_given_as_figures(local: TestClient, store: Store, seeded: Seeded) -> None:
    see(store)
    at = f"/api/files/{seeded.file_id}"
    summary = local.get(f"{at}/evidence").json()
    assert summary["duration"] == SECONDS
    assert summary["words"] == 2
    assert summary["shots"] == [{"start": "0", "end": "2"}, {"start": "2", "end": "4"}]
    assert local.get(f"{at}/transcript").json()["words"][0]["text"] == "What"
    signals = local.get(f"{at}/signals?names=motion&names=loudness&points=10").json()
    assert signals["signals"].keys() == {"motion", "loudness"}
    assert signals["time_s"] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert signals["signals"]["motion"] == [n / 8 for n in range(8)]
    assert local.get(f"{at}/signals?names=beauty").status_code == 422


def test_a_long_file_is_thinned_to_what_a_chart_can_show(store: Store) -> None:
    from editron_core.domain.evidence import Evidence
    from editron_core.review import signals

    found = Evidence.load(see(store))
    thinned = signals.means(found, ["motion"], 3)
    assert thinned["time_s"] == [0.0, 1.5, 3.0]
    assert thinned["motion"] == [0.125, 0.5, 0.8125]


def test_the_shape_of_the_sound_is_worked_out_once(
    local: TestClient, store: Store, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(store)
    first = local.get(f"/api/files/{seeded.file_id}/waveform?points=40").json()
    assert first["duration"] == pytest.approx(SECONDS, abs=0.1)
    assert max(first["peaks"][:18]) <= 2  # silence, then a tone at half of full scale
    assert min(first["peaks"][22:38]) >= 55

    monkeypatch.setattr("editron_core.lane.peaks._work_out", None)

    assert local.get(f"/api/files/{seeded.file_id}/waveform?points=40").json() == first


def test_moments_come_with_the_cuts_that_show_them(local: TestClient, seeded: Seeded) -> None:
    found = local.get(f"/api/batches/{seeded.batch_id}/moments").json()
    (best,) = found["items"]
    assert (best["rank"], best["file"], best["sha256"]) == (1, "goal.mp4", SHA)
    assert local.get(f"/api/files/{best['file_id']}").json()["sha256"] == SHA
    place = found["items"][0]["places"][0]
    assert place["session_id"] == seeded.session_id
    assert place["standing"] == "unsigned"
    assert local.get(f"/api/batches/{seeded.batch_id}/analysis").json()["summary"] == "A goal."
    assert len(local.get(f"/api/batches/{seeded.batch_id}/analyses").json()["items"]) == 1


def test_a_cut_is_signed_as_it_was_shown(local: TestClient, store: Store, seeded: Seeded) -> None:
    at = f"/api/sessions/{seeded.session_id}"
    shown = local.get(at)
    answer = local.post(f"{at}/approve", json={"note": "yes"}, headers={"If-Match": shown.headers["ETag"]})

    assert answer.status_code == 200
    assert answer.json()["status"] == "approved"
    assert answer.json()["cuts"][0]["standing"] == "approved"
    assert [one.author for one in store.decisions.list(seeded.session_id)] == ["local"]
    assert [one.stage for one in store.dispatches.pending()] == ["render"]
    assert [one["note"] for one in local.get(f"{at}/decisions").json()["items"]] == ["yes"]


def test_a_second_reviewer_who_saw_what_was_before_is_told_so(local: TestClient, seeded: Seeded) -> None:
    at = f"/api/sessions/{seeded.session_id}"
    seen = {"If-Match": local.get(at).headers["ETag"]}
    assert local.post(f"{at}/reject", json={"reason": "too long"}, headers=seen).status_code == 200

    stale = local.post(f"{at}/approve", json={}, headers=seen)

    assert stale.status_code == 412
    assert "look at it again" in stale.json()["detail"]
    assert local.post(f"{at}/approve", json={}).status_code == 428
    assert len(local.get(f"{at}/decisions").json()["items"]) == 1


def test_a_trim_makes_a_new_cut_that_is_to_be_signed_anew(local: TestClient, seeded: Seeded) -> None:
    at = f"/api/sessions/{seeded.session_id}"
    seen = {"If-Match": local.get(at).headers["ETag"]}
    assert local.post(f"{at}/trim", json={"start": 1, "end": 1}, headers=seen).status_code == 422
    assert local.post(f"{at}/trim", json={"start": "90", "end": "91"}, headers=seen).status_code == 422

    for odd in (True, "1e99999999", "1/0", "-1", "NaN", "1" * 5000, " 1", [1]):
        assert local.post(f"{at}/trim", json={"start": 0, "end": odd}, headers=seen).status_code == 422

    answer = local.post(f"{at}/trim", json={"start": 0, "end": "3/2"}, headers=seen)

    assert answer.status_code == 200
    assert answer.json()["id"] != seeded.session_id
    assert answer.json()["status"] == "needsreview"
    assert answer.json()["cuts"][0]["duration"] == "38/25"  # whole frames


def test_captions_are_given_by_cut(local: TestClient, seeded: Seeded) -> None:
    at = f"/api/sessions/{seeded.session_id}/captions"
    assert local.get(at).json()["cues"][0]["lines"] == ["What a goal"]
    assert local.get(f"{at}?timeline=nope").status_code == 422


def test_a_render_job_tells_what_went_wrong_and_is_tried_again(
    local: TestClient, store: Store, seeded: Seeded
) -> None:
    at = f"/api/jobs/{seeded.job_id}"
    assert local.get("/api/jobs?status=failed").json()["items"][0]["id"] == seeded.job_id
    assert local.get(f"{at}/log").json()["lines"] == ["line one", "line two"]
    assert local.get(at).json()["deliverables"][0]["checks"][0]["passed"] is True
    assert local.patch(at, json={"priority": "rush"}).status_code == 409

    assert local.post(f"{at}/retry").json()["status"] == "queued"
    assert local.patch(at, json={"priority": "rush"}).json()["priority"] == "rush"
    assert local.post(f"{at}/pause").json()["hold"] == "paused"
    assert local.post(f"{at}/cancel").json()["hold"] == "cancelled"
    assert local.get(f"{at}/log").json()["lines"] == []


def test_a_session_without_an_order_cannot_be_rendered_anew(local: TestClient, seeded: Seeded) -> None:
    answer = local.post(f"/api/sessions/{seeded.session_id}/jobs", json={}, headers=keyed())
    assert answer.status_code == 422


def test_a_name_opens_no_file_of_the_servers_folder(
    local: TestClient, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (profiles.PROFILES / "default.toml").read_text("utf-8")
    for name in ("notes", "notes.toml"):
        (tmp_path / name).write_text(text + "# a secret\n")
    asked = {"name": "mine", "weights": {"motion": 1.0}}
    for name, status in (("notes", 404), ("notes.toml", 422)):
        assert local.get(f"/api/profiles/{name}").status_code == status
        assert local.post(f"/api/profiles/{name}/promote", json={"reason": "x"}).status_code == status
        assert local.post("/api/profiles", json={**asked, "base": name}).status_code == status
        order = {"sources": ["https://e.com/a.mp4"], "order": {"profile": name}}
        assert local.post("/api/batches", json=order, headers=keyed()).status_code == 422
    assert store.batches.list() == ()
    assert registry.find(store, "notes.toml").name == "notes"  # who is on the machine names files


def test_profiles_are_shown_with_where_they_stand(local: TestClient) -> None:
    rows = local.get("/api/profiles").json()["items"]
    assert ("default", "research") in [(row["name"], row["stage"]) for row in rows]
    shown = local.get("/api/profiles/default").json()
    assert sum(shown["document"]["weights"].values()) == pytest.approx(1)
    assert local.get("/api/profiles/nope").status_code == 404
    assert local.post("/api/profiles/default/rollback", json={"reason": "no"}).status_code == 404
    assert local.post("/api/profiles/default/promote", json={"reason": ""}).status_code == 422
    skip = {"reason": "skip", "to": "production"}
    assert local.post("/api/profiles/default/promote", json=skip).status_code == 422


def test_who_approves_a_profile_is_an_admin(client_as: As, store: Store, local: TestClient) -> None:
    """An operator takes it to the gate and no further."""
    from editron_core.domain.registry import ProfileStage, Promotion

    found = profiles.load("default")
    store.profiles.register(found.hash, found.name, found.to_data())
    step = Promotion(found.hash, ProfileStage.RESEARCH, ProfileStage.CANDIDATE, "me", "it passed")
    store.promotions.record(step)

    answer = client_as(Role.OPERATOR).post("/api/profiles/default/promote", json={"reason": "ship it"})

    assert answer.status_code == 403


def test_windows_are_rated_blind(local: TestClient, store: Store, seeded: Seeded) -> None:
    at = f"/api/files/{seeded.file_id}"
    windows = local.get(f"{at}/windows")
    assert windows.json()["mine"] is None
    assert [one["start"] for one in windows.json()["windows"]] == ["0", "2"]
    assert "score" not in windows.text
    assert local.put(f"{at}/ratings", json={"ratings": [3]}).status_code == 422
    assert local.put(f"{at}/ratings", json={"ratings": [3, 9]}).status_code == 422

    assert local.put(f"{at}/ratings", json={"ratings": [3, 5]}).json()["mine"] == [3, 5]
    assert local.put(f"{at}/ratings", json={"ratings": [1, 1]}).status_code == 409
    assert local.put(f"{at}/ratings", json={"ratings": [1, 2], "again": True}).json()["mine"] == [1, 2]
    assert local.get("/api/labels").json()["items"][0]["raters"] == ["local"]


def test_projects_are_made_once_and_renamed(local: TestClient) -> None:
    made = local.post("/api/projects", json={"name": "Cup"}).json()
    assert local.post("/api/projects", json={"name": " Cup "}).json() == made
    other = local.post("/api/projects", json={"name": "League"}).json()
    assert local.patch(f"/api/projects/{other['id']}", json={"name": "Cup"}).status_code == 409
    assert local.patch(f"/api/projects/{other['id']}", json={"name": "Liga"}).json()["name"] == "Liga"
    assert [row["name"] for row in local.get("/api/projects").json()["items"]] == ["Cup", "Liga"]


def test_the_system_tells_how_it_is(local: TestClient, seeded: Seeded) -> None:
    assert local.get("/healthz").json()["status"] == "ok"
    local.get(f"/api/batches/{seeded.batch_id}")
    told = local.get("/metrics").text
    assert 'editron_requests_total{method="GET",route="/api/batches/{batch_id}",status="200"}' in told
    assert "editron_store_up 1.0" in told
    assert seeded.batch_id not in told
    page = local.get("/docs").text
    assert "/api/batches/{batch_id}/retry" in page
    assert "http://" not in page.replace("http://127.0.0.1", "")
    assert local.get("/openapi.json").json()["openapi"].startswith("3.1")
