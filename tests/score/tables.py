"""Evidence tables built directly, for tests of scoring: what the analysis would have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import polars as pl

from editron_core.domain.evidence import MEASURED, EngineUse, Evidence
from editron_core.domain.transcript import Transcript, Word
from editron_core.times import Span, seconds

ROWS = 120
EYE = EngineUse("vision", "tiny", "1")


def evidence(
    columns: Mapping[str, Sequence[float] | np.ndarray] | None = None,
    *,
    rows: int = ROWS,
    cuts: Sequence[float] = (),
    transcript: Transcript | None = None,
    embeddings: np.ndarray | None = None,
) -> Evidence:
    """Evidence with the given columns; every other measured signal is null."""
    columns = columns or {}
    data = {"time_s": pl.Series(np.arange(rows) / 2, dtype=pl.Float64)}
    for name in MEASURED:
        values = np.asarray(columns.get(name, np.full(rows, np.nan)), dtype=np.float32)
        data[name] = pl.Series(values, dtype=pl.Float32).fill_nan(None)
    rows_of = [None] * rows if embeddings is None else [_row(e) for e in embeddings]
    data["embedding"] = pl.Series(rows_of, dtype=pl.List(pl.Float32))
    edges = [seconds(0), *(seconds(c) for c in cuts), Fraction(rows, 2)]
    return Evidence(
        table=pl.DataFrame(data),
        duration=Fraction(rows, 2),
        shots=tuple(Span(a, b) for a, b in pairwise(edges)),
        transcript=transcript,
        engines=(EYE,),
    )


def said(*words: tuple[str, float, float]) -> Transcript:
    """A transcript of (text, start, end)."""
    return Transcript("en", tuple(Word(text, Span.of(a, b)) for text, a, b in words), "test")


def bump(
    at: float, width: float = 6.0, *, low: float = 0.2, high: float = 0.9, rows: int = ROWS
) -> np.ndarray:
    """A bell of the given width (s) around `at` (s)."""
    time = np.arange(rows) / 2 + 0.25
    return low + (high - low) * np.exp(-0.5 * ((time - at) / (width / 2.5)) ** 2)


def noise(seed: int, rows: int = ROWS) -> np.ndarray:
    """Seeded values, 0..1, smooth over some seconds."""
    raw = np.random.default_rng(seed).random(rows + 8)
    smooth = np.convolve(raw, np.ones(9) / 9, mode="valid")
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


def _row(values: np.ndarray) -> list[float] | None:
    return None if np.isnan(values).any() else [float(v) for v in values]
