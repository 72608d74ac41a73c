"""What the scoring lab shows: the moments of a batch under other weights, beside those of a profile.

Nothing is decoded: the evidence of the batch is read once and kept, and scored anew at every wish.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.evidence import SIGNALS, Evidence
from editron_core.domain.moment import Moment, Selection
from editron_core.errors import NotFound
from editron_core.review import footage
from editron_core.score import select
from editron_core.score.brief import Brief
from editron_core.score.derive import PromptVectors
from editron_core.score.profile import KNOBS, Profile
from editron_core.store import Store

KEPT = 4
"""Batches whose evidence is kept in memory: an hour of footage is about a megabyte."""
SAME = 0.5
"""Two moments are the same where they share this part of the shorter one."""

Prompts = Callable[[Profile, Brief, Mapping[str, Evidence]], PromptVectors | None]


@dataclass(frozen=True)
class Bench:
    """What a batch is scored from."""

    files: dict[str, MediaFile]
    evidence: dict[str, Evidence]
    brief: Brief
    seconds: float
    """Length of its footage."""


@dataclass(frozen=True)
class Shelf:
    """The profiles that one can start from."""

    listed: Callable[[], list[dict[str, Any]]]
    """Each with its `name`, `hash` and `stage`."""
    applied: Callable[[str], Profile]
    """The profile that a name or a hash stands for; of a name that in production, where one is."""


class Lab:
    """Scores batches of one store; `prompts` gives the vectors of a profile's prompts, where one can."""

    def __init__(self, store: Store, shelf: Shelf, prompts: Prompts) -> None:
        self._store = store
        self._shelf = shelf
        self._prompts = prompts
        self._bench = lru_cache(maxsize=KEPT)(self._open)
        self._before: dict[tuple[str, str], Selection] = {}

    def shown(self, query: dict[str, Any]) -> dict[str, Any]:
        """The moments under the wanted weights, each with its place under the profile that it starts from.

        `query` holds `batch`, `base` (name or hash of a profile), `knobs` and `weights`, all optional. Raises
        NotFound, and DefinitionError for weights that cannot be.
        """
        batch_id = self._wanted(query)
        bench, base = self._bench(batch_id), self._shelf.applied(str(query.get("base") or "default"))
        tried = base.with_weights({**base.weights, **query.get("weights", {})})
        tried = tried.with_knobs(**query.get("knobs", {}))
        key = (batch_id, base.hash)
        if key not in self._before:
            self._before[key] = self._select(bench, base)
        before = self._before[key]
        began = time.perf_counter()
        chosen = self._select(bench, tried)
        return {
            "batch": batch_id,
            "seconds": bench.seconds,
            "took_ms": 1000 * (time.perf_counter() - began),
            "base": {"name": base.name, "hash": base.hash},
            "profiles": self._shelf.listed(),
            "hash": tried.hash,
            "signals": _signals(base, tried, bench),
            "knobs": {name: [s for s in signals if s in base.weights] for name, signals in KNOBS.items()},
            "moments": _ranked(bench, chosen, before),
            "left": [_row(bench, one) for one in before.moments if _place(one, chosen) is None],
            "explanation": chosen.explanation,
        }

    def _wanted(self, query: dict[str, Any]) -> str:
        if query.get("batch"):
            return self._store.batches.get(str(query["batch"])).id
        analysed = self._store.batches.list(status=BatchStatus.ANALYZED, limit=1)
        if not analysed:
            raise NotFound("has no analysed batch yet", subject="the store", remedy="uv run editron demo")
        return analysed[0].id

    def _open(self, batch_id: str) -> Bench:
        files = {file.id: file for file in self._store.files.list(batch_id)}
        evidence = {}
        for key, file in files.items():
            if file.status is BatchStatus.ANALYZED:
                evidence[key] = footage.evidence(self._store, file)
        latest = self._store.analyses.latest(batch_id)
        seconds = sum(float(one.duration) for one in evidence.values())
        return Bench(files, evidence, Brief(latest.brief if latest else ""), seconds)

    def _select(self, bench: Bench, profile: Profile) -> Selection:
        prompts = self._prompts(profile, bench.brief, bench.evidence)
        return select.select(bench.evidence, profile, bench.brief, prompts)


def _signals(base: Profile, tried: Profile, bench: Bench) -> list[dict[str, Any]]:
    """Every signal that the profile weighs or could weigh, the weightiest first."""
    names = sorted(SIGNALS, key=lambda name: (-base.weights.get(name, 0.0), name))
    return [
        {
            "name": name,
            "label": name.replace("_", " "),
            "meaning": SIGNALS[name].meaning,
            "base": base.weights.get(name, 0.0),
            "weight": tried.weights.get(name, 0.0),
            "measured": any(
                name not in one.table.columns or one.table[name].count() > 0
                for one in bench.evidence.values()
            ),
        }
        for name in names
    ]


def _ranked(bench: Bench, chosen: Selection, before: Selection) -> list[dict[str, Any]]:
    return [{**_row(bench, moment), "was": _place(moment, before)} for moment in chosen.moments]


def _place(moment: Moment, selection: Selection) -> int | None:
    """The place of a moment in another selection, from 1; null where it is not in it."""
    for place, other in enumerate(selection.moments, start=1):
        both = min(moment.span.end, other.span.end) - max(moment.span.start, other.span.start)
        shorter = min(moment.span.duration, other.span.duration)
        if other.file_id == moment.file_id and both >= SAME * float(shorter):
            return place
    return None


def _row(bench: Bench, moment: Moment) -> dict[str, Any]:
    parts = sorted(moment.contributions.items(), key=lambda part: -part[1])
    return {
        "file": moment.file_id,
        "name": bench.files[moment.file_id].name,
        "start": float(moment.span.start),
        "end": float(moment.span.end),
        "score": moment.score,
        "reason": moment.reason,
        "parts": [[name.replace("_", " "), added] for name, added in parts[:6]],
    }
