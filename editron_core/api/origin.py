"""Where a request claims to come from and to go to: what a browser must not be talked into.

A page of somebody else's can make a browser send requests here, and by DNS rebinding even read the answers
under its own name. So the `Host` must be an address or a name that is ours, and a request that changes
anything must not come from another origin.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from editron_core.api.problem import Refused
from editron_core.api.table import WRITING
from editron_core.config import Settings

LOCAL = ("localhost",)


def check_host(headers: Headers, settings: Settings) -> None:
    """Raises Refused (421) for a `Host` that is neither an address nor a name that is ours.

    An address cannot be rebound; names are `localhost` and those of `EDITRON_HOSTS`.
    """
    host = _name(headers.get("host", ""))
    if not host or not (_address(host) or host in LOCAL or host in settings.hosts):
        raise Refused(421, f"{host or 'no name'} is no name of this server: see EDITRON_HOSTS")


def check_origin(method: str, headers: Headers, settings: Settings, *, upgrade: bool = False) -> None:
    """Raises Refused (403) for a change, or a web socket, that another origin's page asks for.

    Programs that are no browsers send no `Origin`.
    """
    if method not in WRITING and not upgrade:
        return
    origin = headers.get("origin")
    if origin is None:
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(403, "comes from a page of another origin")
        return
    if origin in settings.origins:
        return
    if urlsplit(origin).netloc.lower() != headers.get("host", "").lower() or origin == "null":
        raise Refused(403, "comes from a page of another origin: see EDITRON_ORIGINS")


def _name(host: str) -> str:
    """The host without its port, in small letters."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
