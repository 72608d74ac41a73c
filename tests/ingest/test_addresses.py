"""Which addresses a URL may lead to, in every disguise."""

from __future__ import annotations

from ipaddress import ip_address

import httpx
import pytest

from editron_core.errors import SourceError
from editron_core.ingest import addresses

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::", "2001:0:0:0::1", "2001:db8::1",
    "::127.0.0.1", "fec0::1", "64:ff9b:1::7f00:1", "100::1", "5f00::1", "192.88.99.1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", PRIVATE)
def test_knows_addresses_that_are_not_public(text: str) -> None:
    assert not addresses.is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_knows_public_addresses(text: str) -> None:
    assert addresses.is_public(ip_address(text))


LOOPBACK = ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", [*LOOPBACK, "localhost", "0", "[::]"])
def test_refuses_this_machine_however_it_is_written(host: str) -> None:
    with pytest.raises(SourceError, match="EDITRON_ALLOW_PRIVATE_URLS"):
        addresses.targets(httpx.URL(f"http://{host}:9/x"), allow_private=False)


@pytest.mark.parametrize(
    "url", ["ftp://8.8.8.8/a", "file:///etc/passwd", "gopher://8.8.8.8", "data:,x", "http:///x"]
)
def test_refuses_other_schemes_even_with_leave(url: str) -> None:
    with pytest.raises(SourceError, match="is not an http or https address"):
        addresses.targets(httpx.URL(url), allow_private=True)


def test_connects_to_the_address_that_was_checked() -> None:
    (target,) = addresses.targets(httpx.URL("https://u:p@8.8.8.8:81/a?b=1"), allow_private=False)
    assert str(target.url.copy_with(username=None, password=None)) == "https://8.8.8.8:81/a?b=1"
    assert (target.host, target.name) == ("8.8.8.8:81", "8.8.8.8")


def test_refuses_a_name_of_which_one_address_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", ("8.8.8.8", 0)), (2, 1, 6, "", ("10.0.0.5", 0))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(SourceError, match=r"leads to 10\.0\.0\.5"):
        addresses.targets(httpx.URL("http://media.example/x"), allow_private=False)


def test_says_that_a_host_is_not_known() -> None:
    with pytest.raises(SourceError, match="has a host that is not known"):
        addresses.targets(httpx.URL("http://no-such-host.invalid/x"), allow_private=True)


def test_shows_urls_without_secrets() -> None:
    url = httpx.URL("https://user:pass@host.example/clip.mp4?token=t#f")
    assert addresses.label(url) == "https://host.example/clip.mp4"
