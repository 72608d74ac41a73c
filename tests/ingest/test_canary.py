"""Sixty ways to write an address of this machine, and servers that lead to it: nobody ever knocks there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
import stamina
from pytest_httpserver import HTTPServer

from editron_core.config import Settings
from editron_core.errors import SourceError
from editron_core.ingest import addresses, proxy, url

HOSTS = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "017700000001",
    "0177.0.0.1", "0177.1", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0", "00",
    "0x0", "127.255.255.254", "127.000.000.001", "%31%32%37.0.0.1", "１２７.0.0.1", "127。0。0。1",
    "ⓛocalhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]", "[2001:0:0:0:0:0:80ff:fffe]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]",
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "[fd00:ec2::254]", "100.64.0.1",
    "198.18.0.1", "192.88.99.1", "224.0.0.1", "255.255.255.255", "canary.example", "half.example",
)  # fmt: skip
"""`canary.example` is the loopback address, `half.example` a public one and that."""
FORMS = (
    "http://{}:{}/x", "https://{}:{}/x", "http://user:pass@{}:{}/x", "http://8.8.8.8@{}:{}/x",
    "http://{}:{}/x?a=8.8.8.8#8.8.8.8",
)  # fmt: skip
OTHERS = (
    "file:///etc/passwd", "ftp://127.0.0.1:{}/x", "gopher://127.0.0.1:{}/_x", "dict://127.0.0.1:{}/x",
    "http:127.0.0.1:{}", "http:///127.0.0.1:{}", "//127.0.0.1:{}/x", "http://127.0.0.1:{}\\@8.8.8.8/",
    "data:video/mp4,x", "jar:http://127.0.0.1:{}!/x", "http://[::1", "http://8.8.8.8:{}@127.0.0.1/",
)  # fmt: skip


class Canary:
    """A listener on every address of this machine that counts who knocks."""

    def __init__(self) -> None:
        self.hits = 0
        self._socket = socket.socket(socket.AF_INET6)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._socket.bind(("::", 0))
        self._socket.listen(50)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                wire, _ = self._socket.accept()
            except OSError:
                return
            self.hits += 1
            wire.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Canary]:
    caplog.set_level("CRITICAL", logger="werkzeug")
    monkeypatch.setattr(url, "settings", Settings)
    resolve = socket.getaddrinfo

    def answer(host: str, *arguments: object, **named: object) -> list[tuple[object, ...]]:
        known = {"canary.example": ["127.0.0.1"], "half.example": ["93.184.216.34", "127.0.0.1"]}
        if host in known:
            return [(2, 1, 6, "", (one, 0)) for one in known[host]]
        return resolve(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answer)
    found = Canary()
    with stamina.set_testing(True, attempts=2):
        yield found
    found.close()


def forms(port: int) -> list[str]:
    made = [FORMS[at % len(FORMS)].format(host, port) for at, host in enumerate(HOSTS)]
    return [*made, *(other.format(port) for other in OTHERS)]


def test_no_form_of_an_address_reaches_the_canary(canary: Canary, tmp_path: Path) -> None:
    assert len(forms(canary.port)) >= 60
    socket.create_connection(("127.0.0.1", canary.port)).close()  # it does count
    for form in forms(canary.port):
        with pytest.raises(SourceError):
            url.fetch(form, tmp_path)
    assert canary.hits == 1


def test_no_redirect_leads_to_the_canary(
    canary: Canary, httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers that may be reached, here one on 127.0.0.1 that counts as public, send us there."""
    public, checked = ip_address("127.0.0.1"), addresses.is_public
    first = True

    def once(address: object) -> bool:
        nonlocal first
        fine = first and address == public
        first = False
        return fine or checked(address)  # type: ignore[arg-type]

    monkeypatch.setattr(addresses, "is_public", once)
    for number, form in enumerate(forms(canary.port)):
        place = f"/{number}"
        httpserver.expect_request(place).respond_with_data("", status=302, headers={"Location": form})
        first = True
        with pytest.raises(SourceError):
            url.fetch(f"http://127.0.0.1:{httpserver.port}{place}", tmp_path)
    assert canary.hits == 0


def test_no_form_passes_the_proxy_that_children_connect_through(canary: Canary) -> None:
    with proxy.checking(allow_private=False, most_bytes=1 << 20) as door:
        at = ("127.0.0.1", door.port)
        for form in forms(canary.port):
            target = form.partition("://")[2].partition("/")[0].rpartition("@")[2]
            bare = target.rpartition(":")[0]
            tunnels = [] if "8.8.8.8" in target or not bare else [target, f"{bare}:443", bare]
            for line in (f"GET {form} HTTP/1.1", *(f"CONNECT {one} HTTP/1.1" for one in tunnels)):
                with socket.create_connection(at, timeout=10) as wire:
                    head = f"{line}\r\nProxy-Authorization: {door.authorization}\r\n\r\n"
                    wire.sendall(head.encode("utf-8", "surrogateescape"))
                    assert wire.recv(100).split(b" ")[1:2] in ([b"400"], [b"403"], [b"502"]), line
        with socket.create_connection(at, timeout=10) as wire:
            wire.sendall(b"CONNECT 8.8.8.8:443 HTTP/1.1\r\n\r\n")
            assert b" 407 " in wire.recv(100)
    assert canary.hits == 0
