"""Whether a profile works at all: checks that need no label.

Each stands for a defect that was published of a product which guesses its weights: weights that do not sum,
a weighted channel without data, a scale that saturates, a cache that mixes two formulas, a choice that
differs from run to run, a setting that is read nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from editron_core.domain import codec
from editron_core.domain.evidence import SIGNALS
from editron_core.qa.applied import profile_is_applied
from editron_core.qa.evaluate import DIGITS
from editron_core.qa.exam import Exam, GateCheck, without
from editron_core.score.profile import SUM_TOLERANCE

FEWEST_SIGNALS = 3
MOST_WEIGHT = 0.5
"""A profile that follows one signal more than all others together is that signal."""
LEAST_MEASURED = 0.25
"""Share of a kind's rows in which a weighted signal must have been measured."""
TOP = 0.98
"""From here on a value of 0..1 counts as the top of its scale."""
MOST_AT_TOP = 0.5
"""Where more rows than this share lie at the top, the scale tells the better half apart by nothing."""
LEAST_SPREAD = 0.02
"""Between the quartiles of a kind's scores."""


def weights_are_sane(exam: Exam) -> GateCheck:
    """They sum to 1, each is above 0, there are several, and none outweighs the rest."""
    weights = exam.profile.weights
    total, heaviest = math.fsum(weights.values()), max(weights, key=lambda name: weights[name])
    wrong = [name for name, weight in weights.items() if not weight > 0 or name not in SIGNALS]
    passed = (
        not wrong
        and abs(total - 1) <= SUM_TOLERANCE
        and len(weights) >= FEWEST_SIGNALS
        and weights[heaviest] <= MOST_WEIGHT
    )
    return GateCheck(
        "weights are sane",
        passed,
        f"{len(weights)} signals, sum {total:.6g}, heaviest {heaviest} {weights[heaviest]:.2f}",
        f"{FEWEST_SIGNALS} signals or more, sum 1, none above {MOST_WEIGHT:g}",
        f"no signal, or not above 0: {', '.join(wrong)}" if wrong else "",
    )


def evidence_is_of_one_formula(exam: Exam) -> GateCheck:
    """All frozen evidence was made by the same analysis code."""
    found = exam.formulas
    odd = min(found.values(), key=len) if len(found) > 1 else ()
    return GateCheck(
        "evidence is of one formula",
        len(found) == 1,
        f"{len(found)} version{'s' if len(found) != 1 else ''} of the analysis code",
        "1",
        f"not as the others: {', '.join(odd)}; freeze all anew" if odd else "",
    )


def signals_are_measured(exam: Exam) -> GateCheck:
    """Every weighted signal was measured on the drawn or on the real items, and is not always the same."""
    tables = {
        kind: pl.concat([exam.tables[one.item.id] for one in items]) for kind, items in exam.kinds.items()
    }
    filled = {kind: {column.name: _measured(column) for column in table} for kind, table in tables.items()}
    best = {name: max(share[name] for share in filled.values()) for name in exam.profile.weights}
    dead = [name for name, share in best.items() if share < LEAST_MEASURED]
    untried = [name for name in best if name not in dead and filled.get("real", {}).get(name) == 0]
    detail = f"no data, or always the same: {', '.join(dead)}" if dead else ""
    if untried and not dead:
        detail = f"on drawn items only, so wired but not judged by taste: {', '.join(untried)}"
    least = min(best, key=lambda name: best[name])
    return GateCheck(
        "signals are measured",
        not dead,
        f"least {least}, {best[least]:.0%} of the rows",
        f"{LEAST_MEASURED:.0%} of the rows of one kind",
        detail,
    )


def signals_change_the_ranking(exam: Exam) -> GateCheck:
    """Taking a weighted signal away changes the order of some item's rows."""
    before = _orders(exam.curve)
    dead = []
    for name in exam.profile.weights:
        if len(exam.profile.weights) == 1:
            continue
        after = _orders(exam.curves(without(exam.profile, name)))
        if all(np.array_equal(before[key], after[key]) for key in before):
            dead.append(name)
    return GateCheck(
        "signals change the ranking",
        not dead,
        f"{len(exam.profile.weights) - len(dead)} of {len(exam.profile.weights)} do",
        "all",
        f"the order is the same without: {', '.join(dead)}" if dead else "",
    )


def scales_are_not_saturated(exam: Exam) -> GateCheck:
    """No weighted signal sits at the top of its scale, and scores tell rows apart.

    Real footage says it, and drawn footage of what was measured nowhere else: there every scene is new.
    """
    faults, narrowest, judged = [], math.inf, set[str]()
    for kind in sorted(exam.kinds, reverse=True):
        ids = [one.item.id for one in exam.kinds[kind]]
        score = pl.concat([exam.curve[key] for key in ids])["score"].drop_nulls()
        for column in (*pl.concat([exam.tables[key] for key in ids]), score):
            known = column.drop_nulls()
            top = (known >= TOP).sum() / max(1, len(known))
            if column.name not in judged and top > MOST_AT_TOP:
                faults.append(f"{column.name}: {top:.0%} of the {kind} rows at the top")
            judged |= {column.name} if len(known) else set()
        low, high = np.quantile(score, [0.25, 0.75]) if len(score) else (0.0, 0.0)
        narrowest = min(narrowest, float(high - low))
    if narrowest < LEAST_SPREAD:
        faults.append("scores hardly differ")
    return GateCheck(
        "scales are not saturated",
        not faults,
        f"scores spread over {narrowest:.2f} between their quartiles",
        f"{LEAST_SPREAD:g} or more; at most {MOST_AT_TOP:.0%} of the rows at the top of a scale",
        "; ".join(faults),
    )


def replay_is_deterministic(exam: Exam) -> GateCheck:
    """The same evidence gives the same curves and the same moments, in whatever order it comes."""
    again = exam.curves(exam.profile)
    differ = [key for key, curve in exam.curve.items() if not curve.equals(again[key])]
    first, second = exam.moments(exam.profile), exam.moments(exam.profile, backwards=True)
    same = codec.canonical(codec.dump(first)) == codec.canonical(codec.dump(second))
    return GateCheck(
        "replay is deterministic",
        not differ and same,
        f"{len(differ)} of {len(exam.curve)} curves differ, moments {'do not' if same else 'do'}",
        "the same bytes twice, in whatever order the files come",
        f"curves that differ: {', '.join(differ)}" if differ else "",
    )


CHECKS: tuple[Callable[[Exam], GateCheck], ...] = (
    weights_are_sane,
    evidence_is_of_one_formula,
    signals_are_measured,
    signals_change_the_ranking,
    scales_are_not_saturated,
    replay_is_deterministic,
    profile_is_applied,
)


def _measured(column: pl.Series) -> float:
    """The share of the rows in which a signal was measured; 0 where it is always the same."""
    low, high = column.min(), column.max()
    return 0.0 if low == high else 1 - column.null_count() / len(column)


def _orders(curves: Mapping[str, pl.DataFrame]) -> dict[str, np.ndarray]:
    """The order of each item's rows, best first; of equals the first."""
    return {
        key: np.argsort(-curve["score"].fill_null(-1).round(DIGITS).to_numpy(), kind="stable")
        for key, curve in curves.items()
    }
