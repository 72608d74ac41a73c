"""Reframing: where the crop of a taller or narrower frame lies, following what matters.

The evidence knows the focus of the picture twice a second. Per shot, `steady` finds a path of the crop's
centre that keeps it inside; a shot cut is a cut of the path too, and a shot without any focus keeps the
middle. Keys are few: only the corners of the path are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING, Any

from editron_core.domain.evidence import Evidence
from editron_core.domain.timeline import Crop, CropKey
from editron_core.edit import steady
from editron_core.times import Span, to_frames

if TYPE_CHECKING:
    import numpy as np

SAME_SHAPE = 0.02
"""Frames whose shapes differ by less than this share are shown whole."""
LEAST_KEPT = 0.5
"""A tall picture in a wide frame is cropped only if this share of it stays; else it is shown whole."""
SPEED = 0.6
"""Frame widths (or heights) per second that the crop moves at most."""
HEADROOM = 0.1
"""Share of the crop's height by which faces stand above its middle."""
FACE_SHARE = 0.25
"""Share of a shot's rows with faces from which on only faces count."""
STRAIGHT = 5e-4
"""Keys closer than this to a straight line are left out."""
DIGITS = 5
"""Decimals of a key."""


def crops(frame: tuple[int, int], aspect: str) -> bool:
    """Whether a picture of `frame` (width, height) is cropped for `aspect`, or shown whole."""
    width, height = crop_size(frame, aspect)
    if min(width, height) > 1 - SAME_SHAPE:
        return False
    return height == 1 or height >= LEAST_KEPT


def crop_size(frame: tuple[int, int], aspect: str) -> tuple[float, float]:
    """Width and height of the largest crop of shape `aspect`, as shares of `frame`."""
    across, down = (int(part) for part in aspect.split(":"))
    ratio = (across / down) / (frame[0] / frame[1])
    return (ratio, 1.0) if ratio <= 1 else (1.0, 1 / ratio)


def crop_path(
    evidence: Evidence,
    source: Span,
    frame: tuple[int, int],
    aspect: str,
    *,
    rate: Fraction,
    still: bool = False,
) -> Crop:
    """The crop of `source` (seconds of the file) for `aspect`, following the evidence's focus.

    `frame` is the displayed width and height in pixels, `rate` the timeline's frames per second: cuts
    of the path fall between its frames. `still` keeps the crop fixed for the length of each shot.
    """
    width, height = crop_size(frame, aspect)
    keys: list[CropKey] = []
    for shot in _shots(evidence, source):
        keys += _shot_keys(evidence, shot, source, (width, height), rate, still)
    return Crop(width, height, tuple(keys))


def _shots(evidence: Evidence, source: Span) -> list[Span]:
    parts = [shot.clamp(source) for shot in evidence.shots if shot.overlap(source) > 0]
    return parts or [source]


def _shot_keys(
    evidence: Evidence, shot: Span, source: Span, crop: tuple[float, float], rate: Fraction, still: bool
) -> list[CropKey]:
    times, rows = _rows(evidence, shot)
    paths = []
    for low, axis in enumerate("xy"):
        size = crop[low]
        if size == 1:
            paths.append([0.5] * len(times))
            continue
        centre, extent = rows[f"focus_{axis}"], rows["focus_w" if axis == "x" else "focus_h"]
        if axis == "y":
            centre = centre + HEADROOM * size * rows["face"]
        step = 0.0 if still else SPEED * float(evidence.step)
        paths.append(steady.path(centre, extent, size, step))
    ends = _edges(shot, source, rate)
    points = _eased(times, paths, (float(ends[0] + source.start), float(ends[1] + source.start)))
    keep = _corners(points)
    return [_key(points[k], source, ends, crop) for k in keep]


def _edges(shot: Span, source: Span, rate: Fraction) -> tuple[Fraction, Fraction]:
    """Where a shot's keys begin and end, from the clip's start: a cut falls between two frames."""
    first = to_frames(shot.start - source.start, rate)
    last = to_frames(shot.end - source.start, rate)
    begin = Fraction(0) if shot.start == source.start else (first - Fraction(1, 4)) / rate
    end = source.duration if shot.end == source.end else (last - Fraction(1, 2)) / rate
    return begin, max(begin, end)


def _key(
    point: tuple[float, float, float],
    source: Span,
    ends: tuple[Fraction, Fraction],
    crop: tuple[float, float],
) -> CropKey:
    at = min(max(Fraction(round(point[0] * 1000), 1000) - source.start, ends[0]), ends[1])
    # Rounding must not push the crop over the frame's edge.
    x, y = (
        min(max(round(place, DIGITS), size / 2), 1 - size / 2)
        for place, size in zip(point[1:], crop, strict=True)
    )
    return CropKey(at, x, y)


def _rows(evidence: Evidence, shot: Span) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Middle times and focus of the rows that touch `shot`; rows that faces overrule are unknown."""
    import numpy as np

    table = evidence.table
    low = min(int(shot.start / evidence.step), max(0, table.height - 1))
    high = max(low + 1, -int(-shot.end // evidence.step))
    part = table.slice(low, high - low)
    times = np.arange(low, low + max(1, part.height)) * float(evidence.step) + float(evidence.step) / 2
    columns = ("focus_x", "focus_y", "focus_w", "focus_h")
    rows = {name: _column(part, name, len(times)) for name in columns}
    kinds = (
        part["focus_kind"].to_list() if "focus_kind" in part.columns and part.height else [None] * len(times)
    )
    face = np.array([kind == "face" for kind in kinds])
    # A row at the edge of a shot may have been sampled in its neighbour.
    middle = (times > float(shot.start)) & (times < float(shot.end))
    known = middle if middle.any() else np.ones(len(times), dtype=bool)
    if (face & known).sum() >= max(1.0, FACE_SHARE * known.sum()):
        known = known & face
    for name in columns:
        rows[name] = np.where(known, rows[name], np.nan)
    rows["face"] = face.astype(float)
    return times, rows


def _column(part: Any, name: str, count: int) -> np.ndarray:
    import numpy as np

    if name not in part.columns or part.height == 0:
        return np.full(count, np.nan)
    values: np.ndarray = part[name].cast(float).fill_null(float("nan")).to_numpy().astype(float)
    return values


def _eased(
    times: np.ndarray, paths: Sequence[Sequence[float]], ends: tuple[float, float]
) -> list[tuple[float, float, float]]:
    """Both axes between `ends`, rounded off between the rows by a monotone cubic, five points a row."""
    import numpy as np
    from scipy.interpolate import PchipInterpolator

    grid = np.unique(
        np.clip(np.concatenate([np.linspace(times[0], times[-1], 5 * len(times) - 4), ends]), *ends)
    )
    sides = []
    for path in paths:
        values = np.asarray(path)
        inside = np.clip(grid, times[0], times[-1])
        sides.append(
            PchipInterpolator(times, values)(inside) if len(times) > 1 else np.full(len(grid), values[0])
        )
    return [(float(t), float(x), float(y)) for t, x, y in zip(grid, *sides, strict=True)]


def _corners(points: Sequence[tuple[float, float, float]]) -> list[int]:
    """The points that a straight line between their neighbours would miss (Ramer-Douglas-Peucker)."""
    keep, stack = {0, len(points) - 1}, [(0, len(points) - 1)]
    while stack:
        low, high = stack.pop()
        worst, at = -inf, low
        for k in range(low + 1, high):
            share = (points[k][0] - points[low][0]) / (points[high][0] - points[low][0])
            miss = max(
                abs(points[low][d] + (points[high][d] - points[low][d]) * share - points[k][d])
                for d in (1, 2)
            )
            worst, at = max((worst, at), (miss, k))
        if worst > STRAIGHT:
            keep.add(at)
            stack += [(low, at), (at, high)]
    return sorted(keep)
