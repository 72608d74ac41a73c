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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path
from typing import TypeVar, cast

import polars as pl

from editron_core.domain.evidence import STEP, Evidence
from editron_core.score.brief import Brief
from editron_core.score.derive import Floats, PromptVectors, derived
from editron_core.score.profile import Profile

Sum = TypeVar("Sum", pl.Expr, pl.Series)

SPREAD_FLOOR = 0.02
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
    columns = [each.cast(pl.Float64).alias(name) for name, each in values(table, profile).items()]
    return table.select(pl.col("time_s").cast(pl.Float64), score(table, profile, step), *columns)


def score(table: pl.DataFrame, profile: Profile, step: Fraction = STEP) -> pl.Series:
    """The column `score` alone, Float64 0..1 or null: what a search needs."""
    gaps = _gaps(table, profile)
    known = {name: gap for name, gap in gaps.items() if gap < len(table)}
    if not known:
        return pl.Series("score", [None] * len(table), pl.Float64)
    added = [
        each.fill_null(0).alias(name) if known[name] else each.alias(name)
        for name, each in values(table, profile, {name: profile.weights[name] for name in known}).items()
    ]
    total = _weight(gaps, len(table), profile)
    *parts, weight = table.select(*added, total.alias("weight")).get_columns()
    # As columns, not as an expression: planning a tree so deep costs more than the sums themselves.
    mean = (_sum(parts).cast(pl.Float64) / weight).alias("score")
    # Where one signal is known throughout, no weight is 0.
    return _smoothed(mean.fill_nan(None) if all(known.values()) else mean, profile, step)


def rescore(files: Sequence[Path], profile: Profile, step: Fraction = STEP) -> Iterator[pl.DataFrame]:
    """Score many evidence tables again: frames of `file`, `time_s` and `score`, in the order of `files`.

    Only measured signals count: a brief or prompts need more than the table (`derived`), an older table may
    lack a column, and their weight goes to the others. Raises polars' errors for files that are not evidence.
    """
    names = list(profile.weights)
    schema = {"time_s": pl.Float64(), **dict.fromkeys(names, pl.Float32())}
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(files), FILES_AT_ONCE):
            group = list(files[first : first + FILES_AT_ONCE])
            scan = pl.scan_parquet(
                group,
                schema=schema,
                include_file_paths="file",
                missing_columns="insert",
                extra_columns="ignore",
                cache=False,
            )
            frame = scan.collect()
            timeless = frame.filter(pl.col("time_s").is_null())
            if len(timeless):  # the column was inserted: a table of scores without times means nothing
                raise pl.exceptions.ColumnNotFoundError(f"no time_s in {timeless['file'][0]}")
            ends = frame["file"].rle().struct.field("len").cum_sum().to_list()
            seen = frame.select(names)
            tables = [seen[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
            scores = pl.concat(pool.map(lambda table: score(table, profile, step), tables))
            yield frame.select("file", "time_s", scores)


def values(
    table: pl.DataFrame, profile: Profile, times: Mapping[str, float] | None = None
) -> dict[str, pl.Expr]:
    """Each weighted signal as it counts: mixed with its place in the file and shaped; 0..1 or null.

    Place is `0.5 + (x - mean) / (4 * deviation)`, between 0 and 1: two standard deviations of the file's
    own values, `SPREAD_FLOOR` at least, lead from the middle to either end. `times` names the signals that
    are wanted, each with what it is multiplied by: in the constants, which spares a pass over the column.
    """
    share = profile.normalisation.contrast
    times = dict.fromkeys(profile.weights, 1.0) if times is None else times
    out = {}
    for name, scale in times.items():
        shape, signal = profile.shapes.get(name), pl.col(name)
        factor = scale if shape is None else 1.0
        column = table[name]
        mean, deviation = cast("float | None", column.mean()), column.std(ddof=0)
        if share and mean is not None:
            slope = 1 / (4 * max(cast("float", deviation), SPREAD_FLOOR))
            most = factor * share
            place = (signal * (slope * most) + (0.5 - mean * slope) * most).clip(0, most)
            signal = signal * (factor * (1 - share)) + place
        elif factor != 1:
            signal = signal * factor
        out[name] = signal if shape is None else _shaped(signal, shape, scale)
    return out


def parts(curve: pl.DataFrame, profile: Profile, step: Fraction = STEP) -> pl.DataFrame:
    """What each weighted signal adds to the score of each row: a column each, which sum to `curve`'s score.

    A signal adds 0 where it was not measured, and so do all where nothing was.
    """
    unknown = curve["score"].is_null()
    total = _weight(_gaps(curve, profile), len(curve), profile)
    share = [
        (pl.col(name).fill_null(0) * (weight / total)).alias(name) for name, weight in profile.weights.items()
    ]
    added = [_smoothed(part.set(unknown, None), profile, step) for part in curve.select(share)]
    return pl.DataFrame(added).fill_null(0)


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


def _gaps(table: pl.DataFrame, profile: Profile) -> dict[str, int]:
    """In how many rows each weighted signal was not measured."""
    return {name: table[name].null_count() for name in profile.weights}


def _weight(gaps: Mapping[str, int], rows: int, profile: Profile) -> pl.Expr:
    """The weight that was measured in each row. Most columns have no gap, and need no look at their rows."""
    whole = math.fsum(weight for name, weight in profile.weights.items() if not gaps[name])
    gappy = [
        pl.col(name).is_not_null() * pl.lit(weight)
        for name, weight in profile.weights.items()
        if 0 < gaps[name] < rows
    ]
    return _sum([pl.lit(whole), *gappy])


def _sum(columns: Iterable[Sum]) -> Sum:
    """The sum from left to right. `pl.sum_horizontal` adds many columns in an order that differs from run to
    run, and with it the last digits."""
    return reduce(add, columns)


def _shaped(signal: pl.Expr, shape: Sequence[float], scale: float) -> pl.Expr:
    """`scale` times the straight lines through `shape`, whose points stand at even distances over 0..1."""
    pieces = len(shape) - 1
    rises = [
        (signal * pieces - at).clip(0, 1) * (scale * (shape[at + 1] - shape[at]))
        for at in range(pieces)
        if shape[at + 1] != shape[at]
    ]
    return reduce(add, rises, signal * 0 + scale * shape[0])


def _smoothed(column: pl.Series, profile: Profile, step: Fraction) -> pl.Series:
    """A running mean of half the profile's width, twice: a triangle. Only known rows count; null stays."""
    width = 2 * int(profile.normalisation.smoothing_s / float(step) / 4) + 1
    if width == 1:
        return column
    near = pl.col(column.name)
    for _ in range(2):
        near = near.rolling_mean(width, min_samples=1, center=True)
    smooth = column.to_frame().select(near).to_series()
    return smooth.set(column.is_null(), None) if column.null_count() else smooth
