"""How the default profile orders the golden items, by item, locale and genre; and the moments it chooses.

Drawn and real items are never mixed in one number, and neither are labels of machines and of people: what is
read of real items is by the machines' unless its name says `people`. Drawn items test wiring, not taste. The
holdout is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from editron_core.qa import golden
from editron_core.qa.evaluate import Evaluation, evaluate, of_profile
from editron_core.qa.golden import Raters
from editron_core.qa.reading import Reading
from editron_core.score import profile as profiles
from editron_core.score.profile import Profile

SUITE = "scoring"
TOLERANCE = 0.005
"""Rank correlations move in steps: a difference below this is arithmetic, not order."""


def readings(folder: Path = golden.FOLDER, profile: Profile | None = None) -> tuple[Reading, ...]:
    """Rank correlations of the profile's scores with the raters (`default` where none is given)."""
    scorer = of_profile(profile or profiles.load("default"))
    found = golden.load(folder)
    out: list[Reading] = []
    for kind, raters in found.panels:
        name = f"{kind}, {raters}" if raters is Raters.PEOPLE else kind.value
        out += _readings(name, evaluate(found.open(kind, raters=raters), scorer))
    return tuple(out)


def _readings(kind: str, result: Evaluation) -> Iterator[Reading]:
    pairs = round(result.pairwise, 4)
    yield _rho(f"{kind}: all", result)
    yield Reading(SUITE, f"{kind}: pairs in the raters' order", pairs, "", TOLERANCE)
    for locale, some in result.by(lambda item: item.locale).items():
        yield _rho(f"{kind}: locale {locale}", some, locale=locale)
    for genre, some in result.by(lambda item: item.genre).items():
        yield _rho(f"{kind}: genre {genre}", some, genre=genre)
    for one in result.scores:
        item = one.item
        yield _rho(f"{kind}: {item.id}", Evaluation((one,)), locale=item.locale, genre=item.genre)


def _rho(name: str, result: Evaluation, *, locale: str = "", genre: str = "") -> Reading:
    value = sum(score.spearman for score in result.scores) / len(result.scores)
    return Reading(SUITE, name, round(value, 4), "rho", TOLERANCE, locale, genre)
