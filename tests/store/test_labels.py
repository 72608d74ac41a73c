"""Labels in the store: one kind of rater at a time, one word of each rater, kept when batches go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editron_core.domain.job import Verdict
from editron_core.domain.label import Label, LabelSource, Raters, Split
from editron_core.errors import StoreError, UsageError
from editron_core.store import Store
from editron_core.times import Span
from tests.store.test_records import MOMENT, decision, new_session


def ratings(rater: str, *values: int, kind: Raters = Raters.PEOPLE, file: str = "f") -> list[Label]:
    spans = (Span.of(2 * at, 2 * at + 2) for at in range(len(values)))
    return [
        Label(file, rater, kind, span, value, Split.TUNE) for span, value in zip(spans, values, strict=True)
    ]


def said(labels: tuple[Label, ...]) -> list[tuple[str, int]]:
    return [(label.rater, label.rating) for label in labels]


def test_labels_come_back_by_file_rater_and_time(store: Store) -> None:
    store.labels.rate(ratings("ben", 5, 1))
    store.labels.rate(ratings("ann", 3, 4, file="g"))
    store.labels.rate(ratings("ann", 1, 2))

    found = store.labels.list(Raters.PEOPLE)
    assert [replace(label, created_at=None) for label in found] == [
        *ratings("ann", 1, 2),
        *ratings("ben", 5, 1),
        *ratings("ann", 3, 4, file="g"),
    ]
    assert said(store.labels.list(Raters.PEOPLE, file_sha256="g")) == [("ann", 3), ("ann", 4)]


def test_people_and_machines_are_never_in_one_answer(store: Store) -> None:
    store.labels.rate(ratings("ann", 1, 2))
    store.labels.rate(ratings("model", 5, 5, kind=Raters.AUTOMATED))

    assert {label.kind for label in store.labels.list(Raters.PEOPLE)} == {Raters.PEOPLE}
    assert {label.kind for label in store.labels.list(Raters.AUTOMATED)} == {Raters.AUTOMATED}
    with pytest.raises(TypeError):
        store.labels.list()  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="one rater"):
        store.labels.rate([*ratings("x", 1), *ratings("x", 1, kind=Raters.AUTOMATED, file="f")])


def test_a_rater_speaks_once_about_a_file_unless_again(store: Store) -> None:
    store.labels.rate(ratings("ann", 1, 2))
    store.labels.rate(ratings("ann", 1, 2))  # the same is no second word
    with pytest.raises(StoreError, match="--again"):
        store.labels.rate(ratings("ann", 2, 1))
    assert said(store.labels.list(Raters.PEOPLE)) == [("ann", 1), ("ann", 2)]

    store.labels.rate(ratings("ann", 5), again=True)
    assert said(store.labels.list(Raters.PEOPLE)) == [("ann", 5)]


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_a_rating_off_the_scale_is_refused(rating: int) -> None:
    with pytest.raises(UsageError, match="1 to 5"):
        ratings("ann", rating)


def test_a_decision_leaves_its_labels_with_it_or_neither(store: Store) -> None:
    session = new_session(store)
    shown = session.timelines[0]
    span = Span.of(1, 5)
    about = (Split.REVIEW, LabelSource.DECISION, None, shown.content_hash)
    liked = Label("f", "ada", Raters.PEOPLE, span, 5, *about)
    made = store.decisions.add(decision(session), [liked])

    found = store.labels.list(Raters.PEOPLE, split=Split.REVIEW, source=LabelSource.DECISION)
    assert [(label.rating, label.decision_id) for label in found] == [(5, made.id)]
    with pytest.raises(StoreError, match="not the cut"):
        store.decisions.add(decision(session, content_hash="e" * 64), [replace(liked, rating=1)])
    assert said(store.labels.list(Raters.PEOPLE)) == [("ada", 5)]

    store.decisions.add(
        decision(session, verdict=Verdict.REJECT), [replace(liked, rating=1, span=Span.of(1, 4))]
    )
    assert said(store.labels.list(Raters.PEOPLE)) == [("ada", 1)]


def test_labels_outlive_the_batch(store: Store) -> None:
    session = new_session(store)
    label = ratings("ada", 4, file=MOMENT.file_id)
    store.labels.rate(label)
    store.decisions.add(
        decision(session),
        [replace(label[0], source=LabelSource.DECISION, content_hash=session.timelines[0].content_hash)],
    )
    store.batches.delete(session.batch_id)
    assert len(store.labels.list(Raters.PEOPLE)) == 2
