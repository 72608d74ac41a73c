"""What the analysis of a batch came to."""

from __future__ import annotations

from sqlalchemy import select

from editron_core.domain import codec
from editron_core.domain.batch import BatchAnalysis
from editron_core.domain.moment import Moment
from editron_core.store.database import Database
from editron_core.store.models import AnalysisRow, BatchRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import digest, locked
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


class Analyses:
    """What the analysis of a batch came to, one row for each brief and profile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, analysis: BatchAnalysis) -> None:
        """Record an analysis; the same batch, brief and profile again replaces what was there."""
        key = digest(analysis.batch_id, analysis.profile_hash, analysis.brief)
        with self._database.write() as session:
            locked(session, BatchRow, analysis.batch_id)
            row = session.get(AnalysisRow, key)
            if row is None:
                row = AnalysisRow(
                    id=key,
                    batch_id=analysis.batch_id,
                    brief=analysis.brief,
                    profile_hash=analysis.profile_hash,
                )
                session.add(row)
            row.summary = analysis.summary
            row.passes_completed = analysis.passes_completed
            row.deliverable_targets = list(analysis.deliverable_targets)
            row.hero_moments = codec.dump(analysis.hero_moments)
            row.insights = analysis.insights
            row.touch()
            data = {"moments": len(analysis.hero_moments), "profile": analysis.profile_hash}
            emit(session, "analysis.saved", key, batch_id=analysis.batch_id, data=data)

    def page(self, batch_id: str, *, after: Key | None = None, limit: int = LIMIT) -> Slice[BatchAnalysis]:
        """The analyses of a batch, the one saved last first."""
        query = select(AnalysisRow).where(AnalysisRow.batch_id == batch_id)
        with self._database.read() as session:
            order = Order((AnalysisRow.updated_at, AnalysisRow.id))
            return cut(session, query, order, after, limit).map(_analysis)

    def latest(self, batch_id: str) -> BatchAnalysis | None:
        """The analysis of a batch that was saved last; null where there is none."""
        with self._database.read() as session:
            query = select(AnalysisRow).where(AnalysisRow.batch_id == batch_id)
            row = session.scalars(
                query.order_by(AnalysisRow.updated_at.desc(), AnalysisRow.id).limit(1)
            ).first()
            return _analysis(row) if row else None


def _analysis(row: AnalysisRow) -> BatchAnalysis:
    return BatchAnalysis(
        batch_id=row.batch_id,
        brief=row.brief,
        summary=row.summary,
        hero_moments=tuple(codec.load(Moment, moment) for moment in row.hero_moments),
        insights=row.insights,
        deliverable_targets=tuple(row.deliverable_targets),
        passes_completed=row.passes_completed,
        profile_hash=row.profile_hash,
    )
