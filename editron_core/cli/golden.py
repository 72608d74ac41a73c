"""The golden dataset on the command line: freeze it, and evaluate a profile on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, open_store, reported
from editron_core.errors import UsageError

AGREEMENT_NOTE = (
    "agreement: Spearman's rho of one rater with the mean of the others, averaged; 1 is the same order, 0 is "
    "chance; nothing for a single rater. What follows from decisions never measures."
)
RHO_NOTE = (
    "rho: Spearman's rank correlation of the score with the raters' mean over each item's windows, averaged "
    "over items; 0 is chance. Pairs: windows in the raters' order; 50 % is chance. Hits: items whose "
    "best-scored window is among the raters' best. A profile that was tuned on these items is flattered. The "
    "holdout is not read."
)
Rating = Literal["automated", "people"]
RatersOption = Annotated[
    Rating,
    typer.Option("--raters", help="By whose labels of real items; the two are never mixed in one number."),
]
Folder = Annotated[Path | None, typer.Option("--golden", help="The golden dataset; default qa_golden.")]


def freeze(
    footage: Annotated[
        Path | None,
        typer.Argument(
            help="A folder of real clips; without it, drawn items alone, or clips taken in before."
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="The folder of their label files; default FOOTAGE/labels.")
    ] = None,
    from_labels: Annotated[
        bool,
        typer.Option("--from-labels", help="Freeze what people rated and decided instead, from the store."),
    ] = False,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Make the golden dataset anew: draw, analyse and freeze the drawn items, and labelled real clips.

    With --from-labels: what people rated blind (`editron review rate`) and what follows from their decisions
    become items of their own, beside those of automated raters; the clips are looked for in FOOTAGE and among
    those taken in before.

    Of real clips signals and labels are kept: no picture, no word, no name of a rater. Clips without labels
    are passed over, those that cannot be used are named, and the exit code is 1 then.
    """
    from editron_core.lane.desk import code_version
    from editron_core.qa import golden

    if labels is not None and (footage is None or from_labels):
        with reported():
            raise UsageError("name clips of FOOTAGE that are frozen by label files", subject="--labels")
    where, formula = folder or golden.FOLDER, code_version("analyze", "media")
    if from_labels:
        _freeze_people(where, formula, footage, as_json)
        return
    from editron_core.qa import freeze as freezing

    with reported(), terminal.TerminalWatcher() as watcher:
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
    _end(failed)


def _freeze_people(where: Path, formula: str, footage: Path | None, as_json: bool) -> None:
    from editron_core.lane import freezing
    from editron_core.qa import people

    with open_store() as store, terminal.TerminalWatcher() as watcher:
        rated, missing = freezing.rated(store, footage)
        done = people.freeze_people(where, formula, rated, watcher)
    failed = {**missing, **done.frozen.failed}
    if as_json:
        facts = {"golden": str(where), "formula": formula, "kept": list(done.frozen.kept)}
        items = [
            {
                "id": item.id,
                "split": item.split,
                "raters": item.rater_count,
                "agreement": done.agreement[item.id],
            }
            for item in done.items
        ]
        terminal.show_json({**facts, "items": items, "failed": failed})
        _end(failed)
        return
    rows = [
        {
            "name": item.id,
            "split": item.split.value,
            "genre": item.genre,
            "locale": item.locale,
            "raters": item.rater_count,
            "agreement": _rho(done.agreement[item.id]),
        }
        for item in done.items
    ]
    if rows:
        terminal.show_rows(rows, {"name": "item", **{key: key for key in rows[0] if key != "name"}})
        terminal.out.print(f"[dim]{AGREEMENT_NOTE}[/]", soft_wrap=True)
    terminal.out.print(
        f"{len(rows)} items of people's labels frozen into {terminal.plain(str(where))}", soft_wrap=True
    )
    unknown = [item.footage for item in done.items if item.genre == people.UNKNOWN["genre"]]
    if unknown:
        terminal.out.print(
            f"[yellow]note:[/] nobody says the genre of {terminal.plain(', '.join(sorted(set(unknown))))}: "
            "datasets/catalogue.toml may",
            soft_wrap=True,
        )
    if rows:
        terminal.out.print("next   editron qa evaluate --raters people")
    _end(failed)


def _end(failed: Mapping[str, str]) -> None:
    """Name what failed; exit 1 where something did."""
    for why in failed.values():
        terminal.fail(why)
    if failed:
        raise typer.Exit(1)


def _rho(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def evaluate(name: str, raters: Rating, folder: Path | None, as_json: bool) -> None:
    """A profile beside the baselines: real items by the labels of `raters`, and apart the drawn ones."""
    from editron_core.lane import judged, registry
    from editron_core.qa import golden

    with open_store() as store:
        profile = registry.find(store, name)
        panels = judged.evaluate(store, profile, golden.load(folder or golden.FOLDER), golden.Raters(raters))
    if as_json:
        terminal.show_json(panels.document())
        return
    label = f"[bold]{terminal.plain(profile.name)}[/] {profile.hash[:12]}"
    for panel in panels.panels:
        found = panel.evaluations
        terminal.out.print(f"{label}: {panel.title}")
        said = {name: str(compare) for name, compare in panel.comparisons.items()}
        rows = [
            {
                "who": terminal.plain(profile.name) if name == judged.OURS else name,
                "rho": f"{one.spearman.mean:.2f}",
                "between": f"{one.spearman.low:.2f} to {one.spearman.high:.2f}",
                "pairs": f"{100 * one.pairwise:.0f} %",
                "hits": f"{sum(score.hit for score in one.scores)} of {len(one.scores)}",
                "reason": said.get(name, ""),
            }
            for name, one in found.items()
        ]
        heads = {"who": "", "rho": "rho", "between": "95 % interval", "pairs": "pairs", "hits": "hits"}
        terminal.show_rows(rows, {**heads, "reason": "the profile is"})
    terminal.out.print(f"[dim]{RHO_NOTE}[/]", soft_wrap=True)
