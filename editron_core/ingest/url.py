"""Files behind http(s) URLs: streamed into staging, taken up where a broken transfer stopped.

A transfer is continued with `Range` and `If-Range` (RFC 9110, section 13.1.5) where the server gave
a strong validator; otherwise it starts over. Failures that may pass are retried with growing waits.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import httpx
import stamina

from editron_core.config import settings
from editron_core.errors import SourceError, StoreError
from editron_core.ingest import addresses, names
from editron_core.ingest.staging import Arrival, Sink, refusals

ATTEMPTS = 6
"""Tries in a row without progress before a download is given up."""
MAX_REDIRECTS = 3
PROGRESS_BYTES = 1 << 20
"""A try that brought this much counts as progress, and the count of tries starts over."""
SLOWEST = 1024
"""Bytes per second; a transfer below it for `STALL_S` is broken off and tried again."""
STALL_S = 60.0
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better in a moment."""
TIMEOUT = httpx.Timeout(30.0, connect=10.0)

Progress = Callable[[float], None]


class _Passing(SourceError):
    """A failure that may pass."""

    wait_s: float | None = None
    """Seconds that the server asks us to wait."""


@dataclass(slots=True)
class _Known:
    """What earlier answers said of the file; kept beside the partial download."""

    validator: str | None = None
    total: int | None = None
    name: str | None = None


class _Part:
    """A partial download: the bytes, and beside them what is needed to go on with it."""

    def __init__(self, url: str, staging: Path) -> None:
        stem = "url-" + hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._facts = staging / f"{stem}.json"
        with refusals(self._facts):
            self.sink = Sink(staging / f"{stem}.part")
        self._reached = self.sink.size
        self.known = self._recall()
        if self.sink.size and self.known.validator is None:
            self.sink.restart()

    def gained(self) -> int:
        """Bytes beyond what had ever arrived when this was last asked."""
        gain = max(0, self.sink.size - self._reached)
        self._reached += gain
        return gain

    def learn(self, known: _Known) -> None:
        """Keep what an answer said."""
        self.known = known
        with refusals(self._facts):
            self._facts.write_text(json.dumps(asdict(known)), "utf-8")

    def finish(self, name: str) -> Arrival:
        """Give the bytes their final name."""
        path, sha256 = self.sink.finish(name)
        self._facts.unlink(missing_ok=True)
        return Arrival(names.shown(name), path, sha256, self.sink.size)

    def discard(self) -> None:
        """Remove all of it."""
        self.sink.close()
        self.sink.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)

    def _recall(self) -> _Known:
        try:
            return _Known(**json.loads(self._facts.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return _Known()  # nothing kept, or cut short by a kill: the download starts over


def fetch(url: str, staging: Path, progress: Progress | None = None) -> Arrival:
    """Download `url` into `staging`; one fetch of the same URL at a time.

    Called again after an interruption it goes on where the last one stopped. Raises SourceError
    where the address is refused, is not there or keeps failing, and StoreError where the disk
    refuses.
    """
    start = _parse(url)
    part = _Part(url, staging)
    limits = httpx.Limits(max_keepalive_connections=0)  # one connection never serves two names
    try:
        with httpx.Client(timeout=TIMEOUT, limits=limits, trust_env=False) as client:
            while not _tried(client, start, part, progress):
                pass
        return part.finish(part.known.name or start.host)
    except SourceError as error:
        if not isinstance(error, _Passing):
            part.discard()
        raise
    finally:
        part.sink.close()


def _parse(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SourceError(f"is not a valid address: {error}", subject=names.shown(url)) from error


def _tried(client: httpx.Client, url: httpx.URL, part: _Part, progress: Progress | None) -> bool:
    """Try until the file is whole (True) or a try that made progress broke off (False)."""
    for attempt in stamina.retry_context(
        on=_worth_another, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=30.0
    ):
        with attempt:
            try:
                _pull(client, url, part, progress)
                return True
            except httpx.TransportError as error:
                if part.gained() >= PROGRESS_BYTES:
                    return False
                raise _Passing(
                    f"the connection fails: {error or type(error).__name__}",
                    subject=addresses.label(url),
                    remedy="run again later: what has arrived is kept",
                ) from error
    raise AssertionError("retry_context either succeeds or raises")


def _worth_another(error: Exception) -> bool | float:
    if not isinstance(error, _Passing):
        return False
    return True if error.wait_s is None else error.wait_s


def _pull(client: httpx.Client, url: httpx.URL, part: _Part, progress: Progress | None) -> None:
    headers = {"Accept-Encoding": "identity", "User-Agent": "editron"}
    if part.sink.size and part.known.validator:
        headers |= {"Range": f"bytes={part.sink.size}-", "If-Range": part.known.validator}
    with _open(client, url, headers) as response:
        if response.status_code == 416 and part.sink.size == part.known.total:
            return
        if response.status_code in (206, 416) and not _continues(response, part):
            part.sink.restart()
            raise _Passing("the server continues at the wrong place", subject=addresses.label(url))
        _check(response, url)
        if response.status_code == 200:
            part.sink.restart()
            part.learn(_facts(response))
        _check_room(part, url)
        _receive(response, part, url, progress)
    if part.known.total is not None and part.sink.size != part.known.total:
        raise _Passing("arrived incomplete", subject=addresses.label(url))


@contextmanager
def _open(client: httpx.Client, url: httpx.URL, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """The answer after at most three redirects, each one's address checked."""
    here = url
    for _ in range(MAX_REDIRECTS + 1):
        response = _send(client, here, headers)
        try:
            if not response.has_redirect_location:
                yield response
                return
            here = _next(here, response.headers["Location"])
        finally:
            response.close()
    raise SourceError(f"redirects more than {MAX_REDIRECTS} times", subject=addresses.label(url))


def _next(here: httpx.URL, location: str) -> httpx.URL:
    try:
        return here.join(location)
    except httpx.InvalidURL as error:
        raise SourceError(
            f"redirects to what is no address: {error}", subject=addresses.label(here)
        ) from error


def _send(client: httpx.Client, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
    candidates = addresses.targets(url, allow_private=settings().allow_private_urls)
    for number, target in enumerate(candidates, start=1):
        request = client.build_request(
            "GET",
            target.url,
            headers={**headers, "Host": target.host},
            extensions={"sni_hostname": target.name, "timeout": TIMEOUT.as_dict()},
        )
        try:
            return client.send(request, stream=True, follow_redirects=False)
        except httpx.InvalidURL as error:  # it looks at where a redirect leads, followed or not
            raise SourceError(
                f"redirects to what is no address: {error}", subject=addresses.label(url)
            ) from error
        except httpx.ConnectError:
            if number == len(candidates):
                raise
    raise AssertionError("a name has at least one address")


def _check(response: httpx.Response, url: httpx.URL) -> None:
    """Refuse every answer that is not the file."""
    code, subject = response.status_code, addresses.label(url)
    if code in PASSING:
        error = _Passing(f"the server answers {code} {response.reason_phrase}", subject=subject)
        asked = response.headers.get("Retry-After", "")
        error.wait_s = min(float(asked), 60.0) if re.fullmatch(r"\d{1,6}", asked) else None
        raise error
    if code in (401, 403):
        raise SourceError(f"the server refuses it ({code})", subject=subject, remedy="check who may open it")
    if code in (404, 410):
        raise SourceError(f"is not there ({code})", subject=subject, remedy="check the address")
    if code not in (200, 206):
        raise SourceError(f"the server answers {code} {response.reason_phrase}", subject=subject)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceError("is sent compressed, against our request", subject=subject)


def _continues(response: httpx.Response, part: _Part) -> bool:
    """Whether the body goes on exactly where the partial download stops."""
    said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if response.status_code != 206 or said is None:
        return False
    return int(said[1]) == part.sink.size and said[2] in ("*", str(part.known.total))


def _facts(response: httpx.Response) -> _Known:
    etag = response.headers.get("ETag", "")
    length = response.headers.get("Content-Length", "")
    return _Known(
        validator=etag if etag.startswith('"') else response.headers.get("Last-Modified"),
        total=int(length) if length.isdigit() else None,
        name=_disposition(response.headers.get("Content-Disposition")) or _name_of(response.url),
    )


def _check_room(part: _Part, url: httpx.URL) -> None:
    if part.known.total is None:
        return
    _check_cap(part.known.total, url)
    free = shutil.disk_usage(part.sink.path.parent).free
    if part.known.total - part.sink.size > free:
        raise StoreError(
            f"has {free >> 20} MiB free, {addresses.label(url)} needs {part.known.total >> 20} MiB",
            subject=str(part.sink.path.parent),
            remedy="free some space",
        )


def _check_cap(size: int, url: httpx.URL) -> None:
    cap = settings().max_download_bytes
    if size > cap:
        raise SourceError(
            f"is larger than {cap / (1 << 30):g} GiB",
            subject=addresses.label(url),
            remedy="raise EDITRON_MAX_DOWNLOAD_BYTES if that is meant",
        )


def _receive(response: httpx.Response, part: _Part, url: httpx.URL, progress: Progress | None) -> None:
    since, mark = time.monotonic(), part.sink.size
    for chunk in response.iter_raw():
        _check_cap(part.sink.size + len(chunk), url)
        part.sink.write(chunk)
        now = time.monotonic()
        if now - since > STALL_S:
            if part.sink.size - mark < SLOWEST * STALL_S:
                raise httpx.ReadTimeout("the server sends next to nothing")
            since, mark = now, part.sink.size
        if progress is not None and part.known.total:
            progress(min(1.0, part.sink.size / part.known.total))


def _disposition(header: str | None) -> str | None:
    """The file name of a Content-Disposition header (RFC 6266), its path left out."""
    if not header:
        return None
    message = Message()
    message["Content-Disposition"] = header
    name = message.get_filename()
    return re.split(r"[/\\]", name)[-1] or None if name else None


def _name_of(url: httpx.URL) -> str:
    """The last part of the path, empty where there is none."""
    return PurePosixPath(unquote(url.path)).name
