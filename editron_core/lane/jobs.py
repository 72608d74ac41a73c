"""What operators do with batches, files and render jobs by id, JSON-ready for the terminal and machines."""

from __future__ import annotations

from typing import Any

from editron_core.domain import codec
from editron_core.domain.job import RenderJob
from editron_core.domain.operations import DeadLetter, Subject
from editron_core.store import Store


def listing(store: Store, limit: int = 100) -> dict[str, Any]:
    """What is held, what is queued to be rendered, what was given up, and what waits to be dispatched."""
    return {
        "held": [{**_row(store, subject), "hold": hold.value} for subject, hold in store.holds.list()],
        "queue": [_job(job) for job in store.jobs.queue(limit)],
        "dead_letters": [_letter(letter) for letter in store.dead_letters.list(limit=limit)],
        "dispatches": [codec.dump(one) for one in store.dispatches.pending(limit)],
    }


def pause(store: Store, wanted: str) -> dict[str, Any]:
    """Keep a batch, a file or a render job from its next stage; a stage that runs is stopped.

    Raises NotFound, and UsageError for what was cancelled or has ended; so do the others.
    """
    subject = store.holds.find(wanted)
    store.holds.pause(subject)
    return _told(store, subject)


def resume(store: Store, wanted: str) -> dict[str, Any]:
    """Let what was paused go on from its last finished stage, and announce that it may."""
    subject = store.holds.find(wanted)
    store.holds.resume(subject)
    return _told(store, subject)


def cancel(store: Store, wanted: str) -> dict[str, Any]:
    """Keep a batch, a file or a render job from being worked on for good; a stage that runs is stopped."""
    subject = store.holds.find(wanted)
    store.holds.cancel(subject)
    return _told(store, subject)


def retry(store: Store, wanted: str) -> dict[str, Any]:
    """Begin again with what failed or was cancelled: its failure and dead letters are dealt with by that."""
    subject = store.holds.find(wanted)
    resolved = store.holds.retry(subject)
    return {**_told(store, subject), "dead_letters_resolved": resolved}


def _told(store: Store, subject: Subject) -> dict[str, Any]:
    return {**_row(store, subject), "hold": store.holds.of(subject).value}


def _row(store: Store, subject: Subject) -> dict[str, Any]:
    if subject.job_id:
        job = store.jobs.get(subject.job_id)
        name, status = store.sessions.get(job.session_id).deliverable_type, job.status.value
    elif subject.file_id:
        file = store.files.get(subject.file_id)
        name, status = file.name, file.status.value
    else:
        batch = store.batches.get(subject.batch_id)
        name, status = batch.reference_name, batch.status.value
    return {
        "kind": subject.kind,
        "id": subject.id,
        "batch": subject.batch_id,
        "name": name,
        "status": status,
    }


def _job(job: RenderJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "session": job.session_id,
        "priority": job.priority.value,
        "status": job.status.value,
        "hold": job.hold.value,
        "progress_percent": job.progress_percent,
        "worker": job.worker,
        "formats": list(job.formats),
        "destinations": list(job.destinations),
        "created_at": job.created_at.isoformat() if job.created_at else None,
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    data: dict[str, Any] = codec.dump(letter)
    made = letter.created_at.isoformat() if letter.created_at else None
    return {**data, "created_at": made}
