"""The tables, as SQLAlchemy sees them. `migrations/` makes them; a test proves that the two agree.

Names, columns and enums are the project's data model. Every enum is text with a CHECK, every child
goes with its parent, and JSON is kept as text, so that whatever a file was called comes back unchanged.
"""

from editron_core.store.models.access import ApiKeyRow, EndedSessionRow, IdempotencyRow, MemberRow
from editron_core.store.models.base import Base, Dated, Instant, Words, utc_now
from editron_core.store.models.events import DeliveryRow, EndpointRow, EventRow, TaskRow
from editron_core.store.models.intake import DownloadRow, EntryRow, RuleRow, SourceRow, UploadRow
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
from editron_core.store.models.review import (
    ApprovalRuleRow,
    BrandAssetRow,
    CaptionEditRow,
    CommentRow,
    FindingRow,
    ProjectBrandRow,
)
from editron_core.store.models.workbench import LabelRow, ProfileRow, PromotionRow, QaRunRow, StudyLogRow

__all__ = [
    "AnalysisRow",
    "ApiKeyRow",
    "ApprovalRuleRow",
    "Base",
    "BatchRow",
    "BrandAssetRow",
    "BrandRow",
    "CaptionEditRow",
    "CommentRow",
    "Dated",
    "DeadLetterRow",
    "DecisionRow",
    "DeliveryRow",
    "DispatchRow",
    "DownloadRow",
    "EndedSessionRow",
    "EndpointRow",
    "EntryRow",
    "EventRow",
    "FileRow",
    "FindingRow",
    "IdempotencyRow",
    "Instant",
    "JobRow",
    "LabelRow",
    "LeaseRow",
    "MemberRow",
    "ProfileRow",
    "ProjectBrandRow",
    "ProjectRow",
    "PromotionRow",
    "QaRunRow",
    "RuleRow",
    "SessionRow",
    "SourceRow",
    "StageRow",
    "StudyLogRow",
    "TaskRow",
    "UploadRow",
    "Words",
    "utc_now",
]
