"""What people said becomes golden items: beside those of other raters, and never in one number with them.

What they rated blind is an item `<file>.people` of the split that the clip has, and may measure. What
follows from their decisions about cuts is an item `<file>.review` of the split `review`: it exists only where
a profile had already chosen, so it may teach and never measure. Nobody's name is kept.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from editron_core.analyze.vision import LayoutEye
from editron_core.domain.label import Raters, Split
from editron_core.domain.progress import Watcher
from editron_core.ingest.sources import Found
from editron_core.qa import freeze, golden, keep
from editron_core.qa.agreement import agreement
from editron_core.qa.freeze import BLIND, CATALOGUE, DECIDED, EMBEDDED, Frozen
from editron_core.qa.golden import Golden, Item, Kind, Truth

UNKNOWN = {"locale": "und", "genre": "unknown"}


@dataclass(frozen=True, slots=True)
class Rated:
    """What people said of one file, in one of two ways."""

    found: Found
    """Its name and where its bytes are."""
    sha256: str
    decided: bool
    """Whether it follows from decisions about cuts; else it was rated blind."""
    window_s: Fraction
    """Seconds per window."""
    ratings: Mapping[str, tuple[float | None, ...]]
    """By rater: 1..5 per window; null where the rater said nothing."""


@dataclass(frozen=True, slots=True)
class FrozenPeople:
    """What came of freezing what people said."""

    frozen: Frozen
    items: tuple[Item, ...]
    """Those that were written."""
    agreement: Mapping[str, float | None]
    """How far the raters of each agree (`qa.agreement`), by id."""


def freeze_people(
    folder: Path, formula: str, rated: Sequence[Rated], watcher: Watcher | None = None
) -> FrozenPeople:
    """Freeze what people said of files: signals and labels only, raters by number.

    A clip that is golden already keeps its split, locale and genre, whoever rated it; of new ones a third is
    held out (`freeze.deal`), and `datasets/catalogue.toml` may tell what is spoken and the genre. A file that
    cannot be used is named in `failed`, and the others go on.
    """
    entries = [entry.item for entry in keep.entries_of(folder)]
    ids = _ids(entries, rated)
    splits = _splits(entries, {ids[one.sha256] + BLIND: one for one in rated if not one.decided})
    numbers = _numbers(rated)
    made: list[Golden] = []
    failed: dict[str, str] = {}
    for one in rated:
        name = ids[one.sha256] + (DECIDED if one.decided else BLIND)
        with freeze.watched(watcher, name, failed):
            split = Split.REVIEW if one.decided else splits[name]
            item = Item(
                id=name,
                kind=Kind.REAL,
                **_described(entries, one),
                split=split,
                checksum=one.sha256,
                raters=Raters.PEOPLE,
                rater_count=len(one.ratings),
                footage=Path(one.found.name).name,
                formula=formula,
            )
            _, evidence = freeze.observed(one.found, LayoutEye(EMBEDDED))
            windows = math.ceil(evidence.duration / one.window_s) if one.decided else 0
            ratings = {numbers[rater]: _filled_up(row, windows) for rater, row in one.ratings.items()}
            made.append(golden.checked(Golden(item, evidence, Truth(one.window_s, ratings, {}, None))))
    keep.keep(folder, made)
    items = tuple(one.item for one in made)
    agreed = {one.item.id: agreement(one.truth.rows) for one in made}
    return FrozenPeople(Frozen(tuple(item.id for item in items), failed, 0), items, agreed)


def _ids(entries: Iterable[Item], rated: Sequence[Rated]) -> dict[str, str]:
    """By SHA-256, what the ids of a file's items begin with: its stem, told apart where files share it."""
    stems = {one.sha256: re.sub(r"[^\w.-]+", "-", Path(one.found.name).stem) for one in rated}
    taken = {(item.id, item.checksum) for item in entries if item.raters is Raters.PEOPLE}
    owners: dict[str, set[str]] = {}
    for sha256, stem in stems.items():
        others = {checksum for name, checksum in taken if name in (stem + BLIND, stem + DECIDED)}
        owners.setdefault(stem, set()).update({sha256, *others})
    return {
        sha256: stem if len(owners[stem]) == 1 else f"{stem}-{sha256[:8]}" for sha256, stem in stems.items()
    }


def _splits(entries: Iterable[Item], blind: Mapping[str, Rated]) -> dict[str, Split]:
    """The split of each item of blind ratings, by id."""
    clips = {item.checksum: item.split for item in entries if item.split is not Split.REVIEW}
    known = {name: clips[one.sha256] for name, one in blind.items() if one.sha256 in clips}
    return freeze.share_out(known, blind)


def _filled_up(row: tuple[float | None, ...], windows: int) -> tuple[float | None, ...]:
    """A row of ratings with null for the windows after the last that was spoken of."""
    return row + (None,) * (windows - len(row))


def _numbers(rated: Iterable[Rated]) -> dict[str, str]:
    """What raters are called in the golden dataset: the same person is the same number in all items."""
    names = sorted({rater for one in rated for rater in one.ratings})
    return {name: f"p{number}" for number, name in enumerate(names, 1)}


def _described(entries: Iterable[Item], one: Rated) -> dict[str, str]:
    """Locale and genre: of the same clip by other raters, of the catalogue, or unknown."""
    for item in entries:
        if item.checksum == one.sha256:
            return {"locale": item.locale, "genre": item.genre}
    labels = tomllib.loads(CATALOGUE.read_text("utf-8"))["labels"]
    stem = Path(one.found.name).stem
    return {key: labels.get(f"{key}s", {}).get(stem, otherwise) for key, otherwise in UNKNOWN.items()}
