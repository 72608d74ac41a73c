"""What somebody asks of a session by its id: to be rendered, by whichever worker is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from editron_core.domain import codec
from editron_core.domain.job import RenderJob, RenderPriority
from editron_core.edit.blueprint import Blueprint
from editron_core.errors import UsageError
from editron_core.lane import cutting, destinations, revising
from editron_core.lane.lane import Lane
from editron_core.lane.order import Order


@dataclass(frozen=True, slots=True)
class RenderWish:
    """How a session is to be rendered."""

    priority: RenderPriority = RenderPriority.STANDARD
    destinations: Sequence[str] = ()
    """Folders, or `blobs`."""
    formats: Sequence[str] = ()
    """Aspect ratios of its blueprint, or presets that these go to; empty is all of them."""


def render(lane: Lane, session_id: str, wish: RenderWish) -> RenderJob:
    """The render job of a session, queued; the one that asks for the same and is not finished counts.

    Raises NotFound; Stale where another session has taken its place; UsageError for a session without an
    order, a destination or format that is none, and in production for cuts that are not signed.
    """
    destinations.check(wish.destinations)
    session = revising.current(lane.desk.store, session_id)
    if "order" not in session.metadata:
        raise UsageError("names no order", subject=f"session {session_id[:8]}", remedy="editron edit")
    order = codec.load(Order, session.metadata["order"])
    outcome = lane.open(session.batch_id)
    cut = cutting.reopened(lane.desk, outcome, session, order)
    cut = replace(cut, blueprint=_narrowed(cut.blueprint, wish.formats))
    wanted = replace(order, priority=wish.priority, destinations=tuple(wish.destinations))
    (job,) = lane.enqueue(replace(outcome, cuts=(cut,)), wanted)
    lane.desk.store.dispatches.add(session.batch_id, "job", {"job": job.id})
    return job


def _narrowed(plan: Blueprint, formats: Sequence[str]) -> Blueprint:
    """A blueprint with those of its aspect ratios that are wanted. Raises UsageError for one it has not."""
    if not formats:
        return plan
    known = cutting.preset_names(plan)
    strange = [one for one in formats if one not in known and one not in known.values()]
    if strange:
        remedy = f"it has {', '.join(f'{aspect} ({name})' for aspect, name in known.items())}"
        raise UsageError(f"has no format {strange[0]}", subject=plan.name, remedy=remedy)
    kept = tuple(aspect for aspect in plan.aspects if aspect in formats or known[aspect] in formats)
    return replace(
        plan, aspects=kept, presets={one: plan.presets[one] for one in kept if one in plan.presets}
    )
