"""Files: what was seen and heard in each, as figures, words and shapes of sound."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from editron_core.api.deps import Operator, StoreDep, Viewer
from editron_core.api.shapes import File, Id, Shape
from editron_core.domain.evidence import MEASURED, SIGNALS, EngineUse
from editron_core.domain.operations import Subject
from editron_core.domain.transcript import Transcript
from editron_core.errors import NotFound, UsageError
from editron_core.lane import peaks
from editron_core.review import footage, signals
from editron_core.times import Span

router = APIRouter(prefix="/api/files", tags=["files"])
Points = Annotated[int, Query(ge=10, le=20_000, description="At most so many values.")]


class EvidenceSummary(Shape):
    """What the analysis of a file left, in short."""

    duration: Annotated[float, Field(description="Seconds.")]
    step: Annotated[float, Field(description="Seconds per row of the grid.")]
    rows: int
    signals: Annotated[dict[str, float | None], Field(description="The mean of each; null: not measured.")]
    shots: list[Span]
    engines: list[EngineUse]
    words: Annotated[int | None, Field(description="In the transcript; null where there is none.")]
    language: str | None
    proxy: bool


class Meaning(Shape):
    """What a signal measures."""

    name: str
    meaning: str
    engine: str


class Signals(Shape):
    """Signals over time."""

    time_s: Annotated[list[float], Field(description="Where each value begins, seconds from the start.")]
    signals: dict[str, list[float | None]]
    meanings: list[Meaning]


class Waveform(Shape):
    """The shape of a file's sound."""

    duration: Annotated[float, Field(description="Seconds.")]
    peaks: Annotated[list[int], Field(description="Evenly over the duration, 0..127 of full scale.")]


@router.get("/{file_id}")
def show_file(store: StoreDep, file_id: Id, who: Viewer) -> File:
    """One file."""
    return File.model_validate(store.files.get(file_id))


@router.get("/{file_id}/evidence")
def show_evidence(store: StoreDep, file_id: Id, who: Viewer) -> EvidenceSummary:
    """What the analysis saw, in short."""
    file = store.files.get(file_id)
    found = footage.evidence(store, file)
    means = found.table.select(MEASURED).mean().row(0, named=True)
    return EvidenceSummary(
        duration=float(found.duration),
        step=float(found.step),
        rows=found.table.height,
        signals={name: None if value is None else round(float(value), 4) for name, value in means.items()},
        shots=list(found.shots),
        engines=list(found.engines),
        words=len(found.transcript.words) if found.transcript else None,
        language=found.transcript.language if found.transcript else None,
        proxy=footage.playable(store, file),
    )


@router.get("/{file_id}/transcript")
def show_transcript(store: StoreDep, file_id: Id, who: Viewer) -> Transcript:
    """What was said, word by word."""
    file = store.files.get(file_id)
    found = footage.evidence(store, file).transcript
    if found is None:
        raise NotFound("has no transcript", subject=file.name)
    return found


@router.get("/{file_id}/signals")
def show_signals(
    store: StoreDep,
    file_id: Id,
    who: Viewer,
    names: Annotated[list[str] | None, Query(max_length=50, description="Which; without it, all.")] = None,
    points: Points = 2000,
) -> Signals:
    """Signals over time, as many values as a chart can show."""
    file = store.files.get(file_id)
    unknown = [name for name in names or () if name not in MEASURED]
    if unknown:
        raise UsageError("is no measured signal", subject=unknown[0], remedy=f"one of {', '.join(MEASURED)}")
    columns = signals.means(footage.evidence(store, file), names or MEASURED, points)
    times = [value or 0.0 for value in columns.pop("time_s")]
    meanings = [Meaning.model_validate(SIGNALS[name]) for name in columns]
    return Signals(time_s=times, signals=columns, meanings=meanings)


@router.get("/{file_id}/waveform")
def show_waveform(store: StoreDep, file_id: Id, who: Viewer, points: Points = 2000) -> Waveform:
    """The shape of a file's sound; worked out once, which takes seconds for a long file."""
    file = store.files.get(file_id)
    found = peaks.of_file(store, file)
    return Waveform(duration=len(found) / peaks.PER_S, peaks=peaks.thinned(found, points))


@router.post("/{file_id}/pause")
def pause_file(store: StoreDep, file_id: Id, who: Operator) -> File:
    """Keep a file from its next stage."""
    store.holds.pause(Subject(store.files.get(file_id).batch_id, file_id=file_id))
    return File.model_validate(store.files.get(file_id))


@router.post("/{file_id}/resume")
def resume_file(store: StoreDep, file_id: Id, who: Operator) -> File:
    """Let a paused file go on."""
    store.holds.resume(Subject(store.files.get(file_id).batch_id, file_id=file_id))
    return File.model_validate(store.files.get(file_id))


@router.post("/{file_id}/cancel")
def cancel_file(store: StoreDep, file_id: Id, who: Operator) -> File:
    """Leave a file out of its batch."""
    store.holds.cancel(Subject(store.files.get(file_id).batch_id, file_id=file_id))
    return File.model_validate(store.files.get(file_id))


@router.post("/{file_id}/retry")
def retry_file(store: StoreDep, file_id: Id, who: Operator) -> File:
    """Try a file again that failed or was cancelled."""
    store.holds.retry(Subject(store.files.get(file_id).batch_id, file_id=file_id))
    return File.model_validate(store.files.get(file_id))
