"""What the fake can be told to do wrong, as plain values for `FakeDropbox.script` and `every`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

JSON = "application/json"
"""Without a character set: the SDK insists on it."""


@dataclass(frozen=True)
class Transfer:
    """A download that goes wrong in passing; what is not said goes right."""

    cut: int | None = None
    """The connection ends after so many bytes of this answer."""
    stall: tuple[int, float] | None = None
    """After so many bytes, nothing comes for so many seconds; then the connection ends."""
    whole: bool = False
    """The range that was asked for is ignored: status 200 and all bytes."""
    shift: int = 0
    """Content-Range tells a place so many bytes further on than the bytes are from."""
    longer: int = 0
    """Content-Length is so much too large."""
    flip: int | None = None
    """The byte at this offset of the file has all its bits turned."""


@dataclass(frozen=True)
class Reply:
    """An answer of its own instead of the right one."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Do:
    """Something happens meanwhile; then the answer is right."""

    action: Callable[[], None]


Fault = Transfer | Reply | Do


def rate_limited(wait_s: int, shape: Literal["json", "writes", "text"] = "json") -> Reply:
    """429 in one of Dropbox's three shapes."""
    headers = {"Retry-After": str(wait_s)}
    if shape == "text":
        return Reply(429, b"Too many requests", "text/plain; charset=utf-8", headers)
    tag = "too_many_requests" if shape == "json" else "too_many_write_operations"
    error = {"reason": {".tag": tag}, "retry_after": wait_s}
    return Reply(429, _json({"error_summary": f"{tag}/.", "error": error}), JSON, headers)


def broken(status: int = 503) -> Reply:
    """Dropbox itself fails."""
    return Reply(status, b"Service Unavailable", "text/plain; charset=utf-8")


def refused(tag: str) -> Reply:
    """409 with a tag such as `path/restricted_content`."""
    error: Any = None
    for name in reversed(tag.split("/")):
        error = {".tag": name, **({name: error} if error is not None else {})}
    return Reply(409, _json({"error_summary": f"{tag}/..", "error": error}))


def expired() -> Reply:
    """401: the access token has outlived its time."""
    return Reply(
        401, _json({"error_summary": "expired_access_token/.", "error": {".tag": "expired_access_token"}})
    )


def unsatisfiable() -> Reply:
    """416: the range cannot be had."""
    return Reply(416, b"Range not satisfiable", "text/plain; charset=utf-8")


def page() -> Reply:
    """A web page with status 200, as a captive portal gives."""
    return Reply(200, b"<html><body>Please sign in to the network</body></html>", "text/html")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
