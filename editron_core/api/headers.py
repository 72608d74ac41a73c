"""What every answer says to browsers: take nothing from elsewhere, guess nothing, keep nothing."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For data: whatever it holds, a browser runs none of it."""
PAGE = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""For our own pages without scripts."""
APPS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
    "frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
)
"""For the review apps: marimo writes its page's scripts into the page, and compiles widgets. Nothing comes
from outside all the same."""
APPS_AT = "/apps"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def complete(headers: MutableHeaders, path: str) -> None:
    """Add what is missing; a route that says otherwise is left alone."""
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", APPS if path.startswith(APPS_AT) else NOTHING)
    if path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
