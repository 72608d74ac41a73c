"""What another profile would change in all footage that was analysed: no picture is decoded, nothing is kept.

Compared are the scores over time. What a brief or prompts add is not in the evidence table and left out on
both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from statistics import fmean

import polars as pl

from editron_core.domain.batch import BatchStatus, MediaBatch
from editron_core.domain.evidence import STEP
from editron_core.errors import NotFound
from editron_core.review import footage
from editron_core.score import scorer
from editron_core.score.profile import Profile
from editron_core.store import Store


@dataclass(frozen=True, slots=True)
class Change:
    """What changes in one file."""

    file_id: str
    name: str
    hours: float
    rho: float | None
    """Spearman's correlation of both scores over time, -1..1; null where one of them says nothing."""
    moved_s: float | None
    """Seconds from the best stretch of the one, as long as its moments should be, to that of the other."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What changes in all of it."""

    changes: tuple[Change, ...]
    """Each file once, the most changed first."""

    @property
    def hours(self) -> float:
        """Footage that was scored."""
        return sum(change.hours for change in self.changes)

    @property
    def rho(self) -> float | None:
        """Mean correlation over the files that have one."""
        known = [change.rho for change in self.changes if change.rho is not None]
        return fmean(known) if known else None

    def elsewhere(self, seconds: float) -> int:
        """In how many files the best stretch moves by at least so much."""
        return sum((change.moved_s or 0.0) >= seconds for change in self.changes)


def impact(store: Store, now: Profile, then: Profile) -> Impact:
    """Score all analysed footage by both profiles. Raises NotFound where nothing was analysed."""
    tables = {str(path): (file_id, name) for path, file_id, name in _tables(store)}
    if not tables:
        raise NotFound("holds no analysed footage", subject="the store", remedy="editron analyze SOURCE")
    order = [Path(path) for path in tables]
    changes = []
    for ours, theirs in zip(scorer.rescore(order, now), scorer.rescore(order, then), strict=True):
        frame = ours.with_columns(theirs["score"].alias("then"))
        for (path,), one in frame.group_by("file", maintain_order=True):
            changes.append(_change(tables[str(path)], one, (now, then)))
    changes.sort(key=lambda change: (change.rho is None, change.rho, change.name, change.file_id))
    return Impact(tuple(changes))


def _tables(store: Store) -> Iterator[tuple[Path, str, str]]:
    """The evidence table of each analysed file of the store, the same content once."""
    seen: set[str] = set()
    for batch in _batches(store):
        for file in store.files.in_short(batch.id):
            if file.status is not BatchStatus.ANALYZED or file.sha256 in seen:
                continue
            seen.add(file.sha256)
            try:
                yield footage.analysed(store, file) / "evidence.parquet", file.id, file.name
            except NotFound:
                continue  # housekeeping has taken it


def _batches(store: Store) -> Iterator[MediaBatch]:
    """All of them, a page at a time."""
    page = store.batches.page()
    yield from page.items
    while page.next is not None:
        page = store.batches.page(after=page.next)
        yield from page.items


def _change(file: tuple[str, str], frame: pl.DataFrame, profiles: tuple[Profile, Profile]) -> Change:
    rho = frame.select(pl.corr("score", "then", method="spearman")).item()
    best = [
        _best(frame, column, profile) for column, profile in zip(("score", "then"), profiles, strict=True)
    ]
    moved = abs(best[0] - best[1]) if best[0] is not None and best[1] is not None else None
    told = rho if rho is not None and not isnan(rho) else None
    return Change(*file, len(frame) * float(STEP) / 3600, told, moved)


def _best(frame: pl.DataFrame, column: str, profile: Profile) -> float | None:
    """When the best stretch of the target length begins, in seconds."""
    rows = max(1, min(len(frame), round(profile.lengths.target / STEP)))
    place = frame[column].rolling_mean(rows, min_samples=rows).arg_max()
    return float(frame["time_s"][place - rows + 1]) if place is not None else None
