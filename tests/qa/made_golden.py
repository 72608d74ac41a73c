"""A small golden dataset, made up: what tests of the harness run on without any media."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl

from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.domain.transcript import Transcript, Word
from editron_core.qa.golden import Golden, GoldenSet, Item, Kind, Raters, Split, Truth, load
from editron_core.qa.keep import keep
from editron_core.qa.wordeye import ENGINE, embed
from editron_core.times import Span


def made_item(name: str, kind: Kind = Kind.REAL, split: Split = Split.TUNE, **facts: str) -> Item:
    """An entry of the manifest."""
    return Item(
        id=name,
        kind=kind,
        locale=facts.get("locale", "en"),
        genre=facts.get("genre", "sport"),
        split=split,
        checksum="0" * 64,
        raters=Raters(facts.get("raters", "construction" if kind is Kind.DRAWN else "automated")),
        rater_count=1 if kind is Kind.DRAWN else 2,
        footage=f"{name}.mp4",
        formula=facts.get("formula", "f1"),
    )


def made_golden(item: Item, seed: int = 0, rows: int = 40) -> Golden:
    """An item whose raters like what is lively: motion and loudness follow the panel, the rest is noise."""
    rng = np.random.default_rng(seed)
    windows = rows // 4
    taste = rng.permutation(windows) / (windows - 1)
    lively = np.clip(np.repeat(taste, 4) + rng.normal(0, 0.1, rows), 0, 1)
    columns = {name: rng.uniform(0, 1, rows) for name in (*MEASURED, *FOCUS)}
    columns |= {"motion": lively, "loudness": np.clip(lively + rng.normal(0, 0.1, rows), 0, 1)}
    table = pl.DataFrame(
        {"time_s": np.arange(rows) / 2}
        | {name: pl.Series(values, dtype=pl.Float32) for name, values in columns.items()}
        | {"focus_kind": pl.Series(["face"] * rows), "embedding": _embeddings(rows)}
    )
    duration = Fraction(rows, 2)
    words = (Word("Goal!", Span(Fraction(3), Fraction(4))),)
    evidence = Evidence(
        table=table,
        duration=duration,
        shots=(Span(Fraction(0), duration / 2), Span(duration / 2, duration)),
        transcript=Transcript("en", words, "made up"),
        engines=(EngineUse("motion", "made up", "1"), ENGINE),
    )
    ratings = tuple(float(value) for value in np.round(1 + 4 * taste))
    first = int(np.argmax(taste)) * 2
    best = Span(Fraction(first), Fraction(first + 2))
    raters = [f"r{number + 1}" for number in range(item.rater_count)]
    truth = Truth(Fraction(2), dict.fromkeys(raters, ratings), dict.fromkeys(raters, best), None, "the goal")
    return Golden(item, evidence, truth)


def made_set(folder: Path, *items: Item) -> GoldenSet:
    """The items, made up, written into `folder` and loaded from there."""
    keep(folder, [made_golden(item, seed) for seed, item in enumerate(items)])
    return load(folder)


def _embeddings(rows: int) -> pl.Series:
    texts = ["people celebrating" if row % 2 else "a title card" for row in range(rows)]
    return pl.Series(embed(texts)).cast(pl.List(pl.Float32))
