"""Whether a profile chooses well, as far as the labels can tell: on the tune split, cross-validated.

A profile's own figure on items that it was tuned on is too good. So its weights are fitted again, in its
form and with its normalisation, each time without one item, which is then judged by them. Both figures must
hold. The second is still flattered by whoever chose signals and normalisation with these items in view: only
the holdout, which is read at promotion, is free of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from editron_core.qa.agreement import agreement
from editron_core.qa.channels import Channels, of_golden
from editron_core.qa.compare import compare
from editron_core.qa.evaluate import BASELINES, Evaluation, ItemScore, evaluate, of_profile
from editron_core.qa.exam import Exam, GateCheck
from editron_core.qa.golden import Golden
from editron_core.qa.linear import Learned, Linear
from editron_core.qa.metrics import interval
from editron_core.qa.study import Point
from editron_core.qa.tune import as_profile, words
from editron_core.score.profile import Profile

FLOOR = 0.0
"""Least mean rho of a locale or genre: below it, its windows are ordered worse than by no order at all."""
LEAST_AGREEMENT = 0.3
"""Of an item's raters with each other (`agreement`), for its order to mean anything."""
CHANCE = 0.5
"""Share of pairs that are in the panel's order by chance."""


def cross_validated(golden: Sequence[Golden], profile: Profile) -> Evaluation:
    """How a profile of this form orders each item when its weights were fitted without it.

    Fitted anew are the weights of the profile's signals (and shapes, if it has any), pulled towards equal
    weights, because its own have seen the item. Raises UsageError as `qa.channels.of_golden`.
    """
    channels = of_golden(golden, profile).only(tuple(profile.weights))
    by_item: dict[int, Learned] = {}
    for fold, learned in zip(channels.folds, _fitted(channels, profile), strict=True):
        by_item |= dict.fromkeys(fold, learned)
    scores: list[ItemScore] = []
    for number, one in enumerate(golden):
        refitted = as_profile(profile, channels.names, by_item[number])
        scores += evaluate([one], of_profile(refitted)).scores
    return Evaluation(tuple(scores))


def beats_the_baselines(exam: Exam) -> Iterator[GateCheck]:
    """One check for each: the profile and its refits order the real items better, and the items show it."""
    ours, refitted = exam.evaluations["real"], cross_validated(exam.real, exam.profile)
    for name, scorer in BASELINES.items():
        baseline = evaluate(exam.real, scorer)
        own, fresh = compare(ours, baseline), compare(refitted, baseline)
        yield GateCheck(
            f"beats {name}",
            own.better and fresh.better,
            f"{own}; cross-validated {fresh}",
            "better by an interval that leaves out 0, both times",
            f"rho {words(ours.spearman)}, cross-validated {words(refitted.spearman)}, "
            f"{name} {words(baseline.spearman)}",
        )


def orders_pairs(exam: Exam) -> GateCheck:
    """Of two windows that the panel tells apart, the better one scores higher more often than by chance."""
    share = [
        (score.right + score.tied / 2) / score.pairs
        for score in exam.evaluations["real"].scores
        if score.pairs
    ]
    found = interval(share)
    return GateCheck(
        "orders pairs as the panel does",
        found.low > CHANCE,
        words(found),
        f"above {CHANCE:g} with its interval",
    )


def finds_what_was_drawn(exam: Exam) -> GateCheck:
    """Drawn items are ordered as they were constructed: the wiring holds."""
    found = exam.evaluations["drawn"].spearman
    return GateCheck(
        "finds what was drawn",
        found.low > 0,
        f"rho {words(found)}",
        "above 0 with its interval",
        "drawn items test wiring, not taste",
    )


def sacrifices_nobody(exam: Exam) -> Iterator[GateCheck]:
    """One check for each kind: no locale and no genre is ordered worse than by no order at all.

    Items whose own raters hardly agree cannot say that they are: they do not count.
    """
    for kind, items in exam.kinds.items():
        told = {one.item.id for one in items if _tells(one)}
        scores = tuple(score for score in exam.evaluations[kind].scores if score.item.id in told)
        mute = sorted({one.item.id for one in items} - told)
        detail = f"raters do not agree on: {', '.join(mute)}" if mute else ""
        by_locale = Evaluation(scores).by(lambda item: f"locale {item.locale}")
        by_genre = Evaluation(scores).by(lambda item: f"genre {item.genre}")
        slices = {name: part.spearman.mean for name, part in (by_locale | by_genre).items()}
        worst = min(slices, key=lambda name: slices[name], default="")
        yield GateCheck(
            f"sacrifices no locale or genre ({kind})",
            bool(slices) and slices[worst] >= FLOOR,
            f"worst {worst}: rho {slices[worst]:.2f}" if slices else "no item tells",
            f"{FLOOR:g} or more",
            detail,
        )


def _tells(golden: Golden) -> bool:
    """Whether an item's raters agree enough for their order to mean something; one rater is taken as is."""
    found = agreement(golden.truth.rows)
    return found is None or found >= LEAST_AGREEMENT


def _fitted(channels: Channels, profile: Profile) -> list[Learned]:
    """For each fold what is learned of the items outside it."""
    how = profile.normalisation
    linear = Linear(channels, np.ones(len(channels.names)), how)
    point: Point = {
        "contrast": how.contrast,
        "smoothing_s": how.smoothing_s,
        "ridge": 1.0,
        "sparsity": 0.0,
        "least": 0.0,
    }
    bases = [linear.learn(point, without=fold) for fold in channels.folds]
    if not profile.shapes:
        return bases
    from editron_core.qa.additive import START, Tables, train

    return train(Tables.of(channels, how), bases, [channels.rest(fold) for fold in channels.folds], START)
