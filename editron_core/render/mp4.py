"""The boxes of an MP4 or MOV file: where the index lies, and whether there are edit lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from editron_core.errors import MediaError

PARENTS = (b"moov", b"trak", b"edts")
"""Boxes to look into."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What matters to a player that starts before it has the whole file."""

    faststart: bool
    """Whether the index (`moov`) comes before the pictures (`mdat`)."""
    edit_lists: int
    """How many tracks have one."""


def layout(path: Path) -> Layout:
    """Read the box structure (ISO/IEC 14496-12, 4.2). Raises MediaError where it is broken."""
    with path.open("rb") as stream:
        size = path.stat().st_size
        names = [name for name, _, _ in _boxes(stream, 0, size, path)]
        if b"moov" not in names or b"mdat" not in names:
            raise MediaError("has no index or no pictures", subject=path.name)
        lists = _count(stream, 0, size, path)
    return Layout(names.index(b"moov") < names.index(b"mdat"), lists)


def _count(stream: BinaryIO, start: int, end: int, path: Path) -> int:
    found = 0
    for name, at, until in _boxes(stream, start, end, path):
        if name == b"elst":
            found += 1
        elif name in PARENTS:
            found += _count(stream, at, until, path)
    return found


def _boxes(stream: BinaryIO, start: int, end: int, path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte inside and first byte after of each box in `start`..`end`."""
    while start + 8 <= end:
        stream.seek(start)
        head = stream.read(16)
        length, name, inside = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, inside = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - start
        if length < inside or start + length > end:
            raise MediaError("is not a whole MP4 file", subject=path.name)
        yield name, start + inside, start + length
        start += length
