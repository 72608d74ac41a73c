"""Addresses that anybody may use for a while: signed with a key of ours, for one thing and one method."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets as tokens
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlencode

from editron_core import secrets
from editron_core.api.problem import Refused
from editron_core.config import Settings

LONGEST_S = 7 * 86400
DOMAIN = b"editron signed addresses 1\0"
KEY_BYTES = 32


def signed(settings: Settings, method: str, path: str, seconds: int, **facts: str) -> str:
    """`path` with an expiry and a signature, which hold for `method`, `path` and `facts` alone."""
    expires = str(int(time.time()) + min(seconds, LONGEST_S))
    facts = {**facts, "expires": expires}
    return f"{quote(path)}?{urlencode({**facts, 'signature': _signature(settings, method, path, facts)})}"


def check(settings: Settings, method: str, path: str, signature: str, **facts: str) -> None:
    """Raises Refused (403) for an address that we did not sign, or that has expired."""
    wanted = _signature(settings, method, path, facts)
    # As bytes: what was sent may be no ASCII.
    right = hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "surrogatepass"))
    expires = facts.get("expires", "")
    if not right or not expires.isdigit() or int(expires) < time.time():
        raise Refused(403, "the address is not signed by this server, or has expired")


def _signature(settings: Settings, method: str, path: str, facts: dict[str, str]) -> str:
    named = [part for name in sorted(facts) for part in (name, facts[name])]
    parts = [part.encode("utf-8", "surrogatepass") for part in (method, path, *named)]
    # Each with its length, so that nothing can be moved from one into the next.
    text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(_key(settings), text, hashlib.sha256).hexdigest()


def _key(settings: Settings) -> bytes:
    """From the sealing key, where there is one, so that all servers of one store sign alike; else our own."""
    first = settings.sealing_key.split(",")[0].strip()
    if first:
        held = secrets.held(first, subject="EDITRON_SEALING_KEY").reveal()
        return hmac.new(held.encode(), DOMAIN, hashlib.sha256).digest()
    return _own(settings.home.resolve() / "addresses.key")


@lru_cache(maxsize=4)
def _own(path: Path) -> bytes:
    """The key in a file of the home, made once; two servers that start at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.{tokens.token_hex(4)}")
    if not path.exists():
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:  # the other one was quicker
            pass
        finally:
            aside.unlink()
    return path.read_bytes()
