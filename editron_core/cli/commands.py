"""The commands of the lane: from footage to deliverables, all of it or one stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import (
    Blueprints,
    Brand,
    Brief,
    Destinations,
    Json,
    Knobs,
    Out,
    Priority,
    ProfileName,
    Sources,
    Tier,
    begin,
    finish,
    open_lane,
    open_store,
    order_of,
    reported,
    stages,
    through,
)
from editron_core.domain.job import RenderPriority

if TYPE_CHECKING:
    from editron_core.lane import Lane, Order, Outcome


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("editron-demo"),
    dropbox: Annotated[
        bool, typer.Option("--dropbox", help="By way of a Dropbox that runs here, as it would from yours.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Draw sample footage and run the whole lane on it; prints where the report and videos are."""
    from editron_core.lane import Order

    with open_lane() as lane:
        order = Order(brief="the goal and the crowd", blueprints=("hero-reel", "shorts"))
        lane.check(order)
        footage = lane.draw_samples(out / "footage")
        if dropbox:
            outcome = _from_dropbox(lane, footage, order, out)
        else:
            outcome = through(lane, lane.ingest([str(footage)]), order, "deliver", out)
    finish(outcome, as_json)


def _from_dropbox(lane: Lane, footage: Path, order: Order, out: Path) -> Outcome:
    from editron_core.ingest.fake_dropbox import FakeDropbox
    from editron_core.lane.rehearsal import through_dropbox

    with FakeDropbox() as fake:
        asking, outcome = through_dropbox(lane, footage, fake)
        return through(asking, outcome, order, "deliver", out)


def run(
    sources: Sources,
    brief: Brief = "",
    profile: ProfileName = "default",
    knob: Knobs = None,
    blueprint: Blueprints = None,
    brand: Brand = None,
    priority: Priority = RenderPriority.STANDARD,
    to: Destinations = None,
    tier: Tier = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Take in footage and leave finished videos: ingest, analyse, score, edit, render, report.

    The same command again goes on where it was interrupted. Files that cannot be used are reported,
    the others are delivered, and the exit code is 1.
    """
    order = order_of(brief, profile, knob, blueprint, brand)
    order = replace(order, priority=priority, destinations=tuple(to or ()))
    stages(sources, order, "deliver", as_json, out, tier)


def ingest(sources: Sources, tier: Tier = None, as_json: Json = False) -> None:
    """Take in footage: probe, checksum and store every file."""
    stages(sources, order_of("", "default", None, None, None), "ingest", as_json, tier=tier)


def analyze(sources: Sources, as_json: Json = False) -> None:
    """See and hear every file once: signals on a half-second grid, transcript, proxy."""
    stages(sources, order_of("", "default", None, None, None), "analyze", as_json)


def moments(
    sources: Sources,
    brief: Brief = "",
    profile: ProfileName = "default",
    knob: Knobs = None,
    curve: Annotated[
        Path | None,
        typer.Option(help="Also write the score over time and its signals, as .parquet or .json."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Choose the hero moments, each with its score, breakdown and reason."""
    from editron_core.lane import check_curve, write_curve

    order = order_of(brief, profile, knob, None, None)
    with open_lane() as lane:
        if curve is not None:
            check_curve(curve)
        lane.check(order)
        outcome = through(lane, begin(lane, sources), order, "score")
        if curve is not None:
            write_curve(outcome, curve)
    finish(outcome, as_json)


def edit(
    sources: Sources,
    brief: Brief = "",
    profile: ProfileName = "default",
    knob: Knobs = None,
    blueprint: Blueprints = None,
    brand: Brand = None,
    as_json: Json = False,
) -> None:
    """Cut the moments to blueprints, with captions and files for Premiere, Resolve and Final Cut."""
    stages(sources, order_of(brief, profile, knob, blueprint, brand), "edit", as_json)


def render(
    sources: Sources,
    brief: Brief = "",
    profile: ProfileName = "default",
    knob: Knobs = None,
    blueprint: Blueprints = None,
    brand: Brand = None,
    priority: Priority = RenderPriority.STANDARD,
    to: Destinations = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Render the cuts, measure every output, and write the report."""
    order = order_of(brief, profile, knob, blueprint, brand)
    order = replace(order, priority=priority, destinations=tuple(to or ()))
    stages(sources, order, "deliver", as_json, out)


def status(
    batch: Annotated[str, typer.Argument(help="A batch; without one, all of them.")] = "",
    as_json: Json = False,
) -> None:
    """Show batches, or the files, cuts and render jobs of one."""
    from editron_core.lane import status as statuses

    with open_store() as store:
        data = statuses.of_batch(store, batch) if batch else statuses.of_all(store)
    terminal.show_status(data, as_json)


def doctor(as_json: Json = False) -> None:
    """Tell what is installed, reachable and usable, and what each missing part costs."""
    from editron_core.doctor import examine_installation

    with reported():
        parts = examine_installation()
    terminal.show_parts(parts, as_json)
