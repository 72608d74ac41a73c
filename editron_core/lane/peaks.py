"""Peaks of a file's sound, for waveforms: worked out once, from its proxy, and kept in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editron_core import process
from editron_core.domain.batch import MediaFile
from editron_core.errors import NotFound
from editron_core.media import ffmpeg
from editron_core.review import footage
from editron_core.store import Stage, Store

RATE = 8000
"""Samples per second that are looked at."""
PER_S = 50
"""Peaks kept per second."""
NAME = "peaks.npy"
VERSION = "1"
WAIT_S = 20.0
"""How long one who asks waits for another who is at it."""
LIMITS = process.Limits(wall_s=600)


def of_file(store: Store, file: MediaFile) -> NDArray[np.int8]:
    """The loudest sample of each 1/50 s, (n,) int8, 0..127 of full scale.

    Raises NotFound where the file was not analysed yet or makes no sound, Busy where somebody else takes
    long to work them out.
    """
    if file.probe is not None and file.probe.audio is None:
        raise NotFound("has no sound", subject=file.name)
    proxy = footage.proxy(store, file)
    with store.ledger.run(Stage("peaks", (proxy.parent.name,), {}, VERSION), wait_s=WAIT_S) as claim:
        if claim.output is None:
            claim.publish(_work_out(proxy, claim.folder))
        assert claim.output is not None
        found: NDArray[np.int8] = np.load(claim.output / NAME, allow_pickle=False)
        return found


def thinned(peaks: NDArray[np.int8], points: int) -> list[int]:
    """At most `points` values, each the loudest of the peaks that it stands for."""
    if not len(peaks):
        return []
    size = -(-len(peaks) // points)
    padded = np.zeros(-(-len(peaks) // size) * size, np.int8)
    padded[: len(peaks)] = peaks
    return [int(value) for value in padded.reshape(-1, size).max(axis=1)]


def _work_out(proxy: Path, folder: Path) -> dict[str, Any]:
    arguments = [*ffmpeg.input_args(proxy.absolute()), "-map", "0:a:0", "-ac", "1", "-ar", str(RATE)]
    size = RATE // PER_S
    parts: list[NDArray[np.int8]] = []
    with process.spawn(ffmpeg.command(*arguments, "-f", "s16le", "pipe:1"), limits=LIMITS) as child:
        left = b""
        while block := child.stdout.read(RATE * 2 * 60):
            block = left + block
            whole = len(block) // (2 * size) * 2 * size
            parts.append(_loudest(block[:whole], size))
            left = block[whole:]
        if left:
            parts.append(_loudest(left.ljust(2 * size, b"\0"), size))
    peaks = np.concatenate(parts) if parts else np.zeros(0, np.int8)
    np.save(folder / NAME, peaks, allow_pickle=False)
    return {"peaks": len(peaks)}


def _loudest(block: bytes, size: int) -> NDArray[np.int8]:
    samples = np.frombuffer(block, "<i2").astype(np.int32).reshape(-1, size)
    loudest: NDArray[np.int8] = (np.abs(samples).max(axis=1) >> 8).clip(0, 127).astype(np.int8)
    return loudest
