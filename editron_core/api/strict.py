"""JSON as it is meant: nothing in it that readers would take in different ways.

NaN and numbers that overflow, keys that come twice, lone surrogates, depths beyond 64 and whatever is no
UTF-8 are refused. FastAPI alone would answer some of these with 500 and take others.
"""

from __future__ import annotations

import json
import math
from typing import Any

from editron_core.api.problem import Refused

DEEPEST = 64
"""How far lists and objects may lie in one another."""


def parse(body: bytes) -> Any:
    """The value of a JSON document. Raises Refused (400), which says what is wrong with it."""
    try:
        text = body.decode("utf-8", "strict")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise _malformed("is no UTF-8") from error
    except RecursionError as error:
        raise _malformed(f"is nested deeper than {DEEPEST}") from error
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except ValueError as error:  # a whole number with thousands of digits
        raise _malformed("holds a number that is too long") from error
    _walk(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _malformed("holds a key twice")
    return found


def _constant(name: str) -> float:
    raise _malformed(f"holds {name}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _malformed("holds a number that is too large")
    return value


def _walk(value: Any) -> None:
    """Refuse lone surrogates and too much depth."""
    layer, depth = [value], 0
    while layer:
        below: list[Any] = []
        for one in layer:
            if isinstance(one, str):
                _text(one)
            elif isinstance(one, dict):
                for key in one:
                    _text(key)
                below += one.values()
            elif isinstance(one, list):
                below += one
        if below or any(isinstance(one, dict | list) for one in layer):
            depth += 1
        if depth > DEEPEST:
            raise _malformed(f"is nested deeper than {DEEPEST}")
        layer = below


def _text(text: str) -> None:
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise _malformed("holds half of a surrogate pair")


def _malformed(why: str) -> Refused:
    return Refused(400, f"the JSON {why}")
