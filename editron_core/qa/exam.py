"""What a profile is examined on: the tune split, drawn and real, scored once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from editron_core.domain.moment import Selection
from editron_core.qa import wordeye
from editron_core.qa.evaluate import Evaluation, evaluate, of_profile
from editron_core.qa.golden import Golden, GoldenSet, Kind, Raters
from editron_core.score import scorer, select
from editron_core.score.brief import Brief
from editron_core.score.derive import derived
from editron_core.score.profile import Profile


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One thing that the gate looks at."""

    name: str
    passed: bool
    measured: str
    """What was found, in words and figures."""
    required: str
    detail: str = ""
    """What a person should know besides; for a failed check what is to blame."""


@dataclass(frozen=True)
class Exam:
    """One profile and the golden items of the tune split."""

    profile: Profile
    drawn: tuple[Golden, ...]
    real: tuple[Golden, ...]
    formulas: Mapping[str, tuple[str, ...]]
    """Ids by the version of the analysis code that made the evidence."""

    @classmethod
    def of(cls, profile: Profile, golden: GoldenSet, raters: Raters = Raters.AUTOMATED) -> Exam:
        """The exam of `profile` by the real items that `raters` rated; the holdout stays closed."""
        return cls(profile, golden.open(Kind.DRAWN), golden.real(raters), golden.formulas)

    @property
    def kinds(self) -> dict[str, tuple[Golden, ...]]:
        """The items of each kind that has any."""
        return {name: items for name, items in (("drawn", self.drawn), ("real", self.real)) if items}

    def curves(self, profile: Profile) -> dict[str, pl.DataFrame]:
        """The curve of every item, by id, under `profile`; made anew at every call."""
        return {
            one.item.id: scorer.curve(one.evidence, profile, one.brief, one.prompts(profile))
            for one in (*self.drawn, *self.real)
        }

    @cached_property
    def curve(self) -> dict[str, pl.DataFrame]:
        """The curve of every item under the profile itself."""
        return self.curves(self.profile)

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Every item's evidence by id, with the weighted signals as measured, derived ones too."""
        return {
            one.item.id: derived(
                one.evidence, self.profile.weights, one.brief, one.prompts(self.profile)
            ).select(list(self.profile.weights))
            for one in (*self.drawn, *self.real)
        }

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        """How the profile orders the windows, by kind; the kinds are never mixed."""
        return {name: evaluate(items, of_profile(self.profile)) for name, items in self.kinds.items()}

    def moments(self, profile: Profile, *, backwards: bool = False) -> Selection:
        """What the lane would choose from the drawn items as one batch."""
        batch = {one.item.id: one.evidence for one in (reversed(self.drawn) if backwards else self.drawn)}
        return select.select(batch, profile, Brief(), wordeye.prompts(profile, Brief()))


def without(profile: Profile, signal: str) -> Profile:
    """The profile as if it did not weigh `signal`; its weight goes to the others."""
    rest = {name: weight for name, weight in profile.weights.items() if name != signal}
    total = sum(rest.values())
    return replace(
        profile,
        weights={name: weight / total for name, weight in rest.items()},
        shapes={name: shape for name, shape in profile.shapes.items() if name != signal},
        off=(*profile.off, signal),
    )
