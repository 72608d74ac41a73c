"""Labels of people: what they rated blind, and what follows from their decisions.

A decision about a cut says something about the footage in it, by this rule:

- approve: every clip of the cut is rated 5.
- reject: every clip of the cut is rated 1. The decision keeps the reason, which may lie elsewhere.
- trim: of the clip that was trimmed, the part that was kept is rated 5 and what was cut away 2: it was good
  enough to be looked at. The other clips get nothing.

Each author's latest decision about a cut counts. These labels form a split of their own, `review`: they
exist only where a profile had already chosen, so they can teach a profile and never measure one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editron_core.domain.job import Decision, Verdict
from editron_core.domain.label import Label, LabelSource, Raters, Split
from editron_core.domain.timeline import Timeline
from editron_core.errors import UsageError
from editron_core.qa import golden
from editron_core.qa.agreement import agreement
from editron_core.store import Store
from editron_core.times import Span

WINDOW_S = Fraction(2)
REST_S = Fraction(1, 4)
"""A rest of a file that is no longer makes no window of its own."""
LIKED, CUT_AWAY, DISLIKED = 5, 2, 1


@dataclass(frozen=True, slots=True)
class Footage:
    """The file that is rated."""

    name: str
    sha256: str
    duration: Fraction
    """Seconds."""

    @property
    def windows(self) -> tuple[Span, ...]:
        """The two-second windows to rate; the last may reach past the end."""
        count = max(1, math.ceil((self.duration - REST_S) / WINDOW_S))
        return tuple(Span(at * WINDOW_S, (at + 1) * WINDOW_S) for at in range(count))


@dataclass(frozen=True)
class Ratings:
    """What one kind of rater said of one file, laid on windows, as `qa.golden.Truth` has it."""

    window_s: Fraction
    """Seconds per window."""
    ratings: Mapping[str, tuple[float | None, ...]]
    """By rater: 1..5 per window, all of one length; null where the rater said nothing."""

    @property
    def panel(self) -> NDArray[np.float64]:
        """The mean over the raters that spoke, (windows,), 1..5; NaN where none did."""
        columns = zip(*(self.ratings[rater] for rater in sorted(self.ratings)), strict=True)
        return np.array([_mean(value for value in column if value is not None) for column in columns])


def of_decision(decision: Decision, shown: Timeline, trimmed: Timeline | None = None) -> tuple[Label, ...]:
    """The labels that follow from `decision` about the cut `shown`; a trim made `trimmed` of it.

    A file of the golden holdout keeps its split here too.
    """
    if decision.verdict is Verdict.TRIM:
        spans = _trim(shown, trimmed) if trimmed else []
    else:
        rating = LIKED if decision.verdict is Verdict.APPROVE else DISLIKED
        spans = [(clip.file_id, clip.source, rating) for clip in shown.clips]
    # A clip that plays twice in a cut is judged once.
    return tuple(
        Label(
            file_sha256=file_id,
            rater=decision.author,
            kind=Raters.PEOPLE,
            span=span,
            rating=rating,
            split=_split(file_id, Split.REVIEW),
            source=LabelSource.DECISION,
            content_hash=decision.content_hash,
        )
        for file_id, span, rating in dict.fromkeys(spans)
    )


def rate(
    store: Store, footage: Footage, rater: str, ratings: Sequence[int], *, again: bool = False
) -> tuple[Label, ...]:
    """Record what a person says of each window of a file, without having seen any score.

    A file of the golden holdout keeps its split: what is said of it teaches nothing. Raises UsageError
    for another count than the windows', a rating off the scale or no name; StoreError where the person
    rated the file before and otherwise, unless `again`.
    """
    if not rater.strip():
        raise UsageError("a rating is signed", remedy="--as NAME")
    windows = footage.windows
    if len(ratings) != len(windows):
        raise UsageError(
            f"has {len(windows)} windows of {float(WINDOW_S):g} s, and {len(ratings)} ratings were given",
            subject=footage.name,
            remedy="give one rating, 1 to 5, for each window",
        )
    split = _split(footage.sha256, Split.TUNE)
    labels = tuple(
        Label(footage.sha256, rater, Raters.PEOPLE, window, rating, split)
        for window, rating in zip(windows, ratings, strict=True)
    )
    store.labels.rate(labels, again=again)
    return labels


def as_ratings(store: Store, kind: Raters, split: Split = Split.TUNE) -> dict[str, Ratings]:
    """What one kind of rater said, by the file's SHA-256, on windows of two seconds.

    A label speaks for the windows of which it covers half or more; a rater's word on a window is the
    mean of their labels that do. A file that has become part of the golden holdout since it was rated is
    left out. Raises UsageError for the holdout.
    """
    if split is Split.HOLDOUT:
        raise UsageError(
            "is read at promotion only, and each reading is recorded",
            subject="the holdout",
            remedy="use the tune split",
        )
    held = _held()
    files = _by_file(store.labels.list(kind, split=split))
    return {sha256: _laid(labels) for sha256, labels in files.items() if sha256 not in held}


def to_freeze(store: Store, source: LabelSource) -> dict[str, Ratings]:
    """What people said of each file in one of the two ways, as `as_ratings`: to be kept, not to measure by.

    Blind ratings of files of the holdout are among them; what follows from decisions about these is not,
    for it can neither teach nor measure.
    """
    split = Split.REVIEW if source is LabelSource.DECISION else None
    files = _by_file(store.labels.list(Raters.PEOPLE, split=split, source=source))
    return {sha256: _laid(labels) for sha256, labels in files.items()}


def summary(store: Store, kind: Raters) -> list[dict[str, Any]]:
    """Per file what there is of one kind of rater, JSON-ready, and how far the raters agree.

    `file` is the name that it was taken in under or has in the golden dataset; null for one that only its
    SHA-256 is known of. `agreement` is that of the blind ratings (`qa.agreement`).
    """
    files = _by_file(store.labels.list(kind))
    names = _names(store)
    rows = []
    for sha256, labels in files.items():
        rated = [label for label in labels if label.source is LabelSource.RATING]
        rows.append(
            {
                "file": names.get(sha256),
                "file_sha256": sha256,
                "kind": kind.value,
                "splits": sorted({label.split.value for label in labels}),
                "raters": sorted({label.rater for label in labels}),
                "ratings": len(rated),
                "from_decisions": len(labels) - len(rated),
                "agreement": _agreement(rated),
            }
        )
    return rows


def _trim(shown: Timeline, trimmed: Timeline) -> list[tuple[str, Span, int]]:
    spans: list[tuple[str, Span, int]] = []
    for before, after in zip(shown.clips, trimmed.clips, strict=True):
        whole, kept = before.source, after.source
        if whole != kept:
            away = (Span(whole.start, kept.start), Span(kept.end, whole.end))
            spans.append((before.file_id, kept, LIKED))
            spans += [(before.file_id, part, CUT_AWAY) for part in away if part.duration]
    return spans


def _split(sha256: str, otherwise: Split) -> Split:
    """Holdout for a file that the golden dataset, where there is one, holds out; else `otherwise`."""
    return Split.HOLDOUT if sha256 in _held() else otherwise


def _held() -> set[str]:
    """The SHA-256 of the files that the golden dataset holds out."""
    return {item.checksum for item in _golden_items() if item.split is Split.HOLDOUT}


def _golden_items() -> tuple[golden.Item, ...]:
    """The items of the golden dataset; none where there is no dataset, as in an installed package."""
    return golden.load().items if (golden.FOLDER / golden.MANIFEST).is_file() else ()


def _by_file(labels: Iterable[Label]) -> dict[str, list[Label]]:
    files: dict[str, list[Label]] = {}
    for label in labels:
        files.setdefault(label.file_sha256, []).append(label)
    return dict(sorted(files.items()))


def _names(store: Store) -> dict[str, str]:
    """The names of files by their SHA-256, as far as anybody knows them."""
    known = {item.checksum: item.footage for item in _golden_items()}
    return known | {sha256: store.files.get(file).name for sha256, file in store.labels.files().items()}


def _laid(labels: Sequence[Label]) -> Ratings:
    end = max(label.span.end for label in labels)
    windows = [Span(at * WINDOW_S, (at + 1) * WINDOW_S) for at in range(math.ceil(end / WINDOW_S))]
    raters = sorted({label.rater for label in labels})
    said = {rater: [label for label in labels if label.rater == rater] for rater in raters}
    return Ratings(
        WINDOW_S, {rater: tuple(_word(own, window) for window in windows) for rater, own in said.items()}
    )


def _word(labels: Sequence[Label], window: Span) -> float | None:
    speaking = [label.rating for label in labels if 2 * label.span.overlap(window) >= window.duration]
    return _mean(speaking) if speaking else None


def _agreement(labels: Sequence[Label]) -> float | None:
    said: dict[str, dict[Fraction, int]] = {}
    for label in labels:
        said.setdefault(label.rater, {})[label.span.start] = label.rating
    starts = sorted({start for own in said.values() for start in own})
    rows = [[own.get(start, math.nan) for start in starts] for own in said.values()]
    return agreement(np.array(rows, np.float64)) if rows else None


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed) if listed else math.nan
