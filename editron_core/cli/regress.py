"""`editron qa regress`: the harness run on the golden dataset, and its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.golden import Folder
from editron_core.cli.shared import Json, open_store

if TYPE_CHECKING:
    from editron_core.qa.coverage import Cell
    from editron_core.qa.regress import Report

COVERED = {
    ("drawn", "construction"): "drawn items: they test wiring, not taste",
    ("real", "automated"): "real items: their raters are automated",
    ("real", "people"): "real items: their raters are people",
}


def regress(
    bless: Annotated[
        bool,
        typer.Option(
            "--bless",
            help="Make what is read now the baseline: all runs first, prints before and after, then writes.",
        ),
    ] = False,
    suite: Annotated[
        list[str] | None, typer.Option(help="Run this suite alone; may be repeated. Default: all.")
    ] = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Hold every reading of the harness against the baseline; exit 1 where one has changed.

    Suites: how the default profile orders the golden items, captions, marks, sound, shots. The holdout is
    not read. What came of it is kept in the store.
    """
    from editron_core.lane import judged
    from editron_core.qa import golden
    from editron_core.qa import regress as harness
    from editron_core.qa.suites import diff_pictures

    where = folder or golden.FOLDER
    with open_store() as store, judged.kept(store, golden.load(where)) as keep:
        blessing = harness.propose(where, only=suite or ()) if bless else None
        report = blessing.report if blessing else harness.regress(where, only=suite or ())
        notes = evidence_notes(where)
        pictures = [str(path.resolve()) for path in diff_pictures(suite or ())]
        made = blessing.goldens if blessing else ()
        if not as_json:
            _show(report, made, blessing is not None)
        if blessing:
            blessing.commit()
        keep(report, blessed=blessing is not None)
    if as_json:
        goldens = [str(path) for path in made]
        facts = {"blessed": bless, "goldens": goldens, "pictures": pictures, "notes": notes}
        terminal.show_json({**_document(report), **facts})
    else:
        for path in pictures:
            terminal.out.print(f"see what changed: {terminal.plain(path)}", soft_wrap=True)
        for note in notes:
            terminal.out.print(f"[yellow]note:[/] {terminal.plain(note)}", soft_wrap=True)
        terminal.out.print(_verdict(report, bless))
    if not report.passed and not bless:
        raise typer.Exit(1)


def evidence_notes(folder: Path) -> list[str]:
    """What keeps the evidence from telling about today's analysis."""
    from editron_core.lane.desk import code_version
    from editron_core.qa import golden

    found, now = golden.load(folder).formulas, code_version("analyze", "media")
    again = "freeze it again: editron qa freeze [FOOTAGE]"
    notes = []
    if len(found) > 1:
        notes.append(f"the evidence mixes {len(found)} versions of the analysis code; {again}")
    old = sum(len(ids) for formula, ids in found.items() if formula != now)
    if old:
        notes.append(f"the evidence of {old} items was made by other analysis code than today's; {again}")
    return notes


def _document(report: Report) -> dict[str, Any]:
    from editron_core.domain import codec

    return {
        "passed": report.passed,
        "changes": codec.dump(report.changes),
        "moments": {name: list(lines) for name, lines in report.moments.items()},
        "readings": codec.dump(report.readings),
        "coverage": codec.dump(report.coverage),
        "skipped": dict(report.skipped),
        "failed": dict(report.failed),
    }


def _show(report: Report, made: Sequence[Path], bless: bool) -> None:
    out = terminal.out
    _show_coverage(report.coverage)
    for name, why in {**report.skipped, **report.failed}.items():
        mark = "[yellow]skipped[/]" if name in report.skipped else "[red]failed[/]"
        out.print(f"{mark} suite {name}: {terminal.plain(why)}", soft_wrap=True)
    if report.changes:
        rows = [
            {
                "suite": change.suite,
                "name": change.name,
                "before": _number(change.before, "new"),
                "after": _number(change.after, "gone"),
                "unit": change.unit or "share",
                "tolerance": _number(change.tolerance, ""),
            }
            for change in report.changes
        ]
        columns = ("suite", "name", "before", "after", "unit", "tolerance")
        terminal.show_rows(rows, {key: "reading" if key == "name" else key for key in columns})
    if report.moments:
        out.print("[dim]moments that the default profile chooses: - as blessed, + now, score 0 to 1[/]")
    for name, lines in report.moments.items():
        out.print(f"[bold]moments of {terminal.plain(name)}[/]")
        for line in lines:
            out.print(f"  {terminal.plain(line)}", soft_wrap=True)
    for path in made:
        out.print(f"golden made anew: {terminal.plain(str(path))}", soft_wrap=True)


def _verdict(report: Report, bless: bool) -> str:
    verdict = "blessed" if bless else ("as blessed" if report.passed else "not as blessed")
    moments = len(report.moments)
    items = f", the moments of {moments} item{'s' if moments != 1 else ''} too" if moments else ""
    return f"{len(report.readings)} readings, {len(report.changes)} changed{items}: [bold]{verdict}[/]"


def _show_coverage(cells: Sequence[Cell]) -> None:
    """Genre by locale, `tune+holdout` items in each cell, the kinds of items and of raters apart."""
    for (kind, raters), title in COVERED.items():
        here = [cell for cell in cells if (cell.kind, cell.raters) == (kind, raters)]
        some = [cell for cell in here if cell.tune or cell.holdout]
        decided = sum(cell.review for cell in here)
        if decided:
            terminal.out.print(f"[bold]{decided} items of people's decisions[/] [dim](never measured by)[/]")
        if not some:
            continue
        counts = {(cell.genre, cell.locale): f"{cell.tune}+{cell.holdout}" for cell in some}
        locales = sorted({cell.locale for cell in some})
        rows = [
            {"genre": genre, **{locale: counts.get((genre, locale), "·") for locale in locales}}
            for genre in sorted({cell.genre for cell in some})
        ]
        terminal.out.print(f"[bold]{title}[/] [dim](tune+holdout)[/]")
        terminal.show_rows(rows, {"genre": "genre", **{locale: locale for locale in locales}})


def _number(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:g}"
