"""Destinations: copies of a render job's deliverables, each in its place whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from editron_core.domain.job import Deliverable, Finding, RenderJob, Severity
from editron_core.domain.progress import Step
from editron_core.errors import EditronError, Held, Interrupted, UsageError
from editron_core.lane.copying import copied, translated
from editron_core.lane.desk import Desk
from editron_core.lane.document import Cut

BLOBS = "blobs"
"""The destination that is the blob store; every other one is a folder."""
SCHEME = "blob:"


@dataclass(frozen=True)
class Sent:
    """Where copies lie, and which destinations failed."""

    urls: tuple[str, ...]
    """Paths, and `blob:<sha256>` for what lies in the blob store."""
    findings: tuple[Finding, ...]


def check(destinations: Sequence[str]) -> None:
    """Raises UsageError for a destination that is neither a folder nor the blob store."""
    for place in destinations:
        if "://" in place or not place.strip() or Path(place).is_file():
            raise UsageError(
                "is no destination", subject=place or "an empty name", remedy="name a folder, or `blobs`"
            )


def send(desk: Desk, job: RenderJob, cut: Cut, made: Sequence[Deliverable]) -> Sent:
    """Copy deliverables and captions to every destination of a job; what is there already is left alone.

    A destination that fails becomes a dead letter and a finding, and the others go on.
    """
    urls: list[str] = []
    findings: list[Finding] = []
    for place in job.destinations:
        step = Step("send", place, batch=cut.session.batch_id, session=cut.session.id, job=job.id)
        try:
            urls += _carried(desk, step, made)
        except (Held, Interrupted):
            raise
        except EditronError as error:
            findings.append(Finding(Severity.FAILURE, "destination", f"not delivered to {place}: {error}"))
    return Sent(tuple(urls), tuple(findings))


def _carried(desk: Desk, step: Step, made: Sequence[Deliverable]) -> list[str]:
    with desk.watched(step) as (tell, _):
        return desk.tried(step, lambda watch: _sent(desk, step.label, step.batch, made), tell)


def _sent(desk: Desk, place: str, batch_id: str, made: Sequence[Deliverable]) -> list[str]:
    paths = [Path(path) for one in made for path in (one.path, *one.captions)]
    paths = list(dict.fromkeys(paths))
    if place == BLOBS:
        return [SCHEME + desk.store.blobs.put(path) for path in paths]
    folder = Path(place) / batch_id[:8]
    with translated(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return [str(copied(path, folder)) for path in paths]
