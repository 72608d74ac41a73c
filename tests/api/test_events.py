"""Events over HTTP: followed live and from where a client was cut off, without a gap and nothing twice."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.testclient import TestClient

from editron_core.api import events as live
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus
from editron_core.store import NewBatch, Store
from tests.api.conftest import As, Served

CUTS = 100


class Reading:
    """One connection: the messages that came over it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()
        self.seen = ""
        self.retry = ""

    def messages(self) -> Iterator[dict]:
        data = []
        for line in self.lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.seen = value
            elif name == "retry":
                self.retry = value
            elif name == "data":
                data.append(value)
            elif not line and data:
                yield json.loads("\n".join(data))
                data = []


@contextmanager
def following(served: Served, **query: str) -> Iterator[Reading]:
    headers = {"Last-Event-ID": query.pop("last")} if "last" in query else {}
    with (
        served.client() as client,
        client.stream("GET", "/api/events", params=query, headers=headers) as response,
    ):
        reading = Reading(response)
        yield reading


def take(reading: Reading, count: int) -> list[dict]:
    found = reading.messages()
    return [next(found) for _ in range(count)]


@pytest.fixture
def store(served: Served) -> Store:
    found: Store = served.app.state.store
    return found


def test_a_change_reaches_whoever_follows_at_once(served: Served, store: Store) -> None:
    with following(served) as reading:
        assert reading.response.headers["content-type"].startswith("text/event-stream")
        assert reading.response.headers["cache-control"] == "no-cache"
        assert reading.response.headers["x-accel-buffering"] == "no"
        began = time.monotonic()
        batch = store.batches.create(NewBatch("/footage"))
        (told,) = take(reading, 1)
        assert time.monotonic() - began < 2
    assert (told["kind"], told["subject_id"], told["batch_id"]) == ("batch.created", batch.id, batch.id)
    assert reading.retry == "3000"
    assert reading.seen == str(told["id"])


def test_a_client_goes_on_where_it_was_by_header_or_by_query(served: Served, store: Store) -> None:
    for _ in range(5):
        store.projects.ensure(f"project {_}")
    all_of_them = [event.id for event in store.events.after(0)]
    for query in ({"last": str(all_of_them[1])}, {"after": str(all_of_them[1])}):
        with following(served, **query) as reading:
            assert [one["id"] for one in take(reading, 3)] == all_of_them[2:]


def test_a_client_that_saw_nothing_yet_also_knows_where_it_was(served: Served, store: Store) -> None:
    store.projects.ensure("acme")
    with following(served) as reading:
        assert next(line for line in reading.lines if line.startswith("id")) == f"id: {store.events.newest()}"


def test_only_what_belongs_to_a_batch_or_project_is_told(served: Served, store: Store) -> None:
    project = store.projects.ensure("acme")
    mine = store.batches.create(NewBatch("/a", project_id=project.id))
    other = store.batches.create(NewBatch("/b"))
    with following(served, batch_id=mine.id, after="0") as reading:
        store.batches.set_status(other.id, BatchStatus.DOWNLOADING)
        store.batches.set_status(mine.id, BatchStatus.DOWNLOADING)
        assert {one["batch_id"] for one in take(reading, 3)} == {mine.id}
    with following(served, project_id=project.id, after="0") as reading:
        assert {one["project_id"] for one in take(reading, 4)} == {project.id}


def test_a_follower_that_fell_behind_misses_nothing(
    served: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "QUEUE", 3)
    with following(served) as reading:
        assert next(iter(reading.lines)).startswith("retry")
        wanted = [store.projects.ensure(f"project {number}").id for number in range(60)]
        assert [one["subject_id"] for one in take(reading, 60)] == wanted


def test_a_stream_cut_a_hundred_times_loses_and_doubles_nothing(served: Served, store: Store) -> None:
    stop = threading.Event()

    def happen() -> None:
        number = 0
        while not stop.is_set():
            store.projects.ensure(f"project {number}")
            number += 1
            time.sleep(0.002)

    dice = random.Random(7)
    writer = threading.Thread(target=happen)
    writer.start()
    seen: list[int] = []
    last = "0"
    try:
        for _ in range(CUTS):
            with following(served, last=last) as reading:
                seen += [one["id"] for one in take(reading, dice.randint(1, 12))]
                last = reading.seen
    finally:
        stop.set()
        writer.join()
    kept = [event.id for event in store.events.after(0, 10**6) if event.id <= seen[-1]]
    assert seen == kept
    assert len(seen) > CUTS


def test_a_silent_stream_beats(served: Served, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 1)
    with following(served) as reading:
        assert next(line for line in reading.lines if line.startswith(":")) == ": still here"


def test_whoever_went_away_is_forgotten_and_the_poller_rests(served: Served, store: Store) -> None:
    with following(served) as reading:
        next(iter(reading.lines))
        assert served.app.state.hub.size == 1
    until = time.monotonic() + 10
    while served.app.state.hub.size and time.monotonic() < until:
        time.sleep(0.05)
    assert served.app.state.hub.size == 0
    assert served.app.state.hub._poller is None


def test_the_stream_of_a_revoked_key_ends(
    served: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_S", 0.1)
    key, text = store.keys.issue("a screen", Role.VIEWER)
    served.app.state.keyring.forget()
    with served.client(text) as client, client.stream("GET", "/api/events") as response:
        lines = response.iter_lines()
        assert next(lines).startswith("retry")
        store.keys.revoke(key.id)
        until = time.monotonic() + 10
        for _ in lines:
            assert time.monotonic() < until


def test_the_stream_of_a_browser_ends_when_it_signs_out(
    served: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_S", 0.1)
    _, text = store.keys.issue("a screen", Role.VIEWER)
    served.app.state.keyring.forget()
    with served.client() as browser, served.client() as elsewhere:
        for one in (browser, elsewhere):
            assert one.post("/login", data={"key": text}).status_code == 303
        with (
            elsewhere.stream("GET", "/api/events") as other,
            browser.stream("GET", "/api/events") as response,
        ):
            lines = response.iter_lines()
            assert next(lines).startswith("retry")
            with served.client() as again:
                again.cookies = browser.cookies
                assert again.post("/logout").status_code == 303
            until = time.monotonic() + 10
            for _ in lines:
                assert time.monotonic() < until
            assert next(other.iter_lines()).startswith("retry")  # another browser of the same key goes on


def test_too_many_followers_are_turned_away(
    served: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST", 1)
    with following(served) as reading:
        next(iter(reading.lines))
        with following(served) as other:
            assert other.response.status_code == 503
            assert other.response.headers["retry-after"]


def test_there_is_nothing_to_come_back_for_when_a_batch_is_gone_and_all_is_told(
    local: TestClient, app_store: Store
) -> None:
    batch = app_store.batches.create(NewBatch("/footage"))
    app_store.batches.delete(batch.id)
    query = {"batch_id": batch.id, "after": str(app_store.events.newest())}
    assert local.get("/api/events", params=query).status_code == 204


def test_what_happened_can_be_asked_for_as_a_list(local: TestClient, app_store: Store) -> None:
    app_store.batches.create(NewBatch("/footage"))
    first = local.get("/api/events/log", params={"limit": 1}).json()
    assert [one["kind"] for one in first] == ["batch.created"]
    then = local.get("/api/events/log", params={"after": first[0]["id"]}).json()
    assert first[0]["id"] not in [one["id"] for one in then]


@pytest.mark.parametrize("last", ["x", "-1", "1" * 30, "1.5"])
def test_what_is_no_number_of_an_event_is_refused(local: TestClient, last: str) -> None:
    assert local.get("/api/events", headers={"Last-Event-ID": last}).status_code == 400


def test_who_has_no_key_follows_nothing(client_as: As) -> None:
    viewer = client_as(Role.VIEWER)
    assert viewer.get("/api/events/log").status_code == 200
    del viewer.headers["Authorization"]
    assert viewer.get("/api/events").status_code == 401


@pytest.fixture
def app_store(local: TestClient) -> Store:
    found: Store = local.app.state.store  # type: ignore[attr-defined]
    return found
