"""What people want no more is neither rendered nor delivered, whenever they say so."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from editron_core.config import settings
from editron_core.domain.job import EditSession, EditSessionStatus, RenderJobStatus, RenderPriority, Verdict
from editron_core.domain.operations import Subject
from editron_core.domain.review import ApprovalRule
from editron_core.errors import Stale, UsageError, Withdrawn
from editron_core.lane import Lane, Order, asking, attendant, production, rendering, revising, signing
from editron_core.lane.asking import RenderWish
from editron_core.store import Store
from tests import tiny_blueprint


@pytest.fixture
def session(lane: Lane, clips: Path, tmp_path: Path) -> EditSession:
    """A small cut that waits for review; from then on, the mode is production."""
    order = Order(brief="the jump", blueprints=(tiny_blueprint.written(tmp_path),))
    (cut,) = lane.edit(lane.score(lane.analyze(lane.ingest([str(clips)])), order), order).cuts
    lane.desk.settings = settings().model_copy(update={"mode": "production"})
    return cut.session


def say(store: Store, session: EditSession, verdict: Verdict, name: str = "ann") -> EditSession:
    return signing.decide(store, session.id, "", signing.Opinion(verdict, name))


def wish(tmp_path: Path, priority: RenderPriority = RenderPriority.STANDARD) -> RenderWish:
    return RenderWish(priority, (str(tmp_path / "copies"),))


@pytest.fixture
def once_encoded(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Lets something happen between the encoding of a cut and all that follows on it."""

    def meanwhile(happens: Callable[[], Any]) -> None:
        encode = rendering.encode

        def watched(plan: Any, tell: Any) -> Any:
            found = encode(plan, tell)
            happens()
            return found

        monkeypatch.setattr(rendering, "encode", watched)

    return meanwhile


def test_a_cut_that_is_rejected_while_it_renders_is_not_sent_and_its_job_not_complete(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path, once_encoded: Any
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path))
    once_encoded(lambda: say(store, session, Verdict.REJECT, "ben"))

    with pytest.raises(Withdrawn, match="was rejected by ben"):
        lane.render_next("worker")

    now = store.jobs.get(job.id)
    assert (now.status, now.withdrawn) == (RenderJobStatus.FAILED, True)
    assert str(now.last_error) == f"withdrawn: {session.timelines[0].name} was rejected by ben"
    assert not (tmp_path / "copies").exists()
    assert store.sessions.get(session.id).status is EditSessionStatus.NEEDS_REVIEW
    assert not store.dead_letters.list(), "nothing is broken: people decided"
    with pytest.raises(Withdrawn):
        lane.work_off([job.id])


def test_a_rejection_between_the_last_look_and_the_end_keeps_the_job_from_being_complete(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path))
    send = rendering.destinations.send

    def late(*given: Any) -> Any:
        sent = send(*given)
        say(store, session, Verdict.REJECT)
        return sent

    monkeypatch.setattr(rendering.destinations, "send", late)
    with pytest.raises(Withdrawn):
        lane.render_next("worker")
    assert store.jobs.get(job.id).status is RenderJobStatus.FAILED
    assert store.sessions.get(session.id).status is EditSessionStatus.NEEDS_REVIEW


def test_who_signs_again_after_a_rejection_gets_the_render_after_all(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path, once_encoded: Any
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path))
    said: list[Verdict] = []

    def change_minds() -> None:
        for verdict in (Verdict.REJECT, Verdict.APPROVE):
            if len(said) < 2:
                said.append(verdict)
                say(store, session, verdict)

    once_encoded(change_minds)
    with pytest.raises(Withdrawn):
        lane.render_next("worker")
    assert store.sessions.get(session.id).status is EditSessionStatus.APPROVED
    again = asking.render(lane, session.id, wish(tmp_path))
    assert again.id != job.id
    done = lane.render_next("worker")
    assert done is not None
    assert (done.id, done.status) == (again.id, RenderJobStatus.COMPLETE)
    assert list((tmp_path / "copies").rglob("*.mp4"))
    assert store.sessions.get(session.id).status is EditSessionStatus.COMPLETE


def test_a_queued_job_goes_with_the_cut_that_was_changed_and_comes_back_with_it(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path, RenderPriority.LOW))

    changed = signing.split(store, session.id, "", Fraction(1), "ben")

    now = store.jobs.get(job.id)
    assert (now.status, now.last_error) == (
        RenderJobStatus.FAILED,
        "withdrawn: it was changed by ben (split)",
    )
    assert lane.render_next("worker") is None
    with pytest.raises(Stale, match=rf"look at session {changed.id[:8]}"):
        asking.render(lane, session.id, wish(tmp_path))
    with pytest.raises(UsageError, match="not signed off"):
        asking.render(lane, changed.id, wish(tmp_path))

    for one in store.dispatches.pending():
        store.dispatches.done(one.key)
    back = revising.undo(store, changed.id)
    assert (back.id, back.status) == (session.id, EditSessionStatus.APPROVED)
    (one,) = store.dispatches.pending()
    assert (one.stage, one.facts) == ("render", {"session": session.id})
    lane.desk.settings = settings()  # where the cut's profile need not be promoted
    assert attendant.once(lane)
    assert store.sessions.get(session.id).status is EditSessionStatus.COMPLETE


def test_a_job_that_is_retried_although_its_cut_was_replaced_is_withdrawn_at_the_claim(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path))
    signing.split(store, session.id, "", Fraction(1), "ben")
    store.holds.retry(Subject(session.batch_id, job_id=job.id))
    assert not store.jobs.get(job.id).withdrawn

    with pytest.raises(Withdrawn, match="was changed by ben"):
        lane.render_next("worker")
    assert store.jobs.get(job.id).withdrawn
    assert store.sessions.get(session.id).status is EditSessionStatus.APPROVED


def test_a_stricter_rule_holds_for_what_is_queued_already(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path))
    store.approvals.set_rule(ApprovalRule(2))
    with pytest.raises(Withdrawn, match="not signed off"):
        lane.render_next("worker")
    assert "withdrawn" in str(store.jobs.get(job.id).last_error)


def test_an_approval_that_is_taken_back_withdraws_what_is_queued(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path
) -> None:
    say(store, session, Verdict.APPROVE)
    job = asking.render(lane, session.id, wish(tmp_path))
    signing.withdraw(store, session.id, session.timelines[0].name, "ann")
    now = store.jobs.get(job.id)
    assert (now.status, now.withdrawn) == (RenderJobStatus.FAILED, True)
    assert "ann took back the approval" in str(now.last_error)


def test_what_was_rendered_is_not_delivered_once_it_is_rejected(
    lane: Lane, store: Store, session: EditSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(store, session, Verdict.APPROVE)
    lane.desk.settings = settings()  # where the cut's profile need not be promoted
    work_off = lane.work_off

    def late(jobs: Any) -> Any:
        ended = work_off(jobs)
        say(store, session, Verdict.REJECT)
        return ended

    monkeypatch.setattr(lane, "work_off", late)
    with pytest.raises(UsageError, match="not signed off as it is now"):
        production.delivered(lane, session.id, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.mp4"))
