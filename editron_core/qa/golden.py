"""The golden dataset: what the machine's judgement is measured against. See qa_golden/README.md.

Two kinds of items, never mixed in one number. *Drawn* items are made by `qa/drawn.py`; their truth is
known by construction and tests wiring, not taste. *Real* items are frozen evidence of real clips with
labels; they hold signals and ratings only. An item has raters of one kind: a clip that machines and people
have rated is two items, and these too are never mixed in one number.

A folder holds `manifest.json` (what there is, with the checksum of every frozen file), `truth/<id>.json`
and `evidence/<id>/`. Every frozen file is held against its checksum on load. The holdout's evidence and
truth come out through `GoldenSet.holdout` alone, which has the reading written down first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from editron_core.config import ROOT
from editron_core.domain import codec
from editron_core.domain.evidence import Evidence
from editron_core.domain.label import Raters as Raters
from editron_core.domain.label import Split as Split
from editron_core.errors import UsageError
from editron_core.qa import wordeye
from editron_core.score.brief import Brief
from editron_core.score.derive import PromptVectors
from editron_core.score.profile import Profile
from editron_core.times import Span

Word = TypeVar("Word", bound=StrEnum)
FOLDER = ROOT / "qa_golden"
MANIFEST = "manifest.json"
GET = {
    Raters.PEOPLE: "rate files with editron review rate, then editron qa freeze --from-labels",
    Raters.AUTOMATED: "editron qa freeze FOOTAGE",
    Raters.CONSTRUCTION: "drawn items alone are rated by construction",
}
"""How to come by items with labels of some raters."""
REMEDY = "restore it from version control, or freeze it again: editron qa freeze"


class Kind(StrEnum):
    """Where an item's footage comes from. Numbers of different kinds are never mixed."""

    DRAWN = "drawn"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the manifest."""

    id: str
    kind: Kind
    locale: str
    """BCP 47 tag of what is spoken; `mul` several, `zxx` nothing, `und` where nobody knows."""
    genre: str
    split: Split
    checksum: str
    """SHA-256 (hex) of the footage; of the recipe where the item is drawn."""
    raters: Raters
    rater_count: int
    footage: str
    """The file's name, without folders."""
    formula: str = ""
    """Version of the analysis code that made the evidence."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is worth showing in one item, by its raters."""

    window_s: Fraction
    """Seconds per rated window; the last may be shorter."""
    ratings: Mapping[str, tuple[float | None, ...]]
    """By rater: 1 (leave it out) to 5 (show it) per window, all of one length; null where the rater said
    nothing, as a decision about a cut does of what is not in it."""
    best: Mapping[str, Span]
    """By rater: the one span to show if there is room for one."""
    cuts: tuple[Fraction, ...] | None
    """Where shots begin, but the first, in seconds; null where nobody knows."""
    brief: str = ""
    """What the cut is to be about."""

    def __post_init__(self) -> None:
        if self.window_s <= 0:
            raise ValueError("a window lasts longer than 0 s")
        if not self.ratings or len({len(row) for row in self.ratings.values()}) != 1:
            raise ValueError("there is at least one rater, and all rate the same windows")
        given = [value for row in self.ratings.values() for value in row if value is not None]
        if any(not 1 <= value <= 5 for value in given):
            raise ValueError("ratings are 1 to 5")

    @property
    def rows(self) -> NDArray[np.float64]:
        """What was said, (raters, windows), raters in the order of their names; NaN for nothing."""
        return np.array([self.ratings[rater] for rater in sorted(self.ratings)], np.float64)

    @property
    def panel(self) -> NDArray[np.float64]:
        """The mean over the raters that spoke, (windows,), 1..5; NaN where none did."""
        rows = self.rows
        known = ~np.isnan(rows)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(known, rows, 0.0).sum(axis=0) / known.sum(axis=0))

    def windows(self, rows: int, step: Fraction) -> NDArray[np.int64]:
        """The window that the first instant of each of `rows` rows of evidence lies in; (rows,).

        Rows after the last window have numbers that no window has.
        """
        return np.array([int(row * step / self.window_s) for row in range(rows)], dtype=np.int64)


@dataclass(frozen=True)
class Golden:
    """One item with its frozen evidence and its truth."""

    item: Item
    evidence: Evidence
    truth: Truth

    @property
    def brief(self) -> Brief:
        """The truth's brief, as the scorer takes it."""
        return Brief(self.truth.brief)

    def prompts(self, profile: Profile) -> PromptVectors | None:
        """The profile's prompts and the brief, read by the eye that saw the item's frames.

        None for real items: what is frozen of them holds no embeddings to compare texts with.
        """
        return wordeye.prompts(profile, self.brief) if self.item.kind is Kind.DRAWN else None


@dataclass(frozen=True, slots=True)
class Entry:
    """An item and the frozen files that belong to it."""

    item: Item
    files: Mapping[str, str]
    """SHA-256 (hex) by path relative to the folder, with forward slashes."""


@dataclass(frozen=True)
class GoldenSet:
    """What a folder holds. `load` makes it; opening reads evidence and truth from the disk."""

    folder: Path
    entries: tuple[Entry, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item of the manifest, the holdout's included, by id."""
        return tuple(entry.item for entry in self.entries)

    @property
    def panels(self) -> tuple[tuple[Kind, Raters], ...]:
        """What `open` gives of the tune split: each kind of items with each kind of raters that it has."""
        found = {(item.kind, item.raters) for item in self.items if item.split is Split.TUNE}
        return tuple(sorted(found))

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the manifest, which holds the checksum of everything else."""
        return hashlib.sha256((self.folder / MANIFEST).read_bytes()).hexdigest()

    @cached_property
    def formulas(self) -> dict[str, tuple[str, ...]]:
        """The ids of the items by the version of the analysis code that made their evidence.

        More than one key is a mixture of formulas: their numbers cannot be compared.
        """
        found: dict[str, list[str]] = {}
        for item in self.items:
            found.setdefault(item.formula, []).append(item.id)
        return {formula: tuple(ids) for formula, ids in sorted(found.items())}

    def item(self, name: str) -> Item:
        """The item with this id. Raises UsageError where there is none."""
        return self._entry(name).item

    def one(self, name: str) -> Golden:
        """One item of the tune split by its id. Raises UsageError for an unknown id, or the holdout's."""
        entry = self._entry(name)
        _refuse_holdout(entry.item.split)
        return self._read(entry)

    def open(
        self, kind: Kind | str, split: Split | str = Split.TUNE, raters: Raters | str | None = None
    ) -> tuple[Golden, ...]:
        """The items of one kind in one split, by id; of some `raters` only, where they are named.

        Raises UsageError for the holdout (see `holdout`), for a word that is no kind, split or raters, and
        where items of several kinds of raters would come together: people and machines are never mixed in
        one number.
        """
        chosen = _meant(Split, split)
        _refuse_holdout(chosen)
        who = None if raters is None else _meant(Raters, raters)
        return self._open(_meant(Kind, kind), chosen, who)

    def real(self, raters: Raters | str) -> tuple[Golden, ...]:
        """The real items of the tune split that one kind of raters rated, by id; one at least.

        Raises UsageError, with how to get some, where there is none, and as `open`.
        """
        who = _meant(Raters, raters)
        found = self.open(Kind.REAL, raters=who)
        if not found:
            raise UsageError(
                f"holds no real items rated by {who} raters", subject=str(self.folder), remedy=GET[who]
            )
        return found

    def holdout(
        self, record: Callable[[], None], kind: Kind = Kind.REAL, raters: Raters | None = None
    ) -> tuple[Golden, ...]:
        """The holdout's items of one kind, by id; `record` is called first, to write the reading down.

        Nothing is read where `record` raises. Raises UsageError as `open` does for mixed raters, and where no
        item is held out, which is no reading.
        """
        if not self._wanted(kind, Split.HOLDOUT, raters):
            who = f" rated by {raters} raters" if raters else ""
            raise UsageError(f"holds out no {kind} items{who}", subject=str(self.folder))
        record()
        return self._open(kind, Split.HOLDOUT, raters)

    def _wanted(self, kind: Kind, split: Split, raters: Raters | None) -> tuple[Entry, ...]:
        return tuple(
            entry
            for entry in self.entries
            if entry.item.kind is kind and entry.item.split is split and raters in (None, entry.item.raters)
        )

    def _open(self, kind: Kind, split: Split, raters: Raters | None) -> tuple[Golden, ...]:
        wanted = self._wanted(kind, split, raters)
        found = sorted({entry.item.raters.value for entry in wanted})
        if len(found) > 1:
            raise UsageError(
                f"were rated by {' and '.join(found)} raters, who are never mixed in one number",
                subject=f"{kind} items",
                remedy=f"name one of them: raters={' or '.join(found)}",
            )
        return tuple(self._read(entry) for entry in wanted)

    def _entry(self, name: str) -> Entry:
        for entry in self.entries:
            if entry.item.id == name:
                return entry
        known = ", ".join(item.id for item in self.items)
        raise UsageError("is no golden item", subject=name, remedy=f"items are {known}")

    def _read(self, entry: Entry) -> Golden:
        truth = self.folder / "truth" / f"{entry.item.id}.json"
        try:
            told = codec.load(Truth, json.loads(truth.read_text("utf-8")))
        except ValueError as error:  # json's and pydantic's own
            raise _broken(truth, f"is no truth: {_first(error)}") from error
        evidence = Evidence.load(self.folder / "evidence" / entry.item.id)
        return checked(Golden(entry.item, evidence, told))


def load(folder: Path = FOLDER) -> GoldenSet:
    """The golden dataset in `folder`, every frozen file held against its checksum.

    Raises UsageError that names the file and the remedy where the manifest is missing or does not hold
    together, or where a frozen file is missing or is not what was frozen.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text("utf-8"))
        entries = tuple(codec.load(Entry, entry) for entry in data["items"])
    except FileNotFoundError as error:
        raise _broken(path, "is missing: this folder is no golden dataset") from error
    except (ValueError, TypeError, KeyError) as error:
        raise _broken(path, f"does not hold together: {_first(error)}") from error
    ids = [entry.item.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise _broken(path, "names an item twice")
    for entry in entries:
        _verify(folder, entry)
    return GoldenSet(folder, tuple(sorted(entries, key=lambda entry: entry.item.id)))


def _verify(folder: Path, entry: Entry) -> None:
    needed = {f"truth/{entry.item.id}.json", f"evidence/{entry.item.id}/evidence.parquet"}
    for name in sorted(needed - set(entry.files)):
        raise _broken(folder / name, "has no checksum in the manifest")
    for name, checksum in sorted(entry.files.items()):
        path = folder / name
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise _broken(path, f"cannot be read: {error.strerror}") from error
        if found != checksum:
            raise _broken(path, "is not what was frozen: its checksum differs from the manifest's")


def checked(found: Golden) -> Golden:
    """`found`, whose windows cover its evidence; the last one may be short or missing.

    Raises UsageError where they do not.
    """
    windows, window = len(found.truth.panel), found.truth.window_s
    duration = found.evidence.duration
    if not (windows - 1) * window < duration <= (windows + 1) * window:
        raise UsageError(
            f"has {windows} rated windows of {float(window):g} s, and {float(duration):g} s of evidence",
            subject=found.item.id,
            remedy="label the whole clip, and freeze it again",
        )
    return found


def _meant(words: type[Word], given: Word | str) -> Word:
    """The word of an enumeration that is meant, whichever way it is written."""
    try:
        return words(given)
    except ValueError as error:
        known = ", ".join(word.value for word in words)
        raise UsageError(
            f"is no {words.__name__.lower()}", subject=str(given), remedy=f"use {known}"
        ) from error


def _refuse_holdout(split: Split) -> None:
    if split is Split.HOLDOUT:
        raise UsageError(
            "is read at promotion only, and each reading is recorded",
            subject="the holdout",
            remedy="use the tune split",
        )


def _broken(path: Path, message: str) -> UsageError:
    return UsageError(message, subject=str(path), remedy=REMEDY)


def _first(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return repr(error)
