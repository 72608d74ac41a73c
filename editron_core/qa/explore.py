"""What a notebook shows of golden items: signals over time, what each is worth, and scorers side by side.

Everything is a polars table that the pictures of `report.charts` take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from editron_core.domain.evidence import MEASURED
from editron_core.qa.evaluate import Floats, Scorer, evaluate
from editron_core.qa.golden import Golden, Kind
from editron_core.qa.standings import standing
from editron_core.score import scorer as lane
from editron_core.score.profile import Profile

if TYPE_CHECKING:
    import polars as pl


def of_signal(name: str) -> Scorer:
    """A scorer that takes one measured signal for the score; without it, there is no order."""

    def score(golden: Golden) -> Floats:
        table = golden.evidence.table
        return lane.to_array(table[name]) if name in table.columns else np.full(table.height, np.nan)

    return score


def listed(items: Mapping[Kind, Sequence[Golden]]) -> pl.DataFrame:
    """The items as a table: id, kind, genre, locale, length in seconds, rated windows and raters."""
    import polars as pl

    rows = [
        {
            "item": one.item.id,
            "kind": one.item.kind.value,
            "genre": one.item.genre,
            "locale": one.item.locale,
            "seconds": float(one.evidence.duration),
            "windows": len(one.truth.panel),
            "raters": f"{one.item.rater_count} {one.item.raters.value}",
        }
        for group in items.values()
        for one in group
    ]
    return pl.DataFrame(rows)


def worth(golden: Sequence[Golden]) -> pl.DataFrame:
    """How well each signal alone orders the windows as the panel does, on items of one kind.

    Columns `name`, `mean`, `low`, `high` (Spearman's rho over items with its interval) and `measured`
    (share of the rows that hold a value, 0..1); the best first.
    """
    import polars as pl

    found = standing({name: evaluate(golden, of_signal(name)) for name in MEASURED})
    filled = [float(np.mean([_filled(one, name) for one in golden])) for name in MEASURED]
    table = found.select("name", "mean", "low", "high", pl.Series("measured", filled))
    return table.sort("mean", "name", descending=[True, False])


def over_time(golden: Golden, profile: Profile) -> pl.DataFrame:
    """One item's `time_s`, `score`, `panel` (its window's mean rating) and measured signals, a row each."""
    import polars as pl

    evidence, panel = golden.evidence, golden.truth.panel
    curve = lane.curve(evidence, profile, golden.brief, golden.prompts(profile))
    window = golden.truth.windows(evidence.table.height, evidence.step)
    rated = [float(panel[at]) if at < len(panel) and not np.isnan(panel[at]) else None for at in window]
    known = [name for name in MEASURED if name in evidence.table.columns]
    return curve.select("time_s", "score").with_columns(
        pl.Series("panel", rated, dtype=pl.Float64), *(evidence.table[name] for name in known)
    )


def tall(frame: pl.DataFrame) -> pl.DataFrame:
    """The signals of `over_time` one below the other: `time_s`, `name`, `value`; unmeasured ones left out."""
    filled = [name for name in MEASURED if name in frame.columns and frame[name].null_count() < frame.height]
    return frame.unpivot(on=filled, index="time_s", variable_name="name", value_name="value")


def _filled(golden: Golden, name: str) -> float:
    table = golden.evidence.table
    if name not in table.columns or not table.height:
        return 0.0
    return 1.0 - table[name].null_count() / table.height
