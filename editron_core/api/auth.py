"""Who calls: a key in the `Authorization` header, or the session that a browser got for one.

While no key was ever made, whoever is on this machine is an admin and nobody else gets in. From the first
key on, only keys open the API, whatever becomes of them: those who are locked out make another one with
`editron keys create`, where the store lies.

A session is `eds_<key id>_<until>_<id>_<mac>`, signed with a secret that lies in the home and with the key's
own hash: it ends with its time, with its key, and when its browser signs out.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.datastructures import Headers

from editron_core.api.deps import Caller
from editron_core.api.problem import Refused
from editron_core.config import Settings
from editron_core.domain.access import ApiKey, Role, parse_key
from editron_core.errors import NotFound, StoreError
from editron_core.store import Store

COOKIE = "editron_session"
SESSION_S = 12 * 3600
"""A browser stays signed in for so long."""
REMEMBERED_S = 1.0
"""A key that is revoked elsewhere, or a session that is ended there, is refused after so long at most."""
TOUCH_S = 60.0
SECRET = "session.key"
SECRET_BYTES = 32
LOCAL = "local"
"""The name of whoever is on this machine while no key exists."""
_SESSION = re.compile(
    r"eds_(?P<key>[0-9a-f]{16})_(?P<until>[0-9]{10})_(?P<id>[0-9a-f]{32})_(?P<mac>[0-9a-f]{64})"
)
NO_KEY = Refused(401, "needs a key", {"WWW-Authenticate": 'Bearer realm="editron"'})


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries."""

    text: str
    cookie: bool
    """Whether it came as a browser's session."""


def credential(headers: Headers) -> Credential | None:
    """The credential of a request; null where it carries none. Raises Refused for an odd header."""
    header = headers.get("authorization")
    if header is not None:
        kind, _, text = header.partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise Refused(401, "takes `Authorization: Bearer edk_...` alone", NO_KEY.headers)
        return Credential(text.strip(), cookie=False)
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and value:
            return Credential(value, cookie=True)
    return None


def loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or (
        isinstance(found, ipaddress.IPv6Address)
        and found.ipv4_mapped is not None
        and found.ipv4_mapped.is_loopback
    )


class Keyring:
    """The keys of the store, remembered for a second. Its methods ask the store: call them in a thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._home = settings.home
        self._proxied = bool(settings.trusted_proxies)
        self._known: dict[str, tuple[float, ApiKey | None]] = {}
        self._touched: dict[str, float] = {}
        self._lasting: dict[str, float] = {}  # when the store last said that a session had not been ended
        self._open: tuple[float, bool] = (0.0, False)
        self._secret: bytes | None = None

    def remembered(self, found: Credential) -> Caller | None:
        """The caller of a credential whose key is remembered; null where the store must be asked."""
        key_id = _key_id(found)
        at, key = self._known.get(key_id or "", (0.0, None))
        if key is None or time.monotonic() - at > REMEMBERED_S:
            return None
        touched = self._touched.get(key.id)
        if touched is None or time.monotonic() - touched > TOUCH_S:
            return None
        return self._caller(found, key) if self._lasts(found) else None

    def caller(self, found: Credential | None, address: str) -> Caller | None:
        """Who calls; null for nobody known. Raises Refused (401) for a credential that does not hold."""
        if found is None:
            return Caller(LOCAL, Role.ADMIN, None) if self.opened(address) else None
        key = self._key(_key_id(found))
        who = self._caller(found, key) if key else None
        if who is None or key is None or self._ended(found):
            raise Refused(401, "is no key that is valid", NO_KEY.headers)
        self._touch(key)
        return who

    def opened(self, address: str) -> bool:
        """Whether somebody at `address` needs no key: on this machine, and no key was ever made."""
        return loopback(address) and not self._proxied and self.empty()

    def empty(self) -> bool:
        """Whether no key was ever made."""
        at, empty = self._open
        if time.monotonic() - at > REMEMBERED_S or empty:
            empty = not self._store.keys.exist()
            self._open = (time.monotonic(), empty)
        return empty

    def end(self, found: Credential) -> None:
        """End the session of a browser; nothing where it carries none that holds."""
        parts = _SESSION.fullmatch(found.text) if found.cookie else None
        key = self._key(parts["key"]) if parts else None
        if parts and key and self._caller(found, key):
            self._store.keys.end_session(parts["id"], datetime.fromtimestamp(int(parts["until"]), UTC))
            self._lasting.pop(parts["id"], None)

    def forget(self) -> None:
        """Ask the store again: a key was made, rotated or revoked."""
        self._known.clear()
        self._open = (0.0, False)

    def session(self, text: str) -> tuple[str, Caller]:
        """The session for a key's whole text, and whose it is. Raises Refused (401)."""
        who = self.caller(Credential(text, cookie=False), "")
        assert who is not None
        assert who.key_id is not None
        key = self._store.keys.get(who.key_id)
        until = int(time.time()) + SESSION_S
        if key.expires_at is not None:
            until = min(until, int(key.expires_at.timestamp()))
        what = f"{key.id}_{until:010d}_{secrets.token_hex(16)}"
        return f"eds_{what}_{self._mac(key, what)}", who

    def _key(self, key_id: str | None) -> ApiKey | None:
        if key_id is None:
            return None
        at, key = self._known.get(key_id, (0.0, None))
        if key is None or time.monotonic() - at > REMEMBERED_S:
            try:
                key = self._store.keys.get(key_id)
            except NotFound:
                return None
            self._known[key_id] = (time.monotonic(), key)
        return key

    def _caller(self, found: Credential, key: ApiKey) -> Caller | None:
        if not key.valid(datetime.now(UTC)):
            return None
        session = None
        if found.cookie:
            session = self._session_of(found.text, key)
            fits = session is not None
        else:
            parsed = parse_key(found.text)
            fits = parsed is not None and key.opens(parsed[1])
        return Caller(key.name, key.role, key.id, session) if fits else None

    def _session_of(self, text: str, key: ApiKey) -> str | None:
        """The id of a session that this key opened and that runs; null for any other."""
        parts = _SESSION.fullmatch(text)
        if parts is None or int(parts["until"]) <= time.time():
            return None
        what = f"{parts['key']}_{parts['until']}_{parts['id']}"
        return parts["id"] if hmac.compare_digest(parts["mac"], self._mac(key, what)) else None

    def _lasts(self, found: Credential) -> bool:
        """Whether a session is known not to have been ended; a key by itself always is."""
        parts = _SESSION.fullmatch(found.text) if found.cookie else None
        asked = self._lasting.get(parts["id"], -REMEMBERED_S) if parts else time.monotonic()
        return time.monotonic() - asked <= REMEMBERED_S

    def _ended(self, found: Credential) -> bool:
        """Whether a session that holds by itself was ended."""
        parts = _SESSION.fullmatch(found.text) if found.cookie else None
        if parts is None or self._lasts(found):
            return False
        if self._store.keys.session_ended(parts["id"]):
            return True
        self._lasting[parts["id"]] = time.monotonic()
        return False

    def _mac(self, key: ApiKey, what: str) -> str:
        if self._secret is None:
            self._secret = _secret(self._home)
        own = hashlib.sha256(self._secret + key.hash.encode()).digest()
        return hmac.new(own, what.encode(), hashlib.sha256).hexdigest()

    def _touch(self, key: ApiKey) -> None:
        now = time.monotonic()
        if now - self._touched.get(key.id, -TOUCH_S) >= TOUCH_S:
            self._touched[key.id] = now
            self._store.keys.used(key.id)


def _key_id(found: Credential) -> str | None:
    if found.cookie:
        parts = _SESSION.fullmatch(found.text)
        return parts["key"] if parts else None
    parsed = parse_key(found.text)
    return parsed[0] if parsed else None


def _secret(home: Path) -> bytes:
    """What sessions are signed with; made where there is none, readable to the owner alone."""
    path = home / SECRET
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        aside = home / f".{SECRET}.{secrets.token_hex(8)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
        with contextlib.suppress(FileExistsError):  # another process was quicker
            os.link(aside, path)
        aside.unlink()
    found = path.read_bytes()
    if len(found) < SECRET_BYTES:
        raise StoreError("is damaged", subject=str(path), remedy="remove it: browsers then sign in anew")
    return found
