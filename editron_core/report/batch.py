"""What a batch came to, as tables and pictures for a notebook: files, moments, why, and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import EngineUse, Evidence
from editron_core.domain.moment import Moment
from editron_core.media.frames import proxy_frames
from editron_core.report import charts
from editron_core.report.strip import Strip
from editron_core.review.signals import label
from editron_core.score.explain import quote
from editron_core.times import clock

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

MOST_NAMED = 6
"""Signals named in a breakdown; the rest are added up."""
REST = "all others"


def files(found: Sequence[MediaFile]) -> pl.DataFrame:
    """A row per file: what it is, and why it could not be used where it could not."""
    import polars as pl

    rows = []
    for file in found:
        probe = file.probe
        video = probe.video if probe else None
        rows.append(
            {
                "file": file.name,
                "length": clock(probe.duration) if probe else None,
                "picture": f"{video.width} x {video.height}" if video else None,
                "frames per second": float(video.fps) if video and video.fps else None,
                "status": file.error or file.status.value,
            }
        )
    return pl.DataFrame(rows)


def engines(used: Mapping[str, EngineUse]) -> pl.DataFrame:
    """A row per role: the engine that filled it, and why it was not the first choice where it was not."""
    import polars as pl

    rows = [
        {"for": role, "engine": use.name, "version": use.version, "instead of": use.fallback}
        for role, use in used.items()
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("for", "engine", "version", "instead of"), pl.String))


def moments(
    chosen: Sequence[Moment], names: Mapping[str, str], evidence: Mapping[str, Evidence]
) -> pl.DataFrame:
    """A row per moment, best first: its place, score and reason, and the first words said in it."""
    import polars as pl

    rows = [
        {
            "moment": number,
            "file": names[moment.file_id],
            "from": clock(moment.span.start),
            "to": clock(moment.span.end),
            "score": moment.score,
            "why": moment.reason.partition("; “")[0],
            "said": quote(moment.span, evidence[moment.file_id]) or None,
        }
        for number, moment in enumerate(chosen, start=1)
    ]
    return pl.DataFrame(rows)


def breakdown(chosen: Sequence[Moment]) -> pl.DataFrame:
    """What each signal adds to each moment's score: `name` (of the moment), `part`, `value`.

    The signals that add most over all moments by name, the others as one.
    """
    import polars as pl

    total: dict[str, float] = {}
    for moment in chosen:
        for signal, value in moment.contributions.items():
            total[signal] = total.get(signal, 0.0) + value
    named = sorted(total, key=lambda signal: (-total[signal], signal))[:MOST_NAMED]
    rows = []
    for number, moment in enumerate(chosen, start=1):
        rest = sum(value for signal, value in moment.contributions.items() if signal not in named)
        parts = {label(signal): moment.contributions.get(signal, 0.0) for signal in named} | {REST: rest}
        rows += [{"name": f"moment {number}", "part": part, "value": value} for part, value in parts.items()]
    return pl.DataFrame(rows)


def thumbnails(chosen: Sequence[Moment], proxies: Mapping[str, Path], names: Mapping[str, str]) -> Strip:
    """The middle frame of each moment, read from its file's proxy; a file without picture has none."""
    pictures, lines = [], []
    for number, moment in enumerate(chosen, start=1):
        if moment.file_id in proxies:
            pictures.append(proxy_frames(proxies[moment.file_id], [moment.span.middle])[0])
            lines.append(f"{number}  {names[moment.file_id]}  {clock(moment.span.start)}")
    return Strip(pictures, lines)


def curves(
    scored: Mapping[str, pl.DataFrame], chosen: Sequence[Moment], names: Mapping[str, str]
) -> alt.VConcatChart:
    """The score over time of every file that gave a moment, its moments shaded."""
    import altair as alt
    import polars as pl

    of_file: dict[str, list[dict[str, float]]] = {}
    for number, moment in enumerate(chosen, start=1):
        place = {"number": number, "start": float(moment.span.start), "end": float(moment.span.end)}
        of_file.setdefault(moment.file_id, []).append(place)
    shown: list[Any] = [
        charts.curve(scored[file_id].select("time_s", "score"), pl.DataFrame(spans), title=names[file_id])
        for file_id, spans in of_file.items()
    ]
    return alt.vconcat(*shown)
