"""What Dropbox sends when something changed: is it genuine, and whose files are they?

The signature covers the body as it came, and nothing else: no time and no number. So one that is sent again
cannot be told from a second change, and neither may do more than make us look.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from editron_core import secrets
from editron_core.config import Settings
from editron_core.domain.batch import StorageTier
from editron_core.errors import UsageError
from editron_core.redact import Secret

MOST_BYTES = 64 << 10
MOST_CHALLENGE = 1024
MOST_HINTS = 100
LINK_HOSTS = ("www.dropbox.com", "dropbox.com")
LINK_PATH = re.compile(r"/(s|sh|scl/f[io])/.+")
"""Where Dropbox's shared links lead."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A shared link that the sender wants taken in."""

    source_url: str
    project_id: str | None = None
    storage_tier: StorageTier = StorageTier.HOT
    checksum_required: bool = True
    reference_name: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one hint."""

    index: int
    """Its place in the list, from 0."""
    error: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What one notification says."""

    accounts: tuple[str, ...]
    """Each once: `dbid:...`."""
    hints: tuple[tuple[int, Hint], ...] = ()
    """With their places in the list."""
    problems: tuple[Problem, ...] = ()


def keys(settings: Settings) -> tuple[Secret, ...]:
    """The secrets that a signature may be made with. Raises UsageError where none is set."""
    kept = settings.dropbox_webhook_secret or settings.dropbox_app_secret
    parts = [part.strip() for part in kept.split(",") if part.strip()]
    if not parts:
        raise UsageError(
            "is not set, so no notification can be believed",
            subject="DROPBOX_WEBHOOK_SECRET",
            remedy="set it, or DROPBOX_APP_SECRET",
        )
    return tuple(secrets.held(part, subject="DROPBOX_WEBHOOK_SECRET") for part in parts)


def genuine(body: bytes, signature: str | None, allowed: Sequence[Secret]) -> bool:
    """Whether `signature` is the HMAC-SHA256 of the raw body, in hex, by one of the keys."""
    try:
        # From hex to bytes: comparing text would raise for letters outside ASCII.
        given = bytes.fromhex(signature or "")
    except ValueError:
        return False
    made = [hmac.digest(key.reveal().encode(), body, hashlib.sha256) for key in allowed]
    # All are compared, so that the time tells nothing.
    return any([hmac.compare_digest(given, one) for one in made])


def parse(body: bytes) -> Notice:
    """What a genuine body says, as far as it is known. Raises UsageError for what is no JSON object."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError("is not JSON", subject="notification") from error
    if not isinstance(content, dict):
        raise UsageError("is no JSON object", subject="notification")
    listed = content.get("list_folder")
    accounts = listed.get("accounts", ()) if isinstance(listed, dict) else ()
    if not isinstance(accounts, list | tuple):
        accounts = ()
    known = dict.fromkeys(one for one in accounts if isinstance(one, str) and 0 < len(one) <= 64)
    hints, problems = _hints(content.get("editron_batches", ()))
    return Notice(tuple(known), hints, problems)


def shared_link(url: str) -> bool:
    """Whether `url` is a shared link of Dropbox's: https, its own host, and a path of a link."""
    try:
        parts = urlsplit(url)
        plain = parts.username is None and parts.password is None and parts.port in (None, 443)
    except ValueError:
        return False
    ours = parts.scheme == "https" and parts.hostname in LINK_HOSTS
    plain = plain and url.isprintable()  # `urlsplit` passes over line breaks
    return ours and plain and LINK_PATH.fullmatch(parts.path) is not None


def _hints(given: object) -> tuple[tuple[tuple[int, Hint], ...], tuple[Problem, ...]]:
    if not isinstance(given, list | tuple):
        return (), (Problem(0, "editron_batches is no list"),)
    hints: list[tuple[int, Hint]] = []
    problems: list[Problem] = []
    for index, one in enumerate(given[:MOST_HINTS]):
        try:
            hints.append((index, _hint(one)))
        except UsageError as error:
            problems.append(Problem(index, str(error)))
    if len(given) > MOST_HINTS:
        problems.append(Problem(MOST_HINTS, f"only {MOST_HINTS} are looked at"))
    return tuple(hints), tuple(problems)


def _hint(one: Any) -> Hint:
    if not isinstance(one, dict):
        raise UsageError("is no object")
    url, tier = one.get("source_url"), one.get("storage_tier", one.get("tier", StorageTier.HOT))
    if not isinstance(url, str) or not shared_link(url):
        raise UsageError("source_url is no shared link of Dropbox's")
    if tier not in [member.value for member in StorageTier]:
        raise UsageError("storage_tier is none of hot, warm, cold")
    project, checksum = one.get("project_id"), one.get("checksum_required", True)
    name = one.get("reference_name", "")
    if not (project is None or isinstance(project, str)) or not isinstance(checksum, bool):
        raise UsageError("project_id must be a text, checksum_required true or false")
    return Hint(url, project, StorageTier(tier), checksum, name if isinstance(name, str) else "")
