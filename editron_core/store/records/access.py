"""Keys, members, and requests that must not take effect twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from editron_core.domain.access import ApiKey, Member, Role, new_key, secret_hash
from editron_core.errors import Busy, Conflict, UsageError
from editron_core.store.database import Database
from editron_core.store.leases import Holder
from editron_core.store.models import ApiKeyRow, EndedSessionRow, IdempotencyRow, MemberRow, utc_now
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, new_id, one
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut

USED_EVERY = timedelta(minutes=1)
NOBODY = "|0|0"
KEPT = timedelta(hours=24)
"""How long a keyed request is remembered."""


class Keys:
    """The keys that open the API."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(self, name: str, role: Role, *, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
        """Make a key; returns it and its whole text, which is nowhere else."""
        with self._database.write() as session:
            return _issued(session, ApiKeyRow(name=name, role=role, expires_at=expires_at))

    def rotate(self, key_id: str, grace: timedelta) -> tuple[ApiKey, str]:
        """Make a key in place of another, which stays valid for `grace`. Raises NotFound; Conflict where
        that one is valid no more."""
        with self._database.write() as session:
            old = locked(session, ApiKeyRow, key_id)
            if not _key(old).valid():
                raise Conflict("is valid no more", subject=f"key {key_id}", remedy="make a new one")
            fresh = ApiKeyRow(name=old.name, role=old.role, expires_at=old.expires_at, replaces=old.id)
            end = utc_now() + grace
            old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
            return _issued(session, fresh)

    def revoke(self, key_id: str) -> ApiKey:
        """End a key now; doing so twice changes nothing. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, ApiKeyRow, key_id)
            if row.revoked_at is None:
                row.revoked_at = utc_now()
                emit(session, "key.revoked", row.id, data={"name": row.name})
            return _key(row)

    def get(self, key_id: str) -> ApiKey:
        """The key with this id, valid or not. Raises NotFound."""
        with self._database.read() as session:
            return _key(one(session, ApiKeyRow, key_id))

    def exist(self) -> bool:
        """Whether any key was ever made."""
        with self._database.read() as session:
            return session.scalar(select(ApiKeyRow.id).limit(1)) is not None

    def used(self, key_id: str) -> None:
        """Note that a key was used, to the minute."""
        now = utc_now()
        with self._database.read() as session:
            last = one(session, ApiKeyRow, key_id).last_used_at
        if last is None or now - last >= USED_EVERY:
            with self._database.write() as session:
                locked(session, ApiKeyRow, key_id).last_used_at = now

    def end_session(self, session_id: str, until: datetime) -> None:
        """End a browser's session, which would have held until then; doing so twice changes nothing."""
        with self._database.write() as session:
            values = {"id": session_id, "expires_at": until}
            self._database.insert_missing(session, EndedSessionRow, values, by="id")

    def session_ended(self, session_id: str) -> bool:
        """Whether a browser's session was ended."""
        with self._database.read() as session:
            return session.get(EndedSessionRow, session_id) is not None

    def page(self, *, after: Key | None = None, limit: int = LIMIT) -> Slice[ApiKey]:
        """Keys, the newest first."""
        with self._database.read() as session:
            order = Order((ApiKeyRow.created_at, ApiKeyRow.id))
            return cut(session, select(ApiKeyRow), order, after, limit).map(_key)


class Members:
    """The team."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, email: str, role: Role = Role.REVIEWER) -> Member:
        """Take somebody into the team, active. Raises Conflict where the address is known already."""
        with self._database.write() as session:
            self._database.alone(session, "members")
            if session.scalar(select(MemberRow.id).where(MemberRow.email_key == email.casefold())):
                raise Conflict("is a member's address already", subject=email)
            row = MemberRow(id=new_id(), name=name, email=email, email_key=email.casefold(), role=role)
            row.active = True
            session.add(row)
            session.flush()
            emit(session, "member.created", row.id, data={"name": name})
            return _member(row)

    def get(self, member_id: str) -> Member:
        """The member with this id, active or not. Raises NotFound."""
        with self._database.read() as session:
            return _member(one(session, MemberRow, member_id))

    def change(
        self,
        member_id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
    ) -> Member:
        """Change what is given. Findings of somebody who is active no more stay theirs until they are
        given to another. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, MemberRow, member_id)
            row.name = row.name if name is None else name
            row.role = row.role if role is None else role
            row.active = row.active if active is None else active
            emit(session, "member.changed", row.id, data={"name": row.name, "active": row.active})
            return _member(row)

    def list(self) -> tuple[Member, ...]:
        """All members by name."""
        with self._database.read() as session:
            rows = session.scalars(select(MemberRow).order_by(MemberRow.name, MemberRow.id))
            return tuple(_member(row) for row in rows)

    def page(
        self, *, active: bool | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Member]:
        """Members by name."""
        query = select(MemberRow)
        query = query.where(MemberRow.active == active) if active is not None else query
        with self._database.read() as session:
            order = Order((MemberRow.name, MemberRow.id), descending=False)
            return cut(session, query, order, after, limit).map(_member)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a keyed request was answered."""

    status: int
    content_type: str
    body: bytes


class Idempotency:
    """Keyed requests of the last day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, scope: str, key: str, fingerprint: str) -> Answer | None:
        """Claim a request for this process; returns the answer where it was carried out before.

        One whose process died before it took effect is claimed anew: whoever
        carries the request out sets `outbox.claimed` meanwhile, so that the transaction in which something
        happens also records that this request did it. Raises UsageError
        where the key came with something else, Busy while it is being carried out, and Conflict where its
        process died after it took effect: the answer is lost, and what it made is named.
        """
        me = Holder.me()
        with self._database.write() as session:
            self._database.alone(session, f"request {scope} {key}")
            row = session.get(IdempotencyRow, (scope, key), with_for_update=True)
            if row is not None and row.expires_at <= utc_now():
                session.delete(row)
                session.flush()
                row = None
            if row is None:
                row = IdempotencyRow(scope=scope, key=key, fingerprint=fingerprint, effect="")
                row.expires_at = utc_now() + KEPT
                session.add(row)
            elif row.fingerprint != fingerprint:
                raise UsageError("came with another request before", subject=f"Idempotency-Key {key}")
            elif row.status is not None:
                return Answer(row.status, row.content_type, row.body or b"")
            else:
                _free(row, key)
            row.holder = f"{me.host}|{me.pid}|{me.started}"
        return None

    def finish(self, scope: str, key: str, status: int, content_type: str, body: bytes) -> None:
        """Keep the answer of a claimed request."""
        with self._database.write() as session:
            row = session.get(IdempotencyRow, (scope, key), with_for_update=True)
            if row is not None:
                row.status, row.content_type, row.body = status, content_type, body

    def forget(self, scope: str, key: str) -> None:
        """Give a claimed request up, so that it can be sent again; not one that took effect."""
        with self._database.write() as session:
            row = session.get(IdempotencyRow, (scope, key), with_for_update=True)
            if row is not None and row.status is None:
                if row.effect:
                    row.holder = NOBODY
                else:
                    session.delete(row)


def active_member(session: Session, member_id: str) -> MemberRow:
    """The member whom something is to be given to. Raises UsageError for others than active members."""
    row = session.get(MemberRow, member_id, with_for_update={"read": True})
    if row is None or not row.active:
        raise UsageError("is no active member", subject=member_id, remedy="choose one of /api/members")
    return row


def _free(row: IdempotencyRow, key: str) -> None:
    host, pid, started = row.holder.split("|")
    subject = f"Idempotency-Key {key}"
    if row.holder != NOBODY and not Holder(host, int(pid), int(started)).dead:
        raise Busy("is being carried out", subject=subject, remedy="ask again in a moment")
    if row.effect:
        raise Conflict(f"took effect ({row.effect}), and its answer was lost", subject=subject)


def _issued(session: Session, row: ApiKeyRow) -> tuple[ApiKey, str]:
    row.id, secret, text = new_key()
    row.hash = secret_hash(secret)
    session.add(row)
    session.flush()
    emit(session, "key.created", row.id, data={"name": row.name, "role": row.role.value})
    return _key(row), text


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        role=row.role,
        hash=row.hash,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        replaces=row.replaces,
    )


def _member(row: MemberRow) -> Member:
    return Member(row.id, row.name, row.email, row.role, row.active, row.created_at)
