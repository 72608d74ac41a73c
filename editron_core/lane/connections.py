"""Who is asked for what lies at Dropbox: one client for each account, shared by all that ask in its name."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from editron_core import secrets
from editron_core.config import Settings
from editron_core.domain.intake import DropboxSource, SourceKind
from editron_core.ingest.download import Body, Pace
from editron_core.ingest.dropbox import Client, Place, Remote
from editron_core.ingest.dropbox_session import Tokens
from editron_core.redact import Secret
from editron_core.sealing import unseal

SECRETS = ("access_token", "refresh_token", "link_password")
"""The columns of a source that are sealed."""
NO_SOURCE = "-"
"""Stands in locators for a link that nobody registered."""


@dataclass(frozen=True)
class Connection:
    """A place at Dropbox, and who is asked for it."""

    client: Client
    place: Place

    def door(self, remote: Remote) -> Door:
        """Where the bytes of one revision come from."""
        return Door(self, remote)


@dataclass(frozen=True)
class Door:
    """The bytes of one revision."""

    connection: Connection
    remote: Remote

    @property
    def pace(self) -> Pace:
        """When its account may be asked again."""
        return self.connection.client.pace

    def open(self, start: int) -> Body:
        """The bytes from `start` on. Raises Refused, Unavailable."""
        return self.connection.client.open(self.connection.place, self.remote, start)


class Connections:
    """The clients of one process. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = threading.Lock()
        self._clients: dict[tuple[str, ...], Client] = {}

    def to(self, source: DropboxSource) -> Connection:
        """The place of a source. Raises UsageError, SecretError where its token cannot be had."""
        access, refresh, password = (self._opened(source, name) for name in SECRETS)
        link = source.source_url if source.kind is SourceKind.SHARED_LINK else ""
        tokens = Tokens(refresh, access)
        place = Place(source.folder_path.rstrip("/"), link, password)
        return Connection(self._client(tokens if tokens else self._default(needed=not link)), place)

    def to_link(self, link: str) -> Connection:
        """The place behind a shared link that nobody registered. Raises UsageError."""
        return Connection(self._client(self._default(needed=False)), Place(link=link))

    def with_token(self, refresh_token: Secret | None) -> Client:
        """A client with a token that is not kept yet, or with the one of the settings."""
        return self._client(Tokens(refresh_token) if refresh_token else self._default(needed=True))

    def _opened(self, source: DropboxSource, name: str) -> Secret | None:
        return unseal(getattr(source, name), sealed_at(source, name), self._settings)

    def _default(self, *, needed: bool) -> Tokens:
        kept = self._settings.dropbox_refresh_token
        if not kept and not needed:
            return Tokens()
        return Tokens(secrets.held(kept, subject="DROPBOX_REFRESH_TOKEN"))

    def _client(self, tokens: Tokens) -> Client:
        key = tuple(one.reveal() if one else "" for one in (tokens.refresh, tokens.access))
        with self._guard:
            if key not in self._clients:
                self._clients[key] = Client(self._settings, tokens)
            return self._clients[key]


def sealed_at(source: DropboxSource, name: str) -> str:
    """What a sealed column of a source is bound to."""
    return f"dropbox_sources/{source.id}/{name}"
