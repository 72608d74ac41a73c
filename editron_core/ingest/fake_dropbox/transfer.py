"""Bodies of files on their way out."""

from __future__ import annotations

import os
import re
import socket
from typing import IO, TYPE_CHECKING

from editron_core.ingest.fake_dropbox.content import Content, Stretch
from editron_core.ingest.fake_dropbox.faults import Transfer

if TYPE_CHECKING:
    from editron_core.ingest.fake_dropbox.server import FakeDropbox

AT_ONCE = 4 << 20
"""Bytes per call of the kernel; also what the file of zeros holds."""


def span(header: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for, from the first to behind the last; null for all."""
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", header)
    if found is None:
        return None
    return int(found[1]), min(int(found[2]) + 1, size) if found[2] else size


class Sender:
    """Sends the bytes of one answer, with its fault."""

    def __init__(
        self, fake: FakeDropbox, connection: socket.socket, content: Content, fault: Transfer
    ) -> None:
        self.content = content
        self.fault = fault
        self._fake = fake
        self._connection = connection

    def send(self, start: int, end: int) -> bool:
        """Send the bytes; False where the connection is to end, because not all that was promised went."""
        stops = [end]
        if self.fault.cut is not None:
            stops.append(start + self.fault.cut)
        if self.fault.stall is not None:
            stops.append(start + self.fault.stall[0])
        stop = min(stops)
        try:
            self._bytes(start, stop)
        except OSError:  # the client went away
            return False
        if self.fault.stall is not None and stop == start + self.fault.stall[0]:
            self._fake.closing.wait(self.fault.stall[1])
        return stop == end and not self.fault.longer

    def _bytes(self, start: int, end: int) -> None:
        at, flip = start, self.fault.flip
        if flip is not None and start <= flip < end:
            self._plain(start, flip)
            self._memory(bytes([self.content.read(flip, flip + 1)[0] ^ 0xFF]))
            at = flip + 1
        self._plain(at, end)

    def _plain(self, start: int, end: int) -> None:
        for part in self.content.stretches(start, end):
            self._part(part)

    def _part(self, part: Stretch) -> None:
        if part.piece is None:
            self._file(self._fake.zeros, None, part.count)
        elif part.piece.path is None:
            self._memory(memoryview(part.piece.data)[part.start : part.start + part.count])
        else:
            with part.piece.path.open("rb") as file:
                self._file(file, part.start, part.count)

    def _memory(self, data: bytes | memoryview) -> None:
        self._connection.sendall(data)
        self._fake.count(len(data))

    def _file(self, file: IO[bytes], start: int | None, count: int) -> None:
        """Send `count` bytes of a file from `start`; of the file of zeros, its beginning again and again."""
        while count:
            step = min(count, AT_ONCE)
            sent = os.sendfile(self._connection.fileno(), file.fileno(), start or 0, step)
            if not sent:
                raise OSError("a file of the fake has become shorter")
            if start is not None:
                start += sent
            count -= sent
            self._fake.count(sent)
