"""What is dumped is loaded again exactly, and the hash knows content, not form."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from editron_core.domain import codec
from editron_core.domain.evidence import MEASURED, EngineUse, Evidence
from editron_core.domain.moment import Moment
from editron_core.domain.timeline import Clip, Crop, CropKey, Cue, Timeline
from editron_core.domain.transcript import Transcript, Word
from editron_core.errors import MediaError
from editron_core.times import Span

MOMENT = Moment("a", Span.of("1/3", 2), 0.5, {"motion": 0.25, "faces": None}, {"motion": 0.5}, "why", "h")
CUT = Timeline(
    "reel",
    "hero-reel",
    Fraction(30000, 1001),
    ("9:16",),
    (Clip("a", Span.of("1/3", 2), MOMENT, {"9:16": Crop(0.5, 1.0, (CropKey(Fraction(0), 0.5, 0.5),))}),),
    (Cue(Span.of(0, 1), ("Größe <b>",), (Word("Größe", Span.of(0, 1), 0.5),)),),
)


def test_a_timeline_survives_json_exactly() -> None:
    assert codec.load(Timeline, codec.dump(CUT)) == CUT


def test_the_hash_is_of_the_content() -> None:
    assert codec.content_hash({"a": 1, "b": [1, 2]}) == codec.content_hash({"b": [1, 2], "a": 1})
    assert codec.content_hash({"a": 1}) != codec.content_hash({"a": 2})


def test_evidence_is_what_was_saved(tmp_path: Path) -> None:
    columns = {name: pl.Series([0.5, None], dtype=pl.Float32) for name in MEASURED}
    evidence = Evidence(
        table=pl.DataFrame({"time_s": [0.0, 0.5], **columns}),
        duration=Fraction(2, 3),
        shots=(Span.of(0, "2/3"),),
        transcript=Transcript("de", (Word("Hallo.", Span.of(0, "1/3")),), "test"),
        engines=(EngineUse("vision", "tiny", "1", "no weights"),),
    )

    evidence.save(tmp_path)
    again = Evidence.load(tmp_path)

    assert again.table.equals(evidence.table)
    assert (again.duration, again.shots, again.engines) == (
        evidence.duration,
        evidence.shots,
        evidence.engines,
    )
    assert again.transcript == evidence.transcript


def test_any_other_table_is_not_evidence(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "evidence.parquet")

    with pytest.raises(MediaError, match="not an evidence table"):
        Evidence.load(tmp_path)
