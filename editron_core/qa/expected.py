"""Expected results: the moments that the default profile chooses of each drawn item, as they were blessed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from editron_core.domain import codec
from editron_core.errors import UsageError
from editron_core.qa import keep
from editron_core.qa.golden import Golden, GoldenSet, Kind
from editron_core.score import select
from editron_core.score.profile import Profile

FOLDER = "expected"
"""Below the golden dataset: one `<id>.json` per item."""
SCORE_TOLERANCE = 0.001
TIME_TOLERANCE_S = 0.001


@dataclass(frozen=True, slots=True)
class Chosen:
    """One moment of an expected result."""

    start_s: float
    end_s: float
    score: float
    """0..1."""

    def __str__(self) -> str:
        return f"{self.start_s:8.3f} to {self.end_s:8.3f} s  score {self.score:.3f}"

    def like(self, other: Chosen) -> bool:
        """Whether the two differ by less than arithmetic may."""
        times = max(abs(self.start_s - other.start_s), abs(self.end_s - other.end_s))
        return times <= TIME_TOLERANCE_S and abs(self.score - other.score) <= SCORE_TOLERANCE


def chosen(golden: Golden, profile: Profile) -> tuple[Chosen, ...]:
    """The moments that `profile` chooses of one item, best first."""
    evidence, prompts = {golden.item.id: golden.evidence}, golden.prompts(profile)
    moments = select.select(evidence, profile, golden.brief, prompts).moments
    return tuple(
        Chosen(round(float(m.span.start), 3), round(float(m.span.end), 3), round(m.score, 4)) for m in moments
    )


def results(found: GoldenSet, profile: Profile) -> dict[str, tuple[Chosen, ...]]:
    """The moments of every drawn item of the tune split, by id."""
    return {one.item.id: chosen(one, profile) for one in found.open(Kind.DRAWN)}


def differences(folder: Path, now: Mapping[str, Sequence[Chosen]]) -> dict[str, tuple[str, ...]]:
    """The items whose moments differ from what is expected, by id, each as the lines of a diff.

    A line begins with `-` where it was expected, `+` where it is new, a space where it is in both.
    Raises UsageError for a file that is no expected result.
    """
    before = {path.stem: _read(path) for path in sorted((folder / FOLDER).glob("*.json"))}
    out = {}
    for name in sorted({*before, *now}):
        was, is_now = before.get(name, ()), tuple(now.get(name, ()))
        same = len(was) == len(is_now) and all(a.like(b) for a, b in zip(was, is_now, strict=True))
        if not same or (name in before) != (name in now):
            lines = difflib.ndiff([str(one) for one in was], [str(one) for one in is_now])
            out[name] = tuple(line for line in lines if not line.startswith("?"))
    return out


def files(folder: Path, now: Mapping[str, Sequence[Chosen]]) -> dict[str, bytes | None]:
    """What makes `now` what is expected: content by place below `folder`, null for a file that goes."""
    gone = {path.stem: None for path in (folder / FOLDER).glob("*.json") if path.stem not in now}
    anew = {name: keep.as_json({"moments": codec.dump(tuple(found))}) for name, found in now.items()}
    return {f"{FOLDER}/{name}.json": content for name, content in {**gone, **anew}.items()}


def _read(path: Path) -> tuple[Chosen, ...]:
    try:
        data = json.loads(path.read_text("utf-8"))
        return tuple(codec.load(Chosen, one) for one in data["moments"])
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "is no expected result",
            subject=str(path),
            remedy="restore it from version control, or bless anew: editron qa regress --bless",
        ) from error
