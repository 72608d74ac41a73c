"""What a body must be before anybody reads it: not too long, of a type that is taken, and strict JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from editron_core.api import strict
from editron_core.api.problem import Refused
from editron_core.api.table import Takes


@dataclass
class Body:
    """A body that was let through."""

    receive: Receive
    """Gives it to the app."""
    raw: bytes | None = None
    """All of it, where it was read."""
    value: Any = None
    """What its JSON says, where it was read."""


async def guard(headers: Headers, receive: Receive, takes: Takes) -> Body:
    """Check the body of a request by what its route takes.

    Raises Refused: 400 for what is no strict JSON, 413 for too much (by its `Content-Length` before a
    byte is read, else once the limit is passed), 415 for another type.
    """
    length = _length(headers)
    if length is not None and length > takes.limit:
        raise _too_large(takes.limit)
    empty = length == 0 or (length is None and "transfer-encoding" not in headers)
    if not empty:
        _check_media(headers, takes)
    if takes.kind == "raw":
        return Body(_limited(receive, takes.limit))
    raw = b"" if empty else await _all(receive, takes.limit)
    value = strict.parse(raw) if raw and takes.kind == "json" else None
    return Body(_again(raw, receive), raw, value)


def media_type(headers: Headers) -> str:
    """The media type of a body without its parameters, in small letters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _length(headers: Headers) -> int | None:
    text = headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise Refused(400, "Content-Length is no number")
    return int(text[:20])


def _check_media(headers: Headers, takes: Takes) -> None:
    if takes.media and media_type(headers) not in takes.media:
        raise Refused(415, f"takes {' or '.join(takes.media)} alone", {"Accept": ", ".join(takes.media)})


async def _all(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the client went away before its body was complete")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(raw: bytes, receive: Receive) -> Receive:
    """Gives a body that was read once more, then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": raw, "more_body": False}

    return replay


def _limited(receive: Receive, limit: int) -> Receive:
    """Gives the body until it is longer than the limit."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > limit:
                raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> Refused:
    # What is left of the body is not read, so that the connection cannot be used again.
    return Refused(413, f"is larger than the {limit} bytes that are taken", {"Connection": "close"})
