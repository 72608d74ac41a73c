"""`editron qa gate`: may this profile go on to production?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.golden import RatersOption
from editron_core.cli.regress import evidence_notes
from editron_core.cli.shared import Json, open_store


def gate(
    name: Annotated[str, typer.Argument(help="A name, a .toml file or a registered hash.")],
    raters: RatersOption = "automated",
    as_json: Json = False,
) -> None:
    """Examine a profile on the golden set: does it work at all, and does it choose well?

    It must beat five baselines (random, uniform, middle, loudest, longest) by more than chance, on items
    that its weights were fitted without, sacrifice no locale or genre, hold no dead channel, apply every
    setting and give the same result twice. The holdout is not read. Exit 1 where it does not pass.
    """
    from editron_core.domain.label import Raters
    from editron_core.lane import promotion, registry
    from editron_core.lane.judges import judges
    from editron_core.qa import golden as dataset

    with open_store() as store:
        profile = registry.find(store, name)
        result = promotion.examine(store, profile, judges(Raters(raters)))
        notes = evidence_notes(dataset.FOLDER)
    if as_json:
        terminal.show_json({**result, "name": profile.name, "hash": profile.hash, "notes": notes})
    else:
        show_checks(result)
        verdict = "[green]passes[/]" if result["passed"] else "[red]does not pass[/]"
        label = f"[bold]{terminal.plain(profile.name)}[/] {profile.hash[:12]}"
        terminal.out.print(f"{label} {verdict} the gate [dim](raters of the real items: {raters})[/]")
        for note in notes:
            terminal.out.print(f"[yellow]note:[/] {terminal.plain(note)}", soft_wrap=True)
        if not any(check["name"].startswith("beats") for check in result["checks"]):
            terminal.out.print(
                "[dim]It was not asked how well it chooses: what does not work cannot tell.[/]"
            )
        if result["passed"]:
            by = f" --raters {raters}" if raters != "automated" else ""
            command = f"editron profiles promote {terminal.plain(name)}{by} --as NAME --why TEXT"
            terminal.out.print(f"next   {command}", soft_wrap=True)
    if not result["passed"]:
        raise typer.Exit(1)


def show_checks(judged: Mapping[str, Any]) -> None:
    """The checks of a gate, or the figures of a reading of the holdout, a line each."""
    for check in judged.get("checks", ()):
        mark = "[green]✓[/]" if check["passed"] else "[red]✗[/]"
        terminal.out.print(
            f"{mark} {check['name']}: {terminal.plain(str(check['measured']))} "
            f"[dim](must be {terminal.plain(str(check['required']))})[/]",
            soft_wrap=True,
        )
        if check["detail"]:
            terminal.out.print(f"  [dim]{terminal.plain(check['detail'])}[/]", soft_wrap=True)
    if "spearman" in judged:
        best = max(judged["baselines"].items(), key=lambda pair: pair[1]["mean"])
        terminal.out.print(
            f"holdout: rho {_interval(judged['spearman'])}; best baseline {best[0]} {_interval(best[1])}; "
            f"raters: {', '.join(judged['raters'])}",
            soft_wrap=True,
        )


def _interval(one: Mapping[str, Any]) -> str:
    return f"{one['mean']:.3f} ({one['low']:.3f} to {one['high']:.3f}, {one['count']} items)"
