"""Cuts are changed, captioned and looked at over HTTP by whoever says what they saw."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from editron_core.domain.access import Role
from editron_core.domain.timeline import Clip
from editron_core.store import NewBatch, Store
from editron_core.times import Span
from tests.api.conftest import As
from tests.api.seeded import PROBE, SHA
from tests.apps.stage import SAID, Staged, analysed, evidence, session, stage, transcript


@pytest.fixture
def staged(store: Store, tmp_path: Path) -> Staged:
    return stage(store, tmp_path)


def seen(client: TestClient, address: str) -> dict[str, str]:
    return {"If-Match": client.get(address).headers["ETag"]}


def test_a_split_names_what_was_seen_and_gives_a_new_session(local: TestClient, staged: Staged) -> None:
    at = f"/api/sessions/{staged.reel}"
    body = {"timeline": "hero-reel", "at": "1"}
    assert local.post(f"{at}/split", json=body).status_code == 428
    shown = seen(local, at)

    made = local.post(f"{at}/split", json=body, headers=shown)

    assert made.status_code == 200, made.text
    assert made.json()["id"] != staged.reel
    assert len(made.json()["cuts"][0]["timeline"]["clips"]) == 4
    late = local.post(f"{at}/approve", json={}, headers=shown)
    assert late.status_code == 412
    assert "changed by local (split)" in late.json()["detail"]


def test_every_edit_can_be_undone(local: TestClient, staged: Staged) -> None:
    session = staged.reel
    edits = {
        "split": {"at": "1"},
        "merge": {"clip": 0},
        "move": {"clip": 0, "to": 2},
        "retime": {"clip": 0, "start": "47/5", "end": "53/5"},
        "remove": {"clip": 1},
    }
    for verb, body in edits.items():
        at = f"/api/sessions/{session}"
        made = local.post(f"{at}/{verb}", json=body, headers=seen(local, at))
        assert made.status_code == 200, (verb, made.text)
        session = made.json()["id"]
    for _ in range(len(edits) - 2):  # the merge put back what the split had made two of
        at = f"/api/sessions/{session}"
        session = local.post(f"{at}/undo", headers=seen(local, at)).json()["id"]
    assert session == staged.reel


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("split", {"at": "99"}),
        ("merge", {"clip": 0}),
        ("merge", {"clip": 7}),
        ("move", {"clip": 0, "to": 9}),
        ("remove", {"clip": 9}),
        ("retime", {"clip": 0, "start": 2, "end": 2}),
        ("retime", {"clip": 5, "start": 1, "end": 2}),
        ("withdraw", {}),
        ("undo", None),
    ],
)
def test_what_cannot_be_is_a_problem_and_changes_nothing(
    local: TestClient, staged: Staged, verb: str, body: dict[str, object] | None
) -> None:
    at = f"/api/sessions/{staged.reel}"

    answer = local.post(f"{at}/{verb}", json=body, headers=seen(local, at))

    assert answer.status_code == 422, answer.text
    assert [one["id"] for one in local.get(f"/api/batches/{staged.batch}/sessions").json()["items"]].count(
        staged.reel
    )


def test_a_word_is_taken_back(local: TestClient, staged: Staged) -> None:
    at = f"/api/sessions/{staged.reel}"
    signed = local.post(f"{at}/approve", json={}, headers=seen(local, at)).json()
    assert signed["cuts"][0]["approved"] == ["local"]

    back = local.post(f"{at}/withdraw", json={}, headers=seen(local, at)).json()

    assert (back["cuts"][0]["standing"], back["cuts"][0]["missing"]) == ("unsigned", 1)
    assert back["cuts"][0]["decisions"][0]["withdrawn_at"]


def test_captions_are_edited_by_who_saw_them(local: TestClient, staged: Staged) -> None:
    at = f"/api/files/{staged.file}/captions"
    told = local.get(at)
    lines = told.json()["lines"]
    changed = [{**lines[0], "text": "  Written\tby hand "}, *lines[1:]]

    kept = local.put(at, json={"lines": changed}, headers={"If-Match": told.headers["ETag"]})

    assert kept.status_code == 200, kept.text
    assert (kept.json()["lines"][0]["text"], kept.json()["author"]) == ("Written by hand", "local")
    assert kept.json()["sessions"]
    assert local.put(at, json={"lines": lines}).status_code == 428
    stale = local.put(at, json={"lines": lines}, headers={"If-Match": told.headers["ETag"]})
    assert stale.status_code == 412
    now = {"If-Match": kept.headers["ETag"]}
    backwards = [{"start": 900, "end": 100, "text": "x"}]
    over = [{"start": 0, "end": 900, "text": "x"}, {"start": 500, "end": 1000, "text": "y"}]
    for wrong in (backwards, over, [{"start": 0, "end": 9, "text": " "}]):
        assert local.put(at, json={"lines": wrong}, headers=now).status_code == 422


def test_a_preview_is_a_picture_of_the_deliverables_size(local: TestClient, staged: Staged) -> None:
    at = f"/api/sessions/{staged.reel}/preview"
    answer = local.get(at, params={"at": "1/2", "preset": "bold"})

    assert answer.headers["Content-Type"] == "image/png"
    with Image.open(BytesIO(answer.content)) as picture:
        assert picture.size == (1920, 1080)
    for wrong in ({"at": "999"}, {"at": "x"}, {"at": "1/0"}, {"aspect": "9:16"}, {"preset": "comic"}):
        assert local.get(at, params=wrong).status_code == 422, wrong
    late = local.get(at, params={"at": sent(1234.5)}).json()  # not its form is wrong
    assert (late["status"], "errors" in late) == (422, False)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "at",
    ["1e999999999", "1E9", "9" * 5000, f"1/{'9' * 5000}", f"0.{'1' * 5000}", "1_0", "\u0661", "1 ", "-1"],
    ids=range(9),
)
def test_a_time_of_another_form_is_not_even_computed(local: TestClient, staged: Staged, at: str) -> None:
    """10 ** 999999999 would keep every other request waiting, for anybody who may look."""
    session, file = f"/api/sessions/{staged.reel}", f"/api/files/{staged.file}"
    answers = [
        local.get(f"{session}/preview", params={"at": at}),
        local.get(f"{file}/clip", params={"start": "0", "end": at}),
        local.post(f"{session}/split", json={"at": at}, headers=seen(local, session)),
    ]
    assert [one.status_code for one in answers] == [422] * 3
    assert all(one.json()["errors"] for one in answers)
    assert local.get(f"{session}/preview", params={"at": "9999999999999"}).status_code == 422


@pytest.mark.parametrize("at", [1e308, 1_000_001, -1, True, [], "1000001"])
def test_no_time_is_too_large_to_be_refused(local: TestClient, staged: Staged, at: object) -> None:
    session = f"/api/sessions/{staged.reel}"
    answer = local.post(f"{session}/split", json={"at": at}, headers=seen(local, session))
    assert answer.status_code == 422, answer.text


def sent(at: float) -> str:
    """An instant as the apps send it."""
    return f"{round(at * 1e6)}/1000000"


def test_a_clip_from_far_into_a_long_file_is_retimed_and_split(local: TestClient, store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage/conference", "conference"))
    file = store.files.add(batch.id, "day.mp4", "/footage/conference/day.mp4")
    store.files.arrived(file.id, "/blobs/day.mp4", SHA, 1000)
    store.files.probed(file.id, replace(PROBE, duration=Fraction(6 * 3600)))
    said = transcript(SAID.split(), 6 * 3600)
    analysed(store, SHA, evidence(said, 6 * 3600), None)
    clips = [Clip(SHA, Span.of(1234.5, 2434.5)), Clip(SHA, Span.of(12345.6, 12355.6))]
    reel = session(store, batch.id, "hero-reel", clips, said)

    wishes = (
        ("retime", {"clip": 0, "start": sent(1235.5), "end": sent(2433.5)}),
        ("retime", {"clip": 1, "start": sent(12346.6), "end": sent(12357.2)}),
        ("split", {"at": sent(1100.04)}),
    )
    for verb, body in wishes:
        at = f"/api/sessions/{reel}"
        made = local.post(f"{at}/{verb}", json=body, headers=seen(local, at))
        assert made.status_code == 200, (verb, made.text)
        reel = made.json()["id"]

    shown = [clip.source for clip in store.sessions.get(reel).timelines[0].clips]
    assert shown == [
        Span.of("1235.5", "2335.54"),
        Span.of("2335.54", "2433.5"),
        Span.of("12346.6", "12357.2"),
    ]


def test_each_role_does_its_own(client_as: As, staged: Staged) -> None:
    at = f"/api/sessions/{staged.reel}"
    viewer, reviewer, admin = (client_as(role) for role in (Role.VIEWER, Role.REVIEWER, Role.ADMIN))
    shown = seen(viewer, at)
    assert viewer.post(f"{at}/split", json={"at": "1"}, headers=shown).status_code == 403
    assert viewer.put(f"/api/files/{staged.file}/captions", json={"lines": []}).status_code == 403
    assert reviewer.put("/api/approval-rule", json={"approvers": 2}).status_code == 403
    assert admin.put("/api/approval-rule", json={"approvers": 2}).json()["approvers"] == 2
    assert viewer.get("/api/approval-rule").json() == {"approvers": 2, "members": [], "project_id": None}
    signed = reviewer.post(f"{at}/approve", json={}, headers=seen(viewer, at)).json()
    assert (signed["status"], signed["cuts"][0]["missing"]) == ("needsreview", 1)


def test_who_must_approve_stays_while_only_the_number_changes(
    client_as: As, store: Store, staged: Staged
) -> None:
    admin, at = client_as(Role.ADMIN), "/api/approval-rule"
    project = {"project_id": store.projects.ensure("The Cup").id}
    ann, ben = (
        admin.post("/api/members", json={"name": name, "email": f"{name}@x.org"}).json()["id"]
        for name in ("ann", "ben")
    )
    assert admin.put(at, json={"approvers": 1, "members": [ann, ben]}).json()["members"] == [ann, ben]

    assert admin.put(at, json={"approvers": 2}).json()["members"] == [ann, ben]
    own = admin.put(at, json={"approvers": 1}, params=project).json()
    assert own == {"approvers": 1, "members": [ann, ben], "project_id": project["project_id"]}
    assert admin.put(at, json={"approvers": 3}).status_code == 422  # two people cannot give three
    assert admin.get(at).json() == {"approvers": 2, "members": [ann, ben], "project_id": None}
    signed = client_as(Role.REVIEWER).post(
        f"/api/sessions/{staged.reel}/approve", json={}, headers=seen(admin, f"/api/sessions/{staged.reel}")
    )
    assert signed.json()["cuts"][0]["missing"] == 2  # who signed is none of the two

    assert admin.put(at, json={"approvers": 2, "members": []}).json()["members"] == []
    assert admin.put(at, json={"approvers": 3}).json()["members"] == []
    assert admin.get(at, params=project).json()["members"] == [ann, ben]
