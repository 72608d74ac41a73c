"""Captions as people see and read them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.domain.timeline import Cue
from editron_core.errors import UsageError
from editron_core.qa import captioned
from editron_core.qa.suites import export
from editron_core.render.boxes import Box
from editron_core.times import Span

SUBTITLES = """1
00:00:00,000 --> 00:00:03,000
We came down to the lake.

2
00:00:03,500 --> 00:00:04,400
Nobody has ever been able to read as fast as this has to be read.
"""


def test_a_preset_is_shown_by_the_export_with_its_place(tmp_path: Path) -> None:
    made = export.cut(tmp_path, export.SAID[:1], aspects=("9:16",))
    shown = captioned.show(made, "bold", "9:16", tmp_path / "bold")
    count, height, width, _ = shown.pictures.shape
    assert (width, height) == (360, 640)
    assert count == 1
    assert shown.inside
    scaled = [edge // captioned.SHRINK for edge in (shown.safe.left, shown.safe.top)]
    assert tuple(shown.pictures[0, scaled[1], scaled[0] + 5]) == captioned.EDGE
    box = shown.drawn
    top, bottom, left, right = (
        edge // captioned.SHRINK for edge in (box.top, box.bottom, box.left, box.right)
    )
    letters = shown.pictures[0, top:bottom, left:right]
    assert (letters.min(axis=2) > 200).mean() > 0.05, "white letters stand where the box says"


def test_letters_outside_the_safe_area_are_told() -> None:
    pictures = np.zeros((1, 9, 9, 3), np.uint8)
    shown = captioned.Shown("bold", "1:1", pictures, Box(0, 10, 30, 20), Box(5, 5, 40, 40))
    assert not shown.inside
    assert captioned.places([shown])["inside"].to_list() == [False]


def test_reading_speed_is_characters_by_seconds_on_screen() -> None:
    cue = Cue(Span(Fraction(0), Fraction(2)), ("Ten signs.", "And a few."))
    row = captioned.speeds({"a": [cue]}).row(0, named=True)
    assert row["value"] == pytest.approx(21 / 2)
    assert row["cue"] == "Ten signs. / And a few."


def test_a_subtitle_file_is_read_and_its_fast_cue_named(tmp_path: Path) -> None:
    path = tmp_path / "talk.en.srt"
    path.write_text(SUBTITLES)
    cues = captioned.cues(captioned.read(path))
    assert captioned.speeds({"talk": cues})["value"].max() > 17
    assert "caption-speed" in captioned.broken({"talk": cues})["rule"].to_list()


def test_a_text_without_times_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.en.txt"
    path.write_text("We came down to the lake.")
    with pytest.raises(UsageError, match="has no times"):
        captioned.read(path)
