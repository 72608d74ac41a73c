"""The canary: both scores are stored, the applied profile's is rendered, and the difference is told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import select

from editron_core.config import settings
from editron_core.domain.moment import Moment, Selection
from editron_core.lane import Lane, Order, Outcome, as_json, canary
from editron_core.score import profile
from editron_core.store import Store
from editron_core.store.models import AnalysisRow
from editron_core.times import Span

ORDER = Order(brief="the jump over the boxes")


def set_up(lane: Lane, **changes: object) -> None:
    lane.desk.settings = settings().model_copy(update=changes)


def seen(lane: Lane, clips: Path) -> Outcome:
    return lane.analyze(lane.ingest([str(clips)]))


def moment(start: int, end: int, file_id: str = "f") -> Moment:
    return Moment(file_id, Span.of(start, end), 0.5, {}, {}, "", "c" * 64)


def test_both_scores_are_stored_and_the_applied_profile_is_rendered(
    lane: Lane, store: Store, clips: Path, tmp_path: Path
) -> None:
    set_up(lane, canary="talk", canary_share=1.0)
    outcome = lane.score(seen(lane, clips), ORDER)
    applied, tried = profile.load("default").hash, profile.load("talk").hash

    with store.database.read() as session:
        assert set(session.scalars(select(AnalysisRow.profile_hash))) == {applied, tried}
    latest = store.analyses.latest(outcome.batch.id)
    assert latest is not None
    assert latest.profile_hash == applied
    assert outcome.selection is not None
    assert {m.profile_hash for m in outcome.selection.moments} == {applied}
    assert outcome.canary is not None
    assert {m.profile_hash for m in outcome.canary.moments} == {tried}

    document = as_json(outcome)["canary"]
    assert document["profile"] == {"name": "talk", "hash": tried}
    assert document["moments"]
    assert 0 <= document["agreement"] <= 1
    delivered = lane.deliver(lane.edit(outcome, ORDER), tmp_path / "out")
    assert delivered.report is not None
    page = delivered.report.read_text("utf-8")
    assert "Canary" in page
    assert tried[:12] in page


def test_no_canary_leaves_no_trace(lane: Lane, store: Store, clips: Path, tmp_path: Path) -> None:
    taken = seen(lane, clips)
    for changes in ({}, {"canary": "talk", "canary_share": 0.0}, {"canary": "default", "canary_share": 1.0}):
        set_up(lane, **changes)
        outcome = lane.score(taken, ORDER)
        assert outcome.canary is None
        assert outcome.findings == ()
        assert "canary" not in as_json(outcome)
    with store.database.read() as session:
        assert len(session.scalars(select(AnalysisRow)).all()) == 1
    assert "Canary" not in lane.deliver(outcome, tmp_path / "out").report.read_text("utf-8")  # type: ignore[union-attr]


def test_a_canary_that_cannot_be_is_a_finding_and_stops_nothing(lane: Lane, clips: Path) -> None:
    set_up(lane, canary="nobody", canary_share=1.0)
    outcome = lane.edit(lane.score(seen(lane, clips), ORDER), ORDER)
    assert outcome.cuts
    assert outcome.canary is None
    (finding,) = [f for f in outcome.findings if f.rule == "canary"]
    assert "nobody" in finding.message
    assert not outcome.complaints


def test_the_share_is_kept_and_a_batch_stays_on_its_side() -> None:
    batches = [f"{number:032x}" for number in range(4000)]
    chosen = [batch for batch in batches if canary.chosen_for(batch, 0.25)]
    assert 900 < len(chosen) < 1100
    assert chosen == [batch for batch in batches if canary.chosen_for(batch, 0.25)]
    assert {batch for batch in batches if canary.chosen_for(batch, 0.1)} < set(chosen)
    assert all(canary.chosen_for(batch, 1.0) for batch in batches)
    assert not any(canary.chosen_for(batch, 0.0) for batch in batches)


@pytest.mark.parametrize(
    ("applied", "tried", "shared", "agreement"),
    [
        ([moment(0, 10)], [moment(5, 15)], 5, Fraction(1, 3)),
        ([moment(0, 10)], [moment(0, 10)], 10, Fraction(1)),
        ([moment(0, 10)], [moment(0, 10, "g")], 0, Fraction(0)),
        ([], [], 0, Fraction(1)),
    ],
)
def test_the_difference_is_in_seconds_of_footage(
    applied: list[Moment], tried: list[Moment], shared: int, agreement: Fraction
) -> None:
    def selection(moments: list[Moment]) -> Selection:
        return Selection(tuple(moments), considered=1, best_score=None, explanation="")

    made = canary.compare(profile.load("talk"), selection(tried), selection(applied))
    assert made.shared_s == shared
    assert made.agreement == pytest.approx(float(agreement))
