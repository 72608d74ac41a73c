"""Edit: moments become one session per blueprint, with captions and files for an editor's own tool."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.brand import BrandKit, Bumper, Slate
from editron_core.domain.job import EditSession, EditSessionStatus, Finding
from editron_core.domain.progress import Step
from editron_core.domain.timeline import Timeline
from editron_core.edit import assemble, blueprint, interchange, looks
from editron_core.edit.blueprint import Blueprint, CaptionPreset, Captions
from editron_core.edit.fonts import fonts_dir
from editron_core.edit.subtitle_files import write_captions
from editron_core.errors import UsageError
from editron_core.lane import branding, captioning, revising
from editron_core.lane.desk import Desk, Progress, code_version
from editron_core.lane.document import Cut, Outcome
from editron_core.lane.order import Order
from editron_core.render import presets
from editron_core.render.marks import caption_frame
from editron_core.review import revisions
from editron_core.store import NewSession, Stage

FRAMED_BY = ("render/presets.toml", "render/presets.py", "render/marks.py", "render/pen.py")
"""What of the render room decides where captions may stand."""
OFF = "off"
"""In place of a caption preset: nothing is burned in."""
CAPTIONS, INTERCHANGE, FINDINGS = "captions", "interchange", "findings.json"


def cut(desk: Desk, outcome: Outcome, order: Order) -> Outcome:
    """The cuts that `order` asks for, waiting for review."""
    if outcome.selection is None:
        return outcome
    # The version is written down with the cut: a later choice of the project changes no cut that there is.
    order = branding.inherited(desk.store, order, outcome.batch.project_id)
    look = branding.of_order(desk.store, order)
    if not order.kit:
        desk.store.brands.remember(look, outcome.batch.project_id)
    cuts, findings = [], list(outcome.findings)
    with desk.timed("edit"):
        for plan in plans(order):
            assembly = assemble.assemble(plan, outcome.selection.moments, outcome.footage, outcome.evidence)
            findings += assembly.findings
            if not assembly.timelines:
                continue
            shown = shown_as(plan, look)
            timelines = tuple(replace(timeline, look=shown) for timeline in assembly.timelines)
            session = _session(desk, outcome, plan, look, timelines, order)
            made, found = _package(desk, outcome, session, plan, look)
            cuts.append(made)
            findings += found
    return replace(outcome, cuts=tuple(cuts), findings=tuple(dict.fromkeys(findings)))


def shown_as(plan: Blueprint, look: BrandKit) -> str:
    """Hash of all but the cut itself that makes a deliverable look as it does: see `Timeline.look`."""
    return codec.content_hash([codec.dump(plan), preset_names(plan), brand_facts(look)])


def reopened(desk: Desk, outcome: Outcome, session: EditSession, order: Order) -> Cut:
    """The cut of a session that was recorded before, by the order that it was made for.

    Raises UsageError where the order has no blueprint of that name any more.
    """
    for plan in plans(order):
        if plan.name == session.deliverable_type:
            return _package(desk, outcome, session, plan, branding.of_order(desk.store, order))[0]
    raise UsageError(
        f"was made by {session.deliverable_type}, which its order does not name",
        subject=f"session {session.id[:8]}",
    )


def plans(order: Order) -> tuple[Blueprint, ...]:
    """The blueprints of an order. Raises UsageError for an unknown one, or two of the same name."""
    loaded = tuple(captioned_as(blueprint.load(name), order.captions) for name in order.blueprints)
    names = [plan.name for plan in loaded]
    for name in names:
        if names.count(name) > 1:
            raise UsageError("is the name of two blueprints", subject=name, remedy="rename one of them")
    return loaded


def captioned_as(plan: Blueprint, preset: str) -> Blueprint:
    """`plan` with captions burned in as `preset`, or `off`; empty leaves it as it is. Raises UsageError."""
    if not preset:
        return plan
    if preset == OFF:
        return replace(plan, captions=replace(plan.captions, burn=False))
    if preset not in looks.PRESETS:
        known = ", ".join((*looks.PRESETS, OFF))
        raise UsageError("is no caption preset", subject=preset, remedy=f"take one of {known}")
    return replace(plan, captions=Captions(cast(CaptionPreset, preset), burn=True))


def preset_names(plan: Blueprint) -> dict[str, str]:
    """The render preset of each aspect ratio of a blueprint."""
    return {aspect: plan.presets.get(aspect) or presets.for_aspect(aspect) for aspect in plan.aspects}


def brand_facts(kit: BrandKit) -> dict[str, Any]:
    """All that a brand kit puts into pixels; its files by what they hold, not where they lie."""
    held = {what: _digest(Path(place)) for what, place in kit.files.items()}
    bare = replace(
        kit,
        logo=None,
        fonts=(),
        watermark=replace(kit.watermark, image=None) if kit.watermark else None,
        intro=_nowhere(kit.intro),
        outro=_nowhere(kit.outro),
    )
    return {"kit": codec.dump(bare), "files": held}


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _nowhere(part: Slate | Bumper | None) -> Slate | Bumper | None:
    return replace(part, clip="") if isinstance(part, Bumper) else part


def _session(
    desk: Desk,
    outcome: Outcome,
    plan: Blueprint,
    kit: BrandKit,
    timelines: tuple[Timeline, ...],
    order: Order,
) -> EditSession:
    """The session of these cuts, or of what people made of them, captioned as people edited it."""
    sessions, family = desk.store.sessions, revisions.family_of(timelines)
    made = next(
        (
            one
            for one in sessions.list(outcome.batch.id)
            if one.deliverable_type == plan.name and revisions.family(one) == family
        ),
        None,
    )
    said = {file_id: seen.transcript for file_id, seen in outcome.evidence.items()}
    if made is None or revisions.family_of(made.timelines) == family:
        cuts = captioning.applied(desk.store, outcome.batch.id, timelines, said)
    else:  # people changed it: their clips, in today's look
        theirs = tuple(replace(each, look=timelines[0].look) for each in made.timelines)
        cuts = captioning.recaptioned(desk.store, outcome.batch.id, theirs, said)
    if made is not None and cuts == made.timelines:
        return made
    new = NewSession(
        batch_id=outcome.batch.id,
        deliverable_type=plan.name,
        timelines=cuts,
        aspect_ratios=plan.aspects,
        reference_style=kit.name,
        include_captions=any(timeline.cues for timeline in cuts),
        metadata={
            **(made.metadata if made else {}),
            "order": codec.dump(order),
            revisions.FAMILY: family,
        },
    )
    instead_of = made.id if made is not None else ""
    session = sessions.ensure(new, instead_of=instead_of, reason="its look or captions were changed")
    if session.status is EditSessionStatus.ASSEMBLING:
        return sessions.set_status(session.id, EditSessionStatus.NEEDS_REVIEW)
    # A look or captions that were there before are taken up again.
    return revising.taken_up(desk.store, session.id, instead_of) if instead_of else session


def _package(
    desk: Desk, outcome: Outcome, session: EditSession, plan: Blueprint, kit: BrandKit
) -> tuple[Cut, tuple[Finding, ...]]:
    used = {clip.file_id for timeline in session.timelines for clip in timeline.clips}
    files = {file_id: _as_found(file) for file_id, file in outcome.footage.items() if file_id in used}
    options = {
        "blueprint": codec.dump(plan),
        "brand": brand_facts(kit),
        "moments": codec.dump([clip.moment for t in session.timelines for clip in t.clips if clip.moment]),
        "files": {file_id: codec.dump(file) for file_id, file in sorted(files.items())},
    }
    stage = Stage("edit", (session.content_hash,), options, code_version("edit", *FRAMED_BY))
    seconds = float(sum(timeline.duration for timeline in session.timelines))
    made = desk.make(
        stage,
        Step("edit", plan.name, seconds, batch=session.batch_id, session=session.id),
        lambda folder, tell: _write(folder, tell, session, plan, kit, files),
    )
    found = json.loads((made.folder / FINDINGS).read_text("utf-8"))
    findings = tuple(codec.load(Finding, one) for one in found)
    return Cut(session, plan, kit, made.folder, made.key), findings


def _write(
    folder: Path,
    tell: Progress,
    session: EditSession,
    plan: Blueprint,
    kit: BrandKit,
    files: Mapping[str, MediaFile],
) -> dict[str, Any]:
    fonts = fonts_dir(kit)
    frames = {
        aspect: caption_frame(presets.preset(name), aspect, kit, fonts)
        for aspect, name in preset_names(plan).items()
    }
    findings: list[Finding] = []
    for count, timeline in enumerate(session.timelines, start=1):
        captions, tools = folder / CAPTIONS / timeline.name, folder / INTERCHANGE / timeline.name
        captions.mkdir(parents=True)
        tools.mkdir(parents=True)
        findings += write_captions(timeline, plan, kit, captions, frames).findings
        interchange.write_all(timeline, files, tools, frames[timeline.aspects[0]].size)
        tell(count / len(session.timelines))
    text = json.dumps(codec.dump(findings), ensure_ascii=False, indent=1)
    (folder / FINDINGS).write_text(text, encoding="utf-8")
    return {"timelines": [timeline.name for timeline in session.timelines]}


def _as_found(file: MediaFile) -> MediaFile:
    """The file where its owner keeps it: an editor's tool should open that one, not our copy."""
    original = Path(file.source)
    return replace(file, path=file.source) if "://" not in file.source and original.exists() else file
