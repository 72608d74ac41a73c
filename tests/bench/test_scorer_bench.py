"""Scoring cached evidence again: rows per second beside a plain polars scan of the same files."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from editron_core.domain.evidence import MEASURED
from editron_core.score import scorer
from editron_core.score.profile import load

HOURS, ROWS_PER_HOUR = 1000, 7200
LIMIT = 3.0


def written(folder: Path) -> list[Path]:
    """One evidence table an hour, every signal smooth over some seconds, one in seven with gaps."""
    rng = np.random.default_rng(0)
    base = {name: np.convolve(rng.random(ROWS_PER_HOUR + 8), np.ones(9) / 9, "valid") for name in MEASURED}
    files = []
    for hour in range(HOURS):
        columns = {"time_s": pl.Series(np.arange(ROWS_PER_HOUR) / 2)}
        for number, (name, values) in enumerate(base.items()):
            rolled = pl.Series(np.roll(values, 37 * hour).astype(np.float32))
            columns[name] = rolled.set(rolled > 0.6, None) if number % 7 == 0 else rolled
        files.append(folder / f"{hour:04}.parquet")
        pl.DataFrame(columns).write_parquet(files[-1])
    return files


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_scoring_1000_hours_again_costs_little_more_than_reading_them(tmp_path: Path) -> None:
    files, profile = written(tmp_path), load("default")
    signals = [name for name in profile.weights if name in MEASURED]

    def scan() -> int:
        return len(
            pl.scan_parquet(files, include_file_paths="file").select("file", "time_s", *signals).collect()
        )

    def rescore() -> int:
        return sum(len(frame) for frame in scorer.rescore(files, profile))

    assert scan() == rescore() == HOURS * ROWS_PER_HOUR
    pairs = [(seconds(rescore), seconds(scan)) for _ in range(5)]
    ours, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    rate = HOURS * ROWS_PER_HOUR / ours / 1e6
    print(f"\n{HOURS} hours of {len(signals)} signals: {ours:.2f} s, {rate:.1f} million rows/s")
    print(f"a plain scan: {plain:.2f} s; ratio {ratio:.2f}, limit {LIMIT}")
    assert ratio <= LIMIT
