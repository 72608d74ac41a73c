"""TOML files that people write, checked on load: every fault is a DefinitionError naming key and remedy."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from editron_core.errors import DefinitionError, SourceError

T = TypeVar("T")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def read(path: Path, kind: type[T], extra: dict[str, Any] | None = None) -> T:
    """The TOML file at `path` as a `kind`, a dataclass or model that forbids unknown keys.

    `extra` holds values for keys that the file leaves out. Raises SourceError where the file cannot
    be read and DefinitionError where it is not TOML or does not fit.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror}", subject=str(path), remedy="check the path"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"is not TOML: {error}", subject=str(path), remedy="mend that line; TOML is UTF-8 text"
        ) from error
    try:
        return TypeAdapter(kind).validate_python({**(extra or {}), **data})
    except ValidationError as error:
        raise _translated(error, path, kind) from error


def refuse(path: Path, key: str, fault: str, remedy: str) -> DefinitionError:
    """The error for `key` of the definition at `path`."""
    return DefinitionError(f"{key}: {fault}", subject=str(path), remedy=remedy)


def _translated(error: ValidationError, path: Path, kind: type[Any]) -> DefinitionError:
    # A mistyped key shows as one unknown and one missing: the unknown one tells more.
    faults = error.errors(include_url=False, include_context=False)
    first = min(faults, key=lambda fault: fault["type"] not in _UNKNOWN)
    key = ".".join(str(part) for part in first["loc"]) or "the file"
    others = f" ({error.error_count() - 1} more after it)" if error.error_count() > 1 else ""
    if first["type"] in _UNKNOWN:
        return refuse(path, key, f"is not a known key{others}", _nearest(str(first["loc"][-1]), kind))
    if first["type"] in ("missing", "missing_argument"):
        return refuse(path, key, f"is missing{others}", "add it")
    fault = first["msg"].removeprefix("Value error, ")
    now = (
        "bring the two into line" if isinstance(first["input"], dict) else f"it is {first['input']!r:.60} now"
    )
    return refuse(path, key, f"{fault[:1].lower()}{fault[1:]}{others}", now)


def _nearest(key: str, kind: type[Any]) -> str:
    schema = TypeAdapter(kind).json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    known = sorted({name for part in parts for name in part.get("properties", {})} - {key})
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
