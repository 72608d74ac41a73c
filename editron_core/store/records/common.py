"""What the records share: finding one row, and new identifiers."""

from __future__ import annotations

import re
import uuid
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from editron_core.errors import NotFound, UsageError
from editron_core.store.models import Base

R = TypeVar("R", bound=Base)
SHORTEST_PREFIX = 4


def new_id() -> str:
    """A fresh identifier: 32 hex digits."""
    return uuid.uuid4().hex


def one(session: Session, kind: type[R], key: str) -> R:
    """The row with this key. Raises NotFound."""
    return _found(session.get(kind, key), kind, key)


def locked(session: Session, kind: type[R], key: str) -> R:
    """The row with this key, which nobody else changes until the transaction ends. Raises NotFound."""
    return _found(session.get(kind, key, with_for_update=True), kind, key)


def by_prefix(session: Session, kind: type[R], column: InstrumentedAttribute[str], text: str) -> R:
    """The one row whose identifier is `text` or begins with it (at least 4 hex digits).

    Raises NotFound where there is none, UsageError where there are several.
    """
    exact = session.get(kind, text)
    if exact is not None:
        return exact
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST_PREFIX},64}}", text):
        raise NotFound(f"is no {_noun(kind)}", subject=text)
    near = session.scalars(select(kind).where(column.startswith(text)).order_by(column).limit(2)).all()
    if len(near) > 1:
        raise UsageError(
            f"begins more than one {_noun(kind)}", subject=text, remedy="give more of its digits"
        )
    return _found(near[0] if near else None, kind, text)


def _found(row: R | None, kind: type[R], key: str) -> R:
    if row is None:
        raise NotFound(f"is no {_noun(kind)}", subject=key)
    return row


def _noun(kind: type[Base]) -> str:
    return kind.__name__.removesuffix("Row").lower()
