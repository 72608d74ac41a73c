"""What all tables share: the types of their columns, their names, and when rows were made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, Double, Enum, MetaData, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator

from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus, Hold, StorageTier
from editron_core.domain.board import BoardStage, TaskStatus
from editron_core.domain.finding import FindingStatus
from editron_core.domain.intake import SourceKind, TransferStatus
from editron_core.domain.job import EditSessionStatus, RenderJobStatus, RenderPriority, StageStatus, Verdict
from editron_core.domain.label import LabelSource, Raters, Split
from editron_core.domain.registry import ProfileStage, QaKind
from editron_core.domain.webhook import DeliveryStatus


class Words(TypeDecorator[str]):
    """Text of any origin, kept exactly.

    File names may hold bytes that are no UTF-8 (lone surrogates to Python) and messages may hold NUL;
    databases take neither. Such a text is stored as its JSON string in ASCII, quotes included; so is
    one that begins with a quote, and nothing else.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The stored form."""
        if value is None:
            return None
        strange = "\0" in value or any("\ud800" <= char <= "\udfff" for char in value)
        return json.dumps(value) if strange or value.startswith('"') else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it was."""
        if value is not None and value.startswith('"'):
            text: str = json.loads(value)
            return text
        return value


class Instant(TypeDecorator[datetime]):
    """A point in time, always in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives times back without their zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """Now, for the columns that people read. Leases go by the database's clock instead."""
    return datetime.now(UTC)


def choice(kind: type[StrEnum], name: str = "") -> Enum:
    """A column's type: text with a CHECK, named after the enum, or `name` where a table has two of it."""
    return Enum(
        kind,
        name=name or kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Words(),
        float: Double(),
        datetime: Instant(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        BatchStatus: choice(BatchStatus),
        StorageTier: choice(StorageTier),
        Hold: choice(Hold),
        EditSessionStatus: choice(EditSessionStatus),
        RenderPriority: choice(RenderPriority),
        RenderJobStatus: choice(RenderJobStatus),
        StageStatus: choice(StageStatus),
        Verdict: choice(Verdict),
        ProfileStage: choice(ProfileStage),
        QaKind: choice(QaKind),
        Raters: choice(Raters),
        Split: choice(Split),
        LabelSource: choice(LabelSource),
        Role: choice(Role),
        BoardStage: choice(BoardStage),
        TaskStatus: choice(TaskStatus),
        FindingStatus: choice(FindingStatus),
        SourceKind: choice(SourceKind),
        TransferStatus: choice(TransferStatus),
        DeliveryStatus: choice(DeliveryStatus),
    }


class Dated:
    """Rows that say when they were made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    def touch(self) -> None:
        """Count as changed now, even where no value did."""
        self.updated_at = utc_now()
