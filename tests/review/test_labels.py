"""Labels: what follows from a decision, what a person rates, and how it reads as ratings per window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.domain.job import Decision, Verdict
from editron_core.domain.label import Label, LabelSource, Raters, Split
from editron_core.domain.timeline import Clip, Timeline
from editron_core.edit import ripple
from editron_core.errors import StoreError, UsageError
from editron_core.qa import golden
from editron_core.review import labels
from editron_core.review.labels import Footage
from editron_core.store import Store
from editron_core.store.records.labels import replace_labels
from editron_core.times import Span

CUT = Timeline(
    "reel", "hero-reel", Fraction(25), ("16:9",), (Clip("a", Span.of(4, 8)), Clip("b", Span.of(0, 6)))
)
FILE = Footage("match.mp4", "a", Fraction(8))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'editron.sqlite'}", tmp_path / "blobs") as opened:
        yield opened


def decision(verdict: Verdict, author: str = "ann") -> Decision:
    return Decision("", "s", CUT.name, CUT.content_hash, verdict, author)


def said(found: tuple[Label, ...]) -> list[tuple[str, str, int]]:
    return [(label.file_sha256, str(label.span), label.rating) for label in found]


@pytest.mark.parametrize(("verdict", "rating"), [(Verdict.APPROVE, 5), (Verdict.REJECT, 1)])
def test_a_verdict_rates_every_clip_of_the_cut(verdict: Verdict, rating: int) -> None:
    found = labels.of_decision(decision(verdict), CUT)

    assert said(found) == [("a", "0:04.0-0:08.0", rating), ("b", "0:00.0-0:06.0", rating)]
    assert {(one.split, one.kind, one.source, one.rater) for one in found} == {
        (Split.REVIEW, Raters.PEOPLE, LabelSource.DECISION, "ann")
    }


def test_a_trim_likes_what_it_keeps_and_less_what_it_cuts_away() -> None:
    trimmed = ripple.trim(CUT, Span.of(5, 9))  # of the second clip, which plays from 4 to 10

    found = labels.of_decision(decision(Verdict.TRIM), CUT, trimmed)

    assert said(found) == [("b", "0:01.0-0:05.0", 5), ("b", "0:00.0-0:01.0", 2), ("b", "0:05.0-0:06.0", 2)]


def test_a_clip_that_plays_twice_is_judged_once() -> None:
    twice = replace(CUT, clips=(CUT.clips[0], CUT.clips[0]))
    assert len(labels.of_decision(decision(Verdict.APPROVE), twice)) == 1


@pytest.mark.parametrize(
    ("duration", "windows"), [("8", 4), ("8.1", 4), ("10.5", 6), ("139.5", 70), ("0.5", 1), ("0.1", 1)]
)
def test_a_file_has_a_window_for_every_two_seconds(duration: str, windows: int) -> None:
    footage = replace(FILE, duration=Fraction(duration))
    assert len(footage.windows) == windows
    assert footage.windows[-1].end == 2 * windows


def test_a_person_rates_each_window(store: Store) -> None:
    labels.rate(store, FILE, "ann", [1, 2, 3, 5])
    labels.rate(store, FILE, "ben", [2, 2, 3, 4])

    found = labels.as_ratings(store, Raters.PEOPLE)["a"]

    assert found.window_s == 2
    assert found.ratings == {"ann": (1, 2, 3, 5), "ben": (2, 2, 3, 4)}
    assert found.panel.tolist() == [1.5, 2, 3, 4.5]
    assert labels.as_ratings(store, Raters.AUTOMATED) == {}
    assert labels.as_ratings(store, Raters.PEOPLE, Split.REVIEW) == {}


def test_a_wrong_count_an_unsigned_rating_and_one_off_the_scale_are_refused(store: Store) -> None:
    for rater, ratings, reason in (
        ("ann", [1, 2, 3], "has 4 windows of 2 s, and 3 ratings"),
        (" ", [1, 2, 3, 4], "signed"),
        ("ann", [1, 2, 3, 6], "1 to 5"),
    ):
        with pytest.raises(UsageError, match=reason):
            labels.rate(store, FILE, rater, ratings)
    assert store.labels.list(Raters.PEOPLE) == ()


def test_a_second_opinion_of_one_person_replaces_the_first_only_on_purpose(store: Store) -> None:
    labels.rate(store, FILE, "ann", [1, 2, 3, 5])
    with pytest.raises(StoreError, match="--again"):
        labels.rate(store, FILE, "ann", [5, 5, 5, 5])
    labels.rate(store, FILE, "ann", [5, 5, 5, 5], again=True)
    assert labels.as_ratings(store, Raters.PEOPLE)["a"].ratings == {"ann": (5, 5, 5, 5)}


def test_a_decision_speaks_for_the_windows_that_it_covers_by_half(store: Store) -> None:
    spoken = Label(
        "a", "ann", Raters.PEOPLE, Span.of(3, "6.9"), 5, Split.REVIEW, LabelSource.DECISION, None, "h"
    )
    other = replace(spoken, rater="ben", rating=1, span=Span.of(4, 6))
    with store.database.write() as session:
        replace_labels(session, [spoken, other])

    found = labels.as_ratings(store, Raters.PEOPLE, Split.REVIEW)["a"]

    assert found.ratings == {"ann": (None, 5, 5, None), "ben": (None, None, 1, None)}
    assert [round(value, 6) for value in found.panel.tolist()[1:3]] == [5, 3]
    assert math.isnan(found.panel[0])


def test_the_holdout_is_not_given_out(store: Store) -> None:
    with pytest.raises(UsageError, match="promotion only"):
        labels.as_ratings(store, Raters.PEOPLE, Split.HOLDOUT)


def test_a_file_of_the_golden_holdout_keeps_its_split(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    item = golden.Item(
        *("match", golden.Kind.REAL, "zxx", "sport", golden.Split.HOLDOUT, "a"),
        *(golden.Raters.AUTOMATED, 1, "match.mp4"),
    )
    (tmp_path / golden.MANIFEST).write_text("{}")
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    monkeypatch.setattr(golden, "load", lambda: golden.GoldenSet(tmp_path, (golden.Entry(item, {}),)))

    labels.rate(store, FILE, "ann", [1, 2, 3, 5])

    assert {label.split for label in store.labels.list(Raters.PEOPLE)} == {Split.HOLDOUT}
    judged = labels.of_decision(decision(Verdict.APPROVE), CUT)
    assert {label.file_sha256: label.split for label in judged} == {"a": Split.HOLDOUT, "b": Split.REVIEW}
    assert labels.as_ratings(store, Raters.PEOPLE) == {}


def test_the_summary_says_how_far_people_agree_and_keeps_machines_apart(store: Store) -> None:
    labels.rate(store, FILE, "ann", [1, 2, 3, 5])
    labels.rate(store, FILE, "ben", [2, 3, 4, 5])
    labels.rate(store, FILE, "cleo", [5, 4, 3, 1])
    machine = [Label("a", "model", Raters.AUTOMATED, window, 3, Split.TUNE) for window in FILE.windows]
    store.labels.rate(machine)

    (people,) = labels.summary(store, Raters.PEOPLE)
    (automated,) = labels.summary(store, Raters.AUTOMATED)

    assert people["raters"] == ["ann", "ben", "cleo"]
    assert people["ratings"] == 12
    # Against the mean of the others: ann's order and 3.5 3.5 3.5 3, ben's and a flat one, cleo's upside down.
    assert people["agreement"] == pytest.approx((-math.sqrt(0.6) + 0 - 1) / 3)
    assert (automated["raters"], automated["agreement"]) == (["model"], None)
