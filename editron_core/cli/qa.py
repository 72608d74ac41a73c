"""`editron qa`: how good is it? The golden dataset, and published benchmarks scored as their scripts do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import gate, golden, regress, terminal
from editron_core.cli.golden import Folder, RatersOption
from editron_core.cli.shared import Json, ProfileName, reported
from editron_core.domain import codec
from editron_core.errors import UsageError

if TYPE_CHECKING:
    from editron_core.qa.metrics import Interval

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="How good is it: benchmarks and checks."
)
app.command()(golden.freeze)
app.command()(regress.regress)
app.command()(gate.gate)


class Format(StrEnum):
    GOLDEN = "golden"
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
BENCHMARKS = "name it: --format qvhighlights or --format tvsum"
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
    format_: Annotated[
        Format,
        typer.Option("--format", help="The golden dataset, or the benchmark that the files belong to."),
    ] = Format.GOLDEN,
    profile: ProfileName = "default",
    raters: RatersOption = "automated",
    folder: Folder = None,
    predictions: Annotated[Path | None, typer.Option(help="Of a benchmark: what was predicted.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Of a benchmark: what is true.")] = None,
    as_json: Json = False,
) -> None:
    """Evaluate a profile on the golden items, or score predictions against a published benchmark.

    [bold]golden[/]: how the profile orders each item's windows, beside five baselines, by the labels of one
    kind of raters. The result is kept in the store.

    Of the benchmarks, both files are JSON Lines, or one JSON list, and must name the same queries or videos:

    [bold]qvhighlights[/]: the files of moment_detr's standalone_eval, scored as it does. Predictions have qid
    and pred_relevant_windows (start and end in seconds, score), pred_saliency_scores (one for each two-second
    clip) or both. Truth has qid, duration, relevant_windows, relevant_clip_ids and saliency_scores.

    [bold]tvsum[/]: predictions have video and scores (one for each two-second shot). Truth has video and
    shots (for each rater one rating per shot).
    """
    if format_ is Format.GOLDEN:
        with reported():
            if predictions or truth:
                raise UsageError(
                    "belong to a benchmark", subject="--predictions and --truth", remedy=BENCHMARKS
                )
        golden.evaluate(profile, raters, folder, as_json)
        return
    with reported():
        if predictions is None or truth is None:
            raise UsageError("needs --predictions FILE and --truth FILE", subject=f"--format {format_}")
    show = _evaluate_qvhighlights if format_ is Format.QVHIGHLIGHTS else _evaluate_tvsum
    show(predictions, truth, as_json)


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
