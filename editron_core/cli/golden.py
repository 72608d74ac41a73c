"""`editron qa freeze` and `editron qa regress`: the golden dataset made, and the harness run on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, reported

if TYPE_CHECKING:
    from editron_core.qa.coverage import Cell
    from editron_core.qa.regress import Report

Folder = Annotated[Path | None, typer.Option("--golden", help="The golden dataset; default qa_golden.")]


def freeze(
    footage: Annotated[
        Path | None, typer.Argument(help="A folder of real clips; without it, drawn items alone.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="The folder of their label files; default FOOTAGE/labels.")
    ] = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Make the golden dataset anew: draw, analyse and freeze the drawn items, and labelled real clips.

    Of real clips signals and labels are kept: no picture, no word. Clips without labels are passed over,
    those that cannot be used are named, and the exit code is 1 then.
    """
    from editron_core.errors import UsageError
    from editron_core.lane.desk import code_version
    from editron_core.qa import freeze as freezing
    from editron_core.qa import golden

    where, formula = folder or golden.FOLDER, code_version("analyze", "media")
    with reported(), terminal.TerminalWatcher() as watcher:
        if labels is not None and footage is None:
            raise UsageError("name clips that are not given", subject="--labels", remedy="add FOOTAGE")
        done = [freezing.freeze_drawn(where, formula, watcher=watcher)]
        if footage is not None:
            done.append(freezing.freeze_real(where, formula, footage, labels or footage / "labels", watcher))
    failed = {name: why for one in done for name, why in one.failed.items()}
    kept, passed_over = [name for one in done for name in one.kept], sum(one.passed_over for one in done)
    if as_json:
        facts = {"golden": str(where), "formula": formula, "kept": kept, "passed_over": passed_over}
        terminal.show_json({**facts, "failed": failed})
    else:
        terminal.out.print(f"{len(kept)} items frozen into {terminal.plain(str(where))}", soft_wrap=True)
        if passed_over:
            terminal.out.print(f"[dim]{passed_over} files without labels, or no labels, passed over[/]")
    for why in failed.values():
        terminal.fail(why)
    if failed:
        raise typer.Exit(1)


def regress(
    bless: Annotated[
        bool, typer.Option("--bless", help="Make what is read now the baseline; prints before and after.")
    ] = False,
    suite: Annotated[
        list[str] | None, typer.Option(help="Run this suite alone; may be repeated. Default: all.")
    ] = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Hold every reading of the harness against the baseline; exit 1 where one has changed.

    Suites: how the default profile orders the golden items, captions, marks, sound, shots. The holdout is
    not read.
    """
    from editron_core.qa import golden
    from editron_core.qa import regress as harness
    from editron_core.qa.suites import diff_pictures, write_goldens

    where = folder or golden.FOLDER
    with reported():
        made = write_goldens(suite or ()) if bless and folder is None else ()
        run = harness.bless if bless else harness.regress
        report = run(where, only=suite or ())
        notes = evidence_notes(where)
        pictures = [str(path.resolve()) for path in diff_pictures(suite or ())]
    if as_json:
        goldens = [str(path) for path in made]
        facts = {"blessed": bless, "goldens": goldens, "pictures": pictures, "notes": notes}
        terminal.show_json({**_document(report), **facts})
    else:
        _show(report, made, bless)
        for path in pictures:
            terminal.out.print(f"see what changed: {terminal.plain(path)}", soft_wrap=True)
        for note in notes:
            terminal.out.print(f"[yellow]note:[/] {terminal.plain(note)}", soft_wrap=True)
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
                "unit": change.unit,
                "tolerance": _number(change.tolerance, ""),
            }
            for change in report.changes
        ]
        columns = ("suite", "name", "before", "after", "unit", "tolerance")
        terminal.show_rows(rows, {key: "reading" if key == "name" else key for key in columns})
    for name, lines in report.moments.items():
        out.print(f"[bold]moments of {terminal.plain(name)}[/]")
        for line in lines:
            out.print(f"  {terminal.plain(line)}", soft_wrap=True)
    for path in made:
        out.print(f"golden made anew: {terminal.plain(str(path))}", soft_wrap=True)
    changed = len(report.changes) + len(report.moments)
    verdict = "blessed" if bless else ("as blessed" if report.passed else "not as blessed")
    out.print(f"{len(report.readings)} readings, {changed} changed: [bold]{verdict}[/]")


def _show_coverage(cells: Sequence[Cell]) -> None:
    """Genre by locale, `tune+holdout` items in each cell, the kinds apart."""
    about = {
        "drawn": "drawn items: they test wiring, not taste",
        "real": "real items: their raters are automated",
    }
    for kind, title in about.items():
        some = [cell for cell in cells if cell.kind == kind]
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
