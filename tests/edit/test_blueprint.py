"""Blueprints say what is wrong with them, where, and what to do."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.edit import blueprint
from editron_core.errors import DefinitionError, SourceError, UsageError

WHOLE = """
name = "mine"
title = "Mine"
kind = "clips"
aspects = ["9:16", "16:9"]
min_duration_s = 12.5
max_duration_s = 30
count = 2
rate = "29.97"

[captions]
preset = "bold"
burn = true

[presets]
"9:16" = "reels"
"""


def test_the_shipped_ones_are_what_they_are_called() -> None:
    assert blueprint.shipped() == ("hero-reel", "shorts", "square")
    reel, shorts, square = map(blueprint.load, blueprint.shipped())
    assert (reel.aspects, reel.max_duration_s, reel.order) == (("16:9",), 60, "story")
    assert (shorts.aspects, shorts.kind) == (("9:16",), "clips")
    assert (shorts.min_duration_s, shorts.max_duration_s) == (15, 60)
    assert square.aspects == ("1:1",)


def test_a_file_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE)
    mine = blueprint.load(str(path))
    assert mine.min_duration_s == Fraction(25, 2)
    assert mine.rate == Fraction(30000, 1001)
    assert mine.presets == {"9:16": "reels"}
    assert mine.captions == blueprint.Captions("bold", True)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("count = 2", "cuont = 2", r"cuont: is not a known key.*did you mean count"),
        ("count = 2", "", r"count: is missing"),
        ("count = 2", "count = 0", r"count: .*greater than or equal to 1.*it is 0 now"),
        ("12.5", "45", r"max_duration_s is below min_duration_s"),
        ("12.5", '"soon"', r"min_duration_s: must be a number of seconds.*'soon'"),
        ('"9:16", "16:9"', '"9:16", "9:16"', r"names one shape twice"),
        ('"9:16", "16:9"', '"9:16", "3:2"', r"aspects\.1: .*'16:9'"),
        ('"9:16" = "reels"', '"1:1" = "feed"', r"presets names 1:1"),
        ('"29.97"', '"pal"', r"rate: must be `auto` or a frame rate"),
        ('"29.97"', '"30/0"', r"rate: must be `auto` or a frame rate"),
        ('"mine"', '"../mine"', r"name: .*pattern"),
        ('"bold"', '"loud"', r"captions\.preset: .*'karaoke'"),
        ("burn = true", "burned = true", r"captions\.burned: is not a known key.*did you mean burn"),
        ("count = 2", "count 2", r"is not TOML.*line 8"),
    ],
)
def test_a_fault_names_file_key_and_remedy(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE.replace(old, new, 1))
    with pytest.raises(DefinitionError, match=says) as caught:
        blueprint.load(str(path))
    assert caught.value.subject == str(path)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hero-reel, shorts, square"):
        blueprint.load("herro-reel")
    with pytest.raises(SourceError, match="No such file"):
        blueprint.load(str(tmp_path / "none.toml"))
