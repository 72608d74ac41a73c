"""Registering Dropbox sources: checked, their tokens sealed, the account found by its own word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from editron_core import sealing
from editron_core.config import REFERENCE, Settings
from editron_core.domain.intake import DropboxSource, SourceKind
from editron_core.errors import UsageError
from editron_core.ingest.webhook import shared_link
from editron_core.lane.connections import SECRETS, Connections, sealed_at
from editron_core.lane.dropbox import named
from editron_core.redact import Secret
from editron_core.store import Store

ACCOUNT = re.compile(r"dbid:[A-Za-z0-9_-]{1,80}")
FOLDER = re.compile(r"(/[^/\\\x00-\x1f\x7f]+)*")


def register(store: Store, settings: Settings, wanted: DropboxSource) -> DropboxSource:
    """Record a source whose tokens are in plain text, or references; from then on they are sealed.

    Where a folder's account is not named, Dropbox is asked whose token it is. Raises UsageError for what
    cannot be, NotFound where its project is not there, Refused and Unavailable from Dropbox.
    """
    check(wanted)
    plain = {name: getattr(wanted, name) for name in SECRETS if getattr(wanted, name)}
    for name, value in plain.items():
        sealing.seal(value, name, settings)  # whether there is a key, before anything is written
    if wanted.kind is SourceKind.ACCOUNT_FOLDER and not wanted.account_id:
        token = plain.get("refresh_token", "")
        opened = sealing.unseal(token, "refresh_token", settings) if _kept(token) else None
        client = Connections(settings).with_token(opened or (Secret(token) if token else None))
        wanted = replace(wanted, account_id=client.account_id())
    made = store.sources.create(replace(wanted, access_token="", refresh_token="", link_password=""))
    return change(store, settings, made.id, plain) if plain else made


def change(store: Store, settings: Settings, source_id: str, changes: Mapping[str, Any]) -> DropboxSource:
    """Change a source; tokens among the changes are sealed, and a new one ends its waiting for a person.

    Raises NotFound, UsageError.
    """
    source = store.sources.get(source_id)
    check(replace(source, **changes))
    sealed = {
        name: sealing.seal(changes[name], sealed_at(source, name), settings)
        for name in SECRETS
        if name in changes
    }
    renewed = {"needs_reauth": False} if sealed else {}
    return store.sources.change(source_id, {**changes, **sealed, **renewed})


def check(source: DropboxSource) -> None:
    """Raises UsageError for a source that cannot be looked at."""
    if not source.label.strip():
        raise UsageError("is empty", subject="label")
    if not FOLDER.fullmatch(source.folder_path):
        raise UsageError("is no folder", subject="folder_path", remedy="such as /Shoots/2026, empty for all")
    if source.kind is SourceKind.SHARED_LINK:
        if not shared_link(source.source_url):
            raise UsageError(
                "is no shared link of Dropbox's",
                subject="source_url",
                remedy="such as https://www.dropbox.com/scl/fo/...",
            )
    elif source.source_url:
        raise UsageError("belongs to a shared link", subject="source_url", remedy="set kind to shared_link")
    if source.account_id and not ACCOUNT.fullmatch(source.account_id):
        raise UsageError("is no account of Dropbox's", subject="account_id", remedy="such as dbid:AAH4...")
    named(source.reference_name_template, {})


def _kept(token: str) -> bool:
    return bool(sealing.SEALED.fullmatch(token) or REFERENCE.match(token))
