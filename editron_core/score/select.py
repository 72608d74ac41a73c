"""From scores over time to moments: candidates, what they score, and which of them are kept.

1. Candidates are the natural stretches of the curve (`spans_from_curve`) and the best windows of the
   target length, moved to cuts and sentence ends (`Snapper`).
2. A candidate scores the mean of the curve over it, and its best instant by the profile's `peak`.
3. Those under the threshold are refused; of two that overlap, the better stays.
4. Moments are taken one by one: the best score less what looking like a moment already taken costs.

Ties are broken by file id, start and end, so that the order of a mapping changes nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from editron_core.domain.evidence import Evidence
from editron_core.domain.moment import Moment, Selection
from editron_core.score import derive, explain, scorer
from editron_core.score.brief import Brief
from editron_core.score.derive import PromptVectors
from editron_core.score.profile import Lengths, Profile, Rules
from editron_core.score.snap import Snapper
from editron_core.score.spans import spans_from_curve
from editron_core.times import Span

Floats = NDArray[np.float64]

NEAR_MISSES = 5
"""An empty selection says at which threshold there would be so many."""
SHORTLIST = 16
"""Diversity is weighed among so many candidates per moment wanted, the best first."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A span that may become a moment."""

    file_id: str
    span: Span
    score: float
    signals: dict[str, float | None]
    contributions: dict[str, float]
    usual: dict[str, float]
    """What each signal contributes on average over the whole file."""
    look: Floats | None
    """Mean embedding, unit length; null where no frame was embedded."""

    @property
    def order(self) -> tuple[float, str, Span]:
        """Best first; ties by file, start and end."""
        return (-self.score, self.file_id, self.span)


def select(
    evidence: Mapping[str, Evidence],
    profile: Profile,
    brief: Brief | None = None,
    prompts: PromptVectors | None = None,
) -> Selection:
    """The moments of a batch. `evidence` is keyed by file id."""
    brief = brief or Brief()
    curves = {key: scorer.curve(evidence[key], profile, brief, prompts) for key in sorted(evidence)}
    found = [c for key in curves for c in candidates(key, evidence[key], curves[key], profile)]
    found.sort(key=lambda candidate: candidate.order)
    chosen = choose(found, profile.selection)
    joined = pl.concat(curves.values()) if curves else None
    share, filled = scorer.coverage(joined, profile) if joined is not None else (0.0, {})
    return Selection(
        moments=tuple(_moment(c, evidence[c.file_id], profile) for c in chosen),
        considered=len(found),
        best_score=found[0].score if found else None,
        explanation=explain.selection(
            found, chosen, profile, None if chosen else nearest(found, profile.selection)
        )
        + explain.unmeasured(profile, share, filled),
    )


def candidates(file_id: str, evidence: Evidence, curve: pl.DataFrame, profile: Profile) -> list[Candidate]:
    """Every span of one file that is worth scoring, without repeats, in time order."""
    score = scorer.to_array(curve["score"])
    if not len(score) or np.isnan(score).all():
        return []
    snapper = Snapper(evidence, profile.lengths)
    shortest, longest = profile.lengths.min, profile.lengths.max
    natural = spans_from_curve(score, evidence.step, shortest=shortest, longest=longest)
    raw = [c.span for c in natural] + windows(score, evidence.step, profile.lengths)
    spans = sorted({snapper.snap(span) for span in raw})
    looks = derive.embeddings(evidence)
    names = list(profile.weights)
    columns = np.array([scorer.to_array(curve[name]) for name in names])
    known, filled = (~np.isnan(columns)).astype(np.float64), np.nan_to_num(columns)
    parts = np.array([scorer.to_array(part) for part in scorer.parts(curve, profile, evidence.step)])
    usual = dict(zip(names, parts[:, ~np.isnan(score)].mean(axis=1).tolist(), strict=True))
    peak = profile.selection.peak
    made = []
    for span in spans:
        rows = _rows(span, evidence.step, len(score))
        cover = _covered(span, rows, evidence.step) * ~np.isnan(score[rows])
        if cover.any():
            signals = dict(zip(names, _means(known[:, rows], filled[:, rows], cover), strict=True))
            added = dict(zip(names, _added(parts[:, rows], score[rows], cover, peak), strict=True))
            look = _look(looks[rows], cover) if looks is not None else None
            made.append(Candidate(file_id, span, math.fsum(added.values()), signals, added, usual, look))
    return made


def windows(score: Floats, step: Fraction, lengths: Lengths) -> list[Span]:
    """The best windows of the target length, until none fits that is half new; best first.

    A curve shorter than the target is one window.
    """
    size = max(1, min(len(score), round(lengths.target / step)))
    known = np.nan_to_num(score, nan=float(np.nanmin(score)))
    mean = np.convolve(known, np.ones(size), mode="valid") / size
    free = np.ones(len(mean), dtype=bool)
    out = []
    for start in np.argsort(-mean, kind="stable"):
        if free[start]:
            out.append(Span(int(start) * step, int(start + size) * step))
            free[max(0, start - size // 2) : start + max(1, size // 2) + 1] = False
    return out


def choose(found: Sequence[Candidate], rules: Rules) -> list[Candidate]:
    """The candidates that pass `rules`, best first. `found` is in its own order, best first."""
    shortlist = _apart([c for c in found if c.score >= rules.threshold], rules.max_overlap)
    shortlist = shortlist[: SHORTLIST * rules.max_moments]
    taken: list[int] = []
    per_file: Counter[str] = Counter()
    most = _most_per_file(found, rules)
    alike = _likeness(shortlist)
    cost = np.zeros(len(shortlist))
    while len(taken) < rules.max_moments:
        open_ = [i for i, c in enumerate(shortlist) if i not in taken and per_file[c.file_id] < most]
        if not open_:
            break
        # `max` keeps the first of equals, and the shortlist is in order.
        best = max(open_, key=lambda i: shortlist[i].score - rules.diversity * cost[i])
        taken.append(best)
        per_file[shortlist[best].file_id] += 1
        cost = np.maximum(cost, alike[best])
    return [shortlist[i] for i in sorted(taken)]


def _most_per_file(found: Sequence[Candidate], rules: Rules) -> int:
    """`rules.per_file`, or an even share of `max_moments` where there are so few files that it is more."""
    files = len({candidate.file_id for candidate in found})
    return max(rules.per_file, -(-rules.max_moments // max(1, files)))


def nearest(found: Sequence[Candidate], rules: Rules) -> tuple[float, int]:
    """The highest threshold of two decimals at which there would be `NEAR_MISSES` moments (or all there
    can be), and how many there would be, by the same rules."""
    lowest = replace(rules, threshold=0.0, max_moments=NEAR_MISSES, diversity=0.0)
    distinct = choose(found, lowest)
    threshold = math.floor(distinct[-1].score * 100) / 100 if distinct else 0.0
    return threshold, len(choose(found, replace(rules, threshold=threshold)))


def _means(known: Floats, filled: Floats, cover: Floats) -> list[float | None]:
    """Each signal's mean over the rows where it was measured, each row by how much of it is covered.

    `known` is 1 and `filled` the value where it was, and both are 0 elsewhere: (signals, rows).
    """
    measured = known @ cover
    means = (filled @ cover) / np.where(measured > 0, measured, 1.0)
    return [mean if share > 0 else None for mean, share in zip(means.tolist(), measured, strict=True)]


def _added(parts: Floats, score: Floats, cover: Floats, peak: float) -> list[float]:
    """What each signal adds to the span's score: by its mean, and by the best instant.

    `parts` is (signals, rows); the best instant is a row that the span covers by half.
    """
    best = int(np.argmax(np.where(cover >= cover.max() / 2, np.nan_to_num(score), -1.0)))
    added: list[float] = ((1 - peak) * (parts @ (cover / cover.sum())) + peak * parts[:, best]).tolist()
    return added


def _rows(span: Span, step: Fraction, count: int) -> slice:
    """The rows that `span` touches, one at least."""
    first = min(int(span.start // step), count - 1)
    return slice(first, max(first + 1, min(count, math.ceil(span.end / step))))


def _covered(span: Span, rows: slice, step: Fraction) -> Floats:
    """How much of each of `rows` `span` covers, 0..1."""
    edges = np.arange(rows.start, rows.stop + 1) * float(step)
    covered = np.minimum(edges[1:], float(span.end)) - np.maximum(edges[:-1], float(span.start))
    return np.asarray(np.clip(covered / float(step), 0.0, 1.0))


def _look(embeddings: Floats, cover: Floats) -> Floats | None:
    inside = embeddings[(cover > 0) & ~np.isnan(embeddings[:, 0])]
    total = inside.sum(axis=0)
    norm = float(np.linalg.norm(total))
    return total / norm if norm > 0 else None


def _apart(found: Sequence[Candidate], most: float) -> list[Candidate]:
    """Those of `found` that share at most `most` of the shorter one with any better one that was kept."""
    kept: list[Candidate] = []
    taken: dict[str, list[tuple[float, float]]] = {}
    for candidate in found:
        start, end = float(candidate.span.start), float(candidate.span.end)
        others = np.array(taken.get(candidate.file_id, []), dtype=np.float64).reshape(-1, 2)
        shared = np.minimum(end, others[:, 1]) - np.maximum(start, others[:, 0])
        shorter = np.minimum(end - start, others[:, 1] - others[:, 0])
        if (shared <= most * shorter).all():
            kept.append(candidate)
            taken.setdefault(candidate.file_id, []).append((start, end))
    return kept


def _likeness(found: Sequence[Candidate]) -> Floats:
    """How alike candidates look, 0..1: cosines above the batch's median one, stretched to 1.

    Embeddings of different engines rest at different cosines; the median takes that out. Candidates
    without a look, or of engines with other sizes, are like nothing.
    """
    alike = np.zeros((len(found), len(found)))
    sizes = {len(c.look) for c in found if c.look is not None}
    for size in sorted(sizes):
        index = [i for i, c in enumerate(found) if c.look is not None and len(c.look) == size]
        looks = np.array([found[i].look for i in index])
        cosines = looks @ looks.T
        apart = cosines[np.triu_indices(len(index), 1)]
        middle = min(float(np.median(apart)), 0.99) if len(apart) > 2 else 0.0
        alike[np.ix_(index, index)] = np.clip((cosines - middle) / (1 - middle), 0.0, 1.0)
    return alike


def _moment(candidate: Candidate, evidence: Evidence, profile: Profile) -> Moment:
    return Moment(
        file_id=candidate.file_id,
        span=candidate.span,
        score=candidate.score,
        signals=candidate.signals,
        contributions=candidate.contributions,
        reason=explain.reason(candidate, evidence),
        profile_hash=profile.hash,
    )
