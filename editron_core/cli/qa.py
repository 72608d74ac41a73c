"""`editron qa`: how good is it? Published benchmarks, scored as their own scripts do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import gate, golden, terminal
from editron_core.cli.shared import Json, reported
from editron_core.domain import codec

if TYPE_CHECKING:
    from editron_core.qa.metrics import Interval

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="How good is it: benchmarks and checks."
)
app.command()(golden.freeze)
app.command()(golden.regress)
app.command()(gate.gate)


class Format(StrEnum):
    QVHIGHLIGHTS = "qvhighlights"
    TVSUM = "tvsum"


class CurveFormat(StrEnum):
    QVHIGHLIGHTS = "qvhighlights"


QVHIGHLIGHTS_NOTE = (
    "R1: share of queries whose first window overlaps a true one by that much of their union. "
    "mAP: average precision of the ranked windows, over thresholds 0.5 to 0.95. Hit1: the best-scored clip "
    "has the rating from one rater at least. All in percent. Intervals tell how far other queries could move "
    "the figure."
)
TVSUM_NOTE = (
    "tau, rho: agreement with the order of the raters' scores, -1 to 1; 0 is chance. On all of TVSum two "
    "raters agree at 0.18 / 0.20, one with the mean of the others at 0.31 / 0.40. Intervals tell how far "
    "other videos could move the figure."
)
TVSUM_NAMES = {
    "kendall": "Kendall tau-b, each rater",
    "spearman": "Spearman rho, each rater",
    "kendall_mean": "Kendall tau-b, mean rater",
    "spearman_mean": "Spearman rho, mean rater",
    "top5": "top-5 mAP",
    "f1": "F1 at 15 %",
}


@app.command()
def evaluate(
    format_: Annotated[Format, typer.Option("--format", help="The benchmark that the files belong to.")],
    predictions: Annotated[Path, typer.Option(help="What was predicted.")],
    truth: Annotated[Path, typer.Option(help="What is true.")],
    as_json: Json = False,
) -> None:
    """Score predictions against a published benchmark, as its own script does.

    Both files are JSON Lines, or one JSON list, and must name the same queries or videos.

    [bold]qvhighlights[/]: the files of moment_detr's standalone_eval. Predictions have qid and
    pred_relevant_windows (start and end in seconds, score), pred_saliency_scores (one for each two-second
    clip) or both. Truth has qid, duration, relevant_windows, relevant_clip_ids and saliency_scores.

    [bold]tvsum[/]: predictions have video and scores (one for each two-second shot). Truth has video and
    shots (for each rater one rating per shot).
    """
    if format_ is Format.QVHIGHLIGHTS:
        _evaluate_qvhighlights(predictions, truth, as_json)
    else:
        _evaluate_tvsum(predictions, truth, as_json)


@app.command()
def pick(
    predictions: Annotated[Path, typer.Option(help="JSON Lines with qid and pred_saliency_scores.")],
    out: Annotated[Path, typer.Option(help="Where to write the lines with pred_relevant_windows.")],
    format_: Annotated[
        CurveFormat, typer.Option("--format", help="The benchmark that the file belongs to.")
    ] = CurveFormat.QVHIGHLIGHTS,
    as_json: Json = False,
) -> None:
    """Pick windows from saliency curves by the rule that picks moments, and from nothing else.

    Null and NaN in a curve are unknown and count as its lowest value; a constant curve is one window, one
    without any known value gets none. Score the result with [bold]editron qa evaluate[/].
    """
    from editron_core.qa import picker

    with reported():
        rows = picker.pick(predictions)
        lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
        out.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    windows = [len(row["pred_relevant_windows"]) for row in rows]
    if as_json:
        terminal.show_json({"out": str(out), "queries": len(rows), "windows": sum(windows)})
        return
    terminal.out.print(
        f"{sum(windows)} windows for {len(rows)} queries in {terminal.plain(str(out))}", soft_wrap=True
    )
    if not all(windows):
        terminal.out.print(f"[yellow]![/] {windows.count(0)} curves without any known value got none")


def _evaluate_qvhighlights(predictions: Path, truth: Path, as_json: bool) -> None:
    from editron_core.qa import qvhighlights

    with reported():
        found = qvhighlights.evaluate(predictions, truth)
        figures, intervals = found.document(), found.intervals()
    if as_json:
        spans = {name: codec.dump(one) for name, one in intervals.items()}
        terminal.show_json({**figures, "queries": len(found.scores), "intervals": spans})
        return
    rest = {name: value for name, value in figures["brief"].items() if name not in intervals}
    _show(intervals, rest, "{:.2f}")
    terminal.out.print(f"[dim]{len(found.scores)} queries. {QVHIGHLIGHTS_NOTE}[/]", soft_wrap=True)


def _evaluate_tvsum(predictions: Path, truth: Path, as_json: bool) -> None:
    from editron_core.qa import tvsum

    with reported():
        found = tvsum.evaluate(predictions, truth)
        intervals = found.intervals()
    if as_json:
        spans = {name: codec.dump(one) for name, one in intervals.items()}
        terminal.show_json({**found.document(), "videos": len(found.scores), "intervals": spans})
        return
    _show({TVSUM_NAMES[name]: one for name, one in intervals.items()}, {}, "{:.3f}")
    terminal.out.print(f"[dim]{len(found.scores)} videos. {TVSUM_NOTE}[/]", soft_wrap=True)


def _show(intervals: Mapping[str, Interval], rest: Mapping[str, float | None], form: str) -> None:
    """The main figures with their intervals, the others below."""
    rows: list[dict[str, Any]] = [
        {
            "figure": name,
            "value": form.format(one.mean),
            "between": f"{form.format(one.low)} to {form.format(one.high)}",
        }
        for name, one in intervals.items()
    ]
    rows += [
        {"figure": name, "value": "none" if value is None else form.format(value)}
        for name, value in rest.items()
    ]
    terminal.show_rows(rows, {"figure": "figure", "value": "value", "between": "95 % interval"})
