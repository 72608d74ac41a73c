"""Bytes on their way in: written aside and hashed in passing, whole on the disk before they count."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from editron_core.errors import SourceError, StoreError
from editron_core.ingest import names

CHUNK = 4 << 20
"""Bytes per read: large enough that hashing, not calls, sets the pace."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file that has arrived in staging."""

    name: str
    """As shown to people; never a path."""
    path: Path
    """Our copy, `<sha256>.<ending>`; two arrivals of the same content share it."""
    sha256: str
    size_bytes: int
    transcript: Path | None = None
    """Our copy of the transcript that came beside it."""
    language: str | None = None
    """The language that the transcript's name tells."""


class Sink:
    """A file that is being written and hashed; `finish` gives it its final name."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending; bytes already there are hashed first."""
        self.path = path
        self._hash = hashlib.sha256()
        self.size = 0
        """Bytes so far."""
        self._file = path.open("a+b")
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            self._count(chunk)

    def write(self, chunk: bytes | memoryview) -> None:
        """Append `chunk`. Raises StoreError where the disk does not take it."""
        with refusals(self.path):
            self._file.write(chunk)
        self._count(chunk)

    def restart(self) -> None:
        """Throw away what was written."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def close(self) -> None:
        """Close the file and leave it where it is."""
        with refusals(self.path):
            self._file.close()

    def finish(self, name: str) -> tuple[Path, str]:
        """Put the bytes on the disk for good; returns our copy's path and its SHA-256 (hex)."""
        with refusals(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sha256 = self._hash.hexdigest()
            final = self.path.with_name(names.stored(sha256, name))
            self.path.replace(final)
            sync_folder(final.parent)
        return final, sha256

    def _count(self, chunk: bytes | memoryview) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn the disk's refusal to write `path` into a StoreError."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StoreError(
            f"cannot be written: {error.strerror}",
            subject=str(path.parent),
            remedy="free some space" if full else "check the folder's permissions",
        ) from error


def unreadable(name: str, error: OSError) -> SourceError:
    """The error for a source that the system does not let us read."""
    remedies = {
        errno.ENOENT: "check the path",
        errno.EACCES: "give this user the right to read it",
        errno.EIO: "the disk it lies on is failing: copy it elsewhere",
    }
    return SourceError(
        f"cannot be read: {error.strerror}", subject=name, remedy=remedies.get(error.errno or 0, "")
    )


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk for good."""
    if os.name != "posix":  # elsewhere folders cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
