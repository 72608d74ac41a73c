"""Word error rate: counts that can be checked by eye, and sums of counts."""

from __future__ import annotations

import pytest

from editron_core.qa.metrics import WordErrors, word_errors
from editron_core.qa.words import normalised


@pytest.mark.parametrize(
    ("said", "heard", "counts"),
    [
        ("a b c", "a b c", (0, 0, 0)),
        ("a b c", "a x c", (1, 0, 0)),
        ("a b c", "a c", (0, 1, 0)),
        ("a b c", "a b x c", (0, 0, 1)),
        ("a b", "", (0, 2, 0)),
        ("", "a b", (0, 0, 2)),
        ("one two three four", "two three four five", (0, 1, 1)),
        ("a b", "b c", (2, 0, 0)),  # as cheap: drop a, add c; replacing comes first
        ("b c", "a b", (2, 0, 0)),  # as cheap: add a, drop c
    ],
)
def test_the_fewest_errors_are_counted_by_kind(said, heard, counts) -> None:
    found = word_errors(said, heard)

    assert (found.substitutions, found.deletions, found.insertions) == counts
    assert found.words == len(said.split())


def test_case_punctuation_and_variant_forms_are_no_errors() -> None:
    assert word_errors("“Don't stop!” – he said.", "don’t stop he SAID").errors == 0
    assert word_errors("Straße cafe\u0301", "STRASSE CAFÉ").errors == 0
    assert normalised("rock 'n' roll: 24-hour") == ["rock", "n", "roll", "24", "hour"]


def test_a_rate_of_many_is_that_of_their_sums() -> None:
    short, long = word_errors("a", "b"), word_errors("a b c d e f g h i", "a b c d e f g h i")

    assert short.rate == 1
    assert (short + long).rate == 0.1
    assert short + long == WordErrors(1, 0, 0, 10)


def test_where_nothing_was_said_there_is_no_rate() -> None:
    assert word_errors("", "a").rate is None
    assert word_errors("...", "").errors == 0


def test_long_transcripts_are_quick() -> None:
    said = " ".join(f"w{i % 300}" for i in range(3000))
    heard = " ".join(f"w{i % 300}" for i in range(3000) if i % 10)

    assert word_errors(said, heard) == WordErrors(0, 300, 0, 3000)
