"""Dropbox through its own SDK: what lies in a folder or behind a shared link, and the bytes of one revision.

The SDK neither waits nor tries again by itself here: it would sleep where nobody can stop it. Its errors are
translated at this door, and keep Dropbox's own tag (`path/restricted_content`) in their text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from editron_core import secrets
from editron_core.config import Settings
from editron_core.errors import SourceError, UsageError
from editron_core.ingest import dropbox_session
from editron_core.ingest.download import Body, Pace, Unavailable, jitter, unavailable
from editron_core.ingest.dropbox_session import Tokens
from editron_core.ingest.parts import Wanted
from editron_core.redact import Secret

T = TypeVar("T")
SCHEME = "dropbox://"
MOST_FOLDERS, DEEPEST = 10_000, 64
"""Of a shared link, whose folders are walked one by one."""
TRIES = 4
"""Of a call that lists; downloads count for themselves."""
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """What is listed: a folder of the account, or what a shared link leads to."""

    folder: str = ""
    """With a leading slash; empty for the root."""
    link: str = ""
    """The shared link; empty for the account's own folder."""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """One revision of a file at Dropbox."""

    id: str
    rev: str
    path: str
    """As displayed, with a leading slash; behind a link, from its folder, and empty where it is the file."""
    name: str
    """As Dropbox says it; never used as a path here."""
    size: int
    content_hash: str = ""
    """Dropbox's own; empty where the listing does not tell."""
    fault: str = ""
    """Dropbox's tag for why it cannot be had."""

    def locator(self, source: str, transcript: Remote | None = None, link: str = "") -> str:
        """`dropbox://<source>/<path>?...`, which names this revision, and the transcript beside it.

        `source` is a registered one, or `-` where only the shared `link` is known.
        """
        facts = {key: value for key, value in {**self._facts(), "link": link}.items() if value}
        if transcript is not None:
            facts["transcript"] = transcript.locator(source)
        return f"{SCHEME}{source}{quote(self.path or '/')}?{urlencode(facts)}"

    def _facts(self) -> dict[str, str]:
        facts = {"id": self.id, "rev": self.rev, "size": str(self.size), "hash": self.content_hash}
        return {**facts, "name": self.name, "fault": self.fault}


@dataclass(frozen=True, slots=True)
class Located:
    """What a locator names."""

    source: str
    remote: Remote
    transcript: Remote | None = None
    link: str = ""


def located(locator: str) -> Located:
    """The inverse of `Remote.locator`. Raises SourceError for what is none."""
    try:
        parts = urlsplit(locator)
        facts = dict(parse_qsl(parts.query, strict_parsing=True))
        path = unquote(parts.path)
        remote = Remote(
            id=facts["id"],
            rev=facts["rev"],
            path="" if path == "/" else path,
            name=facts["name"],
            size=int(facts["size"]) if "size" in facts else 0,
            content_hash=facts.get("hash", ""),
            fault=facts.get("fault", ""),
        )
    except (ValueError, KeyError) as error:
        raise SourceError("names no file at Dropbox", subject=locator[:80]) from error
    beside = located(facts["transcript"]).remote if "transcript" in facts else None
    return Located(parts.netloc, remote, beside, facts.get("link", ""))


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of a listing, in the order in which they are to be applied."""

    files: tuple[Remote, ...]
    gone: tuple[str, ...]
    """Paths in lower case that are no more, each with all below it."""
    cursor: str
    """Where the next page begins, and after the last one the changes; empty for links, which have none."""
    more: bool


class Client:
    """One account, or the app's own right to public links. Safe to use from several threads."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        """Without a token the app itself asks. Raises UsageError where no app is set up."""
        if not settings.dropbox_app_key:
            raise UsageError("is not set", subject="DROPBOX_APP_KEY", remedy="see Dropbox in the README")
        secret = settings.dropbox_app_secret
        app_secret = secrets.held(secret, subject="DROPBOX_APP_SECRET") if secret else None
        self._sdk = dropbox_session.connect(settings, app_secret, tokens)
        self.pace = Pace()
        """When this account may be asked again: Dropbox counts by access token."""

    def account_id(self) -> str:
        """Whose token it is: `dbid:...`."""
        found: str = self._asked(self._sdk.users_get_current_account).account_id
        return found

    def pages(self, place: Place, cursor: str = "") -> Iterator[Page]:
        """The whole of a place, or with a cursor what has changed since; a page at a time.

        Raises CursorExpired (of `dropbox_session`), Refused (with `needs_reauth` where the permission was
        taken back), Unavailable.
        """
        if place.link:
            yield from self._behind(place)
            return
        if cursor:
            result = self._continued(cursor)
        else:
            result = self._asked(lambda: self._sdk.files_list_folder(place.folder, recursive=True))
        while True:
            files, gone, _ = _sorted(result.entries)
            yield Page(files, gone, result.cursor, result.has_more)
            if not result.has_more:
                return
            result = self._continued(result.cursor)

    def open(self, place: Place, remote: Remote, start: int) -> Body:
        """The bytes of a revision from `start` on. Raises Refused, Unavailable."""
        self.pace.wait()
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._translated():
            if place.link:
                found, response = self._linked_file(place, remote, headers)
            else:
                found, response = self._sdk.files_download(f"rev:{remote.rev}", extra_headers=headers)
            body = dropbox_session.body(found, response)
            if not place.link and body.rev != remote.rev:
                body.close()
                raise unavailable("answers with another revision", reason="lie")
        return body

    def wanted(self, remote: Remote) -> Wanted:
        """What a download must come to."""
        if remote.fault:
            raise dropbox_session.refusal(remote.fault)
        return Wanted(remote.id, remote.name, remote.rev, remote.size, remote.content_hash)

    def _linked_file(self, place: Place, remote: Remote, headers: dict[str, str]) -> Any:
        from dropbox import sharing

        arg = sharing.GetSharedLinkMetadataArg(place.link, remote.path or None, _revealed(place))
        route = sharing.get_shared_link_file
        # The SDK's own method takes no headers, and so no ranges.
        return self._sdk.request(route, "sharing", arg, None, extra_headers=headers)

    def _behind(self, place: Place) -> Iterator[Page]:
        from dropbox import files, sharing

        link = files.SharedLink(place.link, _revealed(place))
        top = self._asked(
            lambda: self._sdk.sharing_get_shared_link_metadata(place.link, link_password=_revealed(place))
        )
        if isinstance(top, sharing.FileLinkMetadata):
            yield Page((Remote(top.id or place.link, top.rev, "", top.name, top.size),), (), "", False)
            return
        folders = [place.folder]
        for count, folder in enumerate(folders):
            if count >= MOST_FOLDERS or folder.count("/") > DEEPEST:
                raise SourceError("holds more folders than can be walked", subject=place.link)
            result = self._asked(partial(self._sdk.files_list_folder, folder, shared_link=link))
            while True:
                found, _, inner = _sorted(result.entries, folder)
                folders += inner
                last = not result.has_more and count == len(folders) - 1
                yield Page(found, (), "", not last)
                if not result.has_more:
                    break
                result = self._continued(result.cursor)

    def _continued(self, cursor: str) -> Any:
        return self._asked(partial(self._sdk.files_list_folder_continue, cursor))

    def _asked(self, call: Callable[[], T]) -> T:
        """The answer of a call that lists; tried again a few times where Dropbox is busy."""
        for tries in range(1, TRIES + 1):
            self.pace.wait()
            try:
                with self._translated():
                    return call()
            except Unavailable as error:
                if tries == TRIES or (error.wait_s or 0.0) > LONGEST_WAIT_S:
                    raise
                time.sleep(error.wait_s or jitter(tries))
        raise AssertionError("the loop ends by returning or raising")

    def _translated(self) -> AbstractContextManager[None]:
        return dropbox_session.translated(self.pace)


def _revealed(place: Place) -> str | None:
    return place.password.reveal() if place.password else None


def _sorted(
    entries: Sequence[Any], folder: str | None = None
) -> tuple[tuple[Remote, ...], tuple[str, ...], list[str]]:
    """Entries as files, paths that are gone, and folders; below `folder` where they come through a link."""
    from dropbox import files

    found: list[Remote] = []
    gone: list[str] = []
    inner: list[str] = []
    for entry in entries:
        path = str(entry.path_display if folder is None else f"{folder}/{entry.name}")
        if isinstance(entry, files.FileMetadata):
            found.append(_remote(entry, path))
        elif isinstance(entry, files.DeletedMetadata):
            low = str(entry.path_lower)
            found = [one for one in found if not f"{one.path.lower()}/".startswith(f"{low}/")]
            gone.append(low)
        else:
            inner.append(path)
    return tuple(found), tuple(gone), inner


def _remote(entry: Any, path: str) -> Remote:
    fault = "" if entry.is_downloadable else "unsupported_file"
    if entry.symlink_info:
        fault = "symlink"
    return Remote(entry.id, entry.rev, path, entry.name, entry.size, entry.content_hash or "", fault)
