"""ETag and If-Match: whoever changes something says which version of it they saw (RFC 9110, section 13)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header

from editron_core.api.problem import Refused
from editron_core.errors import Stale

IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=1000, description="The ETag of what was seen; or `*`.")
]
_TAG = re.compile(r'"([!#-~]*)"')


def quoted(version: str) -> str:
    """A version as a strong ETag."""
    return f'"{version}"'


def check(given: str | None, version: str, subject: str) -> None:
    """Raises Stale (412) where `given` names other versions, Refused (428) where it is missing."""
    if given is None:
        raise Refused(428, f"{subject}: say which version you saw, by If-Match with its ETag")
    if given.strip() == "*":
        return
    if version not in _TAG.findall(given):
        raise Stale("was changed since you looked at it", subject=subject, remedy="look at it again")
