"""Windows picked from saliency curves by the lane's own rule, in the format of QVHighlights."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from editron_core.qa.qvhighlights import CLIP, MOST_WINDOWS
from editron_core.qa.records import read
from editron_core.score.spans import spans_from_curve


class Curve(BaseModel, frozen=True):
    """What is read of a line of predictions."""

    qid: int | str
    pred_saliency_scores: list[float | None]
    """One per two-second clip, on any scale; null and NaN are unknown and count as the lowest."""


def pick(predictions: Path) -> list[dict[str, Any]]:
    """The lines of `predictions`, each with windows chosen from its curve alone: [start, end, score], best
    first, ten at most. Windows that a line brings along are not looked at. A curve without any known value
    gets none. Raises UsageError and SourceError, each naming file and line."""
    return [_picked(row.raw, row.data) for row in read(predictions, Curve, lambda row: row.qid)]


def _picked(raw: dict[str, Any], curve: Curve) -> dict[str, Any]:
    known = [value if value is not None and isfinite(value) else None for value in curve.pred_saliency_scores]
    values = np.array([np.nan if value is None else value for value in known])
    windows = [
        [float(found.span.start), float(found.span.end), round(found.score, 4)]
        for found in spans_from_curve(values, CLIP, most=MOST_WINDOWS)
    ]
    return {**raw, "pred_relevant_windows": windows, "pred_saliency_scores": known}
