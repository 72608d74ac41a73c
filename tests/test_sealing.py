"""Tokens at rest: what is sealed opens in its place and under its key only."""

from __future__ import annotations

import base64
import os

import pytest

from editron_core import sealing
from editron_core.config import Settings
from editron_core.errors import SecretError, UsageError
from editron_core.redact import redact

PLACE = "dropbox_sources/one/refresh_token"
TOKEN = "sl.refresh-token-of-somebody"


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def test_a_sealed_token_shows_nothing_and_opens_again() -> None:
    here = Settings(sealing_key=key())
    kept = sealing.seal(TOKEN, PLACE, here)
    opened = sealing.unseal(kept, PLACE, here)
    assert TOKEN not in kept
    assert opened is not None
    assert opened.reveal() == TOKEN
    assert redact(f"it was {TOKEN}") == "it was [hidden]"
    assert sealing.seal(TOKEN, PLACE, here) != kept, "a nonce of its own each time"
    assert sealing.seal(kept, PLACE, here) == kept, "what is sealed is not sealed twice"


def test_it_opens_nowhere_else_and_not_when_it_was_changed() -> None:
    here = Settings(sealing_key=key())
    kept = sealing.seal(TOKEN, PLACE, here)
    with pytest.raises(SecretError, match="belongs elsewhere"):
        sealing.unseal(kept, PLACE.replace("one", "two"), here)
    changed = kept[:-6] + ("A" if kept[-6] != "A" else "B") + kept[-5:]
    with pytest.raises(SecretError, match="changed"):
        sealing.unseal(changed, PLACE, here)


def test_an_old_key_still_opens_and_the_new_one_seals() -> None:
    old, new = key(), key()
    kept = sealing.seal(TOKEN, PLACE, Settings(sealing_key=old))
    both = Settings(sealing_key=f"{new},{old}")
    opened = sealing.unseal(kept, PLACE, both)
    assert opened is not None
    assert opened.reveal() == TOKEN
    with pytest.raises(SecretError, match="lacks"):
        sealing.unseal(sealing.seal(TOKEN, PLACE, both), PLACE, Settings(sealing_key=old))


def test_references_are_kept_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEWHERE", TOKEN)
    assert sealing.seal("env:SOMEWHERE", PLACE, Settings()) == "env:SOMEWHERE"
    opened = sealing.unseal("env:SOMEWHERE", PLACE, Settings())
    assert opened is not None
    assert opened.reveal() == TOKEN
    assert sealing.unseal("", PLACE, Settings()) is None


@pytest.mark.parametrize("wrong", ["", "c2hvcnQ=", "no base64 at all"])
def test_without_a_key_nothing_is_kept(wrong: str) -> None:
    with pytest.raises(UsageError, match="EDITRON_SEALING_KEY"):
        sealing.seal(TOKEN, PLACE, Settings(sealing_key=wrong))


def test_plain_text_in_the_database_is_refused() -> None:
    with pytest.raises(UsageError, match="no reference"):
        sealing.unseal(TOKEN, PLACE, Settings(sealing_key=key()))
