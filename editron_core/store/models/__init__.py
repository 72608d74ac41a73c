"""The tables, as SQLAlchemy sees them. `migrations/` makes them; a test proves that the two agree.

Names, columns and enums are the project's data model. Every enum is text with a CHECK, every child
goes with its parent, and JSON is kept as text, so that whatever a file was called comes back unchanged.
"""

from editron_core.store.models.base import Base, Dated, Instant, Words, utc_now
from editron_core.store.models.lane import (
    AnalysisRow,
    BatchRow,
    BrandRow,
    DecisionRow,
    FileRow,
    JobRow,
    LeaseRow,
    ProjectRow,
    SessionRow,
    StageRow,
)
from editron_core.store.models.operations import DeadLetterRow, DispatchRow
from editron_core.store.models.workbench import LabelRow, ProfileRow, PromotionRow, QaRunRow, StudyLogRow

__all__ = [
    "AnalysisRow",
    "Base",
    "BatchRow",
    "BrandRow",
    "Dated",
    "DeadLetterRow",
    "DecisionRow",
    "DispatchRow",
    "FileRow",
    "Instant",
    "JobRow",
    "LabelRow",
    "LeaseRow",
    "ProfileRow",
    "ProjectRow",
    "PromotionRow",
    "QaRunRow",
    "SessionRow",
    "StageRow",
    "StudyLogRow",
    "Words",
    "utc_now",
]
