"""For `st run`: what a description cannot tell is ruled out as 422 without `errors`, and only that may be.

A request that keeps to the description must never be turned down for its form.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Aim what would end the attack at what is there to be hit: a spare key instead of the one that asks, and
    a profile in production, which has no further step, instead of one that the gate would judge for minutes.
    """
    path, meta = case.operation.path, case.meta
    if meta is None or meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return  # ids of another form, which meet nothing
    if path.endswith(("/rotate", "/revoke")) and "key_id" in case.path_parameters:
        if case.path_parameters["key_id"] == os.environ["ATTACKING_KEY"] or meta.phase.name != "stateful":
            case.path_parameters["key_id"] = os.environ["SPARE_KEY"]
    elif path.endswith("/promote"):
        case.path_parameters["name"] = os.environ["PROMOTED_PROFILE"]


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
