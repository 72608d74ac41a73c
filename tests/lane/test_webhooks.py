"""Outgoing webhooks: signed, in order, again after a failure, and nowhere they should not go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from editron_core.config import Settings, settings
from editron_core.domain.webhook import DeliveryStatus, Endpoint, new_secret
from editron_core.errors import SourceError
from editron_core.lane import webhooks
from editron_core.lane.webhooks import Sender
from editron_core.store import Store
from editron_core.store.models import DeliveryRow

KEY = base64.b64encode(b"k" * 32).decode()


@dataclass
class Receiver:
    """A receiver on this machine, and what it was told."""

    answers: list[int] = field(default_factory=list)
    """The next statuses; 200 once there are none."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every answer."""
    slow_s: float = 0.0
    body: bytes = b"ok"
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.told]


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    servers: list[ThreadingHTTPServer] = []

    def started(**how: object) -> Receiver:
        receiver = Receiver(**how)  # type: ignore[arg-type]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told.append(({k.lower(): v for k, v in self.headers.items()}, body))
                time.sleep(receiver.slow_s)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        return receiver

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def here() -> Settings:
    return settings().model_copy(update={"allow_private_urls": True, "sealing_key": KEY})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'editron.sqlite'}", tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture
def sender(store: Store, here: Settings) -> Iterator[Sender]:
    made = Sender(store, here)
    yield made
    made.close()


def endpoint(store: Store, here: Settings, url: str, *kinds: str, secret: str = "") -> Endpoint:
    fresh = webhooks.new_endpoint_id()
    kept = webhooks.sealed(fresh, secret or new_secret(), here)
    return store.endpoints.create(Endpoint(fresh, url, kinds or ("project.*",), secret=kept))


def happen(store: Store, *names: str) -> None:
    for name in names:
        store.projects.ensure(name)


def due_now(store: Store) -> None:
    """Let the time of the next attempt have come."""
    with store.database.write() as session:
        session.query(DeliveryRow).update({"next_attempt_at": datetime.now(UTC) - timedelta(seconds=1)})


def test_what_happens_reaches_the_receiver_signed_and_in_order(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver, secret = receive(), new_secret()
    happen(store, "before")
    made = endpoint(store, here, receiver.url, secret=secret)
    happen(store, "a", "b", "c")
    store.members.create("Ann", "a@x")
    assert sender.drain() == 3
    assert receiver.kinds() == ["project.created"] * 3
    key = base64.b64decode(secret.removeprefix("whsec_"))
    numbers = []
    for headers, body in receiver.told:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mac}"
        assert headers["content-type"] == "application/json"
        assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
        assert "." not in headers["webhook-id"]
        told = json.loads(body)
        assert set(told) == {"type", "timestamp", "data"}
        numbers.append(told["data"]["event"])
    assert numbers == sorted(numbers)
    assert sender.drain() == 0
    sent = store.endpoints.deliveries(made.id).items
    assert {one.status for one in sent} == {DeliveryStatus.DELIVERED}
    assert store.endpoints.get(made.id).cursor == store.events.newest()


def test_the_secret_is_sealed_at_rest(store: Store, here: Settings) -> None:
    secret = new_secret()
    made = endpoint(store, here, "https://x", secret=secret)
    kept = store.endpoints.get(made.id).secret
    assert kept.startswith("sealed:")
    assert secret not in kept


def test_while_secrets_change_both_sign_and_then_the_new_one_alone(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver = receive()
    made = endpoint(store, here, receiver.url)
    for grace in (timedelta(hours=1), timedelta(seconds=-1)):
        store.endpoints.rotate(made.id, webhooks.sealed(made.id, new_secret(), here), grace)
        happen(store, f"p{grace}")
        sender.drain()
    counts = [len(headers["webhook-signature"].split(" ")) for headers, _ in receiver.told]
    assert counts == [2, 1]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_anything_but_a_2xx_is_a_failure_and_the_same_id_is_tried_again(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver], status: int
) -> None:
    elsewhere = receive()
    receiver = receive(answers=[status], headers={"Location": elsewhere.url})
    made = endpoint(store, here, receiver.url)
    happen(store, "a", "b")
    assert sender.drain() == 1
    (waiting,) = store.endpoints.deliveries(made.id).items
    assert (waiting.status, waiting.response_status) == (DeliveryStatus.PENDING, status)
    assert waiting.next_attempt_at is not None
    assert 0 < (waiting.next_attempt_at - datetime.now(UTC)).total_seconds() < 7
    assert sender.drain() == 0  # nothing overtakes it, and it is not yet time
    due_now(store)
    assert sender.drain() == 2
    ids = [headers["webhook-id"] for headers, _ in receiver.told]
    assert ids[0] == ids[1] != ids[2]
    assert receiver.told[0][1] == receiver.told[1][1]
    assert elsewhere.told == []


def test_after_the_last_attempt_the_endpoint_is_off_until_somebody_turns_it_on(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(answers=[500] * 10)
    made = endpoint(store, here, receiver.url)
    happen(store, "a", "b")
    for attempt in range(10):
        assert sender.drain() == 1, attempt
        due_now(store)
    off = store.endpoints.get(made.id)
    assert (off.enabled, off.disabled_reason) == (False, "answers 500")
    assert [e.kind for e in store.events.after(0)][-1] == "endpoint.disabled"
    assert sender.drain() == 0
    store.endpoints.change(made.id, {"enabled": True})
    assert sender.drain() == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.told}) == 2


def test_a_receiver_that_is_gone_is_told_no_more(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(answers=[410])
    made = endpoint(store, here, receiver.url)
    happen(store, "a", "b")
    assert sender.drain() == 1
    assert not store.endpoints.get(made.id).enabled


def test_a_receiver_may_ask_us_to_wait(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(answers=[429], headers={"Retry-After": "600"})
    made = endpoint(store, here, receiver.url)
    happen(store, "a")
    sender.drain()
    (waiting,) = store.endpoints.deliveries(made.id).items
    assert waiting.next_attempt_at is not None
    assert 590 < (waiting.next_attempt_at - datetime.now(UTC)).total_seconds() <= 600


def test_a_delivery_that_never_arrives_can_be_passed_over(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(answers=[500])
    made = endpoint(store, here, receiver.url)
    happen(store, "a", "b")
    sender.drain()
    (stuck,) = store.endpoints.deliveries(made.id).items
    assert store.endpoints.skip(stuck.id).status is DeliveryStatus.SKIPPED
    assert sender.drain() == 1


def test_a_slow_endpoint_holds_up_no_other(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    slow, quick = receive(slow_s=3.0), receive()
    endpoint(store, here, slow.url)
    endpoint(store, here, quick.url)
    happen(store, "a", "b", "c")
    began = time.monotonic()
    sender.look()
    while len(quick.told) < 3:
        assert time.monotonic() - began < 2.5
        time.sleep(0.01)
    assert len(slow.told) == 1


def test_two_senders_share_the_endpoints_and_double_nothing(
    store: Store, here: Settings, receive: Callable[..., Receiver]
) -> None:
    receiver = receive()
    endpoint(store, here, receiver.url)
    happen(store, *(f"p{number}" for number in range(30)))
    senders = [Sender(store, here) for _ in range(3)]
    threads = [threading.Thread(target=one.drain) for one in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in senders:
        one.close()
    assert len(receiver.told) == 30
    numbers = [json.loads(body)["data"]["event"] for _, body in receiver.told]
    assert numbers == sorted(numbers)


def test_whatever_a_receiver_answers_little_of_it_is_read_and_none_is_shown(
    store: Store, here: Settings, sender: Sender, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(answers=[500], body=b"<script>" * 100_000)
    made = endpoint(store, here, receiver.url)
    happen(store, "a")
    sender.drain()
    (waiting,) = store.endpoints.deliveries(made.id).items
    assert waiting.last_error == "answers 500"


PRIVATE = (
    *("http://127.0.0.1/", "http://localhost/", "http://0.0.0.0/", "http://10.0.0.1/", "http://192.168.1.1/"),
    *("http://169.254.169.254/latest/meta-data", "http://172.16.0.1/", "http://[::1]/", "http://[fc00::1]/"),
    *("http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://2130706433/", "http://0x7f.1/"),
    *("http://127.1/", "http://[fe80::1]/", "http://100.64.0.1/", "http://224.0.0.1/", "http://0/"),
    *("ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1/", "//example.org/", "example.org"),
    *(
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1#@example.org/",
        "http://[::]/",
        "http://255.255.255.255/",
    ),
)


@pytest.mark.parametrize("url", PRIVATE)
def test_nothing_is_sent_to_where_it_should_not_go(store: Store, here: Settings, url: str) -> None:
    outside = here.model_copy(update={"allow_private_urls": False})
    with pytest.raises(SourceError):
        webhooks.check(url, outside)


def test_a_name_that_leads_inside_only_when_it_is_sent_is_refused_then(
    store: Store, here: Settings, receive: Callable[..., Receiver]
) -> None:
    receiver = receive()
    made = endpoint(store, here, receiver.url)
    happen(store, "a")
    sender = Sender(store, here.model_copy(update={"allow_private_urls": False}))
    sender.drain()
    sender.close()
    (waiting,) = store.endpoints.deliveries(made.id).items
    assert "not a public address" in waiting.last_error
    assert receiver.told == []


def test_where_no_server_runs_housekeeping_sends_what_waits(
    store: Store, here: Settings, receive: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "IN_A_ROW", 2)
    receiver, broken = receive(), receive(answers=[500])
    for url in (receiver.url, broken.url):
        endpoint(store, here, url)
    happen(store, "a", "b", "c", "d", "e")
    assert webhooks.drain(store, here) == 6
    assert (len(receiver.told), len(broken.told)) == (5, 1)
