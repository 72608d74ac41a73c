"""How one clip's stretch of an original is opened: where to seek, and what to cut off after that."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from editron_core.domain.batch import MediaProbe
from editron_core.media import ffmpeg
from editron_core.render.plan import Piece

UNINDEXED = ("mpegts", "mpeg", "mpegvideo", "flv", "asf", "avi", "ogg")
"""Containers in which a seek may land after the key frame that the wanted frame needs."""
RUN_UP = Fraction(15)
"""Seconds to seek ahead in those: longer than the key frame distance of broadcast and web streams (10 s)."""
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Opening:
    """Where ffmpeg seeks in one file, and how far behind that the wanted stretch starts."""

    seek: Fraction
    """Seconds from the file's first timestamp, whole microseconds; 0 opens without a seek."""
    skip: Fraction
    """Seconds between the seek point and the wanted instant; frames before it are dropped by their time."""


def opening(at: Fraction, probe: MediaProbe) -> Opening:
    """The opening for the instant `at` (seconds from the file's first frame).

    The seek is not "accurate": ffmpeg then keeps the frames between the key frame and the seek point,
    under negative times, and the filters choose by time. That is how the frame on display at `at` is
    found in footage of variable rate, where it may have started seconds earlier.
    """
    unindexed = any(name in UNINDEXED for name in probe.container.split(","))
    seek = max(Fraction(0), at - RUN_UP) if unindexed else at
    seek = Fraction(int(seek * MICRO), MICRO)
    return Opening(seek, at - seek)


def media_input(piece: Piece, start: Opening, **options: Any) -> Any:
    """An ffmpeg-python input node for one clip: a stream to select from. `options` stand before `-i`."""
    settings: dict[str, Any] = {**options, **_whitelists()}
    if start.seek:
        settings |= {"noaccurate_seek": None, "ss": f"{float(start.seek):.6f}"}
    return node(f"file:{Path(piece.file.path).resolve()}", piece.index, settings)


def own_input(path: Path, key: object, **options: Any) -> Any:
    """An input node for a file that we wrote ourselves."""
    return node(f"file:{path.resolve()}", key, {"protocol_whitelist": "file,pipe", **options})


def node(name: str, key: object, options: dict[str, Any]) -> Any:
    """An input node; two that differ in `key` stay two inputs even where all else is equal.

    (ffmpeg-python merges equal nodes, and an input feeding two places of a concatenation would have
    to hold back all frames between them.)
    """
    from ffmpeg.nodes import InputNode

    return InputNode("input", args=[key], kwargs={**options, "filename": name}).stream()


def _whitelists() -> dict[str, str]:
    words = ffmpeg.input_args(Path("-"))[:-2]
    return {key.removeprefix("-"): value for key, value in zip(words[::2], words[1::2], strict=True)}
