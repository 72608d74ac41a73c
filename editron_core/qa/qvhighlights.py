"""QVHighlights (Lei, Berg, Bansal 2021): moment retrieval and highlight detection, as its own script counts.

- R1: the share of queries whose first predicted window (as listed, whatever its score) reaches the threshold
  with any true window.
- mAP: per query over its first ten windows, ranked by score (`retrieval.span_precision`); the mean over
  queries. A query without a prediction counts as 0.
- By length: short (0, 10], middle (10, 30], long (30, 150] seconds. A query counts in each range in which it
  has true windows; the others of its true windows are dropped there, its predictions are not.
- Highlights: two-second clips, rated 0..4 by three people; a clip is relevant for a rater from Fair (2), Good
  (3) or VeryGood (4) on. mAP is the mean over raters and queries; Hit@1 asks whether the clip of the highest
  score (the first of equals) is relevant for any rater. Scores beyond the video are dropped, missing ones 0.
- Figures are percentages with two decimals. Truth and predictions must name the same queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import inf
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat, field_validator

from editron_core.errors import SourceError
from editron_core.qa.intervals import Interval, interval
from editron_core.qa.records import Record, read, same_keys
from editron_core.qa.retrieval import IOUS, clip_precision, first_hits, span_precision

Floats = NDArray[np.float64]

CLIP = Fraction(2)
"""Seconds of a clip."""
MOST_WINDOWS = 10
LENGTHS = {"full": (-inf, inf), "long": (30, 150), "middle": (10, 30), "short": (0, 10)}
"""Ranges of the length of true windows in seconds: above the first, up to the second."""
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}
"""The lowest rating at which a clip is relevant."""


class TrueQuery(BaseModel, frozen=True):
    """A line of the truth."""

    qid: int | str
    duration: Annotated[FiniteFloat, Field(gt=0)]
    """Seconds."""
    relevant_windows: list[tuple[FiniteFloat, FiniteFloat]]
    """Start and end in seconds."""
    relevant_clip_ids: list[int] = []
    saliency_scores: list[tuple[FiniteFloat, FiniteFloat, FiniteFloat]] = []
    """Of three raters, for each of `relevant_clip_ids`."""

    @field_validator("relevant_windows")
    @classmethod
    def _forward(cls, windows: list[tuple[float, float]]) -> list[tuple[float, float]]:
        if any(end <= start for start, end in windows):
            raise ValueError("a window must end after it starts")
        return windows


class Prediction(BaseModel, frozen=True):
    """A line of the predictions. Windows or scores may be absent, but then from all lines."""

    qid: int | str
    pred_relevant_windows: list[tuple[FiniteFloat, FiniteFloat, FiniteFloat]] | None = None
    pred_saliency_scores: list[FiniteFloat] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Tally:
    """Sums over queries."""

    queries: int
    hits: Floats
    """Queries hit, at each threshold."""
    precision: Floats
    """Sum of the queries' average precision, at each threshold."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.queries + other.queries, self.hits + other.hits, self.precision + other.precision)


@dataclass(frozen=True, eq=False, slots=True)
class QueryScore:
    """What one query adds: tallies over one query."""

    qid: int | str
    windows: Mapping[str, Tally]
    """By range of length, where the query has true windows; at `IOUS`. Empty where none were predicted."""
    highlights: Mapping[str, Tally]
    """By level; each at one threshold. Empty where no scores were predicted."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of all queries, in the order of the truth."""

    scores: tuple[QueryScore, ...]

    def document(self) -> dict[str, Any]:
        """The figures under the names of the published script: percentages, two decimals; null for a range
        without a query."""
        brief: dict[str, float | None] = {}
        parts: dict[str, Any] = {}
        if self.scores[0].windows:
            tallies = _sums([score.windows for score in self.scores])
            for name in LENGTHS:
                tally = tallies.get(name)
                parts[name] = part = {"MR-mAP": _precision(tally), "MR-R1": _recall(tally)}
                brief[f"MR-{name}-mAP"] = part["MR-mAP"]["average"]
            brief |= {f"MR-full-mAP@{at}": parts["full"]["MR-mAP"][at] for at in ("0.5", "0.75")}
            brief |= {f"MR-full-R1@{at}": parts["full"]["MR-R1"][at] for at in ("0.5", "0.7")}
        brief = dict(sorted(brief.items()))
        for name, tally in _sums([score.highlights for score in self.scores]).items():
            both = {"mAP": _percent(tally, tally.precision[0]), "Hit1": _percent(tally, tally.hits[0])}
            parts[f"HL-min-{name}"] = {f"HL-{key}": value for key, value in both.items()}
            brief |= {f"HL-min-{name}-{key}": value for key, value in both.items()}
        return {"brief": brief, **dict(sorted(parts.items()))}

    def intervals(self) -> dict[str, Interval]:
        """The main figures as percentages with their 95 % bootstrap intervals over queries."""
        found: dict[str, Floats] = {}
        if self.scores[0].windows:
            hits = np.array([score.windows["full"].hits for score in self.scores])
            found["MR-full-R1@0.5"] = hits[:, IOUS.index(0.5)]
            found["MR-full-R1@0.7"] = hits[:, IOUS.index(0.7)]
            found["MR-full-mAP"] = np.array([s.windows["full"].precision.mean() for s in self.scores])
        if self.scores[0].highlights:
            best = [score.highlights["VeryGood"] for score in self.scores]
            found["HL-min-VeryGood-mAP"] = np.array([tally.precision[0] for tally in best])
            found["HL-min-VeryGood-Hit1"] = np.array([tally.hits[0] for tally in best])
        return {name: interval(100 * values) for name, values in found.items()}


def evaluate(predictions: Path, truth: Path) -> Evaluation:
    """Score a file of predictions. Raises UsageError and SourceError, each naming file and line."""
    asked = read(truth, TrueQuery, lambda row: row.qid)
    given = read(predictions, Prediction, lambda row: row.qid)
    first = given[0].data
    parts = [name for name in Prediction.model_fields if name != "qid" and getattr(first, name) is not None]
    if not parts:
        told = "holds neither pred_relevant_windows nor pred_saliency_scores"
        raise SourceError(told, subject=given[0].place)
    return Evaluation(
        tuple(_score(true, found, parts) for true, found in same_keys(asked, given, predictions))
    )


def _score(true: Record[TrueQuery], given: Record[Prediction], parts: Sequence[str]) -> QueryScore:
    for part in parts:
        if getattr(given.data, part) is None:
            raise SourceError(f"has no {part}, unlike the first line", subject=given.place)
    windows, clips = given.data.pred_relevant_windows, given.data.pred_saliency_scores
    return QueryScore(
        true.data.qid,
        {} if windows is None else _windows(true, np.array(windows, dtype=np.float64).reshape(-1, 3)),
        {} if clips is None else _highlights(true, np.array(clips, dtype=np.float64)),
    )


def _windows(true: Record[TrueQuery], predicted: Floats) -> dict[str, Tally]:
    known = np.array(true.data.relevant_windows, dtype=np.float64).reshape(-1, 2)
    if not len(known):
        raise SourceError("has no relevant_windows", subject=true.place)
    length = known[:, 1] - known[:, 0]
    predicted = predicted[:MOST_WINDOWS]
    found = {}
    for name, (above, up_to) in LENGTHS.items():
        there = known[(length > above) & (length <= up_to)]
        if len(there):
            hits = first_hits(predicted, there).astype(np.float64)
            found[name] = Tally(1, hits, span_precision(predicted, there))
    return found


def _highlights(true: Record[TrueQuery], scores: Floats) -> dict[str, Tally]:
    clips = int(true.data.duration / CLIP)
    ids, rated = true.data.relevant_clip_ids, true.data.saliency_scores
    if len(ids) != len(rated) or any(not 0 <= i < clips for i in ids):
        raise SourceError(
            f"relevant_clip_ids and saliency_scores do not fit {clips} clips", subject=true.place
        )
    ratings = np.zeros((clips, 3))
    ratings[ids] = np.array(rated).reshape(-1, 3)
    fitted = np.zeros(clips)
    fitted[: len(scores)] = scores[:clips]
    best = int(scores.argmax()) if len(scores) else clips
    found = {}
    for name, least in LEVELS.items():
        relevant = ratings >= least
        precision = np.mean([clip_precision(relevant[:, rater], fitted) for rater in range(3)])
        hit = best < clips and relevant[best].any()
        found[name] = Tally(1, np.array([float(hit)]), np.array([precision]))
    return found


def _sums(parts: Sequence[Mapping[str, Tally]]) -> dict[str, Tally]:
    """The tallies of each name, added up."""
    by_name: dict[str, list[Tally]] = {}
    for part in parts:
        for name, tally in part.items():
            by_name.setdefault(name, []).append(tally)
    return {name: reduce(Tally.__add__, tallies) for name, tallies in by_name.items()}


def _precision(tally: Tally | None) -> dict[str, float | None]:
    if tally is None:
        return dict.fromkeys([*map(str, IOUS), "average"])
    by_threshold = {str(at): _percent(tally, tally.precision[i]) for i, at in enumerate(IOUS)}
    return {**by_threshold, "average": _percent(tally, tally.precision.mean())}


def _recall(tally: Tally | None) -> dict[str, float | None]:
    if tally is None:
        return dict.fromkeys(map(str, IOUS))
    return {str(at): _percent(tally, tally.hits[i]) for i, at in enumerate(IOUS)}


def _percent(tally: Tally, total: float) -> float:
    return float(f"{100 * total / tally.queries:.2f}")
