"""The coverage map: how many golden items there are of each kind, by locale and genre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from editron_core.qa.golden import Item, Kind, Split


@dataclass(frozen=True, slots=True)
class Cell:
    """The items of one kind in one locale and genre."""

    kind: Kind
    locale: str
    genre: str
    tune: int
    holdout: int


def coverage(items: Iterable[Item]) -> tuple[Cell, ...]:
    """Every cell that holds an item, by kind, locale and genre."""
    counts = Counter((item.kind, item.locale, item.genre, item.split) for item in items)
    places = sorted({place[:3] for place in counts})
    return tuple(
        Cell(*place, counts[(*place, Split.TUNE)], counts[(*place, Split.HOLDOUT)]) for place in places
    )
