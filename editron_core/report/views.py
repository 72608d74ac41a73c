"""What the sections of the report show, as plain values for the template."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.evidence import SIGNALS, EngineUse, Evidence
from editron_core.domain.moment import Moment
from editron_core.report.document import RunDocument
from editron_core.review.signals import hue, label
from editron_core.times import clock


def facts(document: RunDocument) -> dict[str, Any]:
    failed = sum(file.status is BatchStatus.FAILED for file in document.files)
    checks = [check for deliverable in document.deliverables for check in deliverable.checks]
    footage = sum((file.probe.duration for file in document.files if file.probe), Fraction(0))
    return {
        "files": len(document.files),
        "failed": failed,
        "footage": clock(footage),
        "seconds": float(footage),
        "moments": len(document.moments),
        "deliverables": len(document.deliverables),
        "checks": len(checks),
        "wrong": sum(not check.passed for check in checks),
        "took": sum(document.timings.values()),
    }


def moments(document: RunDocument) -> list[dict[str, Any]]:
    clips = list(document.clips) or [None] * len(document.moments)
    return [
        {
            "number": number,
            "moment": moment,
            "clip": clip,
            "said": _said(document, moment),
            "parts": _parts(moment),
        }
        for number, (moment, clip) in enumerate(zip(document.moments, clips, strict=True), start=1)
    ]


def _parts(moment: Moment) -> list[dict[str, Any]]:
    """The breakdown, greatest contribution first; what was not measured comes last."""
    names = sorted(moment.signals, key=lambda name: (-moment.contributions.get(name, 0.0), name))
    return [
        {
            "label": label(name),
            "meaning": SIGNALS[name].meaning if name in SIGNALS else "",
            "hue": hue(name),
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


def transcripts(document: RunDocument) -> list[dict[str, Any]]:
    found = []
    for file in document.files:
        evidence = document.evidence.get(file.id)
        if evidence is None or evidence.transcript is None:
            continue
        spans = [
            (number, moment.span)
            for number, moment in enumerate(document.moments, start=1)
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


def file(file: MediaFile) -> dict[str, Any]:
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


def engines(evidence: Mapping[str, Evidence]) -> list[dict[str, Any]]:
    """Each engine once, with the number of files it served; fallbacks first."""
    uses: dict[EngineUse, int] = {}
    for item in evidence.values():
        for use in item.engines:
            uses[use] = uses.get(use, 0) + 1
    order = sorted(uses, key=lambda use: (use.fallback is None, use.role, use.name))
    return [{"use": use, "files": uses[use]} for use in order]


def timings(timings: Mapping[str, float]) -> list[dict[str, Any]]:
    longest = max(timings.values(), default=0.0) or 1.0
    return [
        {"stage": stage, "seconds": took, "share": 100 * took / longest} for stage, took in timings.items()
    ]
