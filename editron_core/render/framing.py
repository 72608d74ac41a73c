"""Framing: from the displayed picture of a clip to the exact size of one deliverable."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from editron_core.domain.batch import VideoStream
from editron_core.domain.timeline import Crop, CropKey

SAME_SHAPE = 0.02
"""Pictures whose aspect ratios differ by less than this share are scaled straight to the frame."""
BARS_MAX = 0.15
"""Up to this share of the frame may be black bars; beyond it the picture itself, blurred, fills them."""
STRAIGHT = 5e-4
"""Keys that lie closer than this to a straight line (share of the frame) are left out of the expression."""
BLUR_SHRINK = 12
"""The blurred fill is made at this fraction of the frame's size: a wide blur for little work."""
BLOCK = 50
"""Terms of a sum that are bracketed together."""


def frame(
    stream: Any,
    video: VideoStream,
    crop: Crop | None,
    size: tuple[int, int],
    rate: Fraction,
    first: int = 0,
) -> Any:
    """Crop `stream`, then scale or pad it to `size`, in bt709.

    Its frames are those of the clip from number `first` on, at `rate`.
    """
    shape = video.width / video.height
    if crop is not None and (crop.width < 1 or crop.height < 1):
        shape *= crop.width / crop.height
        stream = stream.filter("crop", exact=1, **crop_window(crop, rate, first))
    wanted = size[0] / size[1]
    if abs(shape / wanted - 1) <= SAME_SHAPE:
        return scale(stream, video, size).filter("setsar", "1")
    return _fit(stream, video, shape, size)


def crop_window(crop: Crop, rate: Fraction, first: int = 0) -> dict[str, str]:
    """The `crop` filter's options: even size, top left corner as an expression in the frame number `n`.

    Frame 0 of the stream is number `first` of the clip.
    """
    n = f"(n+{first})" if first else "n"
    wide, high = f"2*trunc(iw*{crop.width:.6f}/2)", f"2*trunc(ih*{crop.height:.6f}/2)"
    return {
        "w": wide,
        "h": high,
        "x": f"iw*({path(crop.keys, 'x', rate, n)})-ow/2",
        "y": f"ih*({path(crop.keys, 'y', rate, n)})-oh/2",
    }


def path(keys: Sequence[CropKey], axis: str, rate: Fraction, n: str = "n") -> str:
    """The centre along `axis` (`x` or `y`) as an ffmpeg expression in the frame number: linear between keys.

    A sum of ramps instead of nested conditions, in blocks of `BLOCK`: ffmpeg's parser gives up at 100
    levels, and counts each term of a plain sum as one.
    """
    points = _thin([(float(key.at * rate), float(getattr(key, axis))) for key in keys])
    terms = [f"{points[0][1]:.5f}"]
    for (n0, v0), (n1, v1) in pairwise(points):
        if n1 <= n0:
            terms.append(f"{v1 - v0:+.5f}*gte({n},{n1:.3f})")
        elif v1 != v0:
            terms.append(f"{v1 - v0:+.5f}*clip(({n}-{n0:.3f})/{n1 - n0:.3f},0,1)")
    blocks = ["".join(terms[at : at + BLOCK]) for at in range(0, len(terms), BLOCK)]
    return "+".join(f"({block})" for block in blocks)


def scale(stream: Any, video: VideoStream, size: tuple[int, int]) -> Any:
    """Scale to `size` and bring the colours to limited-range bt709."""
    return stream.filter(
        "scale",
        *size,
        in_color_matrix=matrix(video),
        out_color_matrix="bt709",
        out_range="tv",
        flags="bicubic",
    )


def matrix(video: VideoStream) -> str:
    """The YUV matrix of the source; where the file says nothing: bt709 for HD, bt601 for SD."""
    said = video.colour.split("/")[-1]
    if video.hdr:
        return "bt709"  # tone-mapped before this
    if said in ("bt709", "bt470bg", "smpte170m", "smpte240m", "fcc"):
        return said
    if said.startswith("bt2020"):
        return "bt2020"
    return "bt709" if min(video.width, video.height) >= 700 else "smpte170m"


def _fit(stream: Any, video: VideoStream, shape: float, size: tuple[int, int]) -> Any:
    width, height = size
    inner = (width, _even(width / shape)) if shape > width / height else (_even(height * shape), height)
    covered = inner[0] * inner[1] / (width * height)
    if 1 - covered <= BARS_MAX:
        fitted = scale(stream, video, inner).filter("setsar", "1")
        return fitted.filter("pad", width, height, "(ow-iw)/2", "(oh-ih)/2", "black")
    both = stream.filter_multi_output("split", 2)
    back = _backdrop(both.stream(0), video, shape, size)
    front = scale(both.stream(1), video, inner).filter("setsar", "1")
    return back.overlay(front, x="(W-w)/2", y="(H-h)/2", eof_action="endall", shortest=1)


def _backdrop(stream: Any, video: VideoStream, shape: float, size: tuple[int, int]) -> Any:
    small = (_even(size[0] / BLUR_SHRINK), _even(size[1] / BLUR_SHRINK))
    wide = shape > small[0] / small[1]
    cover = (_even(small[1] * shape), small[1]) if wide else (small[0], _even(small[0] / shape))
    cover = (max(cover[0], small[0]), max(cover[1], small[1]))
    filled = scale(stream, video, cover).filter("crop", *small).filter("gblur", sigma=3)
    dimmed = filled.filter("lutyuv", y="16+(val-16)*0.55", u="128+(val-128)*0.7", v="128+(val-128)*0.7")
    return dimmed.filter("scale", *size, flags="bicubic").filter("setsar", "1")


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    # Ramer-Douglas-Peucker by value: keeps the path within STRAIGHT of the keys with few terms.
    keep, stack = {0, len(points) - 1}, [(0, len(points) - 1)]
    while stack:
        low, high = stack.pop()
        (n0, v0), (n1, v1) = points[low], points[high]
        gaps = [
            (abs(v0 + (v1 - v0) * (points[k][0] - n0) / (n1 - n0) - points[k][1]) if n1 > n0 else 1.0, k)
            for k in range(low + 1, high)
        ]
        if gaps and max(gaps)[0] > STRAIGHT:
            middle = max(gaps)[1]
            keep.add(middle)
            stack += [(low, middle), (middle, high)]
    return [points[k] for k in sorted(keep)]


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))
