"""Files as answers: whole, or one range of them (RFC 9110), under the hash of what they hold."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from editron_core.api.problem import Refused

RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)
SEVERAL = re.compile(r"bytes\s*=.*,", re.IGNORECASE)
FOREVER = "private, max-age=31536000, immutable"
"""For addresses that name the content itself."""
ASK_AGAIN = "private, no-cache"
"""For addresses whose content may change: kept, and asked about by its hash each time."""
NEVER = "no-store"
"""For what is not signed off."""
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ()")


@dataclass(frozen=True, slots=True)
class Streamed:
    """A file that is to be given."""

    path: Path
    sha256: str
    """Of its bytes: its ETag."""
    media_type: str
    name: str
    """What it is called where it is saved."""
    attachment: bool = False
    """Whether browsers save it instead of showing it."""
    cache: str = ASK_AGAIN


class _Ranged(FileResponse):
    """Starlette's, for the range that we read: it sees that one alone, whatever was asked for."""

    chunk_size = 1 << 20
    wanted: tuple[int, int] | None = None
    """First byte, and the one after the last; null for the whole file."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        plain = [pair for pair in scope["headers"] if pair[0] not in (b"range", b"if-range")]
        if self.wanted is not None:
            first, end = self.wanted
            plain.append((b"range", f"bytes={first}-{end - 1}".encode()))
        await super().__call__({**scope, "headers": plain}, receive, send)


def give(request: Request, one: Streamed) -> Response:
    """The answer to a GET or HEAD: 200, 206, or 304.

    Raises Refused: 416 for a range that the file does not have and for several ranges at once.
    """
    facts = one.path.stat()
    etag = f'"{one.sha256}"'
    headers = {
        "ETag": etag,
        "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
        "Cache-Control": one.cache,
        "Content-Disposition": disposition(one.name, attachment=one.attachment),
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }
    if _known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    answer = _Ranged(one.path, headers=headers, media_type=one.media_type, stat_result=facts)
    wanted, condition = request.headers.get("range"), request.headers.get("if-range")
    if wanted is not None and condition in (None, etag, headers["Last-Modified"]):
        answer.wanted = span(wanted, facts.st_size)
    return answer


def span(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a Range header; null for one that says nothing we know.

    Raises Refused (416).
    """
    if SEVERAL.match(header.strip()):
        raise _unsatisfiable("takes one range at a time", size)
    found = RANGE.fullmatch(header.strip())
    if found is None or found[0] == "" or (not found[1] and not found[2]):
        return None
    if not found[1]:
        last = int(found[2][:19])
        if last == 0 or size == 0:
            raise _unsatisfiable("has no such range", size)
        return max(0, size - last), size
    start = int(found[1][:19])
    end = min(size, int(found[2][:19]) + 1) if found[2] else size
    if found[2] and int(found[2][:19]) < start:
        return None
    if start >= size:
        raise _unsatisfiable("has no such range", size)
    return start, end


def disposition(name: str, *, attachment: bool) -> str:
    """A Content-Disposition header (RFC 6266): the name in ASCII for old clients, and as it is."""
    name = name.replace("/", "_").replace("\\", "_")
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    fallback = "".join(letter if letter in PLAIN else "_" for letter in ascii_name).strip() or "file"
    kind = "attachment" if attachment else "inline"
    exact = quote(name.encode("utf-8", "replace"), safe="")
    return f"{kind}; filename=\"{fallback}\"; filename*=UTF-8''{exact}"


def _known(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags


def _unsatisfiable(why: str, size: int) -> Refused:
    return Refused(416, why, {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
