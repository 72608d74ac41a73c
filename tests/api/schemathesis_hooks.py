"""For `st run`: what a description cannot tell is ruled out as 422 without `errors`, and only that may be.

A request that keeps to the description must never be turned down for its form.
"""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.check
def form_is_as_described(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    meta = case.meta
    if meta is None or meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return None
    if any(value in (None, "None") for value in case.path_parameters.values()):
        return None  # a link that led from a field that was null
    if response.status_code in (400, 415) or (response.status_code == 422 and response.json().get("errors")):
        raise AssertionError(f"a request of the form that is described was turned down: {response.text}")
    return None
