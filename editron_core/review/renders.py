"""What the page of renders shows."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from editron_core.domain.batch import Hold, MediaBatch
from editron_core.domain.job import Deliverable, EditSession, RenderJob
from editron_core.store import Store

MOST = 200
"""Jobs that the page shows; older ones are found through the API."""


def shown(store: Store, query: dict[str, Any]) -> dict[str, Any]:
    """The newest render jobs, of one batch where `query` names it. Raises NotFound for that."""
    batch = store.batches.get(str(query["batch"])).id if query.get("batch") else None
    jobs = store.jobs.page(batch_id=batch, limit=MOST).items
    sessions = store.sessions.some(job.session_id for job in jobs)
    batches = store.batches.some(session.batch_id for session in sessions.values())
    return {
        "jobs": [
            _job(job, session, batches[session.batch_id])
            for job in jobs
            # Else its batch was deleted while we looked.
            if (session := sessions.get(job.session_id)) and session.batch_id in batches
        ]
    }


def _job(job: RenderJob, session: EditSession, batch: MediaBatch) -> dict[str, Any]:
    return {
        "id": job.id,
        "batch": batch.id,
        "batch_name": batch.reference_name or batch.source_url,
        "blueprint": session.deliverable_type,
        "state": job.status.value if job.hold is Hold.NONE else job.hold.value,
        "priority": job.priority.value,
        "progress": job.progress_percent,
        "error": job.last_error,
        "created": job.created_at.isoformat() if job.created_at else "",
        "outputs": [_output(job, number, one) for number, one in enumerate(job.deliverables)],
    }


def _output(job: RenderJob, number: int, deliverable: Deliverable) -> dict[str, Any]:
    here = f"/api/jobs/{job.id}"
    return {
        "timeline": deliverable.timeline,
        "aspect": deliverable.aspect,
        "preset": deliverable.preset,
        "duration": float(deliverable.duration),
        "width": deliverable.width,
        "height": deliverable.height,
        "loudness": deliverable.loudness_lufs,
        "passed": deliverable.passed,
        "url": f"{here}/deliverable?index={number}",
        "captions": [
            {
                "kind": PurePath(path).suffix.lstrip(".").upper(),
                "url": f"{here}/captions?index={number}&caption={place}",
            }
            for place, path in enumerate(deliverable.captions)
        ],
        "checks": [
            {
                "name": check.name,
                "passed": check.passed,
                "measured": check.measured,
                "required": check.required,
            }
            for check in deliverable.checks
        ],
    }
