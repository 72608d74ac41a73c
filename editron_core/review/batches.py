"""What the table of batches shows."""

from __future__ import annotations

from typing import Any

from editron_core.domain.batch import BatchStatus, Hold, MediaBatch
from editron_core.store import Store

MOST = 10_000
"""Batches that a table shows; older ones are found through the API."""
REACHED = {
    BatchStatus.QUEUED: 0,
    BatchStatus.DOWNLOADING: 15,
    BatchStatus.READY: 30,
    BatchStatus.ANALYZING: 50,
    BatchStatus.ANALYZED: 100,
    BatchStatus.FAILED: 100,
}
"""How far the lane is with a file in that state, in percent of the way to its evidence."""
ENDED = (BatchStatus.ANALYZED, BatchStatus.FAILED)


def shown(store: Store, query: dict[str, Any]) -> dict[str, Any]:
    """The newest batches, as columns of equal length: small to send and quick to sort."""
    projects = {project.id: project.name for project in store.projects.list()}
    files = store.files.tally(of=set(BatchStatus) - set(ENDED))
    rows = [_row(batch, projects, files.get(batch.id, {})) for batch in store.batches.list(limit=MOST)]
    names = _row(MediaBatch("", "", BatchStatus.QUEUED), {}, {}).keys()
    return {"batches": {name: [row[name] for row in rows] for name in names}}


def _row(batch: MediaBatch, projects: dict[str, str], files: dict[BatchStatus, int]) -> dict[str, Any]:
    return {
        "id": batch.id,
        "name": batch.reference_name or batch.source_url,
        "source": batch.source_url,
        "project": projects.get(batch.project_id or "", ""),
        "status": batch.status.value,
        "state": batch.hold.value
        if batch.hold is not Hold.NONE
        else "partial"
        if batch.partial
        else batch.status.value,
        "hold": batch.hold.value,
        "running": batch.status not in ENDED and batch.hold is Hold.NONE,
        "retry": batch.status is BatchStatus.FAILED or batch.failed_count > 0,
        "progress": _progress(batch, files),
        "files": batch.file_count,
        "failed": batch.failed_count,
        "bytes": batch.total_size_bytes,
        "error": batch.last_error,
        "updated": batch.updated_at.isoformat() if batch.updated_at else "",
    }


def _progress(batch: MediaBatch, files: dict[BatchStatus, int]) -> int:
    """Percent of the way to the evidence of all files; `files` counts them by state while it runs."""
    if batch.status in ENDED or not files:
        return REACHED[batch.status]
    return sum(REACHED[status] * count for status, count in files.items()) // sum(files.values())
