"""Where marks and captions stand in rendered pixels, and that a shift by a few pixels is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editron_core.config import settings
from editron_core.domain.brand import BrandKit
from editron_core.domain.frame import Frame, SafeArea
from editron_core.errors import CheckFailed
from editron_core.qa.suites import export, marks
from editron_core.render import cards
from editron_core.render import marks as drawing
from editron_core.render.presets import Preset

HERE = (("clean",), ("top-right",), ("9:16",))
"""The tightest safe area."""
TOP = "top-right mark 9:16"
CLEAN = "clean captions 9:16"


def values(*asked: tuple[str, ...]) -> dict[str, float]:
    readings = marks.readings(*asked)
    found = {reading.name: reading.value for reading in readings}
    assert len(found) == len(readings)
    assert {(reading.suite, reading.unit) for reading in readings} == {("marks", "px")}
    return found


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    with pytest.MonkeyPatch.context() as patch:  # the home of a single test is not there yet
        patch.setenv("EDITRON_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        found = values(*HERE)
    settings.cache_clear()
    return found


def test_marks_and_captions_stand_inside_the_safe_area_and_clear_of_each_other(
    unchanged: dict[str, float],
) -> None:
    found = unchanged
    assert 0 <= found[f"{TOP}: from its edge across"] <= 2
    assert 0 <= found[f"{TOP}: from its edge down"] <= 2
    assert found[f"{TOP}: width"] == pytest.approx(0.14 * 1080, abs=2)
    for where in ("at the sides", "above", "below"):
        assert found[f"{CLEAN}: inside the safe area {where}"] >= 0
    assert found[f"{CLEAN}: clear of a mark below"] > 0


def test_a_mark_that_moved_is_off_by_as_many_pixels(
    unchanged: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = drawing.draw

    def moved(*given: object) -> drawing.Mark | None:
        mark = draw(*given)  # type: ignore[arg-type]
        return mark and replace(mark, left=mark.left + 8, top=mark.top + 4)

    monkeypatch.setattr(cards.marks, "draw", moved)
    after = values((), *HERE[1:])
    assert after[f"{TOP}: from its edge across"] == unchanged[f"{TOP}: from its edge across"] - 8
    assert after[f"{TOP}: from its edge down"] == unchanged[f"{TOP}: from its edge down"] + 4
    assert after[f"{TOP}: width"] == unchanged[f"{TOP}: width"]


def test_captions_that_know_neither_mark_nor_safe_area_are_told_by_how_much(
    unchanged: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lower(preset: Preset, aspect: str, brand: BrandKit, fonts: Path) -> Frame:
        safe = preset.safe_area(aspect)
        return Frame(preset.size(aspect), SafeArea(safe.left, safe.top, safe.right, safe.bottom + 20 / 1920))

    monkeypatch.setattr(export, "caption_frame", lower)
    found = values(("clean",), (), ("9:16",))
    below = f"{CLEAN}: inside the safe area below"
    assert found[below] == pytest.approx(unchanged[below] - 20, abs=1)
    assert found[f"{CLEAN}: clear of a mark below"] < 0


def test_a_mark_that_is_not_drawn_fails_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards.marks, "draw", lambda *given: None)
    with pytest.raises(CheckFailed, match="nothing was drawn"):
        marks.readings((), ("top-right",), ("1:1",))


@pytest.mark.proof
def test_nothing_leaves_the_safe_area_in_any_look_or_corner() -> None:
    for name, value in values(marks.PRESETS, marks.PLACES, marks.ASPECTS).items():
        assert value >= 0, name
