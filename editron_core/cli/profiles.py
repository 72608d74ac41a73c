"""`editron profiles`: the scoring profiles that choose moments, and their way to production."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.gate import show_checks
from editron_core.cli.golden import RatersOption
from editron_core.cli.shared import Json, Knobs, open_store, read_knobs
from editron_core.errors import UsageError

if TYPE_CHECKING:
    from editron_core.domain.registry import ProfileStage

app = typer.Typer(
    no_args_is_help=True, help="The scoring profiles that choose moments, and their way to production."
)

Signed = Annotated[str, typer.Option("--as", help="Who signs.")]
Why = Annotated[str, typer.Option("--why", help="The reason; whoever looks at the history reads it.")]
ROW = {"name": "profile", "hash": "hash", "stage": "stage", "created_at": "since", "by": "by"}
COMPARED = {"name": "most changed", "minutes": "minutes", "rho": "agreement", "moved_s": "best moved by s"}
MOST_SHOWN = 10
STEP = {"name": "profile", "hash": "hash", "step": "step", "author": "by", "created_at": "when"}


@app.command("list")
def list_profiles(as_json: Json = False) -> None:
    """Show the profiles that ship with Editron or were used here, and where each stands."""
    from editron_core.lane import registry

    with open_store() as store:
        rows = registry.listing(store)
    if as_json:
        terminal.show_json({"profiles": rows})
        return
    shown = [{**row, "created_at": row["since"]} for row in rows]
    terminal.show_rows(shown, {**ROW, "description": "for"})


@app.command("show")
def show_profile(
    name: Annotated[str, typer.Argument(help="A name, a .toml file or a registered hash.")],
    knob: Knobs = None,
    as_json: Json = False,
) -> None:
    """Show what a profile weighs, asks for and keeps, its hash, where it stands and how it came there."""
    from editron_core.lane import registry

    with open_store() as store:
        found = registry.find(store, name).with_knobs(**read_knobs(knob))
        standing = registry.standing(store, found.hash)
    if as_json:
        terminal.show_json({**found.to_data(), "hash": found.hash, **standing})
        return
    terminal.show_profile(found)
    _show_standing(standing)


@app.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="A name, a .toml file or a registered hash.")],
    against: Annotated[
        str, typer.Option(help="The profile that scores now; of a name, the one in production.")
    ] = "default",
    as_json: Json = False,
) -> None:
    """Show what a profile would change in all analysed footage: both score it anew, nothing is decoded."""
    from editron_core.domain import codec
    from editron_core.lane import registry
    from editron_core.lane.impact import impact

    with open_store() as store:
        now, then = registry.applied(store, against), registry.find(store, name)
        found = impact(store, now, then)
    target = float(now.lengths.target)
    if as_json:
        facts = {"now": now.hash, "then": then.hash, "hours": found.hours, "rho": found.rho}
        facts |= {"elsewhere": found.elsewhere(target), "files": codec.dump(found.changes)}
        terminal.show_json(facts)
        return
    rows = [
        {
            **codec.dump(change),
            "minutes": change.hours * 60,
            "rho": "" if change.rho is None else f"{change.rho:.2f}",
        }
        for change in found.changes[:MOST_SHOWN]
    ]
    terminal.show_rows(rows, COMPARED)
    terminal.out.print(
        f"{len(found.changes)} files, {found.hours * 60:.0f} min: scores of {terminal.plain(now.name)} "
        f"{now.hash[:12]} and {terminal.plain(then.name)} {then.hash[:12]} agree by "
        f"{'nothing' if found.rho is None else f'{found.rho:.2f}'} (Spearman, mean of the files); the best "
        f"{target:g} s are elsewhere in {found.elsewhere(target)} of them",
        soft_wrap=True,
    )


@app.command("promote")
def promote(
    name: Annotated[str, typer.Argument(help="A name, a .toml file or a registered hash.")],
    author: Signed,
    why: Why,
    to: Annotated[
        str, typer.Option(help="candidate, approved or production; without it, the next step.")
    ] = "",
    notebook: Annotated[
        Path | None, typer.Option(help="The executed notebook that shows why; a copy is kept.")
    ] = None,
    raters: RatersOption = "automated",
    as_json: Json = False,
) -> None:
    """Take a profile one step on: the gate makes a candidate, a person approves it, then production has it.

    Approving reads the holdout, once for each profile, and writes the reading down first.
    """
    from editron_core.domain import codec
    from editron_core.domain.label import Raters
    from editron_core.lane import promotion, registry
    from editron_core.lane.judges import judges

    with open_store() as store:
        wish = promotion.Wish(author, why, _stage(to), notebook)
        found = registry.find(store, name)
        step = promotion.promote(store, found, wish, lambda: judges(Raters(raters)))
        standing = registry.standing(store, found.hash)
        held_out = store.qa_runs.get(step.holdout_id).result if step.holdout_id else None
    follows = step.went_to.next
    by = f" --raters {raters}" if raters != "automated" else ""
    command = f"editron profiles promote {found.hash[:12]} --to {follows}{by} --as NAME --why TEXT"
    if as_json:
        next_step = command if follows else None
        terminal.show_json(
            {**codec.dump(step), "name": found.name, "holdout": held_out, "next": next_step, **standing}
        )
        return
    show_checks(step.gate or held_out or {})
    who = f"[bold]{terminal.plain(found.name)}[/] {found.hash[:12]}"
    terminal.out.print(f"{who}: {step.came_from} -> [bold]{step.went_to}[/]")
    terminal.out.print(f"next   {command}" if follows else "production scores with it", soft_wrap=True)


@app.command("rollback")
def rollback(
    author: Signed,
    why: Why,
    name: Annotated[str, typer.Argument(help="Which name's profile in production.")] = "default",
    as_json: Json = False,
) -> None:
    """Bring back the profile that was in production before the one that is."""
    from editron_core.domain import codec
    from editron_core.lane import promotion

    with open_store() as store:
        gone, back = promotion.rollback(store, name, promotion.Wish(author, why))
    if as_json:
        terminal.show_json({"name": name, "retired": codec.dump(gone), "restored": codec.dump(back)})
        return
    terminal.out.print(
        f"[bold]{terminal.plain(name)}[/]: production scores with {back.profile_hash[:12]} again; "
        f"{gone.profile_hash[:12]} is retired"
    )


@app.command("history")
def history(
    name: Annotated[str, typer.Argument(help="A profile's name; without one, all.")] = "",
    as_json: Json = False,
) -> None:
    """Show every promotion and rollback: who, when, why, on what grounds."""
    from editron_core.lane import registry

    with open_store() as store:
        rows = registry.history(store, name or None)
    if as_json:
        terminal.show_json({"promotions": rows})
    elif rows:
        _show_steps(rows)
    else:
        begin = "editron profiles promote default --as NAME --why TEXT"
        terminal.out.print(f"Nothing was promoted yet. Begin with [bold]{begin}[/].")


def _stage(word: str) -> ProfileStage | None:
    from editron_core.domain.registry import ProfileStage

    if not word:
        return None
    known = [
        stage.value for stage in (ProfileStage.CANDIDATE, ProfileStage.APPROVED, ProfileStage.PRODUCTION)
    ]
    if word not in known:
        raise UsageError("is no step", subject=f"--to {word}", remedy=f"one of {', '.join(known)}")
    return ProfileStage(word)


def _show_standing(standing: dict[str, Any]) -> None:
    terminal.out.print(f"[bold]stands at[/] {standing['stage']}")
    if standing["promotions"]:
        _show_steps(standing["promotions"])
    for run in standing["qa_runs"]:
        if run["kind"] == "holdout" and run["result"]:
            show_checks(run["result"])


def _show_steps(rows: list[dict[str, Any]]) -> None:
    shown = [{**row, "step": f"{row['came_from']} -> {row['went_to']}"} for row in rows]
    terminal.show_rows(shown, {**STEP, "reason": "why"})
