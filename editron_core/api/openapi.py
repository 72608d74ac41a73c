"""The description of the API: FastAPI's, and all that the gate adds to every route.

Each operation tells every status that it can answer with, who may call it and how.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from editron_core.api.auth import COOKIE
from editron_core.api.problem import MEDIA_TYPE, Problem
from editron_core.api.table import WRITING, Entry, Table

WHAT = """Footage becomes moments, cuts, decisions and deliverables.

Errors are `application/problem+json` with a `request_id`. Lists are pages: `next` is the `cursor` of the
next one. A POST may carry an `Idempotency-Key`; sent again within a day, it has no second effect.
Keys look like `edk_...` and are sent as `Authorization: Bearer`."""
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "bearerFormat": "edk_..."},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
ALWAYS = {
    400: "The request, or its JSON, is malformed.",
    421: "The `Host` is no name of this server.",
    429: "Too many requests: see `Retry-After`.",
    500: "An error that nobody expected; the log tells more under the request's id.",
    503: "The store or an engine does not answer; see `Retry-After`.",
}
KEYED = {401: "No key, or one that is not valid.", 403: "The key's role does not allow it."}
NAMED = {404: "There is no such thing."}
CHANGING = {
    403: "The key's role does not allow it, or a page of another origin asks.",
    409: "Somebody else is at it, or what is recorded rules it out.",
    413: "The body is too large.",
}
TYPED = {415: "The body is of a type that is not taken."}
CHECKED = {422: "Not of the form that is asked for, or nothing that can be done."}
RESUMED = {412: "`Tus-Resumable` is missing, or not 1.0.0."}
MATCHED = {412: "It was changed since: look again.", 428: "Needs `If-Match`."}


def describe(app: FastAPI, table: Table) -> None:
    """Let `app.openapi()` tell all of it."""
    entries = {(entry.path, method): entry for entry in table.entries for method in entry.methods}
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(
                get_openapi(title=app.title, version=app.version, description=WHAT, routes=app.routes)
            )
            _complete(made, entries)
        return made

    app.openapi = document  # type: ignore[method-assign]


def _complete(made: dict[str, Any], entries: dict[tuple[str, str], Entry]) -> None:
    components = made.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _operation(operation, entries[path, method.upper()], method.upper())


def _operation(operation: dict[str, Any], entry: Entry, method: str) -> None:
    operation["security"] = [{name: []} for name in SCHEMES] if entry.role is not None else []
    if entry.role is not None:
        operation["x-role"] = entry.role.value
    answers = operation["responses"]
    if answers.get("422", {}).get("description") == "Validation Error":
        del answers["422"]
    for told in answers.values():
        if told.get("description") == "Successful Response":
            told["description"] = "Done."
    for status, meaning in sorted(_wrong(operation, entry, method).items()):
        answers.setdefault(str(status), _problem(meaning))


def _wrong(operation: dict[str, Any], entry: Entry, method: str) -> dict[int, str]:
    """What can be wrong with a request to one operation, by status."""
    parameters = operation.get("parameters", [])
    names = {one["name"].lower() for one in parameters}
    has_body = "requestBody" in operation
    known = (
        (True, ALWAYS),
        (entry.role is not None, KEYED),
        (has_body or any(one["in"] == "path" for one in parameters), NAMED),
        (method in WRITING, CHANGING),
        (has_body or bool(entry.body.media), TYPED),
        (has_body or bool(parameters), CHECKED),
        ("if-match" in names, MATCHED),
        ("tus-resumable" in names, RESUMED),
    )
    return {status: told for holds, some in known if holds for status, told in some.items()}


def _problem(meaning: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {MEDIA_TYPE: {"schema": schema}}}
