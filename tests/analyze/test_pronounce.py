"""Written words become what the aligner's dictionary knows, or get a sound by rule."""

from __future__ import annotations

import pytest

from editron_core.analyze import pronounce

DIGITS = "one two three four five six seven eight nine zero one two three"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Hello,", ["hello"]),
        ("it's", ["it's"]),
        ("It’s", ["it's"]),
        ("well-known", ["well", "known"]),
        ("Captions.ai.", ["captions", "ai"]),
        ("$5.", ["five", "dollars"]),
        ("50%", ["fifty", "percent"]),
        ("20th", ["twenty"]),
        ("0", ["zero"]),
        ("115", ["one", "hundred", "fifteen"]),
        ("1,250", ["one", "thousand", "two", "hundred", "fifty"]),
        ("1999", ["nineteen", "ninety", "nine"]),
        ("2005", ["two", "thousand", "five"]),
        ("3.14", ["three", "point", "one", "four"]),
        ("1234567890123", DIGITS.split()),
        ("—", []),
    ],
)
def test_a_written_word_is_read_out(word: str, said: list[str]) -> None:
    assert pronounce.pieces(word) == said


@pytest.mark.parametrize(
    ("word", "sound"),
    [
        ("editron", "EH D IH T R AA N"),
        ("heyphone", "HH IY F AA N"),
        ("xkcd", "EH K S K EY S IY D IY"),
        ("zappier", "Z AE P IY R"),
        ("ñandú", "N AE N D AH"),
        ("привет", ""),
    ],
)
def test_an_unknown_word_gets_a_sound_by_rule(word: str, sound: str) -> None:
    assert pronounce.phones(word) == sound


PHONES = """
    AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
"""


def test_every_sound_is_one_that_the_acoustic_model_has() -> None:
    used = " ".join([*pronounce.SOUNDS.values(), *pronounce.LETTERS.values()]).split()
    assert set(used) <= set(PHONES.split())
    assert set(pronounce.LETTERS) == set("abcdefghijklmnopqrstuvwxyz") <= set(pronounce.SOUNDS)
