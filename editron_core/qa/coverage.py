"""The coverage map: how many golden items there are of each kind and of each kind of raters, by locale and
genre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from editron_core.qa.golden import Item, Kind, Raters, Split


@dataclass(frozen=True, slots=True)
class Cell:
    """The items of one kind and one kind of raters in one locale and genre."""

    kind: Kind
    raters: Raters
    locale: str
    genre: str
    tune: int
    holdout: int
    review: int
    """Those that follow from decisions of people."""


def coverage(items: Iterable[Item]) -> tuple[Cell, ...]:
    """Every cell that holds an item, by kind, raters, locale and genre."""
    counts = Counter((item.kind, item.raters, item.locale, item.genre, item.split) for item in items)
    places = sorted({place[:4] for place in counts})
    splits = (Split.TUNE, Split.HOLDOUT, Split.REVIEW)
    return tuple(Cell(*place, *(counts[(*place, split)] for split in splits)) for place in places)
