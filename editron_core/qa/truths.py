"""Where golden truth comes from: the recipe of a drawn clip, or a file of labels.

The rule of construction, per instant: 5 inside a payoff; 1 in a title or closing card; 3 in the scene that
holds the payoff and in its neighbours; 2 elsewhere. A window's rating is the mean over its instants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter, ValidationError

from editron_core.errors import DefinitionError, UsageError
from editron_core.qa.golden import Raters, Truth
from editron_core.qa.recipe import Recipe
from editron_core.times import Span, seconds

WINDOW_S = Fraction(2)
"""Seconds per rated window of drawn items."""
DEAD = frozenset({"title", "score"})
"""Kinds of scenes that nobody would cut into a reel."""
BUILDER = Raters.CONSTRUCTION.value


@dataclass(frozen=True, slots=True)
class Labels:
    """What a file of labels says of one clip."""

    clip: str
    """The clip's place below the folder of footage."""
    genre: str
    truth: Truth
    locale: str | None
    """Where the file tells it."""


def by_construction(plan: Recipe, brief: str) -> Truth:
    """The truth of a drawn clip. Raises DefinitionError for a recipe without a payoff."""
    worth = _worth(plan)
    best = max((scene.payoff for scene in plan.scenes if scene.payoff), key=lambda span: span.duration)
    windows = -(-plan.duration // WINDOW_S)
    ratings = []
    for number in range(int(windows)):
        window = Span(number * WINDOW_S, min((number + 1) * WINDOW_S, plan.duration))
        total = sum(window.overlap(span) * value for span, value in worth)
        ratings.append(round(float(total / window.duration), 3))
    return Truth(
        window_s=WINDOW_S,
        ratings={BUILDER: tuple(ratings)},
        best={BUILDER: best},
        cuts=tuple(scene.span.start for scene in plan.scenes[1:] if not scene.dissolve),
        brief=brief,
    )


def of_labels(data: Mapping[str, Any]) -> Labels:
    """The content of a file of labels. Raises UsageError that says what is missing or does not fit.

    Keys: `clip`, `genre`, `window_s`, `ratings` (rater to one number 1..5 per window), `best_span_s` (rater
    to start and end in seconds, or null), and `locale` where it is known. All other keys are left alone:
    reasons in words do not enter the golden dataset.
    """
    if not data.get("ratings"):
        raise UsageError("holds no ratings", remedy="rate each window of the clip 1 to 5")
    try:
        best = TypeAdapter(dict[str, tuple[float, float] | None]).validate_python(data["best_span_s"])
        ratings = TypeAdapter(dict[str, tuple[float, ...]]).validate_python(data["ratings"])
        truth = Truth(
            window_s=seconds(data["window_s"]),
            ratings=ratings,
            best={rater: Span.of(*span) for rater, span in best.items() if span is not None},
            cuts=None,
        )
        return Labels(str(data["clip"]), str(data["genre"]), truth, data.get("locale"))
    except KeyError as error:
        raise UsageError(f"has no key {error}", remedy="see qa_golden/README.md") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{key}: {first['msg']}", remedy="see qa_golden/README.md") from error
    except ValueError as error:
        raise UsageError(str(error), remedy="see qa_golden/README.md") from error


def _worth(plan: Recipe) -> list[tuple[Span, int]]:
    """Stretches that cover the clip, and what an instant of each is worth."""
    out: list[tuple[Span, int]] = []
    paying = [n for n, scene in enumerate(plan.scenes) if scene.payoff is not None]
    if not paying:
        raise DefinitionError("has no payoff", subject=plan.name, remedy="give one scene a `payoff`")
    for number, scene in enumerate(plan.scenes):
        near = any(abs(number - other) <= 1 for other in paying)
        value = 1 if scene.kind in DEAD else 3 if near else 2
        if scene.payoff is None:
            out.append((scene.span, value))
        else:
            before, after = Span(scene.span.start, scene.payoff.start), Span(scene.payoff.end, scene.span.end)
            out += [(before, value), (scene.payoff, 5), (after, value)]
    return out
