"""Records of a benchmark: JSON Lines or one JSON list, each record checked, each complaint with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from editron_core.errors import SourceError, UsageError

Model = TypeVar("Model", bound=BaseModel)
Other = TypeVar("Other", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Record(Generic[Model]):
    """One record and where it stood."""

    place: str
    """File and line (or entry of a list), for complaints."""
    raw: dict[str, Any]
    """All of it, as read."""
    key: object
    """What tells it apart from the others of its file."""
    data: Model
    """What was asked of it, checked."""


def read(path: Path, model: type[Model], key: Callable[[Model], object]) -> list[Record[Model]]:
    """The records of a file in their order; `key` tells them apart. Unknown fields are passed over.

    Raises UsageError for a file that is not there, SourceError (with file and line) for what is no JSON,
    holds no record, does not fit `model`, or has a key twice.
    """
    found: list[Record[Model]] = []
    seen: dict[object, str] = {}
    for place, raw in _entries(path):
        if not isinstance(raw, dict):
            raise SourceError("is not a JSON object", subject=place)
        try:
            data = model.model_validate(raw)
        except ValidationError as error:
            raise SourceError(_complaint(error), subject=place) from error
        name = key(data)
        if name in seen:
            raise SourceError(f"{name} stands in {seen[name]} already", subject=place)
        seen[name] = place
        found.append(Record(place, raw, name, data))
    if not found:
        raise SourceError("holds no record", subject=str(path))
    return found


def same_keys(
    truth: Sequence[Record[Model]], given: Sequence[Record[Other]], path: Path
) -> list[tuple[Record[Model], Record[Other]]]:
    """Each record of the truth with the one of the same key that was given in `path`, in the truth's order.

    Raises SourceError unless both hold the same keys, as the published scripts do: a mean over fewer records
    is another figure.
    """
    by_key = {row.key: row for row in given}
    known = {row.key for row in truth}
    for row in given:
        if row.key not in known:
            raise SourceError(f"the truth has no {row.key}", subject=row.place)
    for true in truth:
        if true.key not in by_key:
            raise SourceError(f"holds nothing for {true.key} ({true.place})", subject=str(path))
    return [(true, by_key[true.key]) for true in truth]


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    if not path.is_file():
        raise UsageError("is not a file", subject=str(path))
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"is not UTF-8 text: {error.reason}", subject=str(path)) from error
    if text.lstrip().startswith("["):
        for i, entry in enumerate(_parse(text, str(path)), 1):
            yield f"{path}, entry {i}", entry
        return
    for i, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}, line {i}", _parse(line, f"{path}, line {i}")


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        told = f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise SourceError(told, subject=place) from error
    except (RecursionError, ValueError) as error:
        raise SourceError(f"is not JSON that can be read: {error}", subject=place) from error


def _complaint(error: ValidationError) -> str:
    """The first thing wrong, in one line."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    told = first["msg"].splitlines()[0].removeprefix("Value error, ")
    return f"{where}: {told}" if where else told
