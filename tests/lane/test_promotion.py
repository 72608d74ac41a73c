"""Promotion: one step at a time, none without its grounds, and back by one command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from editron_core.domain.label import Raters
from editron_core.domain.registry import ProfileStage, QaKind
from editron_core.errors import Busy, CheckFailed, NotFound, StoreError, UsageError
from editron_core.lane import promotion, registry
from editron_core.lane.judges import Judges
from editron_core.lane.promotion import Wish
from editron_core.qa.exam import GateCheck
from editron_core.qa.gate import GateResult
from editron_core.score import profile as profiles
from editron_core.score.profile import Profile
from editron_core.store import Store

RESEARCH, CANDIDATE, APPROVED, PRODUCTION, RETIRED = ProfileStage
WISH = Wish("ann", "better on interviews")


@dataclass(frozen=True)
class Verdict:
    """What the bench below says of the holdout."""

    passed: bool
    checks: tuple[GateCheck, ...] = ()


@dataclass
class Bench:
    """Judges that say what they are told to, and remember when they were asked."""

    golden_hash: str = "g" * 64
    holdout_hash: str = "h" * 64
    passes: bool = True
    holds: bool = True
    asked: list[str] = field(default_factory=list)
    known_at_reading: list[int] = field(default_factory=list)
    breaks: bool = False
    raters: list[Raters] = field(default_factory=list)
    store: Store | None = None

    def __call__(self, raters: Raters = Raters.AUTOMATED) -> Judges:
        self.raters.append(raters)
        return Judges(self.golden_hash, self.holdout_hash, self.gate, self.holdout)

    def gate(self, profile: Profile) -> GateResult:
        self.asked.append("gate")
        checks = (GateCheck("baselines", self.passes, "0.41", "> 0.2"), GateCheck("weights", True, "1", "1"))
        return GateResult(profile.name, profile.hash, self.passes, self.raters[-1], checks)

    def holdout(self, profile: Profile, record: Callable[[], None]) -> Verdict:
        record()
        assert self.store is not None
        self.known_at_reading.append(len(self.store.qa_runs.list(QaKind.HOLDOUT)))
        if self.breaks:
            raise RuntimeError("the power went")
        self.asked.append("holdout")
        return Verdict(self.holds)


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store=store)


def another(name: str = "default", contrast: float = 0.5) -> Profile:
    """A profile of that name that scores otherwise than the shipped one."""
    base = profiles.load("default")
    return replace(base, name=name, normalisation=replace(base.normalisation, contrast=contrast))


def raised(store: Store, bench: Bench, profile: Profile, to: ProfileStage = PRODUCTION) -> None:
    while promotion.promote(store, profile, WISH, bench).went_to is not to:
        pass


def stage(store: Store, profile: Profile) -> ProfileStage:
    return store.profiles.get(profile.hash).stage


def test_a_profile_reaches_production_in_three_steps_that_are_on_record(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")

    steps = [promotion.promote(store, shipped, WISH, bench) for _ in range(3)]

    assert [step.went_to for step in steps] == [CANDIDATE, APPROVED, PRODUCTION]
    assert bench.asked == ["gate", "holdout"]
    assert steps[0].gate is not None
    assert [check["name"] for check in steps[0].gate["checks"]] == ["baselines", "weights"]
    assert store.qa_runs.get(steps[0].gate["run"]).golden_hash == bench.golden_hash
    assert steps[1].holdout_id is not None
    assert store.qa_runs.get(steps[1].holdout_id).kind is QaKind.HOLDOUT
    assert registry.promoted(store, "default", {}) == shipped
    with pytest.raises(UsageError, match="no step follows"):
        promotion.promote(store, shipped, WISH, bench)


def test_what_the_gate_refuses_stays_in_research_and_the_refusal_is_kept(store: Store, bench: Bench) -> None:
    bench.passes = False
    shipped = profiles.load("default")

    with pytest.raises(CheckFailed, match="gate: baselines"):
        promotion.promote(store, shipped, WISH, bench)

    assert stage(store, shipped) is RESEARCH
    (run,) = store.qa_runs.list(QaKind.GATE, profile_hash=shipped.hash)
    assert run.result is not None
    assert run.result["passed"] is False
    assert store.promotions.list() == ()


def test_the_verdict_on_another_profile_is_none_on_this_one(store: Store, bench: Bench) -> None:
    other = GateResult("other", "e" * 64, True, Raters.AUTOMATED, ())
    mistaken = Judges("g" * 64, "h" * 64, lambda profile: other, bench.holdout)
    with pytest.raises(CheckFailed, match="not the profile that the gate judged"):
        promotion.promote(store, profiles.load("default"), WISH, lambda: mistaken)
    assert store.promotions.list() == ()


@pytest.mark.parametrize("to", [RESEARCH, APPROVED, PRODUCTION, RETIRED])
def test_no_step_is_skipped(store: Store, bench: Bench, to: ProfileStage) -> None:
    with pytest.raises(UsageError, match="--to candidate"):
        promotion.promote(store, profiles.load("default"), replace(WISH, to=to), bench)
    assert bench.asked == []
    assert store.promotions.list() == ()


def test_nothing_is_promoted_without_a_name_and_a_reason() -> None:
    for author, reason in (("", "better"), ("ann", " ")):
        with pytest.raises(UsageError, match="signed"):
            Wish(author, reason)


def test_a_reading_of_the_holdout_is_written_down_first_and_kept_when_approval_fails(
    store: Store, bench: Bench
) -> None:
    shipped = profiles.load("default")
    promotion.promote(store, shipped, WISH, bench)
    bench.holds = False

    for _ in range(2):  # a second try reads nothing: it is told what was read
        with pytest.raises(CheckFailed, match="holdout"):
            promotion.promote(store, shipped, WISH, bench)

    assert bench.known_at_reading == [1]
    (run,) = store.qa_runs.list(QaKind.HOLDOUT)
    assert (run.profile_hash, run.result) == (shipped.hash, {"passed": False, "checks": []})
    assert stage(store, shipped) is CANDIDATE


def test_a_reading_that_was_interrupted_stays_on_record(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    promotion.promote(store, shipped, WISH, bench)
    bench.breaks = True
    with pytest.raises(RuntimeError):
        promotion.promote(store, shipped, WISH, bench)
    bench.breaks = False
    promotion.promote(store, shipped, WISH, bench)

    assert sorted(run.result is None for run in store.qa_runs.list(QaKind.HOLDOUT)) == [False, True]


def test_a_holdout_that_is_read_without_being_written_down_is_no_approval(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    promotion.promote(store, shipped, WISH, bench)
    silent = Judges("g" * 64, "h" * 64, bench.gate, lambda profile, record: Verdict(True))
    with pytest.raises(CheckFailed, match="read 0 times"):
        promotion.promote(store, shipped, WISH, lambda: silent)
    assert stage(store, shipped) is CANDIDATE


def test_a_changed_file_is_another_profile_and_begins_at_research(store: Store, bench: Bench) -> None:
    raised(store, bench, profiles.load("default"), APPROVED)

    with pytest.raises(UsageError, match=f"{profiles.load('default').hash[:12]} at approved"):
        promotion.promote(store, another(), replace(WISH, to=PRODUCTION), bench)

    assert promotion.promote(store, another(), WISH, bench).went_to is CANDIDATE


def test_a_profile_whose_document_was_changed_goes_nowhere(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    raised(store, bench, shipped, APPROVED)
    document = {**shipped.to_data(), "selection": {**shipped.to_data()["selection"], "threshold": 0.0}}
    with store.database.write() as session:
        session.execute(
            text("UPDATE scoring_profiles SET document = :document"), {"document": json.dumps(document)}
        )

    for attempt in (
        lambda: promotion.promote(store, shipped, WISH, bench),
        lambda: registry.find(store, shipped.hash[:12]),
    ):
        with pytest.raises(StoreError, match="no longer hashes to its id"):
            attempt()
    assert stage(store, shipped) is APPROVED


def test_a_stage_that_no_promotion_led_to_counts_for_nothing(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    store.profiles.remember(shipped.hash, shipped.name, shipped.to_data())
    for forged in ("approved", "production"):
        with store.database.write() as session:
            session.execute(text(f"UPDATE scoring_profiles SET stage = '{forged}'"))
        with pytest.raises(StoreError, match="no promotion led it to"):
            promotion.promote(store, shipped, WISH, bench)
    with pytest.raises(StoreError, match="no promotion led it to"):
        registry.promoted(store, "default", {})


def test_a_rollback_brings_the_one_before_back(store: Store, bench: Bench) -> None:
    shipped, later = profiles.load("default"), another()
    raised(store, bench, shipped)
    raised(store, bench, later)
    assert registry.promoted(store, "default", {}) == later

    gone, back = promotion.rollback(store, "default", Wish("ben", "dull reels"))

    assert (gone.profile_hash, back.profile_hash) == (later.hash, shipped.hash)
    assert (back.author, back.reason) == ("ben", "dull reels")
    assert registry.promoted(store, "default", {}) == shipped
    with pytest.raises(UsageError, match="nothing to go back to"):
        promotion.rollback(store, "default", WISH)
    with pytest.raises(NotFound, match="no profile in production"):
        promotion.rollback(store, "other", WISH)


def test_somebody_else_promoting_the_same_profile_is_told_to_wait(store: Store, bench: Bench) -> None:
    shipped = profiles.load("default")
    with store.leases.hold(f"promotion of {shipped.hash}"), pytest.raises(Busy):
        promotion.promote(store, shipped, WISH, bench)
    assert bench.asked == []


def test_whoever_promotes_beside_another_promotion_has_to_look_again(store: Store, bench: Bench) -> None:
    first, second = profiles.load("default"), another()
    raised(store, bench, first, APPROVED)
    raised(store, bench, second, APPROVED)

    class Racing:
        """The store, in which another promotion slips in just before ours is recorded."""

        def __init__(self) -> None:
            self.promotions = self

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def list(self, **wanted: str) -> object:
            return store.promotions.list(**wanted)

        def record(self, step: object, replacing: str | None) -> object:
            promotion.promote(store, second, WISH, bench)
            return store.promotions.record(step, replacing=replacing)  # type: ignore[arg-type]

    with pytest.raises(Busy, match="meanwhile"):
        promotion.promote(Racing(), first, WISH, bench)  # type: ignore[arg-type]
    assert (stage(store, first), stage(store, second)) == (APPROVED, PRODUCTION)


def test_the_notebook_is_kept_when_its_file_goes(store: Store, bench: Bench, tmp_path: Path) -> None:
    notebook = tmp_path / "tune.ipynb"
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "execution_count": 1}]}))

    step = promotion.promote(store, profiles.load("default"), replace(WISH, notebook=notebook), bench)
    written = notebook.read_bytes()
    notebook.unlink()

    assert step.notebook is not None
    assert step.notebook.path == str(notebook)
    assert store.blobs.path(step.notebook.sha256).read_bytes() == written


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"cells": [{"cell_type": "code", "execution_count": null}]}', "never run"),
        ("import this", "no notebook"),
        ('{"cells": 3}', "no notebook"),
    ],
)
def test_only_an_executed_notebook_is_a_record(
    store: Store, bench: Bench, tmp_path: Path, content: str, reason: str
) -> None:
    notebook = tmp_path / "tune.ipynb"
    notebook.write_text(content)
    for path, why in ((notebook, reason), (tmp_path / "gone.ipynb", "No such file")):
        with pytest.raises(UsageError, match=why):
            promotion.promote(store, profiles.load("default"), replace(WISH, notebook=path), bench)
    assert store.promotions.list() == ()
