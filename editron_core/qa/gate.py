"""The gate: the rule that a profile must pass on the golden set before production may use it.

It reads the tune split only, so it may be asked as often as one likes: the holdout is read at promotion,
and each reading is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

from editron_core.errors import UsageError
from editron_core.qa import merit, soundness
from editron_core.qa.exam import Exam, GateCheck
from editron_core.qa.golden import GoldenSet, Raters
from editron_core.score.profile import Profile


@dataclass(frozen=True)
class GateResult:
    """What the gate found of one profile."""

    profile: str
    """Its name."""
    profile_hash: str
    passed: bool
    """Whether every check did."""
    raters: Raters
    """Whose labels the real items hold."""
    checks: tuple[GateCheck, ...]
    """First whether the profile works at all; then, if it does, whether it chooses well."""

    @property
    def failed(self) -> tuple[GateCheck, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


def gate(profile: Profile, golden: GoldenSet, raters: Raters = Raters.AUTOMATED) -> GateResult:
    """Examine `profile` on the tune split of `golden`, by the labels of one kind of raters.

    A profile that does not work is not asked how well it chooses. Raises UsageError where the set holds no
    drawn or no real items to judge by.
    """
    exam = Exam.of(profile, golden, raters)
    if not exam.drawn:
        raise UsageError(
            "holds no drawn items to judge by", subject=str(golden.folder), remedy="editron qa freeze"
        )
    checks = [check(exam) for check in soundness.CHECKS]
    if all(check.passed for check in checks):
        checks += merit.beats_the_baselines(exam)
        checks += [merit.orders_pairs(exam), merit.finds_what_was_drawn(exam)]
        checks += merit.sacrifices_nobody(exam)
    passed = all(check.passed for check in checks)
    return GateResult(profile.name, profile.hash, passed, raters, tuple(checks))
