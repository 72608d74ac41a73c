"""Charts are drawn without anything from outside, and show what the tables hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from editron_core.report import charts

NAMES = ["motion", "loudness"]
FRAMES: dict[str, Callable[[], Any]] = {
    "intervals": lambda: charts.intervals(
        pl.DataFrame({"name": NAMES, "mean": [0.5, -0.1], "low": [0.2, -0.3], "high": [0.7, 0.1]}),
        title="Title",
        axis="rho",
    ),
    "intervals in groups": lambda: charts.intervals(
        pl.DataFrame({"name": NAMES, "mean": [0.5, 0.1], "low": 0.0, "high": 0.6, "group": ["a", "b"]}),
        title="Title",
        axis="rho",
        group="kind",
    ),
    "bars": lambda: charts.bars(
        pl.DataFrame({"name": NAMES, "value": [0.6, 0.4]}), title="Title", axis="share"
    ),
    "dots": lambda: charts.dots(
        pl.DataFrame({"name": NAMES, "value": [12.0, 21.0]}), title="Title", axis="cps", limits=(17, 20)
    ),
    "breakdown": lambda: charts.breakdown(
        pl.DataFrame({"name": ["m 1", "m 1"], "part": ["motion", "others"], "value": [0.3, 0.2]}),
        title="Title",
    ),
    "pairs": lambda: charts.pairs(
        pl.DataFrame({"name": NAMES, "before": [0.1, 0.2], "after": [0.3, 0.1]}),
        title="Title",
        axis="rho",
        sides=("before", "after"),
    ),
    "signals": lambda: charts.signals(
        pl.DataFrame(
            {"time_s": [0.0, 0.5] * 2, "name": ["a", "a", "b", "b"], "value": [0.1, 0.9, None, 0.3]}
        ),
        title="Title",
    ),
    "against_panel": lambda: charts.against_panel(
        pl.DataFrame({"time_s": [0.0, 0.5], "score": [0.4, None], "panel": [1.0, 5.0]}), title="Title"
    ),
    "curve": lambda: charts.curve(
        pl.DataFrame({"time_s": [0.0, 0.5], "score": [0.4, 0.6]}),
        pl.DataFrame({"number": [1], "start": [0.0], "end": [0.5]}),
        title="Title",
    ),
    "history": lambda: charts.history(
        pl.DataFrame({"trial": [1, 2], "value": [0.3, 0.2], "best": [0.3, 0.3]}), title="Title", axis="rho"
    ),
    "shapes": lambda: charts.shapes(
        pl.DataFrame({"name": ["a", "a"], "signal": [0.0, 1.0], "value": [1.0, 0.0]}), title="Title"
    ),
    "checks": lambda: charts.checks(
        pl.DataFrame({"name": NAMES, "passed": [True, False], "measured": ["1 of 1", "0.2"]}), title="Title"
    ),
}


def drawn(chart: Any) -> str:
    """The picture as a notebook would show it."""
    charts.prepare()
    shown = chart._repr_mimebundle_()
    assert set(shown) == {"image/svg+xml"}, "vega's own format needs a script that is not there offline"
    return str(shown["image/svg+xml"])


@pytest.mark.parametrize("name", FRAMES)
def test_a_chart_is_one_picture_with_its_title_and_nothing_from_outside(name: str) -> None:
    svg = drawn(FRAMES[name]())
    assert ">Title<" in svg
    assert "<script" not in svg
    assert set(re.findall(r'(?:href|src|url)[=(]"?(https?:[^"]*)', svg)) == set()


def test_intervals_lie_where_the_numbers_are_in_the_order_of_the_table() -> None:
    table = pl.DataFrame({"name": ["z", "a"], "mean": [0.0, 1.0], "low": [0.0, 0.5], "high": [0.0, 1.5]})
    svg = drawn(charts.intervals(table, title="Title", axis="rho"))
    assert svg.index(">z<") < svg.index(">a<")
    marks = re.findall(r'aria-label="([^"]*)"[^>]*aria-roledescription="point"[^>]*translate\(([\d.]+),', svg)
    places = {name: float(x) for label, x in marks for name in ("z", "a") if f"name: {name}" in label}
    assert places["z"] == 0
    assert places["a"] == pytest.approx(charts.WIDTH / 1.6, abs=1)  # the axis ends at a round number


def test_a_failed_check_is_told_apart_by_shape_and_colour() -> None:
    svg = drawn(FRAMES["checks"]())
    assert charts.BAD in svg
    assert charts.OURS in svg
    assert "passed: no" in svg
