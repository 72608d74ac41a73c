"""Profiles that a search found, proposed as candidates: the gate decides, and its result is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from editron_core.domain.registry import ProfileStage
from editron_core.errors import CheckFailed
from editron_core.lane import promotion, registry
from editron_core.lane.judges import judges
from editron_core.score import profile as profiles
from editron_core.store import Store


@dataclass(frozen=True)
class Proposal:
    """What became of a profile that was found."""

    name: str
    hash: str
    stage: str
    """Where it stands now: `candidate` if it passed the gate."""
    said: str
    """What the gate said, in one line."""


def propose(store: Store, path: Path, notebook: Path, author: str) -> Proposal:
    """Register the profile of a file, and make it a candidate if it passes the gate; never more.

    One that stands further on already stays there. Raises DefinitionError for a file that is no profile.
    """
    found = profiles.load(str(path))
    stage = registry.standing(store, found.hash)["stage"]
    if stage != ProfileStage.RESEARCH:
        return Proposal(found.name, found.hash, stage, "was examined before")
    wish = promotion.Wish(author, f"found by {notebook.stem}", ProfileStage.CANDIDATE, notebook)
    try:
        promotion.promote(store, found, wish, judges)
    except CheckFailed as error:
        return Proposal(found.name, found.hash, ProfileStage.RESEARCH.value, error.message)
    return Proposal(found.name, found.hash, ProfileStage.CANDIDATE.value, "passed")
