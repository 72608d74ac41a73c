"""Profiles beside what people said: the labels of the store, one split at a time, on evidence of the lane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from editron_core.domain.evidence import Evidence
from editron_core.domain.label import Raters, Split
from editron_core.lane.lane import Lane
from editron_core.qa import golden
from editron_core.qa.agreement import FEWEST_WINDOWS
from editron_core.qa.evaluate import windowed
from editron_core.qa.metrics import spearman
from editron_core.review import labels
from editron_core.review.labels import Ratings
from editron_core.score import scorer
from editron_core.score.brief import Brief
from editron_core.score.profile import Profile

if TYPE_CHECKING:
    import polars as pl


def beside_people(lane: Lane, profiles: Mapping[str, Profile], split: Split = Split.REVIEW) -> pl.DataFrame:
    """How each profile orders the windows that people rated, a row per file.

    Columns `file`, `raters`, `windows` (rated ones) and Spearman's rho by each key of `profiles`; null
    where fewer than three windows are rated. Evidence comes from the ledger; a file that was analysed by
    an older formula is analysed anew. Raises UsageError for the holdout.
    """
    import polars as pl

    said = labels.as_ratings(lane.desk.store, Raters.PEOPLE, split)
    rows: list[dict[str, Any]] = []
    for batch in lane.desk.store.batches.list():
        outcome = lane.open(batch.id)
        wanted = said.keys() & outcome.footage.keys() - {row["sha256"] for row in rows}
        if not wanted:
            continue
        outcome = lane.analyze(outcome)
        for sha256 in sorted(wanted & outcome.evidence.keys()):
            rated, evidence = said[sha256], outcome.evidence[sha256]
            row = {"sha256": sha256, "file": outcome.names[sha256], "raters": len(rated.ratings)}
            figures = {name: _rho(lane, evidence, rated, profile) for name, profile in profiles.items()}
            rows.append({**row, "windows": int((~np.isnan(rated.panel)).sum()), **figures})
    kinds = {
        "file": pl.String,
        "raters": pl.Int64,
        "windows": pl.Int64,
        **dict.fromkeys(profiles, pl.Float64),
    }
    return pl.DataFrame(rows, schema={"sha256": pl.String, **kinds}).drop("sha256").sort("file")


def _rho(lane: Lane, evidence: Evidence, rated: Ratings, profile: Profile) -> float | None:
    truth = golden.Truth(rated.window_s, rated.ratings, {}, None)
    panel = truth.panel
    known = ~np.isnan(panel)
    if known.sum() < FEWEST_WINDOWS:
        return None
    prompts = lane.engines.prompts(profile, Brief(), {"": evidence})
    score = scorer.to_array(scorer.curve(evidence, profile, Brief(), prompts)["score"])
    return spearman(windowed(score, evidence.step, truth)[known], panel[known])
