"""A file's signals over time, as SVG paths and the values behind them."""

from __future__ import annotations

from typing import Any

from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import MEASURED, SIGNALS, Evidence
from editron_core.report.document import RunDocument
from editron_core.review.signals import hue, label
from editron_core.times import Span, clock

POINTS = 900
"""At most this many points of a curve are drawn: the page stays small however long the footage is."""


def plot(document: RunDocument, file: MediaFile) -> dict[str, Any]:
    """One file's curves as SVG paths on a 1000 x 100 grid, with what stands beside them."""
    evidence = document.evidence[file.id]
    curve = document.curves.get(file.id)
    table = evidence.table
    weighted = (
        [name for name in curve.columns if name not in ("time_s", "score")] if curve is not None else []
    )
    rows = [] if curve is None else [_row("score", curve["score"].to_list(), evidence, weighted=True)]
    for name in weighted:
        assert curve is not None
        rows.append(_row(name, curve[name].to_list(), evidence, weighted=True))
    for name in MEASURED:
        if name not in weighted and name in table.columns:
            rows.append(_row(name, table[name].to_list(), evidence, weighted=False))
    duration = float(evidence.duration) or 1.0

    def place(span: Span) -> dict[str, float]:
        return {"left": 100 * float(span.start) / duration, "width": 100 * float(span.duration) / duration}

    return {
        "file": file,
        "duration": duration,
        "rows": rows,
        "shots": [place(shot) for shot in evidence.shots] if len(evidence.shots) <= POINTS else [],
        "shot_count": len(evidence.shots),
        "moments": [
            {"number": number, "score": moment.score, **place(moment.span)}
            for number, moment in enumerate(document.moments, start=1)
            if moment.file_id == file.id
        ],
        "ticks": _ticks(duration),
    }


def _row(name: str, values: list[float | None], evidence: Evidence, *, weighted: bool) -> dict[str, Any]:
    kept = _thinned(values)
    step = float(evidence.step) * len(values) / max(1, len(kept))
    scale = 1000 / (float(evidence.duration) or 1.0)
    return {
        "label": label(name),
        "meaning": "the profile's weighted sum"
        if name == "score"
        else SIGNALS[name].meaning
        if name in SIGNALS
        else "",
        "hue": hue(name),
        "score": name == "score",
        "weighted": weighted,
        "measured": any(value is not None for value in kept),
        "area": _path(kept, step * scale, closed=True),
        "line": _path(kept, step * scale, closed=False),
        "values": [None if value is None else round(value, 3) for value in kept],
        "step": step,
    }


def _thinned(values: list[float | None]) -> list[float | None]:
    """At most `POINTS` values, each the greatest of its neighbours: peaks are what people look for."""
    width = -(-len(values) // POINTS)
    if width <= 1:
        return [value if value is None or value == value else None for value in values]
    groups = (values[n : n + width] for n in range(0, len(values), width))
    return [max((v for v in group if v is not None and v == v), default=None) for group in groups]


def _path(values: list[float | None], step: float, *, closed: bool) -> str:
    """A line through the middle of each row, or the area under it; nulls part it."""
    runs: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(((number + 0.5) * step, 98 - 94 * min(1.0, max(0.0, value))))
    parts = []
    for run in filter(None, runs):
        line = "L".join(
            f"{min(x, 1000):.1f} {y:.1f}"
            for x, y in [(run[0][0] - step / 2, run[0][1]), *run, (run[-1][0] + step / 2, run[-1][1])]
        )
        first, last = max(0.0, run[0][0] - step / 2), min(1000.0, run[-1][0] + step / 2)
        parts.append(f"M{first:.1f} 100L{line}L{last:.1f} 100Z" if closed else f"M{line}")
    return "".join(parts)


def _ticks(duration: float) -> list[dict[str, Any]]:
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
    step = next((step for step in steps if duration / step <= 7), 14400)
    return [
        {"left": 100 * at / duration, "text": clock(at).removesuffix(".0")}
        for at in range(0, int(duration) + 1, step)
        if at / duration < 0.97
    ]
