"""Frames as numpy arrays: those that the ffmpeg child sends through pipes, and those of our proxies.

The child decodes the original and writes raw pictures in NUT, which carries their true times; PyAV
reads that, so no decoder in this process ever meets footage. Proxies and golden clips are our own
plain MP4 files: decord reads them where it has a wheel, PyAV elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np

from editron_core.errors import MediaError

Take = Callable[[Fraction, np.ndarray], None]
"""Is handed each picture with its time in seconds; the array is its own copy."""
PIPE_BYTES = 1 << 20
"""Linux lets a pipe hold so much without privileges: a few sampled frames, so bursts do not stall ffmpeg."""
F_SETPIPE_SZ = 1031


class Tap:
    """One pipe from a child that writes NUT, and the thread that reads it to its end.

    The pipe is the bounded queue: a taker that is slower than the child holds the child back, and no
    tap ever waits for another. Enter it, give `pipe:<fd>` to the child, and `open()` once the child
    runs; leaving waits for the end of the pipe and raises what the taker raised.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._read, self.fd = os.pipe()
        self._grow()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._error: BaseException | None = None
        self._torn = False
        self.count = 0
        """Pictures taken so far."""

    def open(self) -> None:
        """Close our copy of the writing end, so that the pipe ends with the child, and start reading."""
        os.close(self.fd)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if self._thread.ident is None:  # never opened: the child did not start
            os.close(self._read)
            os.close(self.fd)
            return
        self._thread.join()
        if self._torn and kind is not None:
            return  # the child died in the middle of a picture, and what ended it is told already
        if self._error is not None:
            raise self._error

    def _drain(self) -> None:
        import av

        try:
            for at, picture in read_nut(self._read):
                self._take(at, picture)
                self.count += 1
        except av.error.FFmpegError as error:
            self._torn, self._error = True, MediaError(f"breaks off while it is decoded: {error.strerror}")
        except BaseException as error:  # noqa: BLE001  crosses to the thread that closes
            self._error = error
        finally:
            os.close(self._read)

    def _grow(self) -> None:
        with contextlib.suppress(ImportError, OSError):  # smaller pipes are slower and nothing else
            import fcntl

            fcntl.fcntl(self._read, F_SETPIPE_SZ, PIPE_BYTES)


def read_nut(fd: int) -> Iterator[tuple[Fraction, np.ndarray]]:
    """The pictures of a rawvideo NUT stream with their times in seconds, in order.

    gray is (H, W), rgb24 (H, W, 3) and yuv420p (H * 3 / 2, W), all uint8. A stream without any
    picture yields none.
    """
    import av

    try:
        container = av.open(f"pipe:{fd}", format="nut")
    except av.error.InvalidDataError:
        return  # the child ended before it wrote a header; its exit status says why
    with container:
        base = Fraction(container.streams.video[0].time_base)
        for frame in container.decode(video=0):
            yield frame.pts * base, frame.to_ndarray()


def proxy_frames(proxy: Path, times: Sequence[Fraction]) -> np.ndarray:
    """The pictures that a player shows at `times` (seconds): (n, H, W, 3) uint8 RGB.

    For our own proxies and golden clips only. A time before the first frame shows the first, a time
    after the end the last. Raises MediaError where the file cannot be read.
    """
    if not times:
        return np.zeros((0, 0, 0, 3), np.uint8)
    reader = _by_decord if find_spec("decord") is not None else _by_pyav
    return reader(proxy, times)


def _shown(starts: Sequence[float], at: Fraction) -> int:
    """The index of the frame on display at `at`; a hair of slack because the starts are floats."""
    return max(0, bisect_right(starts, float(at) + 1e-6) - 1)


def _by_decord(proxy: Path, times: Sequence[Fraction]) -> np.ndarray:
    import decord

    try:
        # One thread: a decord reader that is shared by threads aborts the process.
        reader = decord.VideoReader(str(proxy), ctx=decord.cpu(0), num_threads=1)
        starts = reader.get_frame_timestamp(range(len(reader)))[:, 0].tolist()
        pictures: np.ndarray = reader.get_batch([_shown(starts, at) for at in times]).asnumpy()
    except (decord.DECORDError, RuntimeError, IndexError) as error:
        raise MediaError("cannot be read as a proxy", subject=str(proxy)) from error
    return pictures


def _by_pyav(proxy: Path, times: Sequence[Fraction]) -> np.ndarray:
    import av

    try:
        with av.open(str(proxy)) as container:
            stream = container.streams.video[0]
            starts = _starts(container)
            wanted = {_shown(starts, at) for at in times}
            found: dict[int, np.ndarray] = {}
            for run in _runs(sorted(wanted)):
                container.seek(int(starts[run[0]] / stream.time_base), stream=stream, backward=True)
                found |= _decoded(container, starts, set(run))
            return np.stack([found[_shown(starts, at)] for at in times])
    except (av.error.FFmpegError, IndexError, KeyError, ValueError) as error:
        raise MediaError("cannot be read as a proxy", subject=str(proxy)) from error


def _starts(container: Any) -> list[float]:
    """When each frame starts, from the packets alone."""
    packets = (p for p in container.demux(video=0) if p.pts is not None)
    return sorted(float(p.pts * p.time_base) for p in packets)


def _runs(indexes: list[int], reach: int = 60) -> Iterator[list[int]]:
    """Indexes in runs that are cheaper to decode through than to seek between."""
    run: list[int] = []
    for index in indexes:
        if run and index - run[-1] > reach:
            yield run
            run = []
        run.append(index)
    if run:
        yield run


def _decoded(container: Any, starts: list[float], wanted: set[int]) -> dict[int, np.ndarray]:
    found: dict[int, np.ndarray] = {}
    for frame in container.decode(video=0):
        index = _shown(starts, Fraction(frame.pts * frame.time_base))
        if index in wanted:
            found[index] = frame.to_ndarray(format="rgb24")
        if len(found) == len(wanted):
            break
    return found


@lru_cache(maxsize=1)
def opencv() -> Any:
    """cv2 with one thread: our pictures are small, and ffmpeg needs the cores."""
    import cv2

    cv2.setNumThreads(1)
    return cv2
