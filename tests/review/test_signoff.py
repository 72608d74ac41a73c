"""A decision counts for exactly what was shown."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from editron_core.domain.job import Decision, Verdict
from editron_core.domain.timeline import Clip, Timeline
from editron_core.review.signoff import Standing, standing
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
