"""One frame of a deliverable as a picture, drawn by the very graph that renders it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

from editron_core.errors import UsageError
from editron_core.render import graph
from editron_core.render.encode import workroom
from editron_core.render.plan import RenderPlan
from editron_core.render.run import run

WALL_S = 60.0
PICTURE_BYTES = 64 << 20
AS_SEEN = {"in_color_matrix": "bt709", "in_range": "tv", "out_range": "pc", "flags": "bicubic+accurate_rnd"}
"""How the frame's colours become those of a PNG; whoever compares with a video converts it likewise."""

TAGGED = {"color_primaries": "bt709", "color_trc": "iec61966-2-1"}
"""What the PNG says of its colours. Players show BT.709 video like sRGB; a PNG that named BT.709's own curve
would be darkened by browsers, and look unlike the export that they play beside it."""


def preview(plan: RenderPlan, aspect: str, at: Fraction) -> bytes:
    """The frame that shows at `at` (seconds of the cut, without slates), as PNG.

    It is what the encoder is handed, before it loses anything. Raises UsageError for an instant outside
    the cut, MediaError or DefinitionError for a plan that cannot be rendered, ProcessFailed where ffmpeg
    fails.
    """
    frame = floor(at * plan.rate)
    if not 0 <= frame < plan.cut_frames:
        raise UsageError(
            f"{float(at):g} s lies outside the cut",
            subject=plan.timeline.name,
            remedy=f"it runs 0 to {float(plan.timeline.duration):.2f}",
        )
    return _drawn(plan, aspect, lambda alone, room: graph.still(alone, aspect, frame, room))


def slate(plan: RenderPlan, aspect: str, name: str) -> bytes:
    """The `intro` or `outro` of a deliverable, as PNG: what the encoder is handed there.

    Raises UsageError where the brand has none, and else what `preview` does.
    """
    if plan.slate(name) is None:
        raise UsageError(f"has no {name}", subject=f"brand kit {plan.brand.name}", remedy="give it one")
    return _drawn(plan, aspect, lambda alone, room: graph.slate(alone, aspect, name, room))


def _drawn(plan: RenderPlan, aspect: str, picture: Callable[[RenderPlan, graph.Workroom], Any]) -> bytes:
    import ffmpeg as nodes

    with tempfile.TemporaryDirectory(prefix="editron-preview-") as place:
        # A folder of its own: two previews of one cut may be drawn at once.
        aside = replace(plan, presets={aspect: plan.presets[aspect]}, out=Path(place))
        with workroom(aside) as room:
            seen = picture(aside, room).filter("scale", **AS_SEEN).filter("format", "rgb24")
            seen = seen.filter("setparams", **TAGGED)
            drawn = room.folder / "preview.png"
            target = nodes.output(seen, f"file:{drawn.resolve()}", vframes=1, f="image2", update=1)
            run(target, room.folder, wall_s=WALL_S, file_bytes=PICTURE_BYTES)
            return drawn.read_bytes()
