"""How the captions of a batch look: tried on one frame, and chosen for all of its cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from editron_core.domain import codec
from editron_core.domain import frame as frames
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import EditSession
from editron_core.domain.review import CaptionLine
from editron_core.domain.timeline import Timeline
from editron_core.edit.blueprint import Blueprint
from editron_core.edit.fonts import fonts_dir
from editron_core.edit.subtitle_files import write_captions
from editron_core.errors import UsageError
from editron_core.lane import branding, captioning, cutting, revising
from editron_core.lane.order import Order
from editron_core.lane.revising import Change
from editron_core.render import presets
from editron_core.render.marks import caption_frame
from editron_core.render.plan import RenderPlan
from editron_core.render.preview import preview
from editron_core.review import revisions, signoff
from editron_core.store import Store


@dataclass(frozen=True, slots=True)
class Frame:
    """Which frame of a deliverable is wanted."""

    timeline: str
    aspect: str
    """One of the blueprint's; empty for its first."""
    at: Fraction
    """Seconds of the cut."""
    preset: str = ""
    """The caption preset to try, or `off`; empty for the one that the cut is exported with."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Lines of a file's captions that are not saved yet."""

    file_id: str
    lines: Sequence[CaptionLine]


def frame(store: Store, session_id: str, wanted: Frame, draft: Draft | None = None) -> bytes:
    """One frame of a deliverable as PNG, drawn as the export draws it.

    Raises NotFound, UsageError for an aspect, preset or instant that the cut does not have, and what a
    render raises.
    """
    session = store.sessions.get(session_id)
    timeline = signoff.find_timeline(session, wanted.timeline)
    order = order_of(session)
    plan = cutting.captioned_as(_plan(order, session), wanted.preset)
    aspect = str(wanted.aspect or plan.aspects[0])
    if aspect not in plan.aspects:
        raise UsageError(
            f"is not made in {aspect}",
            subject=timeline.name,
            remedy=f"take {', '.join(plan.aspects)}",
        )
    if draft is not None:
        timeline = captioning.drafted(store, session.batch_id, timeline, draft.file_id, draft.lines)
    look = branding.of_order(store, order)
    with store.blobs.scratch("preview") as folder:
        fonts, name = fonts_dir(look), cutting.preset_names(plan)[aspect]
        room: dict[str, frames.Frame] = {aspect: caption_frame(presets.preset(name), aspect, look, fonts)}
        alone = replace(timeline, aspects=(aspect,))
        wish = RenderPlan(
            timeline=alone,
            files=_files(store, session, timeline),
            brand=look,
            presets={aspect: name},
            subtitles=write_captions(alone, plan, look, folder, room).burned,
            fonts=fonts,
            sidecars=(),
            out=folder,
        )
        return preview(wish, aspect, wanted.at)


def choose(store: Store, batch_id: str, preset: str, author: str) -> tuple[EditSession, ...]:
    """Let the captions of all current cuts of a batch look like `preset`, or be `off`.

    Returns the sessions that took the place of those that looked otherwise. Raises UsageError.
    """
    made = []
    batch = store.batches.get(batch_id)
    for session in revisions.current(store.sessions.list(batch.id)):
        order = replace(order_of(session), captions=preset)
        look = cutting.shown_as(_plan(order, session), branding.of_order(store, order))
        cuts = tuple(replace(one, look=look) for one in session.timelines)
        if cuts != session.timelines:
            done = Change("captions", author)
            made.append(revising.replace_cuts(store, session, cuts, done, codec.dump(order)))
    if "order" in batch.metadata:
        kept = replace(codec.load(Order, batch.metadata["order"]), captions=preset)
        store.batches.note(batch.id, {"order": codec.dump(kept)})
    return tuple(made)


def order_of(session: EditSession) -> Order:
    """What a session was ordered as; the plain order of its blueprint where nobody wrote one down."""
    if "order" in session.metadata:
        return codec.load(Order, session.metadata["order"])
    return Order(blueprints=(session.deliverable_type,))


def _plan(order: Order, session: EditSession) -> Blueprint:
    for plan in cutting.plans(order):
        if plan.name == session.deliverable_type:
            return plan
    raise UsageError(
        f"was made by {session.deliverable_type}, which its order does not name",
        subject=f"session {session.id[:8]}",
    )


def _files(store: Store, session: EditSession, timeline: Timeline) -> dict[str, MediaFile]:
    """The files that a cut takes from, by what they hold."""
    wanted = {clip.file_id for clip in timeline.clips}
    files: dict[str, MediaFile] = {}
    for file in store.files.list(session.batch_id):
        if file.sha256 in wanted:
            files.setdefault(file.sha256, replace(file, id=file.sha256))
    return files
