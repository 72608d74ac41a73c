"""The metrics of this field, exactly as published; one import for all of them.

| what | defined in | module |
|---|---|---|
| mean with interval, paired difference | Efron and Tibshirani 1993 | `intervals` |
| Spearman's rho, Kendall's tau-b | Kendall 1945 | `ranks` |
| hits and average precision of spans, average precision of clips | QVHighlights 2021 | `retrieval` |
| top-5 precision, summary by knapsack and its F1 | UMT 2022, TVSum 2015 | `tvsum` |
| word error rate | Levenshtein 1966 | `words` |

The protocols that put them together (what is averaged over what, which queries count) stand in `qvhighlights`
and `tvsum`.
"""

from __future__ import annotations

from editron_core.qa.intervals import Interval, difference, interval
from editron_core.qa.ranks import kendall, spearman
from editron_core.qa.retrieval import IOUS, clip_precision, first_hits, ious, span_precision
from editron_core.qa.tvsum import f1, knapsack, top_precision
from editron_core.qa.words import WordErrors, word_errors

__all__ = [
    "IOUS",
    "Interval",
    "WordErrors",
    "clip_precision",
    "difference",
    "f1",
    "first_hits",
    "interval",
    "ious",
    "kendall",
    "knapsack",
    "span_precision",
    "spearman",
    "top_precision",
    "word_errors",
]
