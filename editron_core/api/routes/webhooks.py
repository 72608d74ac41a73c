"""Webhooks that others call: Dropbox, when something changed in an account."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from editron_core import telemetry
from editron_core.api.deps import public
from editron_core.api.marks import Marks
from editron_core.api.problem import Refused
from editron_core.api.table import takes
from editron_core.config import Settings
from editron_core.domain.batch import joined
from editron_core.errors import EditronError, NotFound, UsageError
from editron_core.ingest import webhook
from editron_core.ingest.webhook import Hint, Notice
from editron_core.store import NewBatch, Store

router = APIRouter(prefix="/api/webhooks/dropbox", tags=["webhooks"])
CHALLENGE = {
    "name": "challenge",
    "in": "query",
    "required": True,
    "description": "What is to be echoed, at most 1 KiB.",
    "schema": {"type": "string", "minLength": 1, "maxLength": webhook.MOST_CHALLENGE},
}
SIGNATURE = {
    "name": "X-Dropbox-Signature",
    "in": "header",
    "required": True,
    "description": "HMAC-SHA256 of the raw body with the app's secret, in hex.",
    "schema": {"type": "string"},
}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "list_folder": {
                        "type": "object",
                        "properties": {"accounts": {"type": "array", "items": {"type": "string"}}},
                    },
                    "editron_batches": {"type": "array", "items": {"type": "object"}},
                },
            }
        }
    },
}
PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


class HintProblem(BaseModel):
    """A hint that came to nothing."""

    index: Annotated[int, Field(description="Its place in `editron_batches`, from 0.")]
    error: str


class Accepted(BaseModel):
    """What a notification came to."""

    success: bool
    accounts: Annotated[int, Field(description="How many accounts it named.")]
    sources: Annotated[int, Field(description="How many sources are to be looked at because of it.")]
    batch_ids: Annotated[list[str], Field(description="The batches that its hints asked for.")]
    errors: list[HintProblem]


@router.get(
    "",
    dependencies=[Depends(public)],
    response_class=PlainTextResponse,
    openapi_extra={"parameters": [CHALLENGE]},
)
async def verify(request: Request) -> Response:
    """Echo the challenge by which Dropbox makes sure that this address is ours."""
    # As bytes: whatever was sent comes back as it was.
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), encoding="latin-1")
    challenge = dict(query).get("challenge", "").encode("latin-1")
    if not 0 < len(challenge) <= webhook.MOST_CHALLENGE:
        raise Refused(400, f"needs a challenge of 1 to {webhook.MOST_CHALLENGE} bytes")
    headers = {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"}
    return Response(challenge, headers=headers)


@router.post(
    "",
    dependencies=[Depends(public), Depends(takes(webhook.MOST_BYTES))],
    response_model=Accepted,
    openapi_extra={"parameters": [SIGNATURE], "requestBody": BODY},
    responses={
        400: {"description": "The body is genuine, and no JSON object.", **PROBLEM},
        403: {"description": "The signature is missing, or not that of this body.", **PROBLEM},
    },
)
async def notify(request: Request) -> Response:
    """Hear that something changed. The accounts' sources are made dirty, for good, and that is all: whoever
    watches them looks what it was. Of the same notification twice the second one finds nothing new."""
    # Taken from the request by hand: thousands of these come at once, and each parameter has its price.
    body, state = await request.body(), request.app.state
    notice = _believed(body, request.headers.get("x-dropbox-signature"), state.settings)
    sources = await _marks(request, state.store).mark(notice.accounts)
    known = bool(sources or notice.hints or not notice.accounts)
    telemetry.count("notifications", outcome="accepted" if known else "unknown")
    made, errors = await run_in_threadpool(_hinted, state.store, notice, body) if _hints(notice) else ([], [])
    told = {"accounts": len(notice.accounts), "sources": sources, "batch_ids": made, "errors": errors}
    content = json.dumps({"success": not errors, **told})
    return Response(content, media_type="application/json")


def _believed(body: bytes, signature: str | None, settings: Settings) -> Notice:
    """What a body says whose signature is right. Raises Refused: 403, 400, 503."""
    try:
        keys = webhook.keys(settings)
    except UsageError as error:
        raise Refused(503, str(error), {"Retry-After": "60"}) from error
    if not webhook.genuine(body, signature, keys):
        telemetry.count("notifications", outcome="forged")
        raise Refused(403, "the signature is not that of this body")
    try:
        return webhook.parse(body)
    except UsageError as error:
        telemetry.count("notifications", outcome="malformed")
        raise Refused(400, str(error)) from error


def _hints(notice: Notice) -> bool:
    return bool(notice.hints or notice.problems)


def _marks(request: Request, store: Store) -> Marks:
    marks: Marks | None = getattr(request.app.state, "marks", None)
    if marks is None or marks.store is not store:
        marks = request.app.state.marks = Marks(store)
    return marks


def _hinted(store: Store, notice: Notice, body: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """Ask for a batch of each link that is hinted at; the same body again is the same batches."""
    sent = hashlib.sha256(body).hexdigest()
    made: list[str] = []
    errors: list[dict[str, Any]] = [{"index": one.index, "error": one.error} for one in notice.problems]
    for index, hint in notice.hints:
        try:
            made.append(_asked(store, hint, f"{sent}:{index}"))
        except EditronError as error:
            errors.append({"index": index, "error": str(error)})
    return made, sorted(errors, key=lambda one: int(one["index"]))


def _asked(store: Store, hint: Hint, key: str) -> str:
    try:
        before = store.batches.newest(hint.source_url)
        if before.metadata.get("hint") == key:
            return before.id
    except NotFound:
        pass
    new = NewBatch(
        source_url=joined([hint.source_url]),
        reference_name=hint.reference_name or hint.source_url,
        project_id=hint.project_id,
        storage_tier=hint.storage_tier,
        checksum_required=hint.checksum_required,
        metadata={"hint": key},
    )
    return store.batches.order(new).id
