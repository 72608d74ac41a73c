"""What the records share: finding one row, and new identifiers."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from editron_core.errors import NotFound, Stale, UsageError
from editron_core.store.models import Base

R = TypeVar("R", bound=Base)
SHORTEST_PREFIX = 4
MOST_WORDS = 500


def new_id() -> str:
    """A fresh identifier: 32 hex digits."""
    return uuid.uuid4().hex


def digest(*parts: str) -> str:
    """An identifier that follows from what it stands for: 32 hex digits."""
    # Names from a disk may hold bytes that are no UTF-8; `surrogatepass` keeps them apart.
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def one(session: Session, kind: type[R], key: str) -> R:
    """The row with this key. Raises NotFound."""
    return _found(session.get(kind, key), kind, key)


def locked(session: Session, kind: type[R], key: str) -> R:
    """The row with this key, which nobody else changes until the transaction ends. Raises NotFound."""
    return _found(session.get(kind, key, with_for_update=True), kind, key)


def why(error: str | None) -> dict[str, Any]:
    """What an event tells of an error; the record has all of it."""
    return {"error": error[:MOST_WORDS]} if error else {}


def unchanged(version: str, expected: str | None, subject: str) -> None:
    """Raises Stale where somebody expects another version than the one there is; null expects nothing."""
    if expected is not None and expected != version:
        raise Stale("was changed meanwhile", subject=subject, remedy="look at it again")


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
