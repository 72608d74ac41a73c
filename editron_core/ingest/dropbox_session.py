"""The `dropbox` SDK as Editron holds it: one session, one refresh for all threads, errors as ours.

The package is imported inside the functions, because that takes most of a second.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from editron_core import secrets
from editron_core.config import Settings
from editron_core.errors import EditronError, SourceError, UsageError
from editron_core.ingest.download import Body, Pace, Refused, refused, unavailable
from editron_core.redact import Secret, know

HOSTS = ("https://api.dropboxapi.com", "https://content.dropboxapi.com", "https://notify.dropboxapi.com")
CONNECTIONS = 32
CONNECT_S, IDLE_S = 10.0, 50.0
"""Seconds to connect, and between two bytes; the SDK hands both on to `requests`."""
DEFAULT_WAIT_S = 5.0
"""Where Dropbox says that we are too fast, and not for how long."""
REMEDIES = {
    "path/not_found": "it is not there, or not any more: check its path",
    "path/restricted_content": "Dropbox blocks it by law; nobody here can change that",
    "unsupported_file": "export it from Dropbox as a video",
    "shared_link_not_found": "ask for a new link",
    "shared_link_access_denied": "check the link's password and who may open it",
    "invalid_grant": "connect the account again",
    "invalid_access_token": "connect the account again",
    "missing_scope": "give the app files.metadata.read, files.content.read and sharing.read",
}


class CursorExpired(SourceError):
    """Dropbox forgot the cursor: the folder must be listed from the beginning."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """In whose name we ask: with neither, in the app's own, which opens public links only."""

    refresh: Secret | None = None
    access: Secret | None = None
    """One that is used until it has outlived its time, where there is none to refresh."""

    def __bool__(self) -> bool:
        return self.refresh is not None or self.access is not None


def connect(settings: Settings, app_secret: Secret | None, tokens: Tokens) -> Any:
    """A client of the SDK. Raises UsageError where the app is to ask for itself and has no secret."""
    if app_secret is None and not tokens:
        raise UsageError(
            "is not set", subject="DROPBOX_APP_SECRET", remedy="a public link is opened with the app's secret"
        )
    return _shared()(
        oauth2_refresh_token=tokens.refresh.reveal() if tokens.refresh else None,
        oauth2_access_token=tokens.access.reveal() if tokens.access and not tokens.refresh else None,
        app_key=settings.dropbox_app_key,
        app_secret=app_secret.reveal() if app_secret else None,
        session=_session(settings.dropbox_url),
        timeout=(CONNECT_S, IDLE_S),
        # Both are ours to do: the SDK sleeps where nobody can stop it.
        max_retries_on_error=0,
        max_retries_on_rate_limit=0,
    )


def authorize_url(settings: Settings) -> str:
    """The page on which a person gives the app the right to read; it shows a code then."""
    if not settings.dropbox_app_key:
        raise UsageError("is not set", subject="DROPBOX_APP_KEY", remedy="see Dropbox in the README")
    asked = {"client_id": settings.dropbox_app_key, "response_type": "code", "token_access_type": "offline"}
    return f"https://www.dropbox.com/oauth2/authorize?{urlencode(asked)}"


def exchanged(settings: Settings, code: str) -> Secret:
    """The refresh token for a code. Raises UsageError where Dropbox does not take it, Unavailable."""
    form = {"grant_type": "authorization_code", "code": code, "client_id": settings.dropbox_app_key}
    if settings.dropbox_app_secret:
        secret = secrets.held(settings.dropbox_app_secret, subject="DROPBOX_APP_SECRET")
        form["client_secret"] = secret.reveal()
    with _broken():
        answer = _session(settings.dropbox_url).post(
            f"{HOSTS[0]}/oauth2/token", data=form, timeout=(CONNECT_S, IDLE_S)
        )
    try:
        return Secret(answer.json()["refresh_token"], "the new refresh token")
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            "is not taken by Dropbox", subject="the code", remedy="ask for another one"
        ) from None


@lru_cache(maxsize=1)
def _shared() -> Any:
    """The SDK's client, whose threads get one new token between them when theirs has outlived its time."""
    import dropbox

    _trim()

    class Shared(dropbox.Dropbox):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            self._refreshing = threading.RLock()
            self._seen = threading.local()
            super().__init__(**options)

        def check_and_refresh_access_token(self) -> None:
            with self._refreshing:
                self._seen.token = self._oauth2_access_token
                super().check_and_refresh_access_token()

        def request_json_string(self, *arguments: Any, **options: Any) -> Any:
            self._seen.token = self._oauth2_access_token
            return super().request_json_string(*arguments, **options)

        def refresh_access_token(self, *arguments: Any, **options: Any) -> None:
            with self._refreshing:
                if self._oauth2_access_token == self._seen.token:  # else another thread was quicker
                    super().refresh_access_token(*arguments, **options)
                    know(self._oauth2_access_token or "")

    return Shared


def _trim() -> None:
    """Give back what importing the SDK left free in the heap: 100 of its 160 MiB, where the C library can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _session(elsewhere: str) -> Any:
    import dropbox
    from requests.adapters import HTTPAdapter

    session = dropbox.create_session(max_connections=CONNECTIONS)
    if not elsewhere:
        return session
    base = urlsplit(elsewhere)
    if base.scheme not in ("http", "https") or not base.netloc:
        raise UsageError(
            "is no address", subject="EDITRON_DROPBOX_URL", remedy="such as http://127.0.0.1:8100"
        )

    class Elsewhere(HTTPAdapter):
        """Sends what is meant for Dropbox to another address."""

        def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
            request = request.copy()
            request.url = f"{elsewhere.rstrip('/')}{request.path_url}"
            return super().send(request, *arguments, **options)

    session.trust_env = False  # no proxy for what runs beside us
    for host in HOSTS:
        session.mount(host, Elsewhere(pool_maxsize=CONNECTIONS))
    return session


def body(found: Any, response: Any) -> Body:
    """What the SDK gives for a download, as its bytes and what is said of them."""
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    length = response.headers.get("Content-Length", "")

    def read(most: int) -> bytes:
        with _broken():
            data: bytes = response.raw.read1(most, decode_content=False)
            return data

    return Body(
        rev=found.rev,
        size=int(span[2]) if span and span[2] != "*" else found.size,
        content_hash=getattr(found, "content_hash", None) or "",
        start=int(span[1]) if span and response.status_code == 206 else 0,
        length=int(length) if length.isdigit() else None,
        read=read,
        close=response.close,
    )


@contextmanager
def translated(pace: Pace) -> Iterator[None]:
    """Turn what the SDK raises into Refused, Unavailable or CursorExpired; slow down where Dropbox asks."""
    from dropbox import exceptions

    try:
        with _broken():
            yield
    except EditronError:
        raise
    except exceptions.RateLimitError as error:
        wait_s = float(error.backoff) if error.backoff is not None else DEFAULT_WAIT_S
        pace.hold(wait_s)
        raise unavailable(
            f"Dropbox asks us to wait {wait_s:g} s", reason="rate_limit", wait_s=wait_s
        ) from error
    except exceptions.AuthError as error:
        _refuse(error, _tag(error.error) or "invalid_grant")
    except exceptions.ApiError as error:
        _refuse(error, _tag(error.error))
    except exceptions.HttpError as error:
        message, where = f"Dropbox answers with status {error.status_code}", error.status_code == 416
        if error.status_code >= 500 or where:
            reason = "range" if where else "server"
            raise unavailable(message, reason=reason, astray=where) from error
        raise refused(message, f"http_{error.status_code}") from error
    except (KeyError, ValueError, AssertionError, exceptions.DropboxException) as error:
        # A page of somebody in between: no result where one must be, or one that is none.
        raise unavailable("the answer does not come from Dropbox", reason="lie") from error


@contextmanager
def _broken() -> Iterator[None]:
    """Turn what the network does into Unavailable."""
    import requests
    import urllib3

    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise unavailable("nothing comes any more", reason="stall") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise unavailable(f"the connection fails: {type(error).__name__}") from error


def _refuse(error: Exception, tag: str) -> NoReturn:
    if tag.split("/")[-1] == "reset":
        raise CursorExpired("Dropbox forgot where we were") from error
    raise refusal(tag) from error


def refusal(tag: str) -> Refused:
    """The error for a tag of Dropbox's."""
    known = next((text for key, text in REMEDIES.items() if tag == key or tag.startswith(f"{key}/")), "")
    reauth = tag in ("invalid_grant", "invalid_access_token", "expired_access_token", "user_suspended")
    return refused(f"Dropbox refuses it: {tag or 'without a reason'}", tag, remedy=known, needs_reauth=reauth)


def _tag(error: Any) -> str:
    """A union of the SDK as Dropbox writes it: `path/not_found`."""
    parts = []
    while (tag := getattr(error, "_tag", None)) is not None:
        parts.append(str(tag))
        error = getattr(error, "_value", None)
    return "/".join(parts)
