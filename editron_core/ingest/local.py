"""Files of this machine: copied into staging while they are hashed, in one read."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from editron_core.errors import MediaError, SourceError
from editron_core.ingest.sources import Found
from editron_core.ingest.staging import CHUNK, Arrival, Sink, refusals, unreadable

MAX_TRANSCRIPT = 32 << 20
"""Bytes: a transcript of 24 hours takes about 3 MB."""

Progress = Callable[[float], None]


def take(found: Found, staging: Path, progress: Progress | None = None) -> Arrival:
    """Copy `found` and its transcript into `staging`, under names of our own.

    Raises SourceError where it cannot be read or changes meanwhile, MediaError where it is no plain
    file or its transcript is far too large, StoreError where the disk refuses.
    """
    path = Path(found.locator)
    copied, sha256, size = _copy(path, found.name, staging, progress)
    transcript = None
    if found.transcript is not None:
        name = f"the transcript of {found.name}"
        if _size(found.transcript, name) > MAX_TRANSCRIPT:
            raise MediaError(
                f"is larger than {MAX_TRANSCRIPT >> 20} MiB", subject=name, remedy="rename it if it is none"
            )
        transcript = _copy(found.transcript, name, staging, None)[0]
    return Arrival(found.name, copied, sha256, size, transcript, found.language)


def _copy(path: Path, name: str, staging: Path, progress: Progress | None) -> tuple[Path, str, int]:
    with _open(path, name) as source:
        before = os.fstat(source.fileno())
        with refusals(staging):
            handle, aside = tempfile.mkstemp(dir=staging, suffix=".part")
            os.close(handle)
        sink = Sink(Path(aside))
        try:
            _pour(source, sink, name, before.st_size, progress)
            _unchanged(before, os.fstat(source.fileno()), name)
            copied, sha256 = sink.finish(path.name)
        except BaseException:
            sink.close()
            sink.path.unlink(missing_ok=True)
            raise
    return copied, sha256, sink.size


def _pour(source: io.FileIO, sink: Sink, name: str, total: int, progress: Progress | None) -> None:
    buffer = memoryview(bytearray(CHUNK))
    while True:
        try:
            count = source.readinto(buffer)
        except OSError as error:
            raise unreadable(name, error) from error
        if not count:
            return
        if sink.size + count > total:  # it grows; it may grow faster than we read
            raise _changed(name)
        sink.write(buffer[:count])
        if progress is not None:
            progress(sink.size / total)


def _open(path: Path, name: str) -> io.FileIO:
    # O_NOFOLLOW: a link inside a folder of footage may point anywhere. O_NONBLOCK: opening a pipe
    # must not wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if path.is_symlink():
            raise MediaError("is a link", subject=name, remedy="name the file that it points to")
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise unreadable(name, error) from error
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise MediaError(f"is {what}, not a file", subject=name)
    return io.FileIO(handle, "rb")


def _size(path: Path, name: str) -> int:
    try:
        return path.lstat().st_size
    except OSError as error:
        raise unreadable(name, error) from error


def _unchanged(before: os.stat_result, after: os.stat_result, name: str) -> None:
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _changed(name)


def _changed(name: str) -> SourceError:
    return SourceError(
        "changed while it was copied", subject=name, remedy="run again when it is written completely"
    )
