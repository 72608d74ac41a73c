"""Scorers side by side and what a search went through, as tables that `report.charts` and people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from editron_core.qa.compare import compare
from editron_core.qa.evaluate import Evaluation
from editron_core.qa.golden import Item
from editron_core.qa.metrics import Interval
from editron_core.score.profile import Profile

if TYPE_CHECKING:
    import polars as pl

    from editron_core.qa.exam import GateCheck
    from editron_core.qa.study import Trials
    from editron_core.qa.tune import Verdict


def standing(evaluations: Mapping[str, Evaluation], group: str = "") -> pl.DataFrame:
    """Scorers side by side: `name`, `mean`, `low`, `high` of rho, `pairs` in order, `hits`, `items`.

    A `group` is written into a column of that name.
    """
    import polars as pl

    rows: list[dict[str, Any]] = [
        {
            **_interval(name, of.spearman),
            "pairs": of.pairwise,
            "hits": of.hits,
            "items": of.spearman.count,
            **({"group": group} if group else {}),
        }
        for name, of in evaluations.items()
    ]
    return pl.DataFrame(rows)


def verdicts(ours: Evaluation, others: Mapping[str, Evaluation]) -> pl.DataFrame:
    """What the same items say of one scorer against each of the others, in words: `against`, `verdict`."""
    import polars as pl

    said = [{"against": name, "verdict": str(compare(ours, other))} for name, other in others.items()]
    return pl.DataFrame(said)


def candidates(judged: Mapping[str, Sequence[Verdict]]) -> pl.DataFrame:
    """What the items say of each candidate beside others, in words: `candidate`, `beside`, `verdict`."""
    import polars as pl

    rows = [
        {"candidate": name, "beside": verdict.name, "verdict": str(verdict.comparison)}
        for name, said in judged.items()
        for verdict in said
    ]
    return pl.DataFrame(rows)


def checks(found: Sequence[GateCheck]) -> pl.DataFrame:
    """The gate's checks in their order, a column per field."""
    import polars as pl

    fields = ("name", "passed", "measured", "required", "detail")
    return pl.DataFrame({field: [getattr(check, field) for check in found] for field in fields})


def groups(ours: Evaluation, other: Evaluation) -> pl.DataFrame:
    """An evaluation cut by genre and by locale, beside another of the same items.

    Columns `by`, `name`, `items`, `rho`, `other` (means over the group's items) and `verdict` in words.
    """
    import polars as pl

    cuts: dict[str, Callable[[Item], str]] = {
        "genre": lambda item: item.genre,
        "locale": lambda item: item.locale,
    }
    rows = []
    for by, key in cuts.items():
        theirs = other.by(key)
        for name, group in ours.by(key).items():
            beside = theirs[name]
            figures = {"items": len(group.scores), "rho": group.spearman.mean, "other": beside.spearman.mean}
            rows.append({"by": by, "name": name, **figures, "verdict": str(compare(group, beside))})
    return pl.DataFrame(rows)


def item_by_item(evaluations: Mapping[str, Evaluation]) -> pl.DataFrame:
    """Rho of each item (`name`) by several scorers, a column each."""
    import polars as pl

    first, *_ = evaluations.values()
    columns = {name: [score.spearman for score in of.scores] for name, of in evaluations.items()}
    return pl.DataFrame({"name": [score.item.id for score in first.scores], **columns})


def history(trials: Trials) -> pl.DataFrame:
    """A search trial by trial: `trial`, `value` (mean figure of items held out) and the `best` so far."""
    import polars as pl

    values = trials.history
    numbers = range(1, len(values) + 1)
    return pl.DataFrame({"trial": numbers, "value": values, "best": np.maximum.accumulate(values)})


def weights(profiles: Mapping[str, Profile]) -> pl.DataFrame:
    """The weights of profiles: `name` (of the signal), `value`, `group` (the profile's key).

    By the last profile's weights, greatest first.
    """
    import polars as pl

    *_, last = profiles.values()
    signals = {name for one in profiles.values() for name in one.weights}
    order = sorted(signals, key=lambda name: (-last.weights.get(name, 0.0), name))
    rows = [
        {"name": name, "value": one.weights.get(name, 0.0), "group": key}
        for name in order
        for key, one in profiles.items()
    ]
    return pl.DataFrame(rows)


def shapes(profile: Profile) -> pl.DataFrame:
    """The learned shapes of a profile point by point: `name`, `signal` (0..1), `value` (0..1)."""
    import polars as pl

    rows = [
        {"name": name, "signal": at / (len(shape) - 1), "value": value}
        for name, shape in sorted(profile.shapes.items())
        for at, value in enumerate(shape)
    ]
    return pl.DataFrame(rows, schema={"name": pl.String, "signal": pl.Float64, "value": pl.Float64})


def _interval(name: str, of: Interval) -> dict[str, Any]:
    return {"name": name, "mean": of.mean, "low": of.low, "high": of.high}
