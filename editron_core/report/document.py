"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from editron_core.domain.batch import MediaFile
from editron_core.domain.canary import Canary
from editron_core.domain.evidence import Evidence
from editron_core.domain.job import Deliverable, Finding
from editron_core.domain.moment import Moment, Selection

if TYPE_CHECKING:
    import polars as pl

    from editron_core.score.insights import Insights


@dataclass(frozen=True)
class RunDocument:
    """All that the report shows; what a run did not come to is left empty."""

    title: str
    batch_id: str
    files: tuple[MediaFile, ...]
    brief: str = ""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """By file id."""
    curves: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """By file id: `time_s`, `score` and a column per weighted signal, as `score.scorer.curve` gives them."""
    selection: Selection | None = None
    clips: Sequence[Path | None] = ()
    """A video per moment, in the selection's order; inside the report's folder."""
    insights: Insights | None = None
    deliverables: tuple[Deliverable, ...] = ()
    findings: tuple[Finding, ...] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    """`name` and `hash`."""
    canary: Canary | None = None
    """What a candidate profile would have chosen; null where none was tried."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Wall-clock seconds by stage."""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The chosen moments, best first."""
        return self.selection.moments if self.selection else ()
