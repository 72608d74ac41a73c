"""Score: evidence becomes moments, by a profile whose hash they carry, and insights about the batch."""

from __future__ import annotations

from dataclasses import replace

from editron_core.domain import codec
from editron_core.domain.batch import BatchAnalysis
from editron_core.domain.canary import Canary
from editron_core.domain.job import Finding, Severity
from editron_core.domain.moment import Selection
from editron_core.domain.progress import Step
from editron_core.errors import EditronError, Held, Interrupted, UsageError
from editron_core.lane import canary, registry
from editron_core.lane.desk import Desk
from editron_core.lane.document import Outcome
from editron_core.lane.engines import Engines
from editron_core.lane.order import Order
from editron_core.score import insights, scorer, select
from editron_core.score.brief import Brief
from editron_core.score.insights import Insights
from editron_core.score.profile import Profile


def score(desk: Desk, engines: Engines, outcome: Outcome, order: Order) -> Outcome:
    """The moments of a batch that was analysed, with their curves; recorded in the store.

    Raises UsageError where the applied profile is not the requested one, or not promoted in production mode.
    """
    wanted = wanted_profile(desk, order)
    step = Step("score", f"profile {wanted.name}", batch=outcome.batch.id)
    with desk.timed("score"), desk.watched(step) as (tell, _):
        return desk.tried(step, lambda watch: _scored(desk, engines, outcome, order.brief, wanted), tell)


def _scored(desk: Desk, engines: Engines, outcome: Outcome, words: str, wanted: Profile) -> Outcome:
    brief = Brief(words)
    prompts = engines.prompts(wanted, brief, outcome.evidence)
    chosen = select.select(outcome.evidence, wanted, brief, prompts)
    _prove_applied(chosen, wanted)
    curves = {key: scorer.curve(e, wanted, brief, prompts) for key, e in outcome.evidence.items()}
    # The canary is recorded first: the newest analysis of a batch is the one that is rendered.
    trial, wrong = _beside(desk, engines, replace(outcome, brief=words), wanted, chosen)
    return replace(
        outcome,
        brief=words,
        profile={"name": wanted.name, "hash": wanted.hash},
        selection=chosen,
        curves=curves,
        insights=_record(desk, outcome, words, wanted, chosen),
        canary=trial,
        findings=(*outcome.findings, *wrong),
    )


def _beside(
    desk: Desk, engines: Engines, outcome: Outcome, applied: Profile, chosen: Selection
) -> tuple[Canary | None, tuple[Finding, ...]]:
    """What a candidate would have chosen, recorded; and what went wrong with it, which stops nothing."""
    try:
        profile = canary.candidate(desk, outcome.batch.id, applied)
        if profile is None:
            return None, ()
        other = canary.choose(engines, outcome, profile)
        _record(desk, outcome, outcome.brief, profile, other)
    except (Held, Interrupted):
        raise
    except EditronError as error:
        return None, (Finding(Severity.WARNING, "canary", f"the canary was not tried: {error}"),)
    return canary.compare(profile, other, chosen), ()


def _record(desk: Desk, outcome: Outcome, brief: str, profile: Profile, chosen: Selection) -> Insights:
    found = insights.gather(outcome.footage, outcome.evidence, chosen)
    desk.store.profiles.remember(profile.hash, profile.name, profile.to_data())
    desk.store.analyses.save(
        BatchAnalysis(
            batch_id=outcome.batch.id,
            brief=brief,
            summary=found.summary,
            hero_moments=chosen.moments,
            insights=codec.dump(found),
            deliverable_targets=tuple(codec.dump(found.targets)),
            profile_hash=profile.hash,
        )
    )
    return found


def wanted_profile(desk: Desk, order: Order) -> Profile:
    """The profile that `order` asks for; in production mode a promoted one.

    Raises DefinitionError where there is none, UsageError where production may not score with it,
    StoreError where a registered one was tampered with.
    """
    if desk.settings.mode == "production":
        return registry.promoted(desk.store, order.profile, order.knobs)
    return registry.find(desk.store, order.profile).with_knobs(**order.knobs)


def _prove_applied(chosen: Selection, wanted: Profile) -> None:
    for moment in chosen.moments:
        if moment.profile_hash != wanted.hash:
            raise UsageError(
                f"profile {moment.profile_hash[:12]} was applied where {wanted.hash[:12]} was asked for",
                subject=wanted.name,
            )
