"""The brief: what a person asked for, and how much of it is in what is said.

Words are compared by their stems: case-folded, without accents, with the commonest endings of European
languages taken off. Scripts that write no spaces are compared by pairs of characters. No model and no
dictionary is needed; a short list of function words and words about editing is left out, since every
brief holds them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ENOUGH = 3
"""So many different keywords in one place are full coverage: nobody says a whole brief at once."""
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+")
_ENDINGS = (
    *("ations", "ation", "ators", "ator", "ating", "ates", "ated", "ate", "ingly", "ings", "ing", "edly"),
    *("ies", "ied", "est", "ers", "er", "ed", "ly", "en", "es", "e", "s", "y"),
)
IGNORED = frozenset(Path(__file__).with_name("ignored_words.txt").read_text("utf-8").split())
"""Function words, and words about editing: what everybody says says nothing."""


@dataclass(frozen=True)
class Brief:
    """What a person asked for."""

    text: str = ""

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """The different stems of the brief that carry meaning, in the order they were written."""
        return tuple(dict.fromkeys(stems(self.text)))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The brief's sentences: what an engine with a text tower reads."""
        parts = (part.strip() for part in re.split(r"[.!?;\n。！？]+", self.text))
        return tuple(part for part in parts if part)

    @property
    def enough(self) -> int:
        """How many different keywords in one place are full coverage, 1 at least."""
        return max(1, min(ENOUGH, len(self.keywords)))


@lru_cache(maxsize=1 << 16)
def stems(text: str) -> tuple[str, ...]:
    """The stems of the words of `text` that carry meaning, in order, repeated as often as they occur.

    People say the same words over and over: each is stemmed once.
    """
    found: list[str] = []
    for word in _WORD.findall(_plain(text)):
        if word in IGNORED:
            continue
        if _UNSPACED.fullmatch(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif len(word) > 1:
            found.append(_stem(word))
    return tuple(found)


def unspaced(text: str) -> list[str]:
    """The pairs of characters in the runs of `text` whose script writes no spaces, spaces taken out.

    Engines split such runs into words of a character or two: pairs across them are found here.
    """
    runs = _UNSPACED.findall("".join(_plain(text).split()))
    return [run[i : i + 2] for run in runs for i in range(len(run) - 1)]


def _plain(text: str) -> str:
    """Case-folded, and without the marks that Latin, Greek and Cyrillic letters carry."""
    out = []
    for char in unicodedata.normalize("NFKD", text.casefold()):
        if not ("\u0300" <= char <= "\u036f"):
            out.append(char)
    return unicodedata.normalize("NFC", "".join(out))


def _stem(word: str) -> str:
    """`word` without one common ending and without a doubled last letter, three letters at least."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    doubled = len(word) > 3 and word[-1] == word[-2]
    return word[:-1] if doubled else word
