"""Promotion: a profile goes from research to production, one step at a time, and back by one command.

    research -> candidate     the gate passes it
    candidate -> approved     a person signs it off; the holdout is read once, and that is written down first
    approved -> production    it takes the place of the profile of its name that was there

Each step is a row with who, when and why. What a step rests on (the gate's result, the reading of the
holdout, the executed notebook) is kept with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editron_core.domain import codec
from editron_core.domain.registry import (
    ProfileStage,
    Promotion,
    QaKind,
    Record,
    RegisteredProfile,
)
from editron_core.errors import CheckFailed, NotFound, UsageError
from editron_core.lane import registry
from editron_core.lane.judges import Judgement, Judges
from editron_core.score.profile import Profile
from editron_core.store import Store


@dataclass(frozen=True)
class Wish:
    """Who wants a step, and why."""

    author: str
    reason: str
    to: ProfileStage | None = None
    """The stage to reach; null for the next one."""
    notebook: Path | None = None
    """The executed notebook that the step rests on."""

    def __post_init__(self) -> None:
        """Raises UsageError where nobody signs, or for no reason."""
        for value, option in ((self.author, "--as NAME"), (self.reason, "--why TEXT")):
            if not value.strip():
                raise UsageError("a promotion is signed, with a reason", remedy=option)


def promote(store: Store, profile: Profile, wish: Wish, judges: Callable[[], Judges]) -> Promotion:
    """Take `profile` one step on. `judges` is asked only where the step needs them.

    Raises UsageError for a step that cannot be, CheckFailed where the gate or the holdout says no, Busy
    where somebody else promotes at the same time, and StoreError for a profile that was tampered with.
    """
    target = wish.to or _standing(store, profile).stage.next
    held = store.profiles.production(profile.name)
    entry = _entered(store, profile, target)
    assert target is not None
    notebook = _kept(store, wish.notebook) if wish.notebook else None
    with store.leases.hold(f"promotion of {profile.hash}"):
        gate, holdout = None, None
        if target is ProfileStage.CANDIDATE:
            gate = _gated(store, profile, judges())
        elif target is ProfileStage.APPROVED:
            holdout = _held_out(store, profile, judges())
        step = Promotion(
            profile_hash=profile.hash,
            came_from=entry.stage,
            went_to=target,
            author=wish.author,
            reason=wish.reason,
            gate=gate,
            holdout_id=holdout,
            notebook=notebook,
        )
        return store.promotions.record(step, replacing=held.hash if held else None)


def rollback(store: Store, name: str, wish: Wish) -> tuple[Promotion, Promotion]:
    """Bring back the profile that was in production before the one of this name that is; both steps.

    Raises NotFound where none is in production, UsageError where there is none to go back to, Busy where
    production changes meanwhile, StoreError where the one before was tampered with.
    """
    if store.profiles.production(name) is None:
        raise NotFound("has no profile in production", subject=name, remedy="editron profiles list")
    back = store.promotions.previous(name)
    if back is None:
        raise UsageError(
            "has nothing to go back to: this is its first profile in production",
            subject=name,
            remedy="promote another one",
        )
    registry.opened(store, store.profiles.get(back))
    return store.promotions.roll_back(name, back, wish.author, wish.reason)


def examine(store: Store, profile: Profile, judges: Judges) -> dict[str, Any]:
    """The gate's result, JSON-ready, with the id of the QA run that it is kept as. The holdout stays shut."""
    run = store.qa_runs.begin(QaKind.GATE, judges.golden_hash, profile.hash)
    result = _data(judges.gate(profile))
    store.qa_runs.finish(run.id, result)
    return {"run": run.id, **result}


def _standing(store: Store, profile: Profile) -> RegisteredProfile:
    """Where a profile stands; raises StoreError where what is registered is not what was registered."""
    try:
        entry = store.profiles.get(profile.hash)
    except NotFound:
        return RegisteredProfile(profile.hash, profile.name, profile.to_data(), ProfileStage.RESEARCH)
    registry.opened(store, entry)
    return entry


def _entered(store: Store, profile: Profile, target: ProfileStage | None) -> RegisteredProfile:
    """The profile's entry, made where there is none, if `target` is its next step."""
    stage = _standing(store, profile).stage
    subject = f"profile {profile.name} {profile.hash[:12]}"
    if stage.next is None:
        raise UsageError("is in production: no step follows", subject=subject)
    if target is not stage.next:
        raise UsageError(
            f"stands at {stage}, and no step is skipped or taken twice",
            subject=subject,
            remedy=f"the next step is --to {stage.next}{_namesakes(store, profile)}",
        )
    return store.profiles.register(profile.hash, profile.name, profile.to_data())


def _namesakes(store: Store, profile: Profile) -> str:
    """Others of that name that are further on: whoever changed a file may mean what it was before."""
    others = [
        f"{one.hash[:12]} at {one.stage}"
        for one in store.profiles.list(name=profile.name)
        if one.hash != profile.hash and one.stage is not ProfileStage.RESEARCH
    ]
    return f"; other profiles of this name: {', '.join(others)}" if others else ""


def _gated(store: Store, profile: Profile, judges: Judges) -> dict[str, Any]:
    result = examine(store, profile, judges)
    if result.get("profile_hash", profile.hash) != profile.hash:
        raise CheckFailed("is not the profile that the gate judged", subject=f"profile {profile.name}")
    if not result["passed"]:
        failed = [check["name"] for check in result.get("checks", ()) if not check["passed"]]
        raise CheckFailed(
            f"does not pass the gate: {', '.join(failed) or 'see its result'}",
            subject=f"profile {profile.name}",
            remedy=f"editron qa gate {profile.name}",
        )
    return result


def _held_out(store: Store, profile: Profile, judges: Judges) -> str:
    """The id of the reading of the holdout; one that was made of this holdout before is not repeated.

    Every reading wears the holdout out a little. So it is written down before it happens, whatever comes
    of it, and a profile that failed cannot try its luck again.
    """
    for run in store.qa_runs.list(QaKind.HOLDOUT, profile_hash=profile.hash):
        if run.golden_hash == judges.holdout_hash and run.result is not None:
            _assure(profile, run.result)
            return run.id
    begun: list[str] = []

    def record() -> None:
        begun.append(store.qa_runs.begin(QaKind.HOLDOUT, judges.holdout_hash, profile.hash).id)

    verdict = judges.holdout(profile, record)
    if len(begun) != 1:
        raise CheckFailed(f"the holdout was read {len(begun)} times", subject=f"profile {profile.name}")
    result = _data(verdict)
    store.qa_runs.finish(begun[0], result)
    _assure(profile, result)
    return begun[0]


def _assure(profile: Profile, result: dict[str, Any]) -> None:
    if not result["passed"]:
        raise CheckFailed(
            "is no better than a baseline on the holdout, which is read once for each profile",
            subject=f"profile {profile.name}",
            remedy="go back to tuning; editron profiles show gives the figures",
        )


def _data(verdict: Judgement) -> dict[str, Any]:
    return {**codec.dump(verdict), "passed": verdict.passed}


def _kept(store: Store, notebook: Path) -> Record:
    """A copy of an executed notebook in the blob store. Raises UsageError for anything else."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        executed = any(cell.get("execution_count") for cell in cells)
    except OSError as error:
        raise UsageError(error.strerror or str(error), subject=str(notebook)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError("is no notebook", subject=str(notebook), remedy="an .ipynb") from error
    if not executed:
        raise UsageError(
            "was never run, so it records nothing", subject=str(notebook), remedy="run it, and save it"
        )
    return Record(str(notebook.absolute()), store.blobs.put(notebook))
