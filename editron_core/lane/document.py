"""What a run leaves, as one value and as the JSON document that `--json` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editron_core.domain import codec
from editron_core.domain.batch import BatchStatus, Hold, MediaBatch, MediaFile
from editron_core.domain.brand import BrandKit
from editron_core.domain.canary import Canary
from editron_core.domain.evidence import EngineUse, Evidence
from editron_core.domain.job import Deliverable, EditSession, Finding, Severity
from editron_core.domain.moment import Moment, Selection
from editron_core.edit.blueprint import Blueprint
from editron_core.errors import UsageError
from editron_core.score.insights import Insights

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Cut:
    """One blueprint's edit session, and where its captions and interchange files lie."""

    session: EditSession
    blueprint: Blueprint
    brand: BrandKit
    folder: Path
    key: str
    """Content key of `folder`."""


@dataclass(frozen=True)
class Outcome:
    """What the stages of a run came to; a stage that was not asked for leaves its part empty."""

    batch: MediaBatch
    files: tuple[MediaFile, ...]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """By file id, which is the content's SHA-256; so are all that follow."""
    proxies: Mapping[str, Path] = field(default_factory=dict)
    """By file id; a file without picture has none."""
    brief: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    """`name` and `hash` of the profile that was applied."""
    selection: Selection | None = None
    curves: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """By file id: the score over time and its signals, as `score.scorer.curve` gives them."""
    insights: Insights | None = None
    canary: Canary | None = None
    """What a candidate profile would have chosen; null where none was tried."""
    cuts: tuple[Cut, ...] = ()
    """One per blueprint."""
    deliverables: tuple[Deliverable, ...] = ()
    findings: tuple[Finding, ...] = ()
    report: Path | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    """Wall-clock seconds by stage."""

    @property
    def footage(self) -> dict[str, MediaFile]:
        """The usable files by what they hold: from ingest on, a file's id is its SHA-256.

        So the same footage gives the same moments and timelines wherever it is taken in, and two
        copies of one file are one.
        """
        usable: dict[str, MediaFile] = {}
        for file in self.files:
            if file.status is not BatchStatus.FAILED and file.hold is not Hold.CANCELLED and file.sha256:
                usable.setdefault(file.sha256, replace(file, id=file.sha256))
        return usable

    @property
    def failed_files(self) -> tuple[MediaFile, ...]:
        """The files that could not be used."""
        return tuple(file for file in self.files if file.status is BatchStatus.FAILED)

    @property
    def complaints(self) -> tuple[str, ...]:
        """Everything that makes the run end with exit code 1, a line each."""
        return (
            *(f"{file.name}: {file.error}" for file in self.failed_files),
            *(f.message for f in self.findings if f.severity is Severity.FAILURE),
            *(
                f"{Path(d.path).name}: {check.name} is {check.measured}, must be {check.required}"
                for d in self.deliverables
                for check in d.checks
                if not check.passed
            ),
        )

    @property
    def engines(self) -> dict[str, EngineUse]:
        """The engine of each role: the one that served most files (of equals the first)."""
        served: dict[str, Counter[EngineUse]] = {}
        for evidence in self.evidence.values():
            for use in evidence.engines:
                served.setdefault(use.role, Counter())[use] += 1
        return {role: counts.most_common(1)[0][0] for role, counts in served.items()}

    @property
    def names(self) -> dict[str, str]:
        """By file id, what people call the file: its name, or where it came from if two share that."""
        shared = Counter(file.name for file in self.footage.values())
        return {
            file_id: file.name if shared[file.name] == 1 else file.source
            for file_id, file in self.footage.items()
        }


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The document of a run: the keys that its stages know, JSON-ready."""
    document: dict[str, Any] = {
        "batch_id": outcome.batch.id,
        "status": outcome.batch.status.value,
        "passed_over": outcome.batch.metadata.get("passed_over", 0),
        "files": [_file(file) for file in outcome.files],
        "timings": {stage: round(seconds, 3) for stage, seconds in outcome.timings.items()},
    }
    if outcome.evidence:
        document["engines"] = {
            role: {"name": use.name, "version": use.version, "fallback": use.fallback}
            for role, use in outcome.engines.items()
        }
    if outcome.profile:
        document["profile"] = dict(outcome.profile)
    if outcome.selection is not None:
        document["moments"] = _moments(outcome.selection.moments, outcome.names)
        document["selection"] = outcome.selection.explanation
        document["findings"] = codec.dump(outcome.findings)
    if outcome.insights is not None:
        document["insights"] = codec.dump(outcome.insights)
    if outcome.canary is not None:
        document["canary"] = _canary(outcome.canary, outcome.names)
    if outcome.cuts:
        document["sessions"] = [_session(cut) for cut in outcome.cuts]
    if outcome.deliverables:
        document["deliverables"] = [_deliverable(deliverable) for deliverable in outcome.deliverables]
    if outcome.report is not None:
        document["report"] = str(outcome.report)
    return {**document, "complaints": list(outcome.complaints)}


def _file(file: MediaFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "path": file.source or file.path,
        "name": file.name,
        "status": file.status.value,
        "sha256": file.sha256,
        "probe": codec.dump(file.probe) if file.probe else None,
        "error": file.error,
        "hold": file.hold.value,
    }


def _canary(canary: Canary, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "profile": {"name": canary.name, "hash": canary.hash},
        "moments": _moments(canary.moments, names),
        "selection": canary.explanation,
        "shared_s": canary.shared_s,
        "applied_only_s": canary.applied_only_s,
        "canary_only_s": canary.canary_only_s,
        "agreement": canary.agreement,
    }


def _moments(chosen: Sequence[Moment], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "file": names[moment.file_id],
            "file_id": moment.file_id,
            "start": float(moment.span.start),
            "end": float(moment.span.end),
            "score": moment.score,
            "signals": dict(moment.signals),
            "contributions": dict(moment.contributions),
            "reason": moment.reason,
            "profile_hash": moment.profile_hash,
        }
        for moment in chosen
    ]


def _session(cut: Cut) -> dict[str, Any]:
    session = cut.session
    return {
        "id": session.id,
        "blueprint": session.deliverable_type,
        "status": session.status.value,
        "timelines": [
            {
                "name": timeline.name,
                "duration": float(timeline.duration),
                "clips": len(timeline.clips),
                "hash": timeline.content_hash,
            }
            for timeline in session.timelines
        ],
        "folder": str(cut.folder),
    }


def _deliverable(deliverable: Deliverable) -> dict[str, Any]:
    data: dict[str, Any] = codec.dump(deliverable)
    return {**data, "duration": float(deliverable.duration), "passed": deliverable.passed}


def check_curve(path: Path) -> None:
    """Raises UsageError where `write_curve` knows no format of this ending."""
    if path.suffix not in (".parquet", ".json"):
        raise UsageError("has an unknown ending", subject=str(path), remedy="take .parquet or .json")


def write_curve(outcome: Outcome, path: Path) -> None:
    """Write the score over time and its signals: `file`, `time_s`, `score`, one column per signal.

    The ending says which format: `.parquet` or `.json` (a list of rows). Raises UsageError for another.
    """
    import polars as pl

    check_curve(path)
    tables = [
        curve.select(pl.lit(outcome.names[file_id]).alias("file"), pl.all())
        for file_id, curve in outcome.curves.items()
    ]
    table = pl.concat(tables) if tables else pl.DataFrame(schema={"file": pl.String, "time_s": pl.Float64})
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    if path.suffix == ".parquet":
        table.write_parquet(aside)
    else:
        table.write_json(aside)
    aside.replace(path)
