"""What a file of the fake holds: pieces of bytes on a ground of zeros, hashed only when somebody asks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

BLOCK = 4 << 20
"""Bytes that Dropbox hashes at a time."""


@dataclass(frozen=True)
class Piece:
    """Bytes at a place; from memory, or from a file on the disk."""

    offset: int
    length: int
    data: bytes = b""
    path: Path | None = None

    @property
    def end(self) -> int:
        """The first offset behind it."""
        return self.offset + self.length

    def read(self, start: int, count: int) -> bytes:
        """`count` bytes from `start`, counted from the piece's own beginning."""
        if self.path is None:
            return self.data[start : start + count]
        with self.path.open("rb") as file:
            return os.pread(file.fileno(), count, start)


@dataclass(frozen=True)
class Stretch:
    """A part of a request for bytes: a stretch of one piece, or of zeros where `piece` is null."""

    piece: Piece | None
    start: int
    """Within the piece."""
    count: int


@dataclass(frozen=True)
class Content:
    """The bytes of one revision of a file."""

    size: int
    pieces: tuple[Piece, ...] = ()
    """By offset; they neither overlap nor reach beyond `size`."""

    def __post_init__(self) -> None:
        for one, other in pairwise((*self.pieces, Piece(self.size, 0))):
            if one.end > other.offset:
                raise ValueError("pieces overlap, or reach beyond the end")

    @classmethod
    def of(cls, data: bytes) -> Content:
        """These bytes."""
        return cls(len(data), (Piece(0, len(data), data),) if data else ())

    @classmethod
    def file(cls, path: Path) -> Content:
        """The bytes of a file on the disk, which must not change any more."""
        size = path.stat().st_size
        return cls(size, (Piece(0, size, path=path),) if size else ())

    @classmethod
    def sparse(cls, size: int, pieces: Mapping[int, bytes] | None = None) -> Content:
        """`size` bytes: what `pieces` says at its offsets, else zeros, which take no room."""
        placed = sorted((pieces or {}).items())
        return cls(size, tuple(Piece(offset, len(data), data) for offset, data in placed))

    def stretches(self, start: int, end: int) -> Iterator[Stretch]:
        """The parts that make up the bytes from `start` to before `end`."""
        at = start
        for piece in self.pieces:
            if piece.end <= at or piece.offset >= end:
                continue
            if piece.offset > at:
                yield Stretch(None, 0, piece.offset - at)
                at = piece.offset
            count = min(piece.end, end) - at
            yield Stretch(piece, at - piece.offset, count)
            at += count
        if at < end:
            yield Stretch(None, 0, end - at)

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`."""
        parts = (
            part.piece.read(part.start, part.count) if part.piece else bytes(part.count)
            for part in self.stretches(start, end)
        )
        return b"".join(parts)

    @cached_property
    def content_hash(self) -> str:
        """Dropbox's hash: SHA-256 over the binary SHA-256 of each block of 4 MiB, in hex."""
        whole = hashlib.sha256()
        for start in range(0, self.size, BLOCK):
            end = min(start + BLOCK, self.size)
            if any(piece.offset < end and piece.end > start for piece in self.pieces):
                whole.update(hashlib.sha256(self.read(start, end)).digest())
            else:
                whole.update(_zeros(end - start))
        return whole.hexdigest()


@lru_cache(maxsize=64)
def _zeros(count: int) -> bytes:
    return hashlib.sha256(bytes(count)).digest()
