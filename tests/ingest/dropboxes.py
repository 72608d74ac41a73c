"""What tests of Dropbox share: clients of the unpatched SDK that ask the fake, and the door of a file."""

from __future__ import annotations

from dataclasses import dataclass

from editron_core.config import Settings
from editron_core.ingest.download import Body, Pace
from editron_core.ingest.dropbox import Client, Place, Remote
from editron_core.ingest.dropbox_session import Tokens
from editron_core.ingest.fake_dropbox import Account, Entry, FakeDropbox
from editron_core.redact import Secret


def settings_for(fake: FakeDropbox) -> Settings:
    """Settings that lead to the fake."""
    return Settings(
        dropbox_url=fake.url, dropbox_app_key=fake.state.app_key, dropbox_app_secret=fake.state.app_secret
    )


def client_for(fake: FakeDropbox, account: Account | None) -> Client:
    """A client in the name of an account, or of the app alone."""
    tokens = Tokens(Secret(account.refresh_token)) if account else Tokens()
    return Client(settings_for(fake), tokens)


def remote_of(entry: Entry, *, path: str = "", hashed: bool = True) -> Remote:
    """An entry of the fake as a listing describes it."""
    assert entry.content is not None
    known = entry.content.content_hash if hashed else ""
    return Remote(entry.id, entry.rev, path or entry.path, entry.name, entry.content.size, known)


@dataclass
class Door:
    """Where the bytes of one revision come from."""

    client: Client
    remote: Remote
    place: Place = Place()  # noqa: RUF009 - frozen

    @property
    def pace(self) -> Pace:
        return self.client.pace

    def open(self, start: int) -> Body:
        return self.client.open(self.place, self.remote, start)
