"""Shot detection against drawn truth: the matching rule, and that a worse detector is seen."""

from __future__ import annotations

from fractions import Fraction

import pytest

from editron_core.analyze import shots as detectors
from editron_core.qa.reading import Reading
from editron_core.qa.suites import shots
from editron_core.qa.suites.shots import Clip, Count, judge
from editron_core.times import Span

SHORT = Clip(
    "short",
    "sport",
    (("skate", 1.4, "cut"), ("stadium", 2.4, "cut"), ("product", 1.0, "cut"), ("host", 1.4, "dissolve")),
    flashes=((2.6, "white"),),
)


def at(*instants: str) -> list[Fraction]:
    return [Fraction(instant) for instant in instants]


def values(readings: tuple[Reading, ...]) -> dict[str, float]:
    found = {reading.name: reading.value for reading in readings}
    assert len(found) == len(readings)
    assert {reading.suite for reading in readings} == {"shots"}
    return found


def test_a_find_within_two_frames_is_the_cut_and_one_beyond_is_false() -> None:
    assert judge(at("2"), [], [], at("2.08")) == Count(cuts=1, found_cuts=1)
    assert judge(at("2"), [], [], at("2.12")) == Count(cuts=1, false=1)


def test_a_cut_is_found_once() -> None:
    assert judge(at("2"), [], [], at("1.96", "2")) == Count(cuts=1, found_cuts=1, false=1)


def test_a_find_goes_to_the_nearer_of_two_finds_in_time_order() -> None:
    count = judge(at("2", "2.1"), [], [], at("2.04", "2.12"))
    assert count == Count(cuts=2, found_cuts=2)


def test_a_dissolve_is_found_anywhere_in_it() -> None:
    fade = Span.of(3, 4)
    assert judge([], [fade], [], at("3.9")).found_dissolves == 1
    assert judge([], [fade], [], at("4.2")) == Count(dissolves=1, false=1)


def test_a_cut_at_a_flash_is_false_and_is_counted_as_such() -> None:
    assert judge([], [], [Span.of(1, "1.08")], at("1.08", "5")) == Count(false=2, false_flashes=1)


def test_shares_are_taken_of_the_sums() -> None:
    total = sum((Count(4, 0, 4, 0, 0), Count(0, 4, 0, 0, 4)), Count())
    assert (total.precision, total.recall, total.f1) == (0.5, 0.5, 0.5)
    assert (Count().precision, Count().recall) == (1.0, 1.0)
    assert Count(cuts=2).f1 == 0.0


def test_the_detector_finds_drawn_cuts_and_no_flash() -> None:
    found = values(shots.readings([SHORT]))
    assert found["cuts found of 2"] == 2
    assert found["false cuts"] == found["false cuts at flashes"] == 0
    assert found["precision"] == 1
    assert found["short: missed"] == 1 - found["dissolves found of 1"]


def test_a_higher_threshold_misses_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "LEAST_JUMP", 90.0)
    found = values(shots.readings([SHORT]))
    assert found["recall"] < 0.5
    assert found["cuts found of 2"] < 2
    assert found["short: missed"] >= 2


def test_a_detector_that_takes_flashes_for_cuts_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "FLASH_S", Fraction(0))
    found = values(shots.readings([SHORT]))
    assert found["false cuts at flashes"] == found["false cuts"] >= 1
    assert found["precision"] < 1


@pytest.mark.proof
def test_the_whole_suite_finds_every_cut_and_no_flash() -> None:
    found = values(shots.readings())
    assert found["cuts found of 8"] == 8
    assert found["false cuts"] == 0
