"""Scoring profiles, their way to production, and the judgements that it rests on."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editron_core.domain.registry import (
    ProfileStage,
    Promotion,
    QaKind,
    QaRun,
    Record,
    RegisteredProfile,
)
from editron_core.errors import Busy, Conflict, NotFound
from editron_core.store.database import Database
from editron_core.store.models import ProfileRow, PromotionRow, QaRunRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import by_prefix, locked, new_id, one
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


class Profiles:
    """Scoring profiles: the canonical form under the hash that moments carry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, profile_hash: str, name: str, document: dict[str, Any]) -> None:
        """Keep the canonical form (JSON-ready) of a profile that was applied, at research if it is new."""
        with self._database.write() as session:
            self._insert(session, profile_hash, name, document)

    def register(self, profile_hash: str, name: str, document: dict[str, Any]) -> RegisteredProfile:
        """`remember` for a promotion: a profile that stands at research takes this name.

        The name is no part of the hash, and it is the name that production asks for. Raises StoreError
        where the profile went on under another name.
        """
        with self._database.write() as session:
            self._insert(session, profile_hash, name, document)
            row = locked(session, ProfileRow, profile_hash)
            if row.name != name and row.stage is not ProfileStage.RESEARCH:
                raise Conflict(
                    f"is the same as {row.name}, which stands at {row.stage}",
                    subject=f"profile {name}",
                    remedy=f"promote {row.name}, or change what it does",
                )
            row.name, row.document = name, document
            emit(session, "profile.registered", row.id, data={"name": name})
            return _profile(row)

    def get(self, profile_hash: str) -> RegisteredProfile:
        """The profile with this hash or unique beginning of it. Raises NotFound, UsageError."""
        with self._database.read() as session:
            return _profile(by_prefix(session, ProfileRow, ProfileRow.id, profile_hash))

    def list(self, *, name: str | None = None) -> tuple[RegisteredProfile, ...]:
        """The profiles, of one name or of all, by name and the newest first."""
        query = select(ProfileRow).order_by(ProfileRow.name, ProfileRow.created_at.desc(), ProfileRow.id)
        if name is not None:
            query = query.where(ProfileRow.name == name)
        with self._database.read() as session:
            return tuple(_profile(row) for row in session.scalars(query))

    def page(
        self, *, name: str | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[RegisteredProfile]:
        """Profiles of one name or of all, the newest first."""
        query = select(ProfileRow).where(*([ProfileRow.name == name] if name is not None else []))
        with self._database.read() as session:
            order = Order((ProfileRow.created_at, ProfileRow.id))
            return cut(session, query, order, after, limit).map(_profile)

    def production(self, name: str) -> RegisteredProfile | None:
        """The profile of this name that production scores with; null where there is none."""
        with self._database.read() as session:
            row = _in_production(session, name)
            return _profile(row) if row else None

    def _insert(self, session: Session, profile_hash: str, name: str, document: dict[str, Any]) -> None:
        values = {"id": profile_hash, "name": name, "document": document, "stage": ProfileStage.RESEARCH}
        self._database.insert_missing(session, ProfileRow, values, by="id")


class Promotions:
    """The steps that profiles took. One transaction each: the step, and what it does to the others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, step: Promotion, *, replacing: str | None = None) -> Promotion:
        """Take a profile one step on. A step to production retires the profile that was there.

        `replacing` is the hash of the one that the caller saw in production, null for none: of two who
        promote at once, one wins, and the other has to look again. Raises NotFound; StoreError for a
        step that skips another; Busy where the profile or production has moved meanwhile.
        """
        if step.went_to is not step.came_from.next:
            raise Conflict(
                f"cannot go from {step.came_from} to {step.went_to}",
                subject=f"profile {step.profile_hash[:12]}",
                remedy=f"the next step is {step.came_from.next or 'none'}",
            )
        with self._database.write() as session:
            row = self._alone(session, step.profile_hash, step.came_from)
            if step.went_to is ProfileStage.PRODUCTION:
                self._retire(session, row, replacing, step)
            return _taken(session, row, step)

    def previous(self, name: str) -> str | None:
        """The hash of the profile that a rollback of this name would bring back; null where there is none."""
        with self._database.read() as session:
            return _previous(session, name)

    def roll_back(self, name: str, back: str, author: str, reason: str) -> tuple[Promotion, Promotion]:
        """Retire the profile in production and bring back `back`, the one before it; returns both steps.

        Raises NotFound where no profile of this name is in production; Busy where `back` is not, or no
        longer, the one before it.
        """
        with self._database.write() as session:
            row = self._alone(session, back, ProfileStage.RETIRED)
            current = _in_production(session, name)
            if current is None:
                raise NotFound("has no profile in production", subject=name)
            if _previous(session, name) != back:
                raise _moved(name)
            step = Promotion(back, ProfileStage.RETIRED, ProfileStage.PRODUCTION, author, reason)
            gone = self._retire(session, row, current.id, step)
            assert gone is not None
            return gone, _taken(session, row, step)

    def list(self, *, name: str | None = None, profile_hash: str | None = None) -> tuple[Promotion, ...]:
        """The steps of all profiles, of those of one name, or of one; the oldest first."""
        query = select(PromotionRow).join(ProfileRow).order_by(PromotionRow.id)
        if name is not None:
            query = query.where(ProfileRow.name == name)
        if profile_hash is not None:
            query = query.where(PromotionRow.profile_hash == profile_hash)
        with self._database.read() as session:
            return tuple(_promotion(row) for row in session.scalars(query))

    def _alone(self, session: Session, profile_hash: str, stage: ProfileStage) -> ProfileRow:
        """The profile's row, with everybody else kept from all profiles of its name."""
        name = session.scalar(select(ProfileRow.name).where(ProfileRow.id == profile_hash))
        if name is None:
            raise NotFound("is no profile", subject=profile_hash)
        self._database.alone(session, f"profile {name}")
        row = locked(session, ProfileRow, profile_hash)
        if row.stage is not stage:
            raise Busy(
                f"stands at {row.stage} and no longer at {stage}",
                subject=f"profile {row.name}",
                remedy="look at editron profiles list, and try again",
            )
        return row

    def _retire(
        self, session: Session, successor: ProfileRow, seen: str | None, step: Promotion
    ) -> Promotion | None:
        """Retire the profile whose place `successor` takes; null where there is none. Raises Busy."""
        current = _in_production(session, successor.name)
        if (current.id if current else None) != seen:
            raise _moved(successor.name)
        if current is None:
            return None
        reason = f"{successor.id[:12]} took its place: {step.reason}"
        leaves = Promotion(current.id, ProfileStage.PRODUCTION, ProfileStage.RETIRED, step.author, reason)
        return _taken(session, current, leaves)


class QaRuns:
    """What the machine's own judgement came to, and every reading of the holdout."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, kind: QaKind, golden_hash: str, profile_hash: str = "") -> QaRun:
        """Record that a judgement begins, so that it is known even where it never ends."""
        with self._database.write() as session:
            row = QaRunRow(id=new_id(), kind=kind, profile_hash=profile_hash, golden_hash=golden_hash)
            session.add(row)
            session.flush()
            emit(session, "qa.begun", row.id, data={"kind": kind.value})
            return _run(row)

    def finish(self, run_id: str, result: dict[str, Any]) -> QaRun:
        """Record what a judgement came to (JSON-ready), once. Raises NotFound, StoreError."""
        with self._database.write() as session:
            row = locked(session, QaRunRow, run_id)
            if row.result is not None:
                raise Conflict("has its result already", subject=f"QA run {run_id[:8]}")
            row.result = result
            emit(session, "qa.finished", row.id, data={"kind": row.kind.value})
            return _run(row)

    def page(
        self, *, kind: QaKind | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[QaRun]:
        """The runs of one kind or of all, the newest first."""
        query = select(QaRunRow).where(*([QaRunRow.kind == kind] if kind is not None else []))
        with self._database.read() as session:
            return cut(session, query, Order((QaRunRow.created_at, QaRunRow.id)), after, limit).map(_run)

    def get(self, run_id: str) -> QaRun:
        """The run with this id. Raises NotFound."""
        with self._database.read() as session:
            return _run(one(session, QaRunRow, run_id))

    def list(
        self, kind: QaKind | None = None, *, profile_hash: str | None = None, limit: int | None = None
    ) -> tuple[QaRun, ...]:
        """The runs, of one kind or profile or all, the newest first."""
        query = select(QaRunRow).order_by(QaRunRow.created_at.desc(), QaRunRow.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(QaRunRow.kind == kind)
        if profile_hash is not None:
            query = query.where(QaRunRow.profile_hash == profile_hash)
        with self._database.read() as session:
            return tuple(_run(row) for row in session.scalars(query))


def _in_production(session: Session, name: str) -> ProfileRow | None:
    query = select(ProfileRow).where(ProfileRow.name == name, ProfileRow.stage == ProfileStage.PRODUCTION)
    return session.scalars(query).one_or_none()


def _previous(session: Session, name: str) -> str | None:
    """Replays the history: a promotion lays a profile on top, a rollback takes the topmost away."""
    query = (
        select(PromotionRow)
        .join(ProfileRow)
        .where(ProfileRow.name == name, PromotionRow.to_stage == ProfileStage.PRODUCTION)
        .order_by(PromotionRow.id)
    )
    stack: builtins.list[str] = []
    for row in session.scalars(query):
        if row.from_stage is ProfileStage.APPROVED:
            stack.append(row.profile_hash)
        else:
            stack.pop()
    return stack[-2] if len(stack) > 1 else None


def _taken(session: Session, row: ProfileRow, step: Promotion) -> Promotion:
    row.stage = step.went_to
    made = PromotionRow(
        profile_hash=row.id,
        from_stage=step.came_from,
        to_stage=step.went_to,
        author=step.author,
        reason=step.reason,
        gate=step.gate,
        holdout_id=step.holdout_id,
        notebook_path=step.notebook.path if step.notebook else None,
        notebook_sha256=step.notebook.sha256 if step.notebook else None,
    )
    session.add(made)
    session.flush()  # one by one: production must be left before another enters it
    retired = step.went_to is ProfileStage.RETIRED
    data = {"name": row.name, "stage": step.went_to.value, "author": step.author}
    emit(session, "profile.retired" if retired else "profile.promoted", row.id, data=data)
    return _promotion(made)


def _moved(name: str) -> Busy:
    return Busy(
        "production has changed meanwhile",
        subject=f"profile {name}",
        remedy="look at editron profiles history, and try again",
    )


def _profile(row: ProfileRow) -> RegisteredProfile:
    return RegisteredProfile(row.id, row.name, row.document, row.stage, row.created_at)


def _promotion(row: PromotionRow) -> Promotion:
    notebook = None
    if row.notebook_sha256 is not None:
        notebook = Record(row.notebook_path or "", row.notebook_sha256)
    return Promotion(
        profile_hash=row.profile_hash,
        came_from=row.from_stage,
        went_to=row.to_stage,
        author=row.author,
        reason=row.reason,
        gate=row.gate,
        holdout_id=row.holdout_id,
        notebook=notebook,
        number=row.id,
        created_at=row.created_at,
    )


def _run(row: QaRunRow) -> QaRun:
    return QaRun(row.id, row.kind, row.profile_hash, row.golden_hash, row.result, row.created_at)
