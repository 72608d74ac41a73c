"""The report of a run: one self-contained page for people.

`report.html` asks nothing of any server: styles, script and plots stand in the page, and a
content-security policy forbids the rest. Only the videos lie beside it, named by relative paths. Text
from footage (names, transcripts, reasons) is escaped by the template, without exception.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.evidence import MEASURED, SIGNALS, EngineUse, Evidence
from editron_core.domain.job import Deliverable, Finding, Severity
from editron_core.domain.moment import Moment, Selection
from editron_core.errors import UsageError
from editron_core.times import Span, clock

if TYPE_CHECKING:
    import polars as pl

    from editron_core.score.insights import Insights

TEMPLATES = Path(__file__).parent / "templates"
POINTS = 900
"""At most this many points of a curve are drawn: the page stays small however long the footage is."""
LABELS = {"vision_prompt": "picture fits", "brief_coverage": "brief", "audio_event": "cheers, applause"}
"""What people read where a signal's name alone does not say it."""


@dataclass(frozen=True)
class RunDocument:
    """All that the report shows; what a run did not come to is left empty."""

    title: str
    batch_id: str
    files: tuple[MediaFile, ...]
    brief: str = ""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """By file id."""
    curves: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """By file id: `time_s`, `score` and a column per weighted signal, as `score.scorer.curve` gives them."""
    selection: Selection | None = None
    clips: Sequence[Path | None] = ()
    """A video per moment, in the selection's order; inside the report's folder."""
    insights: Insights | None = None
    deliverables: tuple[Deliverable, ...] = ()
    findings: tuple[Finding, ...] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    """`name` and `hash`."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Wall-clock seconds by stage."""


def write_report(document: RunDocument, folder: Path) -> Path:
    """Write `report.html` into `folder` and return its path; the same document gives the same bytes.

    Raises UsageError where the number of clips is not that of the moments.
    """
    moments = document.selection.moments if document.selection else ()
    if document.clips and len(document.clips) != len(moments):
        raise UsageError(f"got {len(document.clips)} clips for {len(moments)} moments", subject="report")
    path = folder / "report.html"
    part = folder / ".report.html.part"
    folder.mkdir(parents=True, exist_ok=True)
    part.write_text(_page(document, folder), encoding="utf-8")
    return part.replace(path)


def _page(document: RunDocument, folder: Path) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "url": lambda path: _url(path, folder)}
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("report.css", "report.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        document=document,
        style=Markup(style),  # our own file, not text from anywhere else
        script=Markup(script),
        script_hash=digest,
        facts=_facts(document),
        moments=_moments(document),
        plots=[_plot(document, file) for file in document.files if file.id in document.evidence],
        transcripts=_transcripts(document),
        files=[_file(file) for file in document.files],
        engines=_engines(document.evidence),
        timings=_timings(document.timings),
        findings=sorted(
            document.findings, key=lambda finding: list(Severity).index(finding.severity), reverse=True
        ),
        names={file.id: file.name for file in document.files},
    )


def _url(path: Path | str | None, folder: Path) -> str:
    """A relative URL from the report to `path`; empty for none, and for what lies outside its folder."""
    if path is None:
        return ""
    relative = os.path.relpath(path, folder)
    return "" if relative.startswith("..") else quote(relative.replace(os.sep, "/"))


def _facts(document: RunDocument) -> dict[str, Any]:
    failed = sum(file.status is BatchStatus.FAILED for file in document.files)
    checks = [check for deliverable in document.deliverables for check in deliverable.checks]
    footage = sum((file.probe.duration for file in document.files if file.probe), Fraction(0))
    return {
        "files": len(document.files),
        "failed": failed,
        "footage": clock(footage),
        "seconds": float(footage),
        "moments": len(document.selection.moments) if document.selection else 0,
        "deliverables": len(document.deliverables),
        "checks": len(checks),
        "wrong": sum(not check.passed for check in checks),
        "took": sum(document.timings.values()),
    }


def label(signal: str) -> str:
    """The words that people read for a signal."""
    return LABELS.get(signal, signal.replace("_", " "))


def _hue(signal: str) -> int:
    """Each signal keeps its colour: hues a golden angle apart, in the order of definition."""
    return round(list(SIGNALS).index(signal) * 137.508 + 205) % 360 if signal in SIGNALS else 0


def _moments(document: RunDocument) -> list[dict[str, Any]]:
    if document.selection is None:
        return []
    clips = list(document.clips) or [None] * len(document.selection.moments)
    return [
        {
            "number": number,
            "moment": moment,
            "clip": clip,
            "said": _said(document, moment),
            "parts": _parts(moment),
        }
        for number, (moment, clip) in enumerate(zip(document.selection.moments, clips, strict=True), start=1)
    ]


def _parts(moment: Moment) -> list[dict[str, Any]]:
    """The breakdown, greatest contribution first; what was not measured comes last."""
    names = sorted(moment.signals, key=lambda name: (-moment.contributions.get(name, 0.0), name))
    return [
        {
            "label": label(name),
            "meaning": SIGNALS[name].meaning if name in SIGNALS else "",
            "hue": _hue(name),
            "value": moment.signals[name],
            "added": moment.contributions.get(name, 0.0),
        }
        for name in names
    ]


def _said(document: RunDocument, moment: Moment) -> str:
    evidence = document.evidence.get(moment.file_id)
    if evidence is None or evidence.transcript is None:
        return ""
    said = " ".join(word.text for word in evidence.transcript.within(moment.span))
    return "" if said[:24] in moment.reason else said  # many a reason quotes already


def _plot(document: RunDocument, file: MediaFile) -> dict[str, Any]:
    """One file's curves as SVG paths on a 1000 x 100 grid, with what stands beside them."""
    evidence = document.evidence[file.id]
    curve = document.curves.get(file.id)
    table = evidence.table
    weighted = (
        [name for name in curve.columns if name not in ("time_s", "score")] if curve is not None else []
    )
    rows = [] if curve is None else [_row("score", curve["score"].to_list(), evidence, weighted=True)]
    for name in weighted:
        assert curve is not None
        rows.append(_row(name, curve[name].to_list(), evidence, weighted=True))
    for name in MEASURED:
        if name not in weighted and name in table.columns:
            rows.append(_row(name, table[name].to_list(), evidence, weighted=False))
    chosen = document.selection.moments if document.selection else ()
    duration = float(evidence.duration) or 1.0

    def place(span: Span) -> dict[str, float]:
        return {"left": 100 * float(span.start) / duration, "width": 100 * float(span.duration) / duration}

    return {
        "file": file,
        "duration": duration,
        "rows": rows,
        "shots": [place(shot) for shot in evidence.shots] if len(evidence.shots) <= POINTS else [],
        "shot_count": len(evidence.shots),
        "moments": [
            {"number": number, "score": moment.score, **place(moment.span)}
            for number, moment in enumerate(chosen, start=1)
            if moment.file_id == file.id
        ],
        "ticks": _ticks(duration),
    }


def _row(name: str, values: list[float | None], evidence: Evidence, *, weighted: bool) -> dict[str, Any]:
    kept = _thinned(values)
    step = float(evidence.step) * len(values) / max(1, len(kept))
    scale = 1000 / (float(evidence.duration) or 1.0)
    return {
        "label": label(name),
        "meaning": "the profile's weighted sum"
        if name == "score"
        else SIGNALS[name].meaning
        if name in SIGNALS
        else "",
        "hue": _hue(name),
        "score": name == "score",
        "weighted": weighted,
        "measured": any(value is not None for value in kept),
        "area": _path(kept, step * scale, closed=True),
        "line": _path(kept, step * scale, closed=False),
        "values": [None if value is None else round(value, 3) for value in kept],
        "step": step,
    }


def _thinned(values: list[float | None]) -> list[float | None]:
    """At most `POINTS` values, each the greatest of its neighbours: peaks are what people look for."""
    width = -(-len(values) // POINTS)
    if width <= 1:
        return [value if value is None or value == value else None for value in values]
    groups = (values[n : n + width] for n in range(0, len(values), width))
    return [max((v for v in group if v is not None and v == v), default=None) for group in groups]


def _path(values: list[float | None], step: float, *, closed: bool) -> str:
    """A line through the middle of each row, or the area under it; nulls part it."""
    runs: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(((number + 0.5) * step, 98 - 94 * min(1.0, max(0.0, value))))
    parts = []
    for run in filter(None, runs):
        line = "L".join(
            f"{min(x, 1000):.1f} {y:.1f}"
            for x, y in [(run[0][0] - step / 2, run[0][1]), *run, (run[-1][0] + step / 2, run[-1][1])]
        )
        first, last = max(0.0, run[0][0] - step / 2), min(1000.0, run[-1][0] + step / 2)
        parts.append(f"M{first:.1f} 100L{line}L{last:.1f} 100Z" if closed else f"M{line}")
    return "".join(parts)


def _ticks(duration: float) -> list[dict[str, Any]]:
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
    step = next((step for step in steps if duration / step <= 7), 14400)
    return [
        {"left": 100 * at / duration, "text": clock(at).removesuffix(".0")}
        for at in range(0, int(duration) + 1, step)
        if at / duration < 0.97
    ]


def _transcripts(document: RunDocument) -> list[dict[str, Any]]:
    chosen = document.selection.moments if document.selection else ()
    found = []
    for file in document.files:
        evidence = document.evidence.get(file.id)
        if evidence is None or evidence.transcript is None:
            continue
        spans = [
            (number, moment.span)
            for number, moment in enumerate(chosen, start=1)
            if moment.file_id == file.id
        ]
        sentences = [
            {
                "at": said.span.start,
                "text": said.text,
                "moments": [n for n, span in spans if span.holds(said.span.middle)],
            }
            for said in evidence.transcript.sentences()
        ]
        found.append({"name": file.name, "transcript": evidence.transcript, "sentences": sentences})
    return found


def _file(file: MediaFile) -> dict[str, Any]:
    told = []
    if file.probe and file.probe.video:
        video = file.probe.video
        told.append(f"{video.width}×{video.height}")
        told.append(f"{float(video.fps):.5g} fps{', variable' if video.vfr else ''}")
        depth = f", {video.bit_depth} bit" if video.bit_depth > 8 else ""
        told.append(f"{video.codec}{depth}{', HDR' if video.hdr else ''}")
    if file.probe and file.probe.audio:
        told.append(f"{file.probe.audio.codec} {file.probe.audio.layout}")
    notes = [*file.probe.notes] if file.probe else []
    return {
        "file": file,
        "failed": file.status is BatchStatus.FAILED,
        "told": " · ".join(told),
        "notes": notes,
    }


def _engines(evidence: Mapping[str, Evidence]) -> list[dict[str, Any]]:
    """Each engine once, with the number of files it served; fallbacks first."""
    uses: dict[EngineUse, int] = {}
    for item in evidence.values():
        for use in item.engines:
            uses[use] = uses.get(use, 0) + 1
    order = sorted(uses, key=lambda use: (use.fallback is None, use.role, use.name))
    return [{"use": use, "files": uses[use]} for use in order]


def _timings(timings: Mapping[str, float]) -> list[dict[str, Any]]:
    longest = max(timings.values(), default=0.0) or 1.0
    return [
        {"stage": stage, "seconds": took, "share": 100 * took / longest} for stage, took in timings.items()
    ]
