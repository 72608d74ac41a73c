"""Seconds as callers write them: exact, and read by one reader wherever they come.

As text they are whole, decimal or a fraction: `3`, `3.5`, `7/2`. Their digits are few, since they are read on
the event loop: to compute what `1e999999999` is exactly takes minutes and gigabytes.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator, WithJsonSchema

from editron_core.errors import UsageError
from editron_core.times import seconds

MOST_S = 1_000_000
FORM = r"[0-9]{1,13}(\.[0-9]{1,9}|/[1-9][0-9]{0,8})?"
"""Digits for microseconds of `MOST_S` as a fraction, which is what the apps send."""
TEXT = {"type": "string", "pattern": f"^{FORM}$"}
NUMBER = {"type": "number", "minimum": 0, "maximum": MOST_S}


def _read(value: object) -> Fraction:
    """Raises ValueError for another form than is described; UsageError for what is too large, which a
    description cannot tell."""
    if isinstance(value, str) and re.fullmatch(FORM, value):
        exact = Fraction(value)
        if exact > MOST_S:
            raise UsageError(f"is more than {MOST_S} s", subject=value)
        return exact
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST_S:
        return seconds(value)
    raise ValueError('is no number of seconds: write 3, 3.5 or "7/2"')


Seconds = Annotated[Fraction, BeforeValidator(_read), WithJsonSchema({"anyOf": [NUMBER, TEXT]})]
"""Seconds in a JSON document."""
SecondsAsked = Annotated[
    Fraction, BeforeValidator(_read), WithJsonSchema(TEXT), Query(description='Seconds: "3", "3.5" or "7/2".')
]
"""Seconds in an address."""
