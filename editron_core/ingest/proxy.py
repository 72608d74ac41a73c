"""A door for children that make connections of their own: a proxy on this machine that checks each address.

The name that a child asks for is resolved here, checked as every URL is, and the checked address is the one
that is connected to; redirects are new requests, and checked anew. It wants a password, so that nobody else
on this machine can use it, and gives up after so many bytes.

It fences what goes through it. A program that means to get around it can: only a network namespace without
any other way out would keep that from happening.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from editron_core import log
from editron_core.errors import SourceError
from editron_core.ingest import addresses

HEAD_BYTES = 32 << 10
IDLE_S = 60.0
CONNECT_S = 10.0
CHUNK = 1 << 16
HOP = (b"proxy-", b"connection:", b"keep-alive:")
"""Headers that are between the child and us."""
_log = log.get(__name__)


class Door:
    """A proxy that runs; see `checking`."""

    def __init__(self, *, allow_private: bool, most_bytes: int) -> None:
        self.allow_private = allow_private
        self.most_bytes = most_bytes
        self.refused: list[str] = []
        """Why connections were refused, a line each."""
        self.received = 0
        """Bytes that came in through it."""
        self._password = secrets.token_urlsafe(24)
        self._guard = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.door = self
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        """What the child is told as its proxy."""
        return f"http://editron:{self._password}@127.0.0.1:{self.port}"

    @property
    def authorization(self) -> str:
        """The value of Proxy-Authorization."""
        return "Basic " + base64.b64encode(f"editron:{self._password}".encode()).decode()

    def admits(self, authorization: str) -> bool:
        """Whether somebody knows the password."""
        return hmac.compare_digest(authorization.encode(), self.authorization.encode())

    def count(self, size: int) -> bool:
        """Count bytes that came in; false once they are too many."""
        with self._guard:
            self.received += size
            return self.received <= self.most_bytes

    def serve(self) -> None:
        """Serve until `close`."""
        self._server.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def checking(*, allow_private: bool, most_bytes: int) -> Iterator[Door]:
    """A proxy for one child, while the block runs."""
    door = Door(allow_private=allow_private, most_bytes=most_bytes)
    threading.Thread(target=door.serve, name="proxy", daemon=True).start()
    try:
        yield door
    finally:
        door.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    door: Door

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks is its own end."""
        _log.info("proxy_connection_broke", exc_info=True)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """One request, and all that is sent on its connection after that."""
        wire: socket.socket = self.request
        wire.settimeout(IDLE_S)
        head, rest = _head(wire)
        lines = head.split(b"\r\n")
        try:
            method, target, _ = lines[0].decode("ascii").split(" ")
        except ValueError:
            return _answer(wire, 400, "Bad Request")
        if not self.server.door.admits(_header(lines, b"proxy-authorization")):
            return _answer(wire, 407, "Proxy Authentication Required")
        try:
            url = _wanted(method, target, any_port=self.server.door.allow_private)
            there = self._connected(url)
        except (SourceError, OSError) as error:
            self.server.door.refused.append(str(error))
            _log.warning("connection_refused", why=str(error))
            return _answer(wire, 403 if isinstance(error, SourceError) else 502, "Refused")
        with there:
            if method == "CONNECT":
                wire.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                there.sendall(_forwarded(method, url, lines[1:]))
            there.sendall(rest)
            self._relay(wire, there)

    def _connected(self, url: httpx.URL) -> socket.socket:
        """A connection to a checked address of the URL's host."""
        port = url.port or (443 if url.scheme == "https" else 80)
        found = addresses.targets(url, allow_private=self.server.door.allow_private)
        for number, target in enumerate(found, start=1):
            try:
                return socket.create_connection((target.url.host, port), CONNECT_S)
            except OSError:
                if number == len(found):
                    raise
        raise AssertionError("a name has at least one address")

    def _relay(self, wire: socket.socket, there: socket.socket) -> None:
        """Carry bytes both ways until one side ends, nothing moves any more, or it is too much."""
        with selectors.DefaultSelector() as both:
            both.register(wire, selectors.EVENT_READ, there)
            both.register(there, selectors.EVENT_READ, wire)
            while ready := both.select(IDLE_S):
                for key, _ in ready:
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    chunk = source.recv(CHUNK)
                    if not chunk:
                        return
                    if source is there and not self.server.door.count(len(chunk)):
                        self.server.door.refused.append("sends more than is taken")
                        return
                    target.sendall(chunk)


def _head(wire: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request, and what came after it already."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < HEAD_BYTES:
        chunk = wire.recv(CHUNK)
        if not chunk:
            break
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _header(lines: list[bytes], name: bytes) -> str:
    for line in lines[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().decode("latin-1")
    return ""


def _wanted(method: str, target: str, *, any_port: bool) -> httpx.URL:
    """What a request line names. Raises SourceError for what is no address, and for tunnels to other ports
    than that of TLS unless `any_port` is set."""
    try:
        url = httpx.URL(f"https://{target}" if method == "CONNECT" else target)
        if method == "CONNECT" and url.port not in (None, 443) and not any_port:
            raise SourceError("is no port that tunnels lead to", subject=target)
        return url
    except httpx.InvalidURL as error:
        raise SourceError(f"is no address: {error}", subject=target) from error


def _forwarded(method: str, url: httpx.URL, headers: list[bytes]) -> bytes:
    """A request as its server reads it: one on its connection, without what is between the child and us."""
    kept = [line for line in headers if not line.lower().startswith(HOP)]
    return b"\r\n".join(
        [f"{method} ".encode() + url.raw_path + b" HTTP/1.1", *kept, b"Connection: close", b"", b""]
    )


def _answer(wire: socket.socket, status: int, reason: str) -> None:
    wire.sendall(f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
