"""Is one scorer better than another, and could these items tell?

Both scorers order the same items, so that what is compared is the difference per item. A difference is
called where its bootstrap interval leaves out 0 *and* there are items enough that equal scorers would
hardly ever look so. Elsewhere it is said how many items would be needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from editron_core.errors import UsageError
from editron_core.qa.evaluate import Evaluation
from editron_core.qa.metrics import Interval, difference

FEWEST = 6
"""Items under which no difference is called: of five, equal scorers agree in sign on all in 2 of 2^5 draws,
6 % (the sign test), and a bootstrap over so few is too narrow."""
SMALLEST = 0.02
"""Differences of rho under this are of no use to anybody; how many items show one is not asked."""
Z_LEVEL = 1.959964
"""Normal quantile of a two-sided 95 % test."""
Z_POWER = 0.841621
"""Normal quantile of 80 % power."""


@dataclass(frozen=True)
class Comparison:
    """What the same items say of two scorers."""

    difference: Interval
    """Mean of the first scorer's rho less the second's, over items."""
    needed: int | None
    """About so many items would show a difference as large as the observed one (`SMALLEST` at least); null
    where one item leaves open how much differences vary."""

    @property
    def shown(self) -> bool:
        """Whether the items tell the two apart."""
        interval = self.difference
        return interval.count >= FEWEST and not interval.low <= 0 <= interval.high

    @property
    def better(self) -> bool:
        """Whether the first scorer is shown to be the better one."""
        return self.shown and self.difference.mean > 0

    def __str__(self) -> str:
        found = self.difference
        items = f"{found.count} item{'s' if found.count != 1 else ''}"
        if self.shown:
            word, low, high = "better", found.low, found.high
            if found.mean < 0:
                word, low, high = "worse", -found.high, -found.low
            return f"{word} by {abs(found.mean):.2f} ({low:.2f} to {high:.2f}, {items})"
        if found.low == found.mean == found.high == 0:
            return f"no difference: the same order on {items}"
        seen = f"{found.mean:+.2f}"
        if found.count > 1:
            seen += f", {found.low:+.2f} to {found.high:+.2f}"
        more = f"about {self.needed}" if self.needed else f"at least {FEWEST}"
        return f"no difference that {items} can show ({seen}); {more} would be needed"


def compare(ours: Evaluation, theirs: Evaluation) -> Comparison:
    """The paired comparison of two evaluations of the same items.

    Raises UsageError where the items differ.
    """
    first = {score.item.id: score.spearman for score in ours.scores}
    second = {score.item.id: score.spearman for score in theirs.scores}
    if first.keys() != second.keys():
        odd = sorted(first.keys() ^ second.keys())
        raise UsageError(
            "was evaluated in one of the two only", subject=odd[0], remedy="compare on the same items"
        )
    a, b = [first[key] for key in sorted(first)], [second[key] for key in sorted(first)]
    found = difference(a, b)
    if found.count < 2:
        return Comparison(found, None)
    count = needed(float(np.subtract(a, b).std(ddof=1)), found.mean)
    comparison = Comparison(found, count)
    # By chance these items may not show what as many usually would: more of them are needed all the same.
    return comparison if comparison.shown else Comparison(found, max(count, found.count + 1))


def needed(spread: float, effect: float) -> int:
    """How many items show a mean difference of `effect` in 80 of 100 sets, two-sided at 5 %.

    `n = (z_0.975 + z_0.8)^2 * spread^2 / effect^2 + z_0.975^2 / 2`, the paired design's sample size with
    Guenther's correction for an estimated spread (Guenther 1981, The American Statistician 35(4);
    Chow, Shao and Wang, Sample Size Calculations in Clinical Research, chapter 3). `spread` is the
    standard deviation of the differences. `FEWEST` at least.
    """
    effect = max(abs(effect), SMALLEST)
    count = ((Z_LEVEL + Z_POWER) * spread / effect) ** 2 + Z_LEVEL**2 / 2
    return max(FEWEST, math.ceil(count))
