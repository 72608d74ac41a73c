"""What the commands share: options, the store and the lane opened, errors as one line and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from editron_core import log, process, telemetry
from editron_core.cli import terminal
from editron_core.config import settings
from editron_core.domain.batch import StorageTier
from editron_core.domain.job import RenderPriority
from editron_core.errors import EditronError, Interrupted, NotFound, UsageError

if TYPE_CHECKING:
    from editron_core.lane import Lane, Order, Outcome
    from editron_core.store import Store

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Sources = Annotated[
    list[str],
    typer.Argument(help="Files, folders or http(s) URLs, or the id of one batch taken in before."),
]
Brief = Annotated[str, typer.Option(help="What the cut is about: steers which moments are chosen.")]
ProfileName = Annotated[
    str, typer.Option("--profile", help="Scoring profile: a name, a .toml file or a registered hash.")
]
Knobs = Annotated[
    list[str] | None,
    typer.Option("--knob", help="energy, talk or beauty, -1 to 1, such as energy=0.5; may be repeated."),
]
Blueprints = Annotated[
    list[str] | None,
    typer.Option("--blueprint", help="hero-reel, shorts, square or a .toml file; may be repeated."),
]
Brand = Annotated[Path | None, typer.Option(help="A brand.toml: colours, fonts, logo, watermark, slates.")]
Priority = Annotated[
    RenderPriority, typer.Option("--priority", help="How urgent the render is: rush overtakes in the queue.")
]
Destinations = Annotated[
    list[str] | None,
    typer.Option("--to", help="Also copy the deliverables to this folder, or to `blobs`; may be repeated."),
]
Tier = Annotated[
    StorageTier | None,
    typer.Option(
        "--tier",
        help="How housekeeping keeps the batch from now on: hot; warm: originals go to the archive; "
        "cold: only evidence and deliverables stay.",
    ),
]
Out = Annotated[Path | None, typer.Option(help="Folder for the results; default editron-out/<batch>.")]


@contextmanager
def reported() -> Iterator[None]:
    """Set up logs and spans; turn our errors into one line and the right exit code."""
    try:
        log.configure(settings().log_level, settings().log_format)
        telemetry.configure(settings())
        with telemetry.span("editron", run=uuid4().hex):
            yield
    except (KeyboardInterrupt, Interrupted):
        process.stop_all()
        terminal.fail("interrupted; the same command again goes on from here")
        raise typer.Exit(130) from None
    except UsageError as error:
        terminal.fail(str(error))
        raise typer.Exit(2) from error
    except EditronError as error:
        terminal.fail(str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        terminal.fail(f"{error.filename or 'the system'}: {error.strerror or error}")
        raise typer.Exit(1) from error


@contextmanager
def open_store() -> Iterator[Store]:
    from editron_core.store import Store

    with reported(), Store.open(settings().database, settings().blobs) as store:
        yield store


@contextmanager
def open_lane() -> Iterator[Lane]:
    from editron_core.lane import Lane

    with open_store() as store, terminal.TerminalWatcher() as watcher:
        yield Lane(store, settings(), watcher)


def begin(lane: Lane, sources: list[str], tier: StorageTier | None = None) -> Outcome:
    """Ingest the sources, or open the one batch that they name; `tier` is where it stands from now on."""
    taken = _begun(lane, sources)
    if tier is None:
        return taken
    lane.desk.store.batches.set_tier(taken.batch.id, tier)
    return lane.open(taken.batch.id)


def _begun(lane: Lane, sources: list[str]) -> Outcome:
    if len(sources) == 1 and not Path(sources[0]).exists() and "://" not in sources[0]:
        try:
            return lane.resume(sources[0])
        except NotFound as error:
            raise UsageError(
                "is neither a file, a folder, a URL nor a batch", subject=sources[0], remedy="editron status"
            ) from error
    return lane.ingest(sources)


def through(lane: Lane, outcome: Outcome, order: Order, last: str, out: Path | None = None) -> Outcome:
    """Run the stages up to and with `last`."""
    if last == "ingest":
        return outcome
    outcome = lane.analyze(outcome)
    if last == "analyze":
        return outcome
    where = out or Path("editron-out") / outcome.batch.id[:8]
    if not outcome.evidence:
        return lane.deliver(outcome, where) if last == "deliver" else outcome
    outcome = lane.score(outcome, order)
    if last == "score":
        return outcome
    outcome = lane.edit(outcome, order)
    if last == "edit":
        return outcome
    outcome = lane.render(outcome, order)
    return lane.deliver(outcome, where)


def stages(
    sources: list[str],
    order: Order,
    last: str,
    as_json: bool,
    out: Path | None = None,
    tier: StorageTier | None = None,
) -> None:
    with open_lane() as lane:
        if last not in ("ingest", "analyze"):  # which choose nothing: production needs no profile for them
            lane.check(order)
        outcome = through(lane, begin(lane, sources, tier), order, last, out)
    finish(outcome, as_json)


def finish(outcome: Outcome, as_json: bool) -> None:
    """Print what came of it; exit 1 where something is not as it should be."""
    terminal.show_outcome(outcome, as_json)
    if outcome.complaints:
        raise typer.Exit(1)


def order_of(
    brief: str, profile: str, knob: list[str] | None, blueprint: list[str] | None, brand: Path | None
) -> Order:
    from editron_core.lane import Order

    with reported():
        blueprints = tuple(blueprint or ("hero-reel",))
        return Order(brief, profile, read_knobs(knob), blueprints, brand=brand)


def read_knobs(words: list[str] | None) -> dict[str, float]:
    """`["energy=0.5"]` as `{"energy": 0.5}`. Raises UsageError."""
    turned: dict[str, float] = {}
    for word in words or ():
        name, _, value = word.partition("=")
        try:
            turned[name] = float(value)
        except ValueError:
            name = ""
        if name not in ("energy", "talk", "beauty"):
            raise UsageError("is no knob", subject=word, remedy="such as --knob energy=0.5, --knob talk=-1")
    return turned
