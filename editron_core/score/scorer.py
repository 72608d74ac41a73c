"""From evidence to the score over time.

    value(signal)  = (1 - contrast) * fixed scale + contrast * place within the file
    score(row)     = sum of weight * value over the signals measured there / sum of their weights

A signal that could not be measured in a row has no value there, and its weight goes to the others; how
much of the profile's weight was measured is told by `coverage`. Everything is float64, summed in the
order of the signals' names: the same evidence and profile give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from editron_core.domain.evidence import Evidence
from editron_core.score.brief import Brief, stems, unspaced
from editron_core.score.profile import Normalisation, Profile

Floats = NDArray[np.float64]

PROMPT_SLOPE = 40.0
"""Similarity to 0..1: `1 / (1 + exp(-slope * difference))`. CLIP's image-text cosines differ by some
0.02 to 0.1 between a picture that fits a text and one that does not: 0.02 becomes 0.69, 0.1 becomes 0.98."""
CONTEXT_S = 3.0
"""A keyword counts for the rows within so many seconds of it."""
CONTRAST_FLOOR = 0.05
"""The least spread that is taken for a difference: noise in a constant signal is not stretched to 0..1."""


@dataclass(frozen=True)
class PromptVectors:
    """Texts as the vision engine sees them: unit rows, in the space of the frames' embeddings."""

    positive: NDArray[np.float32]
    """(n, d), one row per positive prompt of the profile; n may be 0."""
    negative: NDArray[np.float32]
    """(m, d), one row per negative prompt; m may be 0."""
    brief: NDArray[np.float32] | None = None
    """(k, d), one row per sentence of the brief (`Brief.texts`)."""
    engine: str | None = None
    """`name version` of the engine that made them. Evidence of another engine is not compared with them;
    null compares wherever the sizes agree."""


def curve(
    evidence: Evidence, profile: Profile, brief: Brief, prompts: PromptVectors | None = None
) -> pl.DataFrame:
    """The score over time: `time_s`, `score` and one column per weighted signal, all 0..1 or null.

    The signals' columns hold the values that are weighted (normalised and smoothed), so that the score is
    their weighted mean. The score is null where no weighted signal was measured.
    """
    raw = signals(evidence, profile, brief, prompts)
    step = float(evidence.step)
    values = {name: _scored(column, profile.normalisation, step) for name, column in raw.items()}
    score, _ = weigh(values, profile)
    table = {"time_s": evidence.table["time_s"].cast(pl.Float64), "score": _column(score)}
    return pl.DataFrame(table | {name: _column(column) for name, column in values.items()})


def signals(
    evidence: Evidence, profile: Profile, brief: Brief, prompts: PromptVectors | None = None
) -> dict[str, Floats]:
    """Each weighted signal as measured, on its fixed scale: (rows,) float64, NaN where it could not be."""
    out = {}
    for name in profile.weights:
        if name == "brief_coverage":
            out[name] = brief_coverage(evidence, brief, prompts)
        elif name == "vision_prompt":
            out[name] = vision_prompt(evidence, prompts)
        elif name in evidence.table.columns:
            out[name] = to_array(evidence.table[name])
        else:
            out[name] = np.full(len(evidence.table), np.nan)
    return out


def weigh(values: dict[str, Floats], profile: Profile) -> tuple[Floats, dict[str, Floats]]:
    """The score per row, and what each signal adds to it (the parts sum to the score).

    NaN counts as not measured. The score is NaN where nothing was measured, and the parts are 0 there.
    """
    present = {name: ~np.isnan(values[name]) for name in profile.weights}
    weight = sum(profile.weights[name] * present[name] for name in profile.weights) + np.float64(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(weight > 0, 1.0 / weight, 0.0)
    parts = {
        name: np.where(present[name], np.nan_to_num(values[name]) * profile.weights[name] * share, 0.0)
        for name in profile.weights
    }
    score = sum(parts.values()) + np.float64(0)
    return np.where(weight > 0, score, np.nan), parts


def coverage(table: pl.DataFrame, profile: Profile) -> tuple[float, dict[str, float]]:
    """How much was measured: the share of the profile's weight, and per signal the share of rows, 0..1.

    `table` is what `curve` gave, for one file or for several concatenated.
    """
    rows = max(1, len(table))
    filled = {name: 1.0 - table[name].null_count() / rows if len(table) else 0.0 for name in profile.weights}
    return sum(profile.weights[name] * filled[name] for name in profile.weights), filled


def vision_prompt(evidence: Evidence, prompts: PromptVectors | None) -> Floats:
    """Likeness to the positive prompts and the brief, less that to the negative ones; (rows,) 0..1 or NaN.

    The positive side is the mean over the profile's prompts and, where there is a brief, half the best of
    its sentences. Without negative prompts the file's own mean likeness is what it is measured against.
    """
    frames = embeddings(evidence)
    if frames is None or prompts is None or not _fits(prompts, evidence, frames.shape[1]):
        return np.full(len(evidence.table), np.nan)
    sides = [_mean(frames, prompts.positive), _best(frames, prompts.brief)]
    known = [side for side in sides if side is not None]
    if not known:
        return np.full(len(evidence.table), np.nan)
    liked = np.mean(known, axis=0)
    against = _mean(frames, prompts.negative)
    return _squash(liked - (np.nanmean(liked) if against is None else against))


def brief_coverage(evidence: Evidence, brief: Brief, prompts: PromptVectors | None = None) -> Floats:
    """How much of the brief is said or shown in each row; (rows,) 0..1, NaN where neither can be told.

    Said: the share of the brief's keywords within `CONTEXT_S` of the row. Shown, with a text tower: the
    likeness of the frame to the brief's best sentence, less the file's mean. The greater counts.
    """
    rows = len(evidence.table)
    told = [np.full(rows, np.nan)]
    if brief.keywords and evidence.transcript is not None:
        told.append(_said(evidence, brief))
    frames = embeddings(evidence)
    if frames is not None and prompts is not None and _fits(prompts, evidence, frames.shape[1]):
        likeness = _best(frames, prompts.brief)
        if likeness is not None:
            told.append(_squash(likeness - np.nanmean(likeness)))
    return np.asarray(np.fmax.reduce(told))


def embeddings(evidence: Evidence) -> Floats | None:
    """The frames' embeddings, (rows, d), NaN rows where there is none; None where the file has none."""
    if "embedding" not in evidence.table.columns:
        return None
    column = evidence.table["embedding"]
    known = column.is_not_null().to_numpy()
    if not known.any():
        return None
    flat = column.drop_nulls().explode().to_numpy().astype(np.float64)
    out = np.full((len(column), len(flat) // int(known.sum())), np.nan)
    out[known] = flat.reshape(int(known.sum()), -1)
    return out


def contrast(values: Floats) -> Floats:
    """Place within the file: 0.5 at the median, towards 0 and 1 by robust deviations; NaN stays NaN.

    `0.5 + 0.5 * tanh((x - median) / (2 * spread))`, spread being the interquartile range over 1.35 (a
    normal distribution's standard deviation), `CONTRAST_FLOOR` at least.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return values
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = max(float(high - low) / 1.35, CONTRAST_FLOOR)
    return np.asarray(0.5 + 0.5 * np.tanh((values - middle) / (2 * spread)))


def smooth(values: Floats, rows: float) -> Floats:
    """Mean under a triangle `rows` wide at its base; only measured rows count, and NaN stays NaN."""
    half = rows / 2
    reach = int(np.ceil(half)) - 1
    if reach < 1:
        return values
    kernel = 1.0 - np.abs(np.arange(-reach, reach + 1)) / half
    known = ~np.isnan(values)
    # `full` and a slice, not `same`: the kernel may be longer than a short file.
    near = slice(reach, reach + len(values))
    total = np.convolve(np.where(known, values, 0.0), kernel)[near]
    weight = np.convolve(known.astype(np.float64), kernel)[near]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, total / weight, np.nan))


def to_array(column: pl.Series) -> Floats:
    """A nullable column as float64 with NaN for null."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _scored(values: Floats, how: Normalisation, step: float) -> Floats:
    mixed = (1 - how.contrast) * np.clip(values, 0, 1) + how.contrast * contrast(values)
    return smooth(mixed, how.smoothing_s / step)


def _said(evidence: Evidence, brief: Brief) -> Floats:
    """Coverage of the brief's keywords by the words near each row."""
    transcript = evidence.transcript
    assert transcript is not None
    middle = evidence.table["time_s"].to_numpy() + float(evidence.step) / 2
    said = [(stem, word.span) for word in transcript.words for stem in stems(word.text)]
    for sentence in transcript.sentences():
        said += [(stem, sentence.span) for stem in unspaced(sentence.text)]
    near = {keyword: np.zeros(len(middle), dtype=bool) for keyword in brief.keywords}
    for stem, span in said:
        if stem in near:
            near[stem] |= (middle > float(span.start) - CONTEXT_S) & (middle < float(span.end) + CONTEXT_S)
    count = np.sum(list(near.values()), axis=0).astype(np.float64)
    return np.asarray(np.minimum(1.0, count / brief.enough))


def _fits(prompts: PromptVectors, evidence: Evidence, size: int) -> bool:
    vectors = [v for v in (prompts.positive, prompts.negative, prompts.brief) if v is not None and len(v)]
    if any(v.shape[1] != size for v in vectors):
        return False
    made = {f"{use.name} {use.version}" for use in evidence.engines if use.role == "vision"}
    return prompts.engine is None or prompts.engine in made


def _mean(frames: Floats, texts: NDArray[np.float32] | None) -> Floats | None:
    """Each frame's mean cosine with the texts; None where there is no text."""
    return (frames @ texts.T.astype(np.float64)).mean(axis=1) if texts is not None and len(texts) else None


def _best(frames: Floats, texts: NDArray[np.float32] | None) -> Floats | None:
    """Each frame's cosine with the text it is most like; None where there is no text."""
    return (frames @ texts.T.astype(np.float64)).max(axis=1) if texts is not None and len(texts) else None


def _squash(difference: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-PROMPT_SLOPE * difference)))


def _column(values: Floats) -> pl.Series:
    return pl.Series(values=values, dtype=pl.Float64).fill_nan(None)
