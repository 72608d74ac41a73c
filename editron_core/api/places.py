"""Which places of this machine a caller may name: a key is no login to the server.

Whoever is on the machine, and an admin, may name any folder. Others name what lies in a watched folder or in
`EDITRON_FOOTAGE_ROOTS`, and deliver to the blob store or below `EDITRON_DELIVERED`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from editron_core.api.deps import Caller
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.errors import UsageError
from editron_core.lane.destinations import BLOBS

CONTROLS = ("Cc", "Zl", "Zp")
"""Unicode's categories of what no source that is named here may hold: controls, and ends of lines."""


def check_sources(who: Caller, settings: Settings, sources: Sequence[str]) -> None:
    """Raises UsageError for a source that the caller may not name, or that is none."""
    roots = (*settings.watch, *settings.footage_roots)
    for source in sources:
        if any(unicodedata.category(char) in CONTROLS for char in source):
            raise UsageError("holds a control character or a line break", subject=repr(source))
        if "://" in source:
            _check_url(source)
        elif not Path(source).is_absolute():
            raise UsageError("is neither a URL nor an absolute path", subject=source)
        else:
            _check_path(who, source, roots, "EDITRON_FOOTAGE_ROOTS")


def check_destinations(who: Caller, settings: Settings, places: Sequence[str]) -> None:
    """Raises UsageError for a destination that the caller may not name."""
    roots = (settings.delivered or settings.home / "delivered",)
    for place in places:
        if place != BLOBS:
            _check_path(who, place, roots, "EDITRON_DELIVERED")


def _check_url(source: str) -> None:
    """The form alone: whether the address may be reached is checked where the connection is made."""
    try:
        parts = urlsplit(source)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or any(char.isspace() for char in source):
        raise UsageError("is no http(s) URL", subject=source)


def _check_path(who: Caller, place: str, roots: Sequence[Path], setting: str) -> None:
    if who.role is Role.ADMIN:
        return
    real = Path(place).resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise UsageError("is not among the folders that this key may name", subject=place, remedy=setting)
