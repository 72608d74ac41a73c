"""Problems: what is wrong with a request, as RFC 9457 has it, with the request's id.

One table says which status each of our errors is. An error that is none of ours is a 500 that tells
nothing but the request's id, under which the log holds the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from editron_core import errors
from editron_core.errors import EditronError
from editron_core.redact import redact

MEDIA_TYPE = "application/problem+json"
STATUSES: dict[type[EditronError], int] = {
    errors.NotFound: 404,
    errors.TooLarge: 413,
    errors.Stale: 412,
    errors.Busy: 409,
    errors.Held: 409,
    errors.Conflict: 409,
    errors.LeaseLost: 409,
    errors.Tampered: 409,
    errors.UsageError: 422,
    errors.SourceError: 422,
    errors.MediaError: 422,
    errors.CheckFailed: 422,
    errors.EngineUnavailable: 503,
    errors.Interrupted: 503,
    errors.StoreError: 503,
}
"""The status of each of our errors; of its nearest base where it is not named. All others are 500."""
RETRY_S = {409: 1, 503: 5}
"""After how many seconds to try again, for `Retry-After`."""
WORDS = {
    460: "Checksum Mismatch",
    421: "Misdirected Request",
    413: "Content Too Large",
    422: "Unprocessable Content",
}


class Problem(BaseModel):
    """What is wrong with a request (RFC 9457)."""

    type: str = "about:blank"
    title: Annotated[str, Field(description="The status in words.")]
    status: int
    detail: Annotated[str, Field(description="What is wrong with what, and the remedy, in one line.")]
    instance: Annotated[str, Field(description="The path that was asked for.")]
    request_id: Annotated[str, Field(description="Names this request in the log.")]
    errors: Annotated[list[dict[str, Any]] | None, Field(description="For 422: what is wrong where.")] = None


@dataclass
class Refused(Exception):
    """A request that is turned down by what HTTP alone knows: no key, the wrong method, too often."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: list[dict[str, Any]] | None = None


def of(error: Exception) -> Refused:
    """The refusal that an error comes to."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, EditronError):
        status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
        detail = str(error) if status != 500 else "failed for a reason that the log tells"
        wait = RETRY_S.get(status)
        return Refused(status, detail, {"Retry-After": str(wait)} if wait else {})
    if isinstance(error, RequestValidationError):
        return Refused(422, "does not have the form that is asked for", errors=_wrong(error))
    if isinstance(error, HTTPException):
        return Refused(error.status_code, str(error.detail), dict(error.headers or {}))
    return Refused(500, "failed for a reason that the log tells")


def answer(scope: Mapping[str, Any], refused: Refused) -> Response:
    """The response that tells of a refusal."""
    told = Problem(
        title=WORDS.get(refused.status) or HTTPStatus(refused.status).phrase,
        status=refused.status,
        detail=redact(refused.detail),
        instance=scope.get("path", ""),
        request_id=scope.get("state", {}).get("request_id", ""),
        errors=refused.errors,
    )
    content = json.dumps(told.model_dump(exclude_none=True)).encode()
    return Response(content, refused.status, dict(refused.headers), MEDIA_TYPE)


async def handle(request: Request, error: Exception) -> Response:
    """The handler of every error that a route raises."""
    return answer(request.scope, of(error))


def _wrong(error: RequestValidationError) -> list[dict[str, Any]]:
    """Where and what, without the input, which may hold a secret."""
    return [
        {"where": ".".join(str(part) for part in one["loc"]), "what": redact(one["msg"]), "kind": one["type"]}
        for one in error.errors()
    ]
