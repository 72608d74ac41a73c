"""The fake's HTTP: one thread for each connection, bodies sent by the kernel from holes and files."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from editron_core.ingest.fake_dropbox import routes
from editron_core.ingest.fake_dropbox.account import Account
from editron_core.ingest.fake_dropbox.faults import Do, Fault, Reply, Transfer, expired
from editron_core.ingest.fake_dropbox.routes import Caller, Link, Refusal, State
from editron_core.ingest.fake_dropbox.transfer import Sender, span

DOWNLOADS = {
    "files/download": routes.download,
    "sharing/get_shared_link_file": routes.shared_link_file,
}


@dataclass(frozen=True)
class Asked:
    """One request that came in."""

    route: str
    argument: dict[str, Any]
    range: str
    at: float
    """By `time.monotonic`."""


class FakeDropbox:
    """The server; a context manager. All that is set may be changed while it runs."""

    def __init__(self, app_key: str = "fake-app-key", app_secret: str = "fake-app-secret") -> None:
        self.state = State(app_key, app_secret)
        self.asked: list[Asked] = []
        """Every request, in the order of arrival."""
        self.sent = 0
        """Bytes of files handed to the network."""
        self._scripts: defaultdict[tuple[str, str], deque[Fault | None]] = defaultdict(deque)
        self._always: dict[tuple[str, str], Fault] = {}
        self.closing = threading.Event()
        self.zeros = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.zeros.write(bytes(1 << 22))
        self.zeros.flush()
        self._http = _Server(self)
        serve = partial(self._http.serve_forever, poll_interval=0.02)
        self._thread = threading.Thread(target=serve, daemon=True, name="fake-dropbox")
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers; the value of EDITRON_DROPBOX_URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def account(self) -> Account:
        """A new account."""
        with self.state.guard:
            made = Account(len(self.state.accounts) + 1)
            self.state.accounts.append(made)
        return made

    def share(self, account: Account, path: str, password: str = "") -> str:
        """A shared link to a file or folder; returns its URL."""
        kind = "fo" if (found := account.find(path)) is None or found.content is None else "fi"
        key = uuid.uuid4().hex[:15]
        url = f"https://www.dropbox.com/scl/{kind}/{key}/h?rlkey={uuid.uuid4().hex[:20]}&dl=0"
        self.state.links[url] = Link(url, account, path, password)
        return url

    def script(self, route: str, *faults: Fault | None, path: str = "") -> None:
        """The next requests of a route (for one path only, if that is given) go wrong so; null is right."""
        with self.state.guard:
            self._scripts[route, path].extend(faults)

    def every(self, route: str, fault: Fault | None, path: str = "") -> None:
        """All requests of a route go wrong so, from now on; null ends it."""
        with self.state.guard:
            self._always.pop((route, path), None)
            if fault is not None:
                self._always[route, path] = fault

    def expire_cursors(self) -> None:
        """Cursors that were given out are answered with `reset`."""
        self.state.epoch += 1

    def expire_tokens(self) -> None:
        """Access tokens that were given out are no longer valid."""
        with self.state.guard:
            self.state.tokens.clear()

    def fault(self, route: str, argument: dict[str, Any]) -> Fault | None:
        """What is to go wrong with a request."""
        path = str(argument.get("path", ""))
        with self.state.guard:
            for key in ((route, path), (route, "")):
                if self._scripts[key]:
                    return self._scripts[key].popleft()
                if key in self._always:
                    return self._always[key]
        return None

    def count(self, sent: int) -> None:
        """Add to the bytes that were sent."""
        with self.state.guard:
            self.sent += sent

    def close(self) -> None:
        """Answer no more; connections end."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self.zeros.close()

    def __enter__(self) -> FakeDropbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, fake: FakeDropbox) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is none of the fake's business; errors of the fake itself are."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        """Small answers go out at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: `FakeDropbox.asked` holds it all."""

    def do_GET(self) -> None:
        """Downloads may be asked for by GET too."""
        self.do_POST()

    def do_POST(self) -> None:
        """Every request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        route = self.path.removeprefix("/2/").strip("/")
        fake = self.server.fake
        argument = self._argument(route, body)
        fake.asked.append(Asked(route, argument, self.headers.get("Range", ""), time.monotonic()))
        fault = fake.fault(route, argument)
        if isinstance(fault, Do):
            fault.action()
        try:
            if isinstance(fault, Reply):
                raise Refusal(fault)
            self._answer(route, argument, fault if isinstance(fault, Transfer) else Transfer())
        except Refusal as refusal:
            self._reply(refusal.reply)

    def _argument(self, route: str, body: bytes) -> dict[str, Any]:
        if route == "oauth2/token":
            return dict(parse_qsl(body.decode()))
        text = self.headers.get("Dropbox-API-Arg") if route in DOWNLOADS else body.decode()
        if not text or not text.isascii():
            return {}
        argument = json.loads(text)
        return argument if isinstance(argument, dict) else {}

    def _answer(self, route: str, argument: dict[str, Any], fault: Transfer) -> None:
        state = self.server.fake.state
        if route == "oauth2/token":
            self._reply(Reply(200, json.dumps(routes.token(state, argument)).encode()))
            return
        caller = self._caller()
        if route in DOWNLOADS:
            entry, described = DOWNLOADS[route](state, caller, argument)
            assert entry.content is not None
            sender = Sender(self.server.fake, self.connection, entry.content, fault)
            self._send(sender, described)
        elif route in routes.ROUTES:
            self._reply(Reply(200, json.dumps(routes.ROUTES[route](state, caller, argument)).encode()))
        else:
            self._reply(Reply(404, b"no such route", "text/plain"))

    def _caller(self) -> Caller:
        state = self.server.fake.state
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            if base64.b64decode(value).decode() == f"{state.app_key}:{state.app_secret}":
                return Caller(None)
        elif kind == "Bearer" and value in state.tokens:
            return Caller(state.tokens[value])
        raise Refusal(expired())

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("X-Dropbox-Request-Id", uuid.uuid4().hex)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _send(self, sender: Sender, described: dict[str, Any]) -> None:
        size, fault = sender.content.size, sender.fault
        asked = None if fault.whole else span(self.headers.get("Range", ""), size)
        if asked is not None and asked[0] >= max(size, 1):
            raise Refusal(Reply(416, b"Range not satisfiable", "text/plain"))
        start, end = asked or (0, size)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(end - start + fault.longer))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Dropbox-API-Result", json.dumps(described))
        self.send_header("Original-Content-Length", str(size))
        if asked:
            shifted = f"bytes {start + fault.shift}-{end - 1 + fault.shift}/{size}"
            self.send_header("Content-Range", shifted)
        self.end_headers()
        self.wfile.flush()
        if not sender.send(start, end):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
