"""The brief: its keywords, and how words are matched."""

from __future__ import annotations

import pytest

from editron_core.score.brief import Brief, stems, unspaced


def test_words_about_editing_and_function_words_are_no_keywords():
    assert Brief("Make a short reel of the best moments, please").keywords == ()
    assert Brief("show the goals and the celebration").keywords == Brief("goal celebrate").keywords


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("goals", "goal"),
        ("winning", "win"),
        ("celebration", "celebrating"),
        ("cities", "city"),
        ("Straße", "STRASSE"),
        ("café", "Cafe"),
        ("Ёлка", "елка"),
        ("ﬁlm", "film"),
    ],
)
def test_forms_of_a_word_meet(one, other):
    assert stems(one) == stems(other)


@pytest.mark.parametrize(("one", "other"), [("goal", "gold"), ("bread", "broad"), ("cat", "car")])
def test_different_words_do_not(one, other):
    assert stems(one) != stems(other)


def test_scripts_without_spaces_are_compared_by_pairs():
    brief = Brief("金メダル")
    assert brief.keywords == ("金メ", "メダ", "ダル")
    assert set(brief.keywords) <= set(unspaced("今日 は 金 メ ダ ル を 取 り まし た"))
    assert not set(brief.keywords) & set(unspaced("今日は雨です"))


def test_few_keywords_need_all_and_many_need_enough():
    assert Brief("goal").enough == 1
    assert Brief("goal keeper trophy crowd anthem").enough == 3
    assert Brief("").enough == 1


def test_texts_are_the_sentences():
    assert Brief("Show the goal. And the crowd!\nThen the cup").texts == (
        "Show the goal",
        "And the crowd",
        "Then the cup",
    )
