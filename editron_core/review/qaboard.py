"""What the QA board shows: what a run of the harness came to, where it looked, and what people found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editron_core.domain import codec
from editron_core.domain.finding import Comment, Finding, FindingStatus
from editron_core.domain.registry import QaKind, QaRun
from editron_core.errors import NotFound
from editron_core.qa import golden, regress
from editron_core.qa.coverage import Cell, coverage
from editron_core.qa.reading import Reading
from editron_core.store import Store

MOST_RUNS, MOST_FINDINGS, MOST_COMMENTS = 20, 500, 200
NAMED = ("suite", "name", "before", "after", "unit", "tolerance", "locale", "genre")
FRAME = ("suite", "case", "locale", "frame", "frames", "differing", "share", "ssim", "vmaf")


def shown(store: Store, query: dict[str, Any], folder: Path = golden.FOLDER) -> dict[str, Any]:
    """The run that the query names, else the newest one that ended; the coverage of the golden set; and the
    findings, with what was said about the one that the query names. Raises NotFound."""
    runs = [run for run in store.qa_runs.list(QaKind.REGRESS, limit=MOST_RUNS) if run.result is not None]
    wanted = str(query.get("run") or "")
    run = next((one for one in runs if one.id == wanted), None)
    if run is None and wanted:
        run = store.qa_runs.get(wanted)
    run = run or next(iter(runs), None)
    members = store.members.list()
    names = {one.id: one.name for one in members}
    return {
        "runs": [_short(one) for one in runs],
        "run": _run(run) if run and run.result is not None else None,
        "map": _map(run, folder),
        "baseline": len(regress.baseline(folder)),
        "members": [{"id": one.id, "name": one.name} for one in members if one.active],
        "statuses": [status.value for status in FindingStatus],
        "findings": [_finding(one, names) for one in store.findings.page(limit=MOST_FINDINGS).items],
        "chosen": _chosen(store, str(query.get("finding") or ""), names),
    }


@dataclass
class _Place:
    """One cell of the map."""

    readings: int = 0
    changed: int = 0
    items: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def _map(run: QaRun | None, folder: Path) -> dict[str, Any]:
    """Genres by locales: how much is read there, how much of it changed, and by which golden items.

    The empty name stands for readings that are of no one locale or genre.
    """
    result = (run.result if run else None) or {}
    values = _loaded(Reading, result.get("values")) or regress.baseline(folder)
    cells = _loaded(Cell, result.get("coverage")) or coverage(golden.load(folder).items)
    places: dict[tuple[str, str], _Place] = defaultdict(_Place)
    for reading in values:
        places[reading.genre, reading.locale].readings += 1
    for change in result.get("changes", ()):
        places[change.get("genre", ""), change.get("locale", "")].changed += 1
    for cell in cells:
        place, whose = places[cell.genre, cell.locale], f"{cell.kind}, rated by {cell.raters}"
        place.items[whose] += cell.tune + cell.holdout
    return {
        "genres": _names(genre for genre, _ in places),
        "locales": _names(locale for _, locale in places),
        "cells": [
            {
                "genre": genre,
                "locale": locale,
                "readings": place.readings,
                "changed": place.changed,
                "items": {whose: count for whose, count in place.items.items() if count},
            }
            for (genre, locale), place in sorted(places.items())
        ],
    }


def _names(found: Iterable[str]) -> list[str]:
    """Each once, in order, the empty one last."""
    return sorted(set(found), key=lambda name: (not name, name))


def _loaded(kind: type[Any], found: Sequence[Any] | None) -> tuple[Any, ...]:
    return tuple(codec.load(kind, one) for one in found or ())


def _short(run: QaRun) -> dict[str, Any]:
    result = run.result or {}
    return {
        "id": run.id,
        "at": run.created_at.isoformat() if run.created_at else "",
        "passed": bool(result.get("passed")),
        "blessed": bool(result.get("blessed")),
        "changes": len(result.get("changes", ())),
    }


def _run(run: QaRun) -> dict[str, Any]:
    result: Mapping[str, Any] = run.result or {}
    frames = [
        {
            **{name: one[name] for name in FRAME},
            **{side: f"/api/qa/runs/{run.id}/frames/{number}/{side}" for side in ("before", "after", "diff")},
        }
        for number, one in enumerate(result.get("frames", ()))
    ]
    return {
        **_short(run),
        "golden": run.golden_hash,
        "readings": result.get("readings", 0),
        "changed": [{name: one.get(name, "") for name in NAMED} for one in result.get("changes", ())],
        "moments": [
            {"item": item, "lines": list(lines)} for item, lines in result.get("moments", {}).items()
        ],
        "skipped": dict(result.get("skipped", {})),
        "failed": dict(result.get("failed", {})),
        "frames": frames,
    }


def _finding(one: Finding, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "text": one.text,
        "status": one.status.value,
        "author": one.author,
        "assignee": one.assignee_id,
        "assignee_name": names.get(one.assignee_id or "", ""),
        "due": one.due_on.isoformat() if one.due_on else "",
        "locale": one.locale,
        "genre": one.genre,
        "subject": one.subject,
        "batch": one.batch_id,
        "run": one.qa_run_id,
        "overlays": [{"label": each.label, "url": each.url} for each in one.overlays],
        "version": one.version,
        "updated": one.updated_at.isoformat() if one.updated_at else "",
    }


def _chosen(store: Store, finding_id: str, names: Mapping[str, str]) -> dict[str, Any] | None:
    if not finding_id:
        return None
    try:
        found = store.findings.get(finding_id)
        said = store.findings.comments(finding_id, limit=MOST_COMMENTS).items
    except NotFound as error:
        return {"id": finding_id, "gone": str(error)}
    return {**_finding(found, names), "comments": [_comment(one) for one in said]}


def _comment(one: Comment) -> dict[str, Any]:
    at = one.created_at.isoformat() if one.created_at else ""
    return {"id": one.id, "author": one.author, "text": one.text, "at": at}
