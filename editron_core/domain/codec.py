"""Domain values to JSON and back, and the content hash that identifies them.

The codec is pydantic's, on our plain frozen dataclasses. `Fraction`s travel as `"n/d"` strings, so a
round trip is exact. The canonical form is JSON with sorted keys and no spaces, in UTF-8.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def dump(value: Any) -> Any:
    """`value` (a domain dataclass or a tuple of them) as JSON-ready Python objects."""
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    kind: Any = type(value)
    return _adapter(kind).dump_python(value, mode="json")


def load(kind: type[T], data: Any) -> T:
    """The inverse of `dump`. Raises `pydantic.ValidationError` where `data` does not fit `kind`."""
    anything: Any = kind
    value: T = _adapter(anything).validate_json(json.dumps(data))
    return value


def canonical(value: Any) -> bytes:
    """The canonical JSON of JSON-ready `value`. Paths that are no UTF-8 keep their lone surrogates."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def content_hash(value: Any) -> str:
    """SHA-256 (hex) over the canonical JSON of JSON-ready `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()
