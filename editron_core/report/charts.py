"""Pictures of evidence, evaluations and searches, for notebooks.

They are Altair charts drawn as SVG by vl-convert: nothing is loaded from elsewhere when they are shown,
and an executed notebook keeps them. Each takes a polars table, whose columns its docstring names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

    Picture = alt.TopLevelMixin

WIDTH = 560
INK, SOFT, LINE = "#1c1d22", "#5d606b", "#e5e3dd"
HUES = ("#0d7a6f", "#d9822b", "#5b5bd6", "#8b8e99", "#b3261e", "#2f7fc1")
"""Ours first; the rest in the order of need. They differ in lightness too."""
PARTS = ("#0d7a6f", "#5fb3a8", "#d9822b", "#f0b97d", "#5b5bd6", "#a9a9ee")
"""Neighbours in a stacked bar."""
OURS, OTHER, QUIET, BAD = HUES[0], HUES[1], HUES[3], HUES[4]
FONT = "Helvetica, Arial, sans-serif"
TIME = "seconds from the first frame"


def prepare() -> None:
    """Let charts of this process be shown as SVG, in our colours. Call it before the first chart."""
    import altair as alt

    alt.renderers.enable("svg")
    alt.data_transformers.disable_max_rows()
    alt.theme.register("editron", enable=True)(_theme)


def intervals(frame: pl.DataFrame, *, title: str, axis: str, group: str = "") -> Picture:
    """Means with their intervals, one line each, in the frame's order.

    Columns `name`, `mean`, `low`, `high` and, where `group` names its meaning, `group`: its values get a
    colour each and lie side by side. A line at 0 shows where nothing is told apart.
    """
    import altair as alt

    base = alt.Chart(frame).encode(y=_names(frame), **_grouped(frame, group))
    spread = base.mark_rule(strokeWidth=2, opacity=0.6).encode(x=alt.X("low:Q", title=axis), x2="high:Q")
    middle = base.mark_point(filled=True, size=55, opacity=1).encode(x="mean:Q")
    zero = alt.Chart().mark_rule(color=SOFT, strokeDash=[3, 3]).encode(x=alt.datum(0))
    return _sized(alt.layer(zero, spread, middle), title, _height(frame, group))


def bars(frame: pl.DataFrame, *, title: str, axis: str, group: str = "") -> Picture:
    """A number by name, in the frame's order: columns `name`, `value` and, as in `intervals`, `group`."""
    import altair as alt

    chart = alt.Chart(frame).mark_bar(height={"band": 0.8})
    shown = chart.encode(
        y=_names(frame), x=alt.X("value:Q", title=axis, axis=alt.Axis(tickCount=6)), **_grouped(frame, group)
    )
    return _sized(shown, title, _height(frame, group))


def dots(frame: pl.DataFrame, *, title: str, axis: str, limits: Sequence[float]) -> Picture:
    """Many numbers by name, with limits as dashed lines: columns `name` and `value`."""
    import altair as alt

    points = alt.Chart(frame).mark_point(filled=True, size=45, opacity=0.6, color=OURS)
    lines = [
        alt.Chart().mark_rule(color=BAD, strokeDash=[4, 3]).encode(x=alt.datum(limit)) for limit in limits
    ]
    shown = points.encode(y=_names(frame), x=alt.X("value:Q", title=axis))
    return _sized(alt.layer(shown, *lines), title, _height(frame, ""))


def breakdown(frame: pl.DataFrame, *, title: str) -> Picture:
    """What a score is made of: columns `name`, `part` and `value`; the parts of a name lie end to end.

    Parts keep the frame's order; the last one is grey.
    """
    import altair as alt

    parts = frame["part"].unique(maintain_order=True).to_list()
    hues = [*PARTS[: len(parts) - 1], LINE]
    numbered = frame.join(frame.select("part").unique(maintain_order=True).with_row_index("at"), on="part")
    chart = alt.Chart(numbered).mark_bar(height={"band": 0.7})
    shown = chart.encode(
        y=_names(frame),
        x=alt.X("value:Q", title="hero score", axis=alt.Axis(tickCount=6)),
        color=alt.Color("part:N", title=None, sort=parts, scale=alt.Scale(domain=parts, range=hues)),
        order="at:O",
    )
    return _sized(shown, title, _height(frame, ""))


def pairs(frame: pl.DataFrame, *, title: str, axis: str, sides: Sequence[str]) -> Picture:
    """Two numbers by name and the way between them: columns `name` and the two of `sides`, before first."""
    import altair as alt

    before, after = sides
    way = alt.Chart(frame).mark_rule(color=SOFT, opacity=0.6)
    ends = alt.Chart(frame.unpivot(on=list(sides), index="name", variable_name="side", value_name="at"))
    colour = alt.Color("side:N", title=None, scale=alt.Scale(domain=list(sides), range=[QUIET, OURS]))
    layers = alt.layer(
        way.encode(y=_names(frame), x=alt.X(f"{before}:Q", title=axis), x2=f"{after}:Q"),
        ends.mark_point(filled=True, size=55, opacity=1).encode(y=_names(frame), x="at:Q", color=colour),
    )
    return _sized(layers, title, _height(frame, ""))


def signals(frame: pl.DataFrame, *, title: str) -> Picture:
    """Signals over time, one row each in the frame's order: columns `time_s`, `name`, `value` (0..1)."""
    import altair as alt

    order = frame["name"].unique(maintain_order=True).to_list()
    header = alt.Header(labelAngle=0, labelAlign="left", labelPadding=6)
    chart: Picture = (
        alt.Chart(frame)
        .mark_area(interpolate="step-after", line={"strokeWidth": 1}, opacity=0.35)
        .encode(
            x=alt.X("time_s:Q", title=TIME, axis=alt.Axis(grid=False)),
            y=alt.Y("value:Q", scale=alt.Scale(domain=[0, 1]), axis=None),
            row=alt.Row("name:N", sort=order, title=None, spacing=6, header=header),
            color=alt.value(OURS),
        )
        .properties(width=WIDTH, height=26, title=title)
    )
    return chart


def against_panel(frame: pl.DataFrame, *, title: str) -> Picture:
    """The hero score over time above the panel's mean: columns `time_s`, `score` (0..1), `panel` (1..5)."""
    import altair as alt

    base = alt.Chart(frame).properties(width=WIDTH, height=90)
    rated = alt.Scale(domain=[1, 5], clamp=True)
    score = base.mark_line(color=OURS).encode(
        x=alt.X("time_s:Q", title=None),
        y=alt.Y("score:Q", title="hero score", scale=alt.Scale(zero=False)),
    )
    panel = base.mark_area(interpolate="step-after", color=OTHER, opacity=0.45).encode(
        x=alt.X("time_s:Q", title=TIME),
        y=alt.Y("panel:Q", title="panel, 1 to 5", scale=rated),
        y2=alt.datum(1),
    )
    both: Picture = alt.vconcat(score, panel, title=title).resolve_scale(x="shared")
    return both


def curve(frame: pl.DataFrame, moments: pl.DataFrame, *, title: str) -> Picture:
    """One file's score over time with its moments shaded.

    `frame`: `time_s`, `score` (0..1). `moments`: `number`, `start`, `end` in seconds.
    """
    import altair as alt

    spans = alt.Chart(moments)
    bands = spans.mark_rect(color=OTHER, opacity=0.25).encode(x=alt.X("start:Q", title=TIME), x2="end:Q")
    numbers = spans.mark_text(baseline="top", align="left", dx=4, dy=4, color=INK, fontWeight="bold")
    score = alt.Y("score:Q", title="hero score, 0 to 1", scale=alt.Scale(domain=[0, 1]))
    line = alt.Chart(frame).mark_line(color=OURS).encode(x="time_s:Q", y=score)
    layers = alt.layer(bands, line, numbers.encode(x="start:Q", y=alt.value(0), text="number:N"))
    return _sized(layers, title, 150)


def history(frame: pl.DataFrame, *, title: str, axis: str) -> Picture:
    """A search: what each trial came to, and the best so far. Columns `trial`, `value`, `best`."""
    import altair as alt

    base = alt.Chart(frame).encode(
        x=alt.X(
            "trial:Q", title="trial", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(zero=False)
        )
    )
    # A search of few trials has few heights: whole numbers would be all that its axis names.
    ticks = alt.Axis(format=".2f", tickCount=4)
    value = alt.Y("value:Q", title=axis, scale=alt.Scale(zero=False), axis=ticks)
    tried = base.mark_point(filled=True, size=36, opacity=0.6, color=QUIET).encode(y=value)
    best = base.mark_line(interpolate="step-after", color=OURS, strokeWidth=2).encode(y="best:Q")
    return _sized(alt.layer(tried, best), title, 180)


def shapes(frame: pl.DataFrame, *, title: str) -> Picture:
    """What a learned scorer makes of each signal: columns `name`, `signal` (0..1), `value` (0..1)."""
    import altair as alt

    ends = alt.Axis(values=[0, 0.5, 1])
    chart: Picture = (
        alt.Chart(frame)
        .mark_line(color=OURS)
        .encode(
            x=alt.X("signal:Q", title="signal, 0 to 1", axis=ends),
            y=alt.Y("value:Q", title="counts as", axis=ends),
            facet=alt.Facet("name:N", columns=5, title=None),
        )
        .properties(width=92, height=70, title=title)
    )
    return chart


def checks(frame: pl.DataFrame, *, title: str) -> Picture:
    """A gate's checks in the frame's order: columns `name`, `passed` and `measured` (a short text)."""
    import altair as alt
    import polars as pl

    sides = ["yes", "no"]
    shown = frame.with_columns(passed=pl.when("passed").then(pl.lit("yes")).otherwise(pl.lit("no")))
    colour = alt.Color("passed:N", title="passed", scale=alt.Scale(domain=sides, range=[OURS, BAD]))
    shape = alt.Shape("passed:N", scale=alt.Scale(domain=sides, range=["circle", "cross"]))
    marks = alt.Chart(shown).mark_point(filled=True, size=120, opacity=1)
    words = alt.Chart(frame).mark_text(align="left", limit=WIDTH - 40, color=INK)
    layers = alt.layer(
        marks.encode(y=_names(frame), x=alt.value(12), color=colour, shape=shape),
        words.encode(y=_names(frame), x=alt.value(30), text="measured:N"),
    )
    return _sized(layers, title, _height(frame, ""))


def _names(frame: pl.DataFrame) -> alt.Y:
    import altair as alt

    return alt.Y("name:N", sort=frame["name"].unique(maintain_order=True).to_list(), title=None)


def _grouped(frame: pl.DataFrame, group: str) -> dict[str, Any]:
    """The encodings that tell groups apart; one colour where there are none."""
    import altair as alt

    if not group:
        return {"color": alt.value(OURS)}
    order = frame["group"].unique(maintain_order=True).to_list()
    scale = alt.Scale(domain=order, range=list(HUES))
    return {
        "color": alt.Color("group:N", title=group, scale=scale),
        "yOffset": alt.YOffset("group:N", sort=order),
    }


def _height(frame: pl.DataFrame, group: str) -> int:
    groups = frame["group"].n_unique() if group else 1
    return int(frame["name"].n_unique()) * max(20, 9 * groups + 6)


def _sized(chart: Any, title: str, height: int) -> Picture:
    sized: Picture = chart.properties(title=title, width=WIDTH, height=height)
    return sized


def _theme() -> Any:
    sizes = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    text = {"labelColor": SOFT, "titleColor": SOFT, **sizes}
    return {
        "config": {
            "font": FONT,
            "background": "white",
            "padding": 12,
            "view": {"stroke": None},
            "axis": {**text, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "labelLimit": 240},
            "legend": {**text, "orient": "top", "symbolSize": 70},
            "header": {**text, "labelLimit": 200},
            "title": {"anchor": "start", "fontSize": 14, "fontWeight": 600, "color": INK, "offset": 10},
        }
    }
