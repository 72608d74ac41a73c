"""Where a URL may lead: http(s) only, and public addresses only unless the operator says otherwise.

The address that was checked is the address that is connected to: a name that resolves to something
else a moment later gains nothing.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from editron_core.errors import SourceError

NAT64 = IPv6Network("64:ff9b::/96")
"""Carries an IPv4 address in its last four bytes (RFC 6052)."""
UNICAST = IPv6Network("2000::/3")
"""All that was ever given out as global unicast (RFC 4291, section 2.4): the rest is local or not in use."""
RELAYS = IPv4Network("192.88.99.0/24")
"""Gateways into 6to4 (RFC 7526)."""


@dataclass(frozen=True, slots=True)
class Target:
    """One checked address of a URL."""

    url: httpx.URL
    """With the address in place of the host's name."""
    host: str
    """The value of the Host header."""
    name: str
    """The name that the server's certificate must carry."""


def targets(url: httpx.URL, *, allow_private: bool) -> tuple[Target, ...]:
    """The addresses of `url`'s host, in the system's order, all of them checked.

    Raises SourceError where the scheme is not http(s), the name has no address, or one of its
    addresses is not public and `allow_private` is not set.
    """
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceError("is not an http or https address", subject=label(url))
    name = url.raw_host.decode("ascii").strip("[]")
    host = url.netloc.decode("ascii")
    found = []
    for address in _resolve(name, url):
        if not allow_private and not is_public(address):
            raise SourceError(
                f"leads to {address}, which is not a public address",
                subject=label(url),
                remedy="set EDITRON_ALLOW_PRIVATE_URLS=1 if that is meant",
            )
        found.append(Target(url.copy_with(host=str(address)), host, name))
    return tuple(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` is one of the internet at large, looked at through every known wrapping."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            return False
        if inner is not None:
            return is_public(inner)
        return address in UNICAST and address.is_global
    return address.is_global and not address.is_multicast and address not in RELAYS


def label(url: httpx.URL) -> str:
    """`url` for messages: without user, password, query and fragment, which may hold secrets."""
    try:
        return str(url.copy_with(username=None, password=None, query=None, fragment=None))
    except httpx.InvalidURL:  # of a form that has none of these, such as `data:`
        return f"{url.scheme}:"


def _resolve(name: str, url: httpx.URL) -> list[IPv4Address | IPv6Address]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError(
            "has a host that is not known", subject=label(url), remedy="check the address and the network"
        ) from error
    # A link-local IPv6 answer carries its interface after a percent sign.
    found = [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
    return list(dict.fromkeys(found))
