"""Who may do what: roles, the keys of programs, and the members of the team."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

SECRET_BYTES = 32
"""256 random bits: nobody guesses them, so that a fast hash is enough."""
_KEY = re.compile(r"edk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


class Role(StrEnum):
    """What somebody may do; each may do all that the ones before it may."""

    VIEWER = "viewer"
    """Look at everything."""
    REVIEWER = "reviewer"
    """Decide about cuts, rate, and work on findings."""
    OPERATOR = "operator"
    """Begin, hold and repeat work."""
    ADMIN = "admin"
    """Keys, members, endpoints and sources."""

    def may(self, needed: Role) -> bool:
        """Whether this role includes `needed`."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The key of a program or person, without its secret."""

    id: str
    name: str
    """Whose it is: what decisions and logs show."""
    role: Role
    hash: str
    """SHA-256 (hex) of the secret part."""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    """When it ceases to be valid; null for never."""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""
    replaces: str | None = None
    """The key in whose place it was made."""

    def valid(self, now: datetime | None = None) -> bool:
        """Whether it opens anything at `now`."""
        now = now or datetime.now(UTC)
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def opens(self, secret: str) -> bool:
        """Whether this is its secret part; takes the same time for each answer."""
        return hmac.compare_digest(self.hash, secret_hash(secret))


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team, whom work can be given to."""

    id: str
    name: str
    email: str
    """Unique, whatever its case."""
    role: Role
    active: bool = True
    """Findings and reviews are given to active members only."""
    created_at: datetime | None = None


def new_key() -> tuple[str, str, str]:
    """A fresh key's id, its secret part, and the whole text that is shown once."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(SECRET_BYTES)
    return key_id, secret, f"edk_{key_id}_{secret}"


def parse_key(text: str) -> tuple[str, str] | None:
    """Id and secret part of a key's whole text; null where it is none."""
    found = _KEY.fullmatch(text)
    return (found[1], found[2]) if found else None


def secret_hash(secret: str) -> str:
    """SHA-256 (hex) of a secret part."""
    return hashlib.sha256(secret.encode()).hexdigest()
