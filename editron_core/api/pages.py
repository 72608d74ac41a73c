"""The API's own pages: signing in, and the description for people. No scripts, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse

from editron_core.api import headers

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def login(following: str, wrong: str = "", status: int = 200) -> HTMLResponse:
    """The page that asks for a key; `following` is where it leads."""
    return _page("login.html", status, title="Sign in", next=following, wrong=wrong)


def docs(api: dict[str, Any]) -> HTMLResponse:
    """The page that describes an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for tag, one in _operations(api):
        groups.setdefault(tag, []).append(one)
    return _page("docs.html", title="API", api=api, groups=sorted(groups.items()))


def _operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            yield (
                operation.get("tags", ["other"])[0],
                {
                    "method": method.upper(),
                    "path": path,
                    "role": operation.get("x-role", "everybody"),
                    "what": operation.get("description") or operation.get("summary", ""),
                    "takes": list(_taken(api, operation)),
                    "answers": [(s, a["description"]) for s, a in sorted(operation["responses"].items())],
                },
            )


def _taken(api: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for one in operation.get("parameters", []):
        yield one["name"], one.get("description", "")
    for content in operation.get("requestBody", {}).get("content", {}).values():
        reference = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        schema = api["components"]["schemas"].get(reference, {})
        for name, field in schema.get("properties", {}).items():
            yield name, field.get("description", "")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.filters["code"] = _code
    return made


def _code(text: str) -> str:
    """What stands between backticks as code; everything is escaped."""
    from markupsafe import Markup, escape

    parts = [
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def _page(name: str, status: int = 200, **shown: Any) -> HTMLResponse:
    text = _environment().get_template(name).render(**shown)
    return HTMLResponse(text, status, {"Content-Security-Policy": headers.PAGE, "Cache-Control": "no-store"})
