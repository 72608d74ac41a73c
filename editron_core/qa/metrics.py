"""The metrics of this field, exactly as published; one import for all of them.

| what | defined in | module |
|---|---|---|
| mean with interval, paired difference | Efron and Tibshirani 1993 | `intervals` |
| Spearman's rho, Kendall's tau-b | Kendall 1945 | `ranks` |
"""

from __future__ import annotations

from editron_core.qa.intervals import Interval, difference, interval
from editron_core.qa.ranks import kendall, spearman

__all__ = ["Interval", "difference", "interval", "kendall", "spearman"]
