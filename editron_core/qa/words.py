"""Word error rate: what must be changed in the words heard to make them the words said (Levenshtein 1966).

Words are compared without case, punctuation and Unicode's variant forms. Languages that write no spaces have
no words here: split them before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_MATCH, _DELETE, _INSERT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Counts, so that the rate of many transcripts is that of their sums."""

    substitutions: int
    deletions: int
    """Words said that were not heard."""
    insertions: int
    """Words heard that were not said."""
    words: int
    """Words said."""

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.words + other.words,
        )

    @property
    def errors(self) -> int:
        """All of them."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors per word said, 0 or more (above 1 where much was inserted); null where nothing was said."""
        return self.errors / self.words if self.words else None


def normalised(text: str) -> list[str]:
    """The words of `text`: NFKC, without case or punctuation; an apostrophe inside a word stays."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [word.replace("’", "'") for word in _WORD.findall(plain)]


def word_errors(said: str, heard: str) -> WordErrors:
    """The fewest errors that turn `said` into `heard`.

    Where several ways need as few, the one is counted that, from the end, rather replaces a word than drops
    one, and rather drops one than adds one.
    """
    reference, hypothesis = normalised(said), normalised(heard)
    steps = _steps(reference, hypothesis)
    i, j = len(reference), len(hypothesis)
    substitutions = deletions = insertions = 0
    while i or j:
        if steps[i, j] == _MATCH:
            i, j = i - 1, j - 1
            substitutions += reference[i] != hypothesis[j]
        elif steps[i, j] == _DELETE:
            i, deletions = i - 1, deletions + 1
        else:
            j, insertions = j - 1, insertions + 1
    return WordErrors(substitutions, deletions, insertions, len(reference))


def _steps(
    reference: Sequence[str], hypothesis: Sequence[str]
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """The last step of a cheapest way to each pair of prefixes, (words said + 1, words heard + 1)."""
    ids = {word: i for i, word in enumerate(dict.fromkeys([*reference, *hypothesis]))}
    heard = np.array([ids[word] for word in hypothesis], dtype=np.int64)
    columns = np.arange(len(hypothesis) + 1)
    steps = np.full((len(reference) + 1, len(hypothesis) + 1), _INSERT, dtype=np.uint8)
    steps[:, 0] = _DELETE
    cost = columns
    for i, word in enumerate(reference, 1):
        replaced = np.append(np.iinfo(np.int64).max, cost[:-1] + (heard != ids[word]))
        dropped = cost + 1
        without = np.minimum(replaced, dropped)
        cost = np.minimum.accumulate(without - columns) + columns  # added words cost one each
        steps[i, cost == dropped] = _DELETE
        steps[i, cost == replaced] = _MATCH
    return steps
