"""Where batches, files, cuts and render jobs stand, JSON-ready for the terminal and for machines."""

from __future__ import annotations

from typing import Any

from editron_core.domain import codec
from editron_core.domain.batch import MediaBatch
from editron_core.domain.job import EditSession
from editron_core.review import signoff
from editron_core.store import Store


def of_all(store: Store, limit: int = 50) -> dict[str, Any]:
    """The newest batches."""
    return {"batches": [_batch(batch) for batch in store.batches.list(limit=limit)]}


def of_batch(store: Store, batch_id: str) -> dict[str, Any]:
    """One batch with its files, cuts and render jobs. Raises NotFound."""
    batch = store.batches.get(batch_id)
    sessions = store.sessions.list(batch.id)
    return {
        "batches": [_batch(batch)],
        "files": [
            {
                "id": file.id,
                "name": file.name,
                "status": file.status.value,
                "size_bytes": file.size_bytes,
                "duration": float(file.probe.duration) if file.probe else None,
                "error": file.error,
                "hold": file.hold.value,
            }
            for file in store.files.list(batch.id)
        ],
        "cuts": [row for session in sessions for row in _cuts(store, session)],
        "jobs": [
            {
                "id": job.id,
                "session": session.id,
                "blueprint": session.deliverable_type,
                "status": job.status.value,
                "priority": job.priority.value,
                "hold": job.hold.value,
                "progress_percent": job.progress_percent,
                "outputs": list(job.output_urls),
                "error": job.last_error,
            }
            for session in sessions
            for job in store.jobs.list(session.id)
        ],
    }


def cuts(store: Store, batch_id: str) -> dict[str, Any]:
    """The cuts of a batch, the newest session first, with what was decided about each. Raises NotFound."""
    batch = store.batches.get(batch_id)
    rows = [row for session in store.sessions.list(batch.id) for row in _cuts(store, session)]
    return {"batches": [_batch(batch)], "cuts": rows}


def _batch(batch: MediaBatch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "name": batch.reference_name,
        "status": batch.status.value,
        "partial": batch.partial,
        "files": batch.file_count,
        "failed": batch.failed_count,
        "size_bytes": batch.total_size_bytes,
        "created_at": batch.created_at.isoformat() if batch.created_at else None,
        "error": batch.last_error,
        "hold": batch.hold.value,
        "storage_tier": batch.storage_tier.value,
    }


def _cuts(store: Store, session: EditSession) -> list[dict[str, Any]]:
    now = signoff.of(store, session)
    return [
        {
            "session": session.id,
            "session_status": session.status.value,
            "blueprint": session.deliverable_type,
            "timeline": timeline.name,
            "duration": float(timeline.duration),
            "hash": timeline.content_hash,
            "standing": now.word(timeline).standing.value,
            "clips": [
                {
                    "place": str(place),
                    "file_id": clip.file_id,
                    "source": str(clip.source),
                    "score": clip.moment.score if clip.moment else None,
                    "reason": clip.moment.reason if clip.moment else None,
                }
                for place, clip in timeline.placed()
            ],
            "decisions": [codec.dump(d) for d in now.decisions if d.timeline == timeline.name],
        }
        for timeline in session.timelines
    ]
