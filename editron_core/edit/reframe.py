"""Reframing: where the crop of a taller or narrower frame lies, following what matters.

The evidence knows the focus of the picture twice a second. Per shot, `steady` finds a path of the crop's
centre that keeps it inside; a shot cut is a cut of the path too, and a shot without any focus keeps the
middle. Keys are few: only the corners of the path are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
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
MOSTLY_KEPT = 0.7
"""Where this share of the picture's height stays and no face is known, the crop looks for no subject."""
OVERHEAD = 0.3
"""Share of what is lost that is then lost above: heads stand in the upper part of a picture."""
HEADROOM = 0.1
"""Share of the crop's height by which faces stand above its middle."""
FACE_SHARE = 0.25
"""Share of a shot's rows with faces from which on only faces count."""
FACE_CARE, EYE_CARE = 50.0, 5.0
"""How much it matters to keep faces, and whatever else draws the eye, inside (see `steady.path`).
A face is sure; what moves may be a passer-by, and is followed only if it stays."""
STRAIGHT = 5e-4
"""Keys closer than this to a straight line are left out; more are where there would be too many."""
MAX_KEYS = 80
"""Keys of one clip: a renderer's expressions have their limits."""
DIGITS = 5
"""Decimals of a key."""
PER_ROW = 5
"""Points per row of evidence by which a path is rounded off."""

_Point = tuple[Fraction, float, float]


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
    size = crop_size(frame, aspect)
    parts = [_shot_points(evidence, shot, source, size, rate, still) for shot in _shots(evidence, source)]
    keep, straight = [_corners(points, STRAIGHT) for points in parts], STRAIGHT
    while sum(map(len, keep)) > MAX_KEYS and straight < 0.1:
        straight *= 1.5
        keep = [_corners(points, straight) for points in parts]
    keys = (
        _key(points[k], source, size) for points, corners in zip(parts, keep, strict=True) for k in corners
    )
    return Crop(*size, tuple(keys))


def _shots(evidence: Evidence, source: Span) -> list[Span]:
    parts = [shot.clamp(source) for shot in evidence.shots if shot.overlap(source) > 0]
    return parts or [source]


def _shot_points(
    evidence: Evidence, shot: Span, source: Span, crop: tuple[float, float], rate: Fraction, still: bool
) -> list[_Point]:
    """The path of one shot, closely spaced: instant from the clip's start, and centre."""
    times, rows = _rows(evidence, shot)
    paths = []
    for axis, size in zip("xy", crop, strict=True):
        if size == 1:
            paths.append([0.5] * len(times))
            continue
        centre, extent = rows[f"focus_{axis}"], rows["focus_w" if axis == "x" else "focus_h"]
        if axis == "y":
            centre = centre + HEADROOM * size * rows["face"]
            if size >= MOSTLY_KEPT and not rows["face"].any():
                paths.append([size / 2 + (1 - size) * OVERHEAD] * len(times))
                continue
        step = 0.0 if still else SPEED * float(evidence.step)
        paths.append(steady.path(centre, extent, rows["care"], size, step))
    begin, end = _edges(shot, source, rate)
    return _eased(times - float(source.start), paths, begin, end)


def _edges(shot: Span, source: Span, rate: Fraction) -> tuple[Fraction, Fraction]:
    """Where a shot's keys begin and end, from the clip's start: a cut falls between two frames."""
    first = to_frames(shot.start - source.start, rate)
    last = to_frames(shot.end - source.start, rate)
    begin = Fraction(0) if shot.start == source.start else (first - Fraction(1, 4)) / rate
    end = source.duration if shot.end == source.end else (last - Fraction(1, 2)) / rate
    return begin, max(begin, end)


def _key(point: _Point, source: Span, crop: tuple[float, float]) -> CropKey:
    # Rounding must not push the crop over the frame's edge.
    x, y = (
        min(max(round(place, DIGITS), size / 2), 1 - size / 2)
        for place, size in zip(point[1:], crop, strict=True)
    )
    return CropKey(point[0], x, y)


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
    rows["care"] = np.where(face, FACE_CARE, EYE_CARE)
    rows["face"] = face.astype(float)
    return times, rows


def _column(part: Any, name: str, count: int) -> np.ndarray:
    import numpy as np

    if name not in part.columns or part.height == 0:
        return np.full(count, np.nan)
    values: np.ndarray = part[name].cast(float).fill_null(float("nan")).to_numpy().astype(float)
    return values


def _eased(
    times: np.ndarray, paths: Sequence[Sequence[float]], begin: Fraction, end: Fraction
) -> list[_Point]:
    """Both axes from `begin` to `end`, rounded off between the rows by a monotone cubic."""
    import numpy as np
    from scipy.interpolate import PchipInterpolator

    between = np.linspace(times[0], times[-1], PER_ROW * (len(times) - 1) + 1)
    inner = (Fraction(round(float(at) * 1000), 1000) for at in between)
    grid = [begin, *(at for at in inner if begin < at < end), end]
    at = np.clip(np.array([float(each) for each in grid]), times[0], times[-1])
    sides = [
        PchipInterpolator(times, np.asarray(path))(at) if len(times) > 1 else np.full(len(at), path[0])
        for path in paths
    ]
    return [(when, float(x), float(y)) for when, x, y in zip(grid, *sides, strict=True)]


def _corners(points: Sequence[_Point], straight: float) -> list[int]:
    """The points that a straight line between their neighbours would miss (Ramer-Douglas-Peucker)."""
    keep, stack = {0, len(points) - 1}, [(0, len(points) - 1)]
    while stack:
        low, high = stack.pop()
        misses = [(_miss(points[low], points[high], points[k]), k) for k in range(low + 1, high)]
        worst, at = max(misses, default=(0.0, low))
        if worst > straight:
            keep.add(at)
            stack += [(low, at), (at, high)]
    return sorted(keep)


def _miss(low: _Point, high: _Point, point: _Point) -> float:
    share = float((point[0] - low[0]) / (high[0] - low[0]))
    return max(abs(low[d] + (high[d] - low[d]) * share - point[d]) for d in (1, 2))
