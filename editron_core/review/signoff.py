"""Sign-off: what people's decisions say about a cut as it is now.

A decision is bound to the hash of what was shown. When the cut changes, by a trim or a new edit, the
hash changes with it and earlier decisions say nothing any more. How many people must approve is the
rule of the batch's project.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from editron_core.domain import codec
from editron_core.domain.job import Decision, EditSession, Verdict
from editron_core.domain.timeline import Timeline
from editron_core.errors import UsageError
from editron_core.store import Store


class Standing(StrEnum):
    """Where a cut stands with the people who sign off."""

    UNSIGNED = "unsigned"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who must approve a cut before it is signed."""

    approvers: int = 1
    """How many different people."""
    names: tuple[str, ...] = ()
    """Whose approval counts; empty for everybody's."""


@dataclass(frozen=True, slots=True)
class Word:
    """What people have said about a cut as it is now."""

    standing: Standing
    approved: tuple[str, ...]
    """Whose approval counts, in the order they spoke."""
    rejected: tuple[str, ...]
    missing: int
    """How many approvals are still wanted; 0 once there are enough."""


ONE = Rule()
"""One approval by anybody."""


@dataclass(frozen=True)
class SignOff:
    """A session with what was decided about its cuts, and the rule that holds for it."""

    session: EditSession
    decisions: tuple[Decision, ...]
    """The oldest first."""
    rule: Rule = ONE

    @property
    def version(self) -> str:
        """Hash of what somebody saw who looked: the cuts, and what had been decided about them."""
        made = [f"{d.id} {'withdrawn' if d.withdrawn_at else ''}" for d in self.decisions]
        return codec.content_hash([self.session.content_hash, *made])[:32]

    @property
    def unsigned(self) -> tuple[Timeline, ...]:
        """The timelines that are not approved as they are now."""
        return tuple(t for t in self.session.timelines if self.word(t).standing is not Standing.APPROVED)

    def word(self, timeline: Timeline) -> Word:
        """What was said about one of its timelines."""
        return word(timeline, self.decisions, self.rule)


def of(store: Store, session: EditSession) -> SignOff:
    """Where a session stands now."""
    return SignOff(session, store.decisions.list(session.id), rule_for(store, session.batch_id))


def rule_for(store: Store, batch_id: str) -> Rule:
    """The rule for the cuts of a batch: its project's."""
    rule = store.approvals.rule(store.batches.get(batch_id).project_id)
    names = tuple(store.members.get(member_id).name for member_id in rule.members)
    return Rule(rule.approvers, names)


def word(timeline: Timeline, decisions: Iterable[Decision], rule: Rule = ONE) -> Word:
    """What was said about `timeline` as it is now; `decisions` are in the order they were made.

    Each author's latest decision that was not taken back counts; one rejection, by whomever, outweighs any
    number of approvals.
    """
    shown = timeline.content_hash
    latest: dict[str, Verdict] = {}
    for decision in decisions:
        about = decision.content_hash == shown and decision.verdict is not Verdict.TRIM
        if about and decision.withdrawn_at is None:
            latest[decision.author] = decision.verdict
    rejected = tuple(name for name, verdict in latest.items() if verdict is Verdict.REJECT)
    approved = tuple(
        name
        for name, verdict in latest.items()
        if verdict is Verdict.APPROVE and (not rule.names or name in rule.names)
    )
    missing = max(0, rule.approvers - len(approved))
    if rejected:
        return Word(Standing.REJECTED, approved, rejected, missing)
    return Word(Standing.UNSIGNED if missing else Standing.APPROVED, approved, (), missing)


def standing(timeline: Timeline, decisions: Iterable[Decision], rule: Rule = ONE) -> Standing:
    """Where `timeline` stands; see `word`."""
    return word(timeline, decisions, rule).standing


def find_timeline(session: EditSession, name: str) -> Timeline:
    """The timeline of that name, or the only one where `name` is empty. Raises UsageError."""
    if not name and len(session.timelines) == 1:
        return session.timelines[0]
    for timeline in session.timelines:
        if timeline.name == name:
            return timeline
    known = ", ".join(timeline.name for timeline in session.timelines)
    raise UsageError(f"no timeline {name!r}", subject=f"session {session.id[:8]}", remedy=f"it holds {known}")
