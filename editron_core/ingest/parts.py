"""A download on the disk while it is not whole: its bytes, and a journal of which of them are safe.

Blocks of 4 MiB are hashed and written by a thread of their own, so that the network need not wait for either.
The journal tells revision and size, and the SHA-256 of each block; a block stands in it only once its bytes
are on the disk for good, so whatever ends the process, what it says is true. Zeros are not written: holes in
what is sent stay holes here.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from editron_core.errors import Busy, DiskFull
from editron_core.ingest import names
from editron_core.ingest.staging import refusals, sync_folder

BLOCK = 4 << 20
"""Bytes that Dropbox hashes at a time; also what is written at a time."""
MOST_AT_ONCE = 1 << 20
"""Bytes that are asked of the network at a time: room for them is taken before they come."""
PIECE = 64 << 10
"""The smallest stretch of zeros that becomes a hole."""
BUFFERS = 3
"""Blocks in memory for each download: one fills, the others wait to be written."""
SAFE_BYTES, SAFE_S = 16 << 20, 5.0
"""The journal is brought up to date after so many bytes or seconds."""
CATCH_UP = 3
"""Blocks of an earlier process that are hashed after each new one."""
MARGIN = 1.1
"""How much more room there must be than is still to come."""
DIGEST = 32
ZEROS = bytes(BLOCK)
ZERO_PIECE, ZERO_START = bytes(PIECE), bytes(16)
ZERO_DIGEST = hashlib.sha256(ZEROS).digest()
_claims: dict[int, tuple[int, int]] = {}
"""Of each download of this process: the disk it writes to, and how many bytes are still to come."""
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a download is to come to."""

    key: str
    """Names the file at its source; with the revision it names the part on the disk."""
    name: str
    """As the source says it, for the ending and for messages; never used as a path."""
    rev: str
    size: int
    content_hash: str = ""
    """Dropbox's hash of the content, in hex; empty where nobody told it."""

    @property
    def shown(self) -> str:
        """The name, fit to be shown."""
        return names.shown(self.name)


class Part:
    """One download on the disk. Raises StoreError where the disk refuses, DiskFull where it is full."""

    _buffer: bytearray
    """The block that fills."""
    _filled: int
    """Its bytes so far."""
    _submitted: int
    """Blocks that were handed to the thread."""
    _safe: int
    """Blocks that the journal tells of."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        """Open what is there of it, else begin. Raises Busy where another process is at it."""
        name = f"{wanted.key}\n{wanted.rev}".encode("utf-8", "surrogatepass")
        stem = f"part-{hashlib.sha256(name).hexdigest()[:32]}"
        self._wanted = wanted
        self._path, self._journal_path = folder / f"{stem}.part", folder / f"{stem}.journal"
        self.rev, self.size, self.content_hash = wanted.rev, wanted.size, wanted.content_hash
        self.arrived = 0
        """Bytes that came in this process."""
        with refusals(self._path):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._lock()
            self._journal = os.open(self._journal_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._digests: list[bytes] = []
        self._done = False
        self._recall()
        self._begin()

    # --- what arrives --------------------------------------------------------------------------------

    @property
    def received(self) -> int:
        """Bytes from the beginning that are here, on the disk or on their way to it."""
        return min(self._submitted * BLOCK, self.size) + self._filled

    @property
    def room(self) -> int:
        """Bytes that `write` takes at most."""
        return min(MOST_AT_ONCE, BLOCK - self._filled, self.size - self.received)

    def write(self, data: bytes) -> None:
        """Take the next bytes, at most `room` of them."""
        assert len(data) <= self.room
        self._raise()
        self._buffer[self._filled : self._filled + len(data)] = data
        self._filled += len(data)
        self.arrived += len(data)
        if self._filled == BLOCK or self.received == self.size:
            length, self._filled = self._filled, 0
            self._submitted += 1
            self._queue.put((self._buffer, length))
            self._buffer = self._free.get()
            self._claim()

    def check_room(self) -> None:
        """Raises DiskFull where what is still to come, here and in the other downloads, would not fit."""
        self._claim()
        facts = os.fstatvfs(self._file)
        free = facts.f_bavail * facts.f_frsize
        with _guard:
            disk = _claims[id(self)][0]
            coming = sum(left for place, left in _claims.values() if place == disk)
        if free < coming * MARGIN:
            raise DiskFull(
                f"disk_full: {free >> 20} MiB are free, {coming >> 20} MiB are still to come",
                subject=self._wanted.shown,
                remedy="free some space, then `editron jobs retry`: what has arrived is kept",
            )

    # --- how it ends ---------------------------------------------------------------------------------

    def settled(self) -> bool:
        """Whether all is on the disk and is what was promised; waits for what is on its way."""
        self._queue.join()
        self._raise()
        with refusals(self._path):
            self._save()
        if not self.content_hash:
            return True
        return hashlib.sha256(b"".join(self._digests)).hexdigest() == self.content_hash

    def finish(self, folder: Path) -> tuple[Path, str]:
        """Move the bytes into `folder`, under our own name; returns that and their SHA-256 in hex."""
        with refusals(self._path):
            while self._hashed < len(self._digests):
                self._hash_next()
            os.fsync(self._file)
            sha256 = self._whole.hexdigest()
            final = folder / names.stored(sha256, self._wanted.name)
            self._path.replace(final)
            sync_folder(folder)
            self._journal_path.unlink()
        self._done = True
        return final, sha256

    def restart(self) -> None:
        """Throw away what has arrived."""
        self._end()
        self._digests = []
        self._head()
        self._begin()

    def renew(self, rev: str, size: int, content_hash: str) -> None:
        """It is another revision now: begin with that one, so that the two never mix."""
        self.rev, self.size, self.content_hash = rev, size, content_hash
        self.restart()

    def discard(self) -> None:
        """Remove all of it."""
        self._done = True
        self._path.unlink(missing_ok=True)
        self._journal_path.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep what has arrived, as far as it fills whole blocks, and let others at it."""
        self._end()
        with _guard:
            _claims.pop(id(self), None)
        with suppress(OSError):  # the disk may be full; what the journal says stays true
            if not self._done:
                self._save()
        os.close(self._journal)
        os.close(self._file)

    # --- inside --------------------------------------------------------------------------------------

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # not a POSIX system: the lease of the batch alone holds
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise Busy("is being downloaded by another process", subject=self._wanted.shown) from error

    def _facts(self) -> bytes:
        facts = {"rev": self.rev, "size": self.size, "content_hash": self.content_hash}
        return json.dumps({"wanted": self._wanted.rev, **facts}).encode() + b"\n"

    def _recall(self) -> None:
        """Take up what an earlier process left; where that is nothing or torn, begin."""
        with refusals(self._path):
            kept = os.pread(self._journal, os.fstat(self._journal).st_size, 0)
        head, _, rest = kept.partition(b"\n")
        try:
            facts = json.loads(head)
            known = facts["wanted"] == self._wanted.rev and os.fstat(self._file).st_size == facts["size"]
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            self._head()
            return
        self.rev, self.size, self.content_hash = facts["rev"], facts["size"], facts["content_hash"]
        self._start = len(head) + 1
        digests = [rest[at : at + DIGEST] for at in range(0, len(rest) - DIGEST + 1, DIGEST)]
        # A machine that lost its power may have made the journal longer without its last bytes.
        torn = next((at for at, digest in enumerate(digests) if digest == bytes(DIGEST)), len(digests))
        self._digests = digests[:torn][: self._blocks]
        with refusals(self._path):
            # What was written behind the last safe block goes: later zeros are holes, not written over it.
            os.ftruncate(self._file, min(len(self._digests) * BLOCK, self.size))
            os.ftruncate(self._file, self.size)

    def _head(self) -> None:
        """An empty file of the right size, and a journal that says so."""
        head = self._facts()
        self._start = len(head)
        with refusals(self._path):
            os.ftruncate(self._journal, 0)
            os.ftruncate(self._file, 0)
            os.ftruncate(self._file, self.size)
            os.pwrite(self._journal, head, 0)
            os.fsync(self._journal)

    @property
    def _blocks(self) -> int:
        return -(-self.size // BLOCK)

    def _begin(self) -> None:
        self._whole, self._hashed = hashlib.sha256(), 0
        self._submitted = self._safe = len(self._digests)
        self._filled = 0
        self._saved_at = time.monotonic()
        self._error: BaseException | None = None
        self._queue: queue.Queue[tuple[bytearray, int] | None] = queue.Queue()
        self._free: queue.Queue[bytearray] = queue.Queue()
        largest = min(BLOCK, max(self.size, 1))
        for _ in range(min(BUFFERS, self._blocks + 1)):
            self._free.put(bytearray(largest))
        self._buffer = self._free.get()
        self._claim()
        self._thread = threading.Thread(target=self._work, daemon=True, name="part")
        self._thread.start()

    def _end(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _claim(self) -> None:
        with _guard:
            _claims[id(self)] = (os.fstat(self._file).st_dev, self.size - self.received)

    def _raise(self) -> None:
        if self._error is not None:
            with _translated(self._path, self._wanted.shown):
                raise self._error

    def _work(self) -> None:
        """Hash and write what arrives, in its order; after an error only take it away."""
        while (item := self._queue.get()) is not None:
            block, length = item
            try:
                if self._error is None:
                    self._take(block, length)
            except BaseException as error:  # noqa: BLE001 - raised by the thread that receives
                self._error = error
            finally:
                self._free.put(block)
                self._queue.task_done()

    def _take(self, block: bytearray, length: int) -> None:
        index = len(self._digests)
        empty = length == BLOCK and block == ZEROS
        if not empty:
            self._place(memoryview(block)[:length], index * BLOCK)
        known = self._hashed == index
        if known:
            self._whole.update(memoryview(block)[:length])
            self._hashed += 1
        self._digests.append(ZERO_DIGEST if empty else hashlib.sha256(memoryview(block)[:length]).digest())
        for _ in range(0 if known else CATCH_UP):
            if self._hashed < len(self._digests):
                self._hash_next()
        waiting = (len(self._digests) - self._safe) * BLOCK
        if waiting >= SAFE_BYTES or time.monotonic() - self._saved_at >= SAFE_S:
            self._save()

    def _place(self, block: memoryview, offset: int) -> None:
        """Write the stretches of a block that are not zero."""
        begun: int | None = None
        for at in range(0, len(block) + PIECE, PIECE):
            piece = block[at : at + PIECE]
            full = len(piece) > 0 and not _zero(piece)
            if full and begun is None:
                begun = at
            elif not full and begun is not None:
                _write(self._file, block[begun:at], offset + begun)
                begun = None

    def _hash_next(self) -> None:
        """Go on with the hash of the whole by one block that is on the disk."""
        index = self._hashed
        if self._digests[index] == ZERO_DIGEST:
            self._whole.update(ZEROS)
        else:
            length = min(BLOCK, self.size - index * BLOCK)
            self._whole.update(os.pread(self._file, length, index * BLOCK))
        self._hashed += 1

    def _save(self) -> None:
        """Put the bytes on the disk, and then the journal of them."""
        fresh = self._digests[self._safe :]
        if fresh:
            os.fdatasync(self._file)
            os.pwrite(self._journal, b"".join(fresh), self._start + self._safe * DIGEST)
            os.fdatasync(self._journal)
            self._safe += len(fresh)
        self._saved_at = time.monotonic()


def _zero(piece: memoryview) -> bool:
    # The first bytes tell of nearly all of them, and cheaply.
    start = len(ZERO_START)
    return piece[:start] == ZERO_START[: len(piece)] and bytes(piece) == ZERO_PIECE[: len(piece)]


def _write(handle: int, data: memoryview, offset: int) -> None:
    while data:
        count = os.pwrite(handle, data, offset)
        data, offset = data[count:], offset + count


@contextmanager
def _translated(path: Path, shown: str) -> Iterator[None]:
    try:
        with refusals(path):
            yield
    except Exception as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "disk_full: the disk filled up while it arrived",
                subject=shown,
                remedy="free some space, then `editron jobs retry`: what has arrived is kept",
            ) from cause
        raise
