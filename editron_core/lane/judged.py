"""Judgements of the machine that no promotion rests on, kept in the store all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from editron_core.domain import codec
from editron_core.domain.registry import QaKind
from editron_core.qa import evaluate as evaluating
from editron_core.qa.agreement import agreement
from editron_core.qa.compare import Comparison, compare
from editron_core.qa.evaluate import BASELINES, Evaluation
from editron_core.qa.golden import Golden, GoldenSet, Kind, Raters
from editron_core.qa.metrics import Interval, interval
from editron_core.qa.regress import Report
from editron_core.qa.suites import GOLDENS, pictures
from editron_core.qa.tune import words
from editron_core.score.profile import Profile
from editron_core.store import Store
from editron_core.store.retention import BLOB

OURS = ""
"""What the profile is called among scorers: no baseline has that name."""


@dataclass(frozen=True)
class Panel:
    """A profile and the baselines on items of one kind, by raters of one kind."""

    kind: Kind
    raters: Raters
    evaluations: Mapping[str, Evaluation]
    """By scorer: the profile first (`OURS`), then the baselines."""
    agreement: Interval | None
    """How far the raters agree (`qa.agreement`), over items: no scorer can be asked for much more. Null where
    no item has two raters."""

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """The profile against each baseline on the same items."""
        ours = self.evaluations[OURS]
        return {name: compare(ours, other) for name, other in self.evaluations.items() if name != OURS}

    @property
    def title(self) -> str:
        """What the figures are of, in words."""
        count = len(self.evaluations[OURS].scores)
        rated = "truth by construction" if self.kind is Kind.DRAWN else f"raters: {self.raters}"
        agreed = f", who agree at rho {words(self.agreement)}" if self.agreement else ""
        return f"{count} {self.kind} item{'s' if count != 1 else ''} of the tune split; {rated}{agreed}"


@dataclass(frozen=True)
class Judged:
    """An evaluation on the golden set."""

    profile: Profile
    panels: tuple[Panel, ...]
    """Real items, then drawn ones where there are any; never mixed in one number."""

    def document(self) -> dict[str, Any]:
        """JSON-ready."""
        panels = [
            {
                "kind": panel.kind.value,
                "raters": panel.raters.value,
                "split": "tune",
                "items": [score.item.id for score in panel.evaluations[OURS].scores],
                "agreement": codec.dump(panel.agreement),
                "scorers": [_row(name, panel) for name in panel.evaluations],
            }
            for panel in self.panels
        ]
        return {"profile": {"name": self.profile.name, "hash": self.profile.hash}, "panels": panels}


def evaluate(store: Store, profile: Profile, golden: GoldenSet, raters: Raters) -> Judged:
    """How `profile` orders the golden items of the tune split, by the labels of `raters`; kept as a QA run.

    Raises UsageError where these raters have rated none.
    """
    scorers = {OURS: evaluating.of_profile(profile), **BASELINES}
    opened = [(Kind.REAL, raters, golden.real(raters))]
    opened.append((Kind.DRAWN, Raters.CONSTRUCTION, golden.open(Kind.DRAWN)))
    run = store.qa_runs.begin(QaKind.EVALUATE, golden.hash, profile.hash)
    panels = [
        Panel(
            kind, who, {name: evaluating.evaluate(items, by) for name, by in scorers.items()}, agreed(items)
        )
        for kind, who, items in opened
        if items
    ]
    judged = Judged(profile, tuple(panels))
    store.qa_runs.finish(run.id, judged.document())
    return judged


def agreed(items: Sequence[Golden]) -> Interval | None:
    """How far the raters of items agree, over items; null where no item has two raters."""
    found = [value for one in items if (value := agreement(one.truth.rows)) is not None]
    return interval(found) if found else None


class Keep(Protocol):
    """Takes down what came of a run of the harness."""

    def __call__(self, report: Report, *, blessed: bool) -> None: ...


@contextmanager
def kept(store: Store, golden: GoldenSet) -> Iterator[Keep]:
    """A run of the harness, written down when it begins; what is yielded writes down how it ended."""
    run = store.qa_runs.begin(QaKind.REGRESS, golden.hash)

    def keep(report: Report, *, blessed: bool) -> None:
        told = {"changes": codec.dump(report.changes), "moments": codec.dump(report.moments)}
        left = {"skipped": dict(report.skipped), "failed": dict(report.failed)}
        facts = {"passed": report.passed, "blessed": blessed, "readings": len(report.readings)}
        seen = {"values": codec.dump(report.readings), "coverage": codec.dump(report.coverage)}
        store.qa_runs.finish(run.id, {**facts, **told, **left, **seen, "frames": _frames(store, report)})

    yield keep


def _frames(store: Store, report: Report) -> list[dict[str, Any]]:
    """The golden frames that differ, their pictures in the blob store: the next run draws its own."""
    ran = {reading.suite for reading in report.readings}
    found = []
    for suite in GOLDENS:
        for pair in pictures.pairs(suite) if suite in ran else ():
            places = {
                "before": pictures.sides(suite) / pair.before,
                "after": pictures.sides(suite) / pair.after,
                "diff": pictures.folder(suite) / pair.diff,
            }
            kept_as = {side: f"{BLOB}{store.blobs.put(path)}" for side, path in places.items()}
            found.append({"suite": suite, **codec.dump(pair), **kept_as})
    return found


def _row(name: str, panel: Panel) -> dict[str, Any]:
    found = panel.evaluations[name]
    figures = {"rho": codec.dump(found.spearman), "pairwise": found.pairwise, "hits": found.hits}
    if name == OURS:
        return {"name": "profile", **figures}
    beside = panel.comparisons[name]
    said = {"difference": codec.dump(beside.difference), "shown": beside.shown, "verdict": str(beside)}
    return {"name": name, **figures, **said}
