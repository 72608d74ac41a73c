"""Signals over time, small enough to send: the least and the greatest value of every pixel column."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from editron_core.domain.evidence import MEASURED, SIGNALS, Evidence

LABELS = {"vision_prompt": "picture fits", "brief_coverage": "brief", "audio_event": "cheers, applause"}
"""What people read where a signal's name alone does not say it."""
COLUMNS, MOST_COLUMNS = 900, 2400
"""Pixel columns sent unless asked, and at most."""
UNKNOWN = 255
"""Stands for a stretch in which nothing could be measured; values run 0..254."""


def label(signal: str) -> str:
    """The words that people read for a signal."""
    return LABELS.get(signal, signal.replace("_", " "))


def hue(signal: str) -> int:
    """Each signal keeps its colour: hues a golden angle apart, in the order of definition."""
    return round(list(SIGNALS).index(signal) * 137.508 + 205) % 360 if signal in SIGNALS else 0


def means(evidence: Evidence, names: Sequence[str], points: int) -> dict[str, list[float | None]]:
    """`time_s` (seconds) and each of `names` (0..1), at most `points` values of each.

    Where the table has more rows, each value is the mean of as many neighbours as it takes; a stretch
    that was not measured at all is null.
    """
    wanted = [name for name in names if name in evidence.table.columns]
    table = evidence.table.select("time_s", *wanted)
    size = -(-table.height // points)
    if size > 1:
        group = (pl.int_range(pl.len()) // size).alias("group")
        mean = [pl.col(name).mean() for name in wanted]
        grouped = table.group_by(group, maintain_order=True).agg(pl.col("time_s").first(), *mean)
        table = grouped.select("time_s", *wanted)
    return {
        name: [None if value is None else round(float(value), 4) for value in table[name].to_list()]
        for name in table.columns
    }


def lanes(evidence: Evidence, start: float, end: float, columns: int = COLUMNS) -> dict[str, Any]:
    """Every signal that was measured at all, between two instants in seconds, JSON-ready.

    A lane holds `low` and `high`: base64 of one byte per column, 0..254 for 0..1, `UNKNOWN` for null. No
    more columns are sent than the grid has rows there.
    """
    step = float(evidence.step)
    first = max(0, int(start / step))
    last = min(evidence.table.height, max(first + 1, int(-(-end // step))))
    count = max(1, min(columns, MOST_COLUMNS, last - first))
    found = []
    for name in MEASURED:
        if name not in evidence.table.columns:
            continue
        values = evidence.table[name].slice(first, last - first).cast(float).to_numpy()
        if evidence.table[name].null_count() == evidence.table.height:
            continue
        low, high = _columns(values, count)
        found.append(
            {
                "name": name,
                "label": label(name),
                "meaning": SIGNALS[name].meaning,
                "hue": hue(name),
                "low": _bytes(low),
                "high": _bytes(high),
            }
        )
    return {"from": first * step, "to": last * step, "columns": count, "lanes": found}


def squeezed(peaks: list[float], columns: int) -> str:
    """A waveform as base64 of one byte per column, 0..254 for 0..1: the greatest of its stretch."""
    if not peaks:
        return ""
    _, high = _columns(np.asarray(peaks, np.float64), min(columns, len(peaks)))
    return _bytes(high)


def _columns(values: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and greatest value of each of `count` stretches of like length; NaN where all are NaN."""
    edges = np.linspace(0, len(values), count + 1).astype(int)[:-1]
    unknown = np.isnan(values)
    low = np.minimum.reduceat(np.where(unknown, np.inf, values), edges)
    high = np.maximum.reduceat(np.where(unknown, -np.inf, values), edges)
    empty = np.isinf(low)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def _bytes(values: NDArray[np.float64]) -> str:
    scaled = np.where(np.isnan(values), UNKNOWN, np.rint(np.clip(values, 0, 1) * (UNKNOWN - 1)))
    return base64.b64encode(scaled.astype(np.uint8).tobytes()).decode()
