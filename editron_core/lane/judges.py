"""The machine's judgement that a promotion rests on: the gate, and the holdout.

Both are given to `promotion.promote`, so that a test can promote without a golden set, and production
cannot: `judges()` is what the command line hands over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from editron_core.domain import codec
from editron_core.domain.label import Raters, Split
from editron_core.qa import evaluate, golden
from editron_core.qa.golden import Kind
from editron_core.qa.metrics import Interval
from editron_core.score.profile import Profile


class Judgement(Protocol):
    """What came of judging a profile; a dataclass, so that it can be kept as JSON."""

    @property
    def passed(self) -> bool:
        """Whether the profile may go on."""


@dataclass(frozen=True)
class Judges:
    """Who judges a profile, by which golden set."""

    golden_hash: str
    """SHA-256 of the golden set's manifest, which holds the checksum of everything in it."""
    holdout_hash: str
    """SHA-256 over the holdout's entries alone: other items that are frozen anew make it no other holdout."""
    gate: Callable[[Profile], Judgement]
    """Reads the tune split only, so it can be asked as often as one likes."""
    holdout: Callable[[Profile, Callable[[], None]], Judgement]
    """Reads the holdout; calls its second argument first, which writes the reading down."""


@dataclass(frozen=True)
class HoldoutFigure:
    """What a profile reaches on the real items that nothing was fitted to."""

    passed: bool
    """Whether its mean is above every baseline's: so few items cannot tell more."""
    spearman: Interval
    """Mean over items of the rank correlation with the panel."""
    baselines: Mapping[str, Interval]
    """The same of each baseline."""
    items: tuple[str, ...]
    raters: tuple[str, ...]
    """Which kinds of raters the panel is made of."""


def judges(raters: Raters = Raters.AUTOMATED) -> Judges:
    """The gate and the holdout of the golden dataset in this checkout, by the labels of one kind of raters.

    Raises UsageError without one.
    """
    from editron_core.qa.gate import gate

    dataset = golden.load()
    held = [entry for entry in dataset.entries if entry.item.split is Split.HOLDOUT]
    # What other raters said of other clips makes it no other holdout.
    read = [entry for entry in held if entry.item.raters in (raters, Raters.CONSTRUCTION)]
    return Judges(
        golden_hash=dataset.hash,
        holdout_hash=codec.content_hash([codec.dump(entry) for entry in read]),
        gate=lambda profile: gate(profile, dataset, raters),
        holdout=lambda profile, record: figure(profile, dataset, record, raters),
    )


def figure(
    profile: Profile,
    dataset: golden.GoldenSet,
    record: Callable[[], None],
    raters: Raters = Raters.AUTOMATED,
) -> HoldoutFigure:
    """The holdout figure of `profile` beside the baselines'; `record` is called before anything is read."""
    found = dataset.holdout(record, Kind.REAL, raters)
    reached = evaluate.evaluate(found, evaluate.of_profile(profile)).spearman
    beside = {name: evaluate.evaluate(found, scorer).spearman for name, scorer in evaluate.BASELINES.items()}
    return HoldoutFigure(
        passed=all(reached.mean > other.mean for other in beside.values()),
        spearman=reached,
        baselines=beside,
        items=tuple(one.item.id for one in found),
        raters=tuple(sorted({one.item.raters.value for one in found})),
    )
