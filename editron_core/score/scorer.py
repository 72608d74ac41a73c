"""From evidence to the score over time, as polars expressions.

    mixed(signal)  = (1 - contrast) * fixed scale + contrast * place within the file
    value(signal)  = shape(mixed), where the profile gives the signal a shape
    score(row)     = sum of weight * value over the signals measured there / sum of their weights, smoothed

A signal that could not be measured in a row has no value there, and its weight goes to the others; how
much of the profile's weight was measured is told by `coverage`. A table holds one file, so that place is
place within it. The same table and profile give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path

import polars as pl

from editron_core.domain.evidence import STEP, Evidence
from editron_core.score.brief import Brief
from editron_core.score.derive import Floats, PromptVectors, derived
from editron_core.score.profile import Profile

SPREAD_FLOOR = 0.05
"""The least standard deviation that counts as a difference: noise in a constant signal is not stretched."""
FILES_AT_ONCE = 64
"""So many files are read together when many are scored again: memory is theirs, not that of all."""


def curve(
    evidence: Evidence, profile: Profile, brief: Brief, prompts: PromptVectors | None = None
) -> pl.DataFrame:
    """The score over time: `time_s`, `score` and one column per weighted signal, all 0..1 or null.

    The signals' columns hold the values that are weighted: the score is their weighted mean, smoothed.
    It is null where no weighted signal was measured.
    """
    return scored(derived(evidence, profile.weights, brief, prompts), profile, evidence.step)


def scored(table: pl.DataFrame, profile: Profile, step: Fraction = STEP) -> pl.DataFrame:
    """What `curve` gives, of a table of one file that holds every weighted signal as a column."""
    columns = [value(name, profile).cast(pl.Float64).alias(name) for name in profile.weights]
    return table.select(pl.col("time_s").cast(pl.Float64), _score(table, profile, step), *columns)


def rescore(files: Sequence[Path], profile: Profile, step: Fraction = STEP) -> Iterator[pl.DataFrame]:
    """Score many evidence tables again: frames of `file`, `time_s` and `score`, in the order of `files`.

    Only measured signals count; a brief or prompts need more than the table (`derived`), and their weight
    goes to the others. Raises polars' errors for files that are not evidence.
    """
    names = list(profile.weights)
    stored = pl.read_parquet_schema(files[0]) if files else {}
    held = [name for name in names if name in stored]
    absent = [pl.lit(None, pl.Float32).alias(name) for name in names if name not in stored]
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(files), FILES_AT_ONCE):
            group = list(files[first : first + FILES_AT_ONCE])
            scan = pl.scan_parquet(group, include_file_paths="file", cache=False)
            frame = scan.select("file", "time_s", *held, *absent).collect()
            ends = frame["file"].rle().struct.field("len").cum_sum().to_list()
            tables = [frame[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
            yield pl.concat(pool.map(lambda t: t.select("file", "time_s", _score(t, profile, step)), tables))


def value(name: str, profile: Profile) -> pl.Expr:
    """A signal as it is weighed: mixed with its place in the file and shaped; 0..1, null where unmeasured.

    Place is `0.5 + (x - mean) / (4 * deviation)`, between 0 and 1: two standard deviations of the file's
    own values, `SPREAD_FLOOR` at least, lead from the middle to either end.
    """
    signal, share = pl.col(name), profile.normalisation.contrast
    if share:
        slope = 1 / (4 * signal.std(ddof=0).clip(SPREAD_FLOOR))
        place = (signal * slope + (0.5 - signal.mean() * slope)).clip(0, 1)
        signal = signal * (1 - share) + place * share if share < 1 else place
    shape = profile.shapes.get(name)
    return signal if shape is None else _shaped(signal, shape)


def parts(curve: pl.DataFrame, profile: Profile, step: Fraction = STEP) -> pl.DataFrame:
    """What each weighted signal adds to the score of each row: a column each, which sum to `curve`'s score.

    A signal adds 0 where it was not measured, and so do all where nothing was.
    """
    total = _weight(curve, profile)
    columns = [
        _smoothed(
            pl.when(pl.col("score").is_not_null()).then(pl.col(name).fill_null(0) * weight / total),
            profile,
            step,
        )
        .fill_null(0)
        .alias(name)
        for name, weight in profile.weights.items()
    ]
    return curve.select(columns)


def coverage(table: pl.DataFrame, profile: Profile) -> tuple[float, dict[str, float]]:
    """How much was measured: the share of the profile's weight, and per signal the share of rows, 0..1.

    `table` is what `curve` gave, for one file or for several concatenated.
    """
    rows = max(1, len(table))
    filled = {name: 1.0 - table[name].null_count() / rows if len(table) else 0.0 for name in profile.weights}
    return math.fsum(profile.weights[name] * filled[name] for name in profile.weights), filled


def to_array(column: pl.Series) -> Floats:
    """A nullable column as float64 with NaN for null."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _score(table: pl.DataFrame, profile: Profile, step: Fraction) -> pl.Expr:
    known = [name for name in profile.weights if table[name].null_count() < len(table)]
    if not known:
        return pl.lit(None, pl.Float64).alias("score")
    weighed = pl.sum_horizontal(value(name, profile) * profile.weights[name] for name in known)
    mean = (weighed / _weight(table, profile)).fill_nan(None).cast(pl.Float64)
    return _smoothed(mean, profile, step).clip(0, 1).alias("score")


def _weight(table: pl.DataFrame, profile: Profile) -> pl.Expr:
    """The weight that was measured in each row. Most columns have no gap, and need no look at their rows."""
    gaps = {name: table[name].null_count() for name in profile.weights}
    whole = math.fsum(weight for name, weight in profile.weights.items() if not gaps[name])
    gappy = [
        pl.col(name).is_not_null() * pl.lit(weight, pl.Float32)
        for name, weight in profile.weights.items()
        if 0 < gaps[name] < len(table)
    ]
    return pl.sum_horizontal(pl.lit(whole, pl.Float32), *gappy)


def _shaped(signal: pl.Expr, shape: Sequence[float]) -> pl.Expr:
    """The straight lines through `shape`, whose points stand at even distances over 0..1."""
    pieces = len(shape) - 1
    rises = [
        (signal * pieces - at).clip(0, 1) * (shape[at + 1] - shape[at])
        for at in range(pieces)
        if shape[at + 1] != shape[at]
    ]
    return reduce(add, rises, signal * 0 + shape[0])


def _smoothed(signal: pl.Expr, profile: Profile, step: Fraction) -> pl.Expr:
    """A running mean of half the profile's width, twice: a triangle. Only known rows count; null stays."""
    width = 2 * int(profile.normalisation.smoothing_s / float(step) / 4) + 1
    if width == 1:
        return signal
    near = signal
    for _ in range(2):
        near = near.rolling_mean(width, min_samples=1, center=True)
    return pl.when(signal.is_not_null()).then(near)
