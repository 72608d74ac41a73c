"""What may not differ between batches that were killed and batches that were not, and how they are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

from editron_core.config import Settings
from editron_core.lane import Lane, Order, production
from editron_core.media import ffmpeg
from editron_core.process import run as child
from editron_core.store import Store
from tests.flows.conftest import Serving, alive


def frames(path: Path) -> str:
    """A hash over every decoded frame and sample of a video."""
    shown, _ = child([ffmpeg.binary(), "-v", "error", "-i", path, "-f", "hash", "-hash", "sha256", "-"])
    return shown.decode().strip()


def facts(serving: Serving, batch: str) -> dict[str, Any]:
    """What may not differ, however often a batch was interrupted: rows and deliverables."""
    out = serving.home / "delivered" / batch[:8]
    with serving.store() as store:
        sessions = store.sessions.list(batch)
        return {
            "files": sorted((f.name, f.sha256, f.status.value) for f in store.files.list(batch)),
            "sessions": sorted((s.deliverable_type, s.content_hash, s.status.value) for s in sessions),
            "jobs": [job.status.value for session in sessions for job in store.jobs.list(session.id)],
            "videos": {p.name: frames(p) for p in sorted(out.glob("*.mp4"))},
        }


def alone(footage: Path, clips: Path) -> dict[str, str]:
    """The deliverables of the lane by itself, in a home of its own."""
    here = Settings(home=footage / f"alone-{clips.name}")
    order = Order(brief="the jump", blueprints=(str(footage / "tiny.toml"),))
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here)
        taken = production.take_in(lane, [str(clips)], order)
        (cut,) = production.cut(lane, taken.batch).cuts
        done = production.delivered(lane, cut.session.id, here.home / "out", auto_approve=True)
    return {Path(d.path).name: frames(Path(d.path)) for d in done.deliverables}


def kill(serving: Serving) -> float:
    """kill -9 the worker and all that it started; the supervisor and the server stay. When it was."""
    for pid, words in alive(serving.home).items():
        if "flows.worker" in words or "prefect.engine" in words or "ffmpeg" in words:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    return time.monotonic()
