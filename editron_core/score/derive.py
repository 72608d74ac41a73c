"""Signals that are derived from evidence, not measured: what is said and shown of the brief and the prompts.

No pixel is touched: words come from the transcript, pictures are known by their embeddings, and texts by
vectors of the same engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from editron_core.domain.evidence import Evidence
from editron_core.score.brief import Brief, stems, unspaced

Floats = NDArray[np.float64]

PROMPT_SLOPE = 40.0
"""Similarity to 0..1: `1 / (1 + exp(-slope * difference))`. CLIP's image-text cosines differ by some
0.02 to 0.1 between a picture that fits a text and one that does not: 0.02 becomes 0.69, 0.1 becomes 0.98."""
CONTEXT_S = 3.0
"""A keyword counts for the rows within so many seconds of it."""


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


def derived(
    evidence: Evidence, names: Iterable[str], brief: Brief, prompts: PromptVectors | None = None
) -> pl.DataFrame:
    """The evidence's table with those of `names` that are derived as further columns, Float32 0..1 or null.

    What no column holds and nothing derives is null throughout.
    """
    made = {}
    for name in names:
        if name == "brief_coverage":
            made[name] = brief_coverage(evidence, brief, prompts)
        elif name == "vision_prompt":
            made[name] = vision_prompt(evidence, prompts)
        elif name not in evidence.table.columns:
            made[name] = np.full(len(evidence.table), np.nan)
    columns = [pl.Series(name, values, dtype=pl.Float32).fill_nan(None) for name, values in made.items()]
    return evidence.table.with_columns(columns)


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
