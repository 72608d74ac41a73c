"""Labels: what raters said, one kind of rater at a time."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from fractions import Fraction

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.label import Label, LabelSource, Raters, Split
from editron_core.errors import Conflict, UsageError
from editron_core.store.database import Database
from editron_core.store.models import FileRow, LabelRow
from editron_core.store.outbox import emit
from editron_core.times import Span, seconds


class Labels:
    """The labels of all files. Every question names the kind of rater: kinds are never mixed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(self, labels: Sequence[Label], *, again: bool = False) -> None:
        """Record one rater's ratings of one file, all of them at once.

        The same ratings a second time change nothing; others are refused with StoreError, unless `again`
        lets them replace what the rater said before. Raises UsageError for labels of several raters,
        kinds or files, or from decisions.
        """
        said = {(one.file_sha256, one.rater, one.kind, one.source) for one in labels}
        if len(said) != 1 or next(iter(said))[3] is not LabelSource.RATING:
            raise UsageError("are not the ratings of one rater for one file", subject="labels")
        with self._database.write() as session:
            subject = _subject(labels[0])
            self._database.alone(session, f"labels of {labels[0].file_sha256}")
            before = {_said(row) for row in session.scalars(select(LabelRow).where(*subject))}
            if before == {_said(row) for row in map(_row, labels)}:
                return
            if before and not again:
                raise Conflict(
                    "has rated this file before, and otherwise",
                    subject=labels[0].rater,
                    remedy="--again replaces what was said",
                )
            replace_labels(session, labels)
            data = {"rater": labels[0].rater, "kind": labels[0].kind.value, "ratings": len(labels)}
            emit(session, "label.rated", labels[0].file_sha256, data=data)

    def list(
        self,
        kind: Raters,
        *,
        split: Split | None = None,
        file_sha256: str | None = None,
        source: LabelSource | None = None,
    ) -> tuple[Label, ...]:
        """The labels of one kind of rater, by file, rater and time."""
        wanted = {LabelRow.split: split, LabelRow.file_sha256: file_sha256, LabelRow.source: source}
        query = select(LabelRow).where(
            LabelRow.rater_kind == kind,
            *(column == value for column, value in wanted.items() if value is not None),
        )
        order = (LabelRow.file_sha256, LabelRow.rater, LabelRow.start_seconds, LabelRow.id)
        with self._database.read() as session:
            return tuple(_label(row) for row in session.scalars(query.order_by(*order)))

    def files(self) -> dict[str, str]:
        """The id of the newest copy of each labelled file that was ever taken in, by its SHA-256."""
        labelled = select(LabelRow.file_sha256).distinct()
        query = (
            select(FileRow.checksum_sha256, FileRow.id)
            .where(FileRow.checksum_sha256.in_(labelled))
            .order_by(FileRow.created_at, FileRow.id)
        )
        with self._database.read() as session:
            return {sha256: file_id for sha256, file_id in session.execute(query) if sha256}


def replace_labels(session: Session, labels: Sequence[Label]) -> None:
    """Put in labels of one rater in place of what the rater said before about the same.

    For a rating that is the file, for a decision the cut: whoever rejects a cut that they approved
    leaves the labels of the rejection only.
    """
    for subject in {_same(label): _subject(label) for label in labels}.values():
        session.execute(delete(LabelRow).where(*subject))
    session.add_all(_row(label) for label in labels)


def forget_decision(session: Session, author: str, content_hash: str) -> None:
    """Remove the labels that an author's decision about a cut left."""
    session.execute(
        delete(LabelRow).where(
            LabelRow.rater_kind == Raters.PEOPLE,
            LabelRow.rater == author,
            LabelRow.source == LabelSource.DECISION,
            LabelRow.content_hash == content_hash,
        )
    )


def _same(label: Label) -> tuple[object, ...]:
    about = label.content_hash if label.source is LabelSource.DECISION else label.file_sha256
    return label.kind, label.rater, label.source, about


def _subject(label: Label) -> builtins.list[ColumnElement[bool]]:
    decided = label.source is LabelSource.DECISION
    return [
        LabelRow.rater_kind == label.kind,
        LabelRow.rater == label.rater,
        LabelRow.source == label.source,
        LabelRow.content_hash == label.content_hash if decided else LabelRow.file_sha256 == label.file_sha256,
    ]


def _row(label: Label) -> LabelRow:
    start, length = float(label.span.start), float(label.span.duration)
    what = [*map(str, _same(label)), label.file_sha256, round(start, 6), round(length, 6)]
    return LabelRow(
        id=codec.content_hash(what),
        file_sha256=label.file_sha256,
        rater=label.rater,
        rater_kind=label.kind,
        start_seconds=start,
        length_seconds=length,
        rating=label.rating,
        split=label.split,
        source=label.source,
        decision_id=label.decision_id,
        content_hash=label.content_hash,
    )


def _said(row: LabelRow) -> tuple[str, int, Split]:
    return row.id, row.rating, row.split


def _label(row: LabelRow) -> Label:
    start: Fraction = seconds(row.start_seconds)
    return Label(
        file_sha256=row.file_sha256,
        rater=row.rater,
        kind=row.rater_kind,
        span=Span(start, start + seconds(row.length_seconds)),
        rating=row.rating,
        split=row.split,
        source=row.source,
        decision_id=row.decision_id,
        content_hash=row.content_hash,
        created_at=row.created_at,
    )
