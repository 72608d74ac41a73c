"""Pages of lists, by the key of the last row that was seen: never by counting rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Integer, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from editron_core.errors import UsageError
from editron_core.store.models import Instant

T = TypeVar("T")
Key = tuple[str, ...]
"""The sort key of a row, as text: what cursors are made of."""
LIMIT = 50
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Some items of a list, in its order."""

    items: tuple[T, ...]
    next: Key | None
    """What to give as `after` for the following ones; null where these are the last."""

    def map(self, make: Callable[[T], Any]) -> Slice[Any]:
        """The same slice of what `make` makes of each item."""
        return Slice(tuple(make(item) for item in self.items), self.next)


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: columns that no two rows have all in common."""

    columns: tuple[InstrumentedAttribute[Any], ...]
    descending: bool = True


def cut(session: Session, query: Select[Any], order: Order, after: Key | None, limit: int) -> Slice[Any]:
    """Up to `limit` rows of `query` that come after the row with the key `after`, or the first ones.

    Raises UsageError for a key that is none of this list's.
    """
    if after is not None:
        here = tuple_(*order.columns)
        there = tuple_(*_values(order.columns, after))
        query = query.where(here < there if order.descending else here > there)
    columns = [column.desc() if order.descending else column for column in order.columns]
    rows: Sequence[Any] = session.scalars(query.order_by(*columns).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Slice(tuple(rows), _key(rows[-1], order) if more else None)


def _key(row: Any, order: Order) -> Key:
    values = (getattr(row, column.key) for column in order.columns)
    return tuple(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)


def _values(columns: Sequence[InstrumentedAttribute[Any]], after: Key) -> list[Any]:
    try:
        return [
            literal(_value(column, text), column.type) for column, text in zip(columns, after, strict=True)
        ]
    except (ValueError, OverflowError) as error:
        raise UsageError("is no cursor of this list", subject="cursor") from error


def _value(column: InstrumentedAttribute[Any], text: str) -> Any:
    if isinstance(column.type, Instant):
        instant = datetime.fromisoformat(text)
        if instant.utcoffset() is None:
            raise ValueError(text)
        return instant.astimezone(UTC)
    if isinstance(column.type, Integer):
        if len(text) > LONGEST_NUMBER:
            raise ValueError(text)
        return int(text)
    return text
