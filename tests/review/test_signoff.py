"""A decision counts for exactly what was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from editron_core.domain.job import Decision, Verdict
from editron_core.domain.timeline import Clip, Timeline
from editron_core.review.signoff import Rule, Standing, standing, word
from editron_core.times import Span

CUT = Timeline("reel", "hero-reel", Fraction(25), ("16:9",), (Clip("a", Span.of(0, 4)),))


def said(verdict: Verdict, author: str = "ann", timeline: Timeline = CUT) -> Decision:
    return Decision("d", "s", timeline.name, timeline.content_hash, verdict, author)


def test_nobody_has_spoken() -> None:
    assert standing(CUT, []) is Standing.UNSIGNED


def test_an_approval_holds_until_the_cut_changes() -> None:
    changed = replace(CUT, clips=(Clip("a", Span.of(0, 3)),))

    assert standing(CUT, [said(Verdict.APPROVE)]) is Standing.APPROVED
    assert standing(changed, [said(Verdict.APPROVE)]) is Standing.UNSIGNED


def test_an_author_may_change_their_mind() -> None:
    assert standing(CUT, [said(Verdict.REJECT), said(Verdict.APPROVE)]) is Standing.APPROVED


def test_one_rejection_outweighs_approvals() -> None:
    decisions = [said(Verdict.APPROVE), said(Verdict.REJECT, "ben"), said(Verdict.APPROVE, "cleo")]

    assert standing(CUT, decisions) is Standing.REJECTED


def test_a_trim_is_no_approval() -> None:
    assert standing(CUT, [said(Verdict.TRIM)]) is Standing.UNSIGNED


def test_a_rule_asks_for_several_people() -> None:
    two = Rule(2)

    once = word(CUT, [said(Verdict.APPROVE), said(Verdict.APPROVE)], two)
    assert (once.standing, once.approved, once.missing) == (Standing.UNSIGNED, ("ann",), 1)
    both = word(CUT, [said(Verdict.APPROVE), said(Verdict.APPROVE, "ben")], two)
    assert (both.standing, both.approved, both.missing) == (Standing.APPROVED, ("ann", "ben"), 0)


def test_a_rule_may_name_whose_word_counts() -> None:
    chief = Rule(1, ("cleo",))

    assert standing(CUT, [said(Verdict.APPROVE)], chief) is Standing.UNSIGNED
    assert standing(CUT, [said(Verdict.APPROVE, "cleo")], chief) is Standing.APPROVED
    # Anybody may say that something is wrong.
    assert standing(CUT, [said(Verdict.APPROVE, "cleo"), said(Verdict.REJECT)], chief) is Standing.REJECTED


def test_what_was_taken_back_does_not_count_and_what_was_said_before_does() -> None:
    back = replace(said(Verdict.REJECT), withdrawn_at=datetime(2030, 1, 1, tzinfo=UTC))

    assert standing(CUT, [back]) is Standing.UNSIGNED
    assert standing(CUT, [said(Verdict.APPROVE), back]) is Standing.APPROVED
