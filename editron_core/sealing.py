"""Tokens at rest: sealed with AES-256-GCM under a key that lies elsewhere, or kept by reference.

What is sealed is bound to its place (the row and column that it is for), so that nobody who can write to the
database can move it to another one. The key's id stands in front: after a change of keys the old one opens
what it had sealed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editron_core import secrets
from editron_core.config import REFERENCE, Settings
from editron_core.errors import SecretError, UsageError
from editron_core.redact import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SUBJECT = "EDITRON_SEALING_KEY"
MAKE_ONE = "set it to 32 random bytes in base64, such as `openssl rand -base64 32` prints"
KEY_BYTES, NONCE_BYTES = 32, 12
SEALED = re.compile(r"sealed:1:(?P<key>[0-9a-f]{8}):(?P<box>[A-Za-z0-9_-]+={0,2})")


@dataclass(frozen=True, slots=True)
class Key:
    """One sealing key."""

    id: str
    """The first eight hex digits of its SHA-256."""
    value: bytes


def seal(value: str, place: str, settings: Settings) -> str:
    """`value` sealed for `place`, such as `dropbox_sources/<id>/refresh_token`.

    An empty value, one that is sealed and a reference to a secret stay as they are. Raises UsageError where
    no key is set or the first one is none.
    """
    if not value or SEALED.fullmatch(value) or REFERENCE.match(value):
        return value
    Secret(value)  # from now on it is taken out of every text
    key = _keys(settings)[0]
    nonce = os.urandom(NONCE_BYTES)
    box = nonce + _cipher(key).encrypt(nonce, value.encode(), _bound(key.id, place))
    return f"sealed:1:{key.id}:{base64.urlsafe_b64encode(box).decode()}"


def unseal(kept: str, place: str, settings: Settings) -> Secret | None:
    """The secret that was kept for `place`; null where nothing was.

    Raises SecretError where its key is not here or it was changed or moved, UsageError for what is neither
    sealed nor a reference.
    """
    if not kept:
        return None
    found = SEALED.fullmatch(kept)
    if found is None:
        return secrets.resolve(kept, subject=place)
    key = next((one for one in _keys(settings) if one.id == found["key"]), None)
    if key is None:
        raise SecretError(f"was sealed with the key {found['key']}, which {SUBJECT} lacks", subject=place)
    from cryptography.exceptions import InvalidTag

    try:
        box = base64.urlsafe_b64decode(found["box"])
        opened = _cipher(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], _bound(key.id, place))
    except (InvalidTag, ValueError):
        raise SecretError("was changed, or belongs elsewhere", subject=place) from None
    return Secret(opened.decode(), place)


def _bound(key_id: str, place: str) -> bytes:
    return f"editron\0{key_id}\0{place}".encode()


def _cipher(key: Key) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key.value)


def _keys(settings: Settings) -> list[Key]:
    parts = [part.strip() for part in settings.sealing_key.split(",") if part.strip()]
    if not parts:
        raise UsageError("is not set, so no token can be kept", subject=SUBJECT, remedy=MAKE_ONE)
    return [_key(secrets.held(part, subject=SUBJECT).reveal()) for part in parts]


def _key(text: str) -> Key:
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        value = b""
    if len(value) != KEY_BYTES:
        raise UsageError("is no key", subject=SUBJECT, remedy=MAKE_ONE)
    return Key(hashlib.sha256(value).hexdigest()[:8], value)
