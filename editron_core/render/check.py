from __future__ import annotations
from editron_core.domain.job import Deliverable
from editron_core.times import *


def inspect(plan, aspect, path, track, room):
    w, h = plan.size(aspect)
    return Deliverable(
        str(path),
        plan.timeline.name,
        aspect,
        plan.presets[aspect],
        plan.duration,
        w,
        h,
        tuple(map(str, plan.sidecars)),
        track.after.lufs,
        track.after.dbtp,
        (),
    )
