"""`editron tune`: search a scoring profile on the golden items."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from editron_core.cli import terminal
from editron_core.cli.golden import RatersOption
from editron_core.cli.shared import Json, ProfileName, open_store

if TYPE_CHECKING:
    from editron_core.qa.tune import Candidate, Verdict
    from editron_core.score.profile import Profile

RHO_NOTE = (
    "rho: Spearman's rank correlation of the score with the raters' mean over each item's windows, averaged "
    "over items, with its 95 % interval; 0 is chance. Where the starting profile was tuned on these items, "
    "its own figure is flattered."
)


def tune(
    profile: ProfileName = "default",
    trials: Annotated[
        int, typer.Option(min=1, max=100_000, help="Trials in all, earlier runs included.")
    ] = 200,
    scorer: Annotated[
        Literal["linear", "additive"],
        typer.Option(help="Weights alone, or weights and a learned shape per signal."),
    ] = "linear",
    out: Annotated[Path | None, typer.Option(help="Where to write the candidate, as .toml.")] = None,
    study: Annotated[str, typer.Option(help="Name of the study; the same name goes on with it.")] = "",
    golden: Annotated[
        Path | None, typer.Option(help="Folder of the golden dataset; default qa_golden.")
    ] = None,
    raters: RatersOption = "automated",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a candidate that is there already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Search a profile on the golden items: weights that hold on items they were not fitted on.

    The same command again goes on where it was interrupted. The figure printed is that of items held out,
    with its interval; the holdout is never read. The candidate is a file for `editron qa gate`.
    """
    from editron_core.lane import registry
    from editron_core.qa import golden as dataset
    from editron_core.qa.golden import FOLDER
    from editron_core.qa.tune import Search, verdicts
    from editron_core.qa.tune import tune as search
    from editron_core.score.writing import to_toml

    with open_store() as store, terminal.TerminalWatcher() as watcher:
        start = registry.find(store, profile)
        path = _place(out or Path(f"{start.name}-{scorer}.toml"), force=force)
        items = dataset.load(golden or FOLDER).real(raters)
        wanted = Search(scorer=scorer, trials=trials, study=study)
        found = search(items, start, wanted, storage=store.studies.storage, watcher=watcher)
        compared = verdicts(items, start, found)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_toml(found.profile), "utf-8")
    if as_json:
        terminal.show_json(_document(found, compared, path))
    else:
        _show(found, start, compared, path)


def _place(path: Path, *, force: bool) -> Path:
    """Where the candidate goes, looked at before the search begins."""
    from editron_core.errors import UsageError

    if path.suffix != ".toml":
        raise UsageError("is no .toml file", subject=str(path), remedy="such as --out candidate.toml")
    if path.exists() and not force:
        raise UsageError(
            "is there already",
            subject=str(path),
            remedy="name another file with --out, or --force replaces it",
        )
    return path


def _document(found: Candidate, compared: tuple[Verdict, ...], path: Path) -> dict[str, Any]:
    from editron_core.domain import codec

    return {
        "profile": {**found.profile.to_data(), "hash": found.profile.hash},
        "path": str(path),
        "study": found.study,
        "trials": len(found.trials.points),
        "items": [
            {"id": score.item.id, "genre": score.item.genre, "rho": score.spearman}
            for score in found.evaluation.scores
        ],
        "raters": found.evaluation.scores[0].item.raters.value,
        "rho": codec.dump(found.evaluation.spearman),
        "pairwise": found.evaluation.pairwise,
        "hits": found.evaluation.hits,
        "rho_fitted": codec.dump(found.fitted.spearman),
        "compared": [
            {
                "with": verdict.name,
                "rho": codec.dump(verdict.evaluation.spearman),
                "difference": codec.dump(verdict.comparison.difference),
                "shown": verdict.comparison.shown,
                "verdict": str(verdict.comparison),
            }
            for verdict in compared
        ],
    }


def _show(found: Candidate, start: Profile, compared: tuple[Verdict, ...], path: Path) -> None:
    from editron_core.qa.tune import words

    item = found.evaluation.scores[0].item
    terminal.out.print(f"[bold]rho[/] {words(found.evaluation.spearman)} on items held out", soft_wrap=True)
    terminal.out.print(
        f"[dim]{words(found.fitted.spearman)} on the items it was fitted on; {item.kind.value} items, "
        f"raters: {item.raters.value}[/]",
        soft_wrap=True,
    )
    rows = [
        {
            "who": verdict.name,
            "rho": f"{verdict.evaluation.spearman.mean:.2f}",
            "reason": str(verdict.comparison),
        }
        for verdict in compared
    ]
    terminal.show_rows(rows, {"who": "beside", "rho": "rho", "reason": "the candidate, held out, is"})
    terminal.out.print(f"[dim]{RHO_NOTE}[/]", soft_wrap=True)
    _show_weights(found.profile, start)
    terminal.out.print(f"[bold]candidate[/] {terminal.plain(str(path.absolute()))}", soft_wrap=True)
    terminal.out.print(f"next   editron qa gate {terminal.plain(shlex.quote(str(path)))}", soft_wrap=True)


def _show_weights(found: Profile, start: Profile) -> None:
    """What the candidate weighs beside what it started from, the heaviest first."""
    both = {*found.weights, *start.weights}
    order = sorted(both, key=lambda name: (-found.weights.get(name, 0.0), name))
    rows = [
        {
            "signal": name,
            "weight": f"{found.weights.get(name, 0.0):.3f}",
            "was": f"{start.weights.get(name, 0.0):.3f}",
            "bar": "█" * round(found.weights.get(name, 0.0) * 60),
        }
        for name in order
    ]
    heads = {"signal": "signal", "weight": "weight", "was": start.name, "bar": ""}
    terminal.show_rows(rows, heads)
    how, before = found.normalisation, start.normalisation
    terminal.out.print(
        f"[dim]contrast {how.contrast:g} ({start.name} {before.contrast:g}), smoothing {how.smoothing_s:g} s "
        f"({before.smoothing_s:g} s); weights sum to 1[/]",
        soft_wrap=True,
    )
