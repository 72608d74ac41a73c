"""One account of the fake: a tree of folders and files, every revision, and the log behind cursors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from editron_core.ingest.fake_dropbox.content import Content

MOMENT = "2026-01-02T03:04:05Z"
FIRST_REV = 0x5E0000000000
"""Dropbox's revisions have at least nine hex digits."""


@dataclass(frozen=True)
class Entry:
    """A folder, or one revision of a file."""

    path: str
    """As it is displayed, from the root: `/Footage/Goal.MP4`."""
    id: str
    rev: str = ""
    content: Content | None = None
    """Null for a folder."""
    link_to: str = ""
    """Where it points, for a symbolic link."""
    paper: bool = False
    """A document of Dropbox's own, which can only be exported."""
    called: str = ""
    """The name that it is listed under, where a hostile server lets that differ from its path."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.called or self.path.rpartition("/")[2]

    def described(self, *, hashed: bool = True, placed: bool = True) -> dict[str, Any]:
        """Dropbox's Metadata in JSON; `placed` with its path, which links of others do not tell."""
        facts: dict[str, Any] = {"name": self.name, "id": self.id}
        if placed:
            facts |= {"path_lower": self.path.lower(), "path_display": self.path}
        if self.content is None:
            return {".tag": "folder", **facts}
        facts |= {"client_modified": MOMENT, "server_modified": MOMENT, "rev": self.rev}
        facts |= {"size": self.content.size, "is_downloadable": not self.paper}
        if self.paper:
            facts["export_info"] = {"export_as": "html"}
        if self.link_to:
            facts["symlink_info"] = {"target": self.link_to}
        if hashed and not self.paper:
            facts["content_hash"] = self.content.content_hash
        return {".tag": "file", **facts}


class Account:
    """What one person keeps at Dropbox. Safe to use from several threads."""

    def __init__(self, number: int) -> None:
        self.id = f"dbid:AAH{number:032d}"
        self.refresh_token = f"refresh-{number:08d}-of-the-fake"
        self.revoked = False
        """Whether the person took the permission back: refreshing is then `invalid_grant`."""
        self.restricted: set[str] = set()
        """Paths in lower case that are blocked by law."""
        self._guard = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._revisions: dict[str, Entry] = {}
        self._changes: list[str] = []
        self._made = 0

    def put(
        self, path: str, content: Content | bytes, *, link_to: str = "", paper: bool = False, called: str = ""
    ) -> Entry:
        """A new revision of a file; folders above it are made. A file in place of a folder removes that."""
        with self._guard:
            self._folders(path)
            before = self._entries.get(path.lower())
            if before is not None and before.content is None:
                self.delete(path)
                before = None
            held = content if isinstance(content, Content) else Content.of(content)
            known = before.id if before else self._id()
            entry = Entry(path, known, self._rev(), held, link_to, paper, called)
            self._revisions[entry.rev] = entry
            return self._set(entry)

    def folder(self, path: str) -> Entry:
        """A folder, made where it is missing."""
        with self._guard:
            self._folders(path)
            known = self._entries.get(path.lower())
            return known if known is not None else self._set(Entry(path, self._id()))

    def move(self, path: str, target: str) -> None:
        """Rename a file: its id and revision stay."""
        with self._guard:
            entry = self._entries.pop(path.lower())
            self._changes.append(path.lower())
            self._folders(target)
            self._set(replace(entry, path=target))

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all below it. Its revisions can still be read, as at Dropbox."""
        with self._guard:
            low = path.lower()
            for key in [key for key in self._entries if key == low or key.startswith(f"{low}/")]:
                del self._entries[key]
            self._changes.append(low)

    def forget(self, rev: str) -> None:
        """Remove a revision for good."""
        with self._guard:
            del self._revisions[rev]

    def find(self, wanted: str) -> Entry | None:
        """The entry that a path, `id:...` or `rev:...` names."""
        with self._guard:
            if wanted.startswith("rev:"):
                return self._revisions.get(wanted[4:])
            if wanted.startswith("id:"):
                return next((entry for entry in self._entries.values() if entry.id == wanted), None)
            return self._entries.get(wanted.lower())

    def below(self, path: str, *, recursive: bool) -> list[Entry]:
        """What a folder holds, parents before children."""
        with self._guard:
            keys = [key for key in self._entries if _within(key, path.lower(), recursive)]
            return [self._entries[key] for key in sorted(keys)]

    @property
    def now(self) -> int:
        """How many changes there were."""
        with self._guard:
            return len(self._changes)

    def since(self, change: int, path: str, *, recursive: bool) -> Iterator[dict[str, Any]]:
        """What a folder holds of what has changed since, as it is now, in the order of its last change."""
        with self._guard:
            last = {key: number for number, key in enumerate(self._changes[change:])}
            for key in sorted(last, key=last.__getitem__):
                if not _within(key, path.lower(), recursive):
                    continue
                entry = self._entries.get(key)
                gone = {".tag": "deleted", "name": key.rpartition("/")[2], "path_lower": key}
                yield entry.described() if entry else {**gone, "path_display": key}

    def _set(self, entry: Entry) -> Entry:
        self._entries[entry.path.lower()] = entry
        self._changes.append(entry.path.lower())
        return entry

    def _folders(self, path: str) -> None:
        parts = path.split("/")[1:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/" + "/".join(parts[:depth])
            if folder.lower() not in self._entries:
                self._set(Entry(folder, self._id()))

    def _id(self) -> str:
        self._made += 1
        return f"id:{self.id[-6:]}{self._made:016d}"

    def _rev(self) -> str:
        self._made += 1
        return f"{FIRST_REV + self._made:x}"


def _within(key: str, folder: str, recursive: bool) -> bool:
    if not key.startswith(f"{folder}/"):
        return False
    return recursive or "/" not in key[len(folder) + 1 :]
