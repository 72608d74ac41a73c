"""The canary: a candidate profile that scores a share of the batches beside the applied one.

Both scores are stored; the render uses the applied profile's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from fractions import Fraction

from editron_core.domain.canary import Canary
from editron_core.domain.moment import Moment, Selection
from editron_core.domain.registry import ProfileStage
from editron_core.errors import UsageError
from editron_core.lane import registry
from editron_core.lane.desk import Desk
from editron_core.lane.document import Outcome
from editron_core.lane.engines import Engines
from editron_core.score import select
from editron_core.score.brief import Brief
from editron_core.score.profile import Profile

EXAMINED = (ProfileStage.CANDIDATE, ProfileStage.APPROVED, ProfileStage.PRODUCTION)
"""Where a profile stands that the gate has let through."""


def chosen_for(batch_id: str, share: float) -> bool:
    """Whether a batch is among the share 0..1 that the candidate is tried on; always the same answer."""
    place = int.from_bytes(hashlib.sha256(batch_id.encode()).digest()[:8])
    return place < share * 2**64


def candidate(desk: Desk, batch_id: str, applied: Profile) -> Profile | None:
    """The profile to try on a batch beside `applied`; null where the batch is not in the share.

    Raises DefinitionError where there is none of that name, UsageError where production may not try it.
    """
    wanted = desk.settings.canary
    if not wanted or not chosen_for(batch_id, desk.settings.canary_share):
        return None
    found = registry.find(desk.store, wanted)
    if desk.settings.mode == "production":
        _refuse_unexamined(desk, found)
    return None if found.hash == applied.hash else found


def choose(engines: Engines, outcome: Outcome, profile: Profile) -> Selection:
    """What the candidate chooses from a batch that was analysed, by the outcome's brief."""
    brief = Brief(outcome.brief)
    prompts = engines.prompts(profile, brief, outcome.evidence)
    return select.select(outcome.evidence, profile, brief, prompts)


def compare(profile: Profile, canary: Selection, applied: Selection) -> Canary:
    """How the candidate's selection differs from the applied one."""
    ours, theirs = _seconds(applied.moments), _seconds(canary.moments)
    shared = sum(
        (a.span.overlap(b.span) for a in applied.moments for b in canary.moments if a.file_id == b.file_id),
        Fraction(0),
    )
    return Canary(
        name=profile.name,
        hash=profile.hash,
        moments=canary.moments,
        explanation=canary.explanation,
        shared_s=float(shared),
        applied_only_s=float(ours - shared),
        canary_only_s=float(theirs - shared),
    )


def _seconds(moments: Iterable[Moment]) -> Fraction:
    """The moments of one selection do not overlap, so that their lengths add up."""
    return sum((moment.span.duration for moment in moments), Fraction(0))


def _refuse_unexamined(desk: Desk, profile: Profile) -> None:
    stage = registry.standing(desk.store, profile.hash)["stage"]
    if stage not in EXAMINED:
        raise UsageError(
            f"stands at {stage}, and production tries candidates only",
            subject=f"profile {profile.name}",
            remedy=registry.PROMOTE.format(profile.name),
        )
