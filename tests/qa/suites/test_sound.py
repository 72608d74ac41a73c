"""Loudness and mix of what was rendered: the measure is right, and a mix that changes is seen."""

from __future__ import annotations

from math import log10

import numpy as np
import pytest

from editron_core.errors import EngineUnavailable
from editron_core.qa import voiceover
from editron_core.qa.suites import sound
from editron_core.render import presets
from editron_core.render import sound as stage

BUILT = 20 * log10(0.20 / 0.07)
"""dB by which drawn footage lowers its music under speech (`qa.drawn`)."""


def values(*names: str) -> dict[str, float]:
    readings = sound.readings(names)
    found = {reading.name: reading.value for reading in readings}
    assert len(found) == len(readings) == 4 * len(names)
    assert {(reading.suite, reading.locale) for reading in readings} == {("sound", "en")}
    return found


@pytest.fixture(autouse=True)
def voice() -> None:
    pytest.importorskip("espeakng_loader", reason="needs the extra `voice`")


def test_loudness_peak_and_ducking_of_a_preset_are_what_the_mix_is_built_of() -> None:
    found = values("youtube", "archive")
    for name in ("youtube", "archive"):
        wanted = presets.preset(name)
        assert found[f"{name}: loudness"] == pytest.approx(wanted.lufs, abs=wanted.tolerance)
        assert found[f"{name}: true peak"] <= wanted.dbtp + 0.05
        assert found[f"{name}: ducking under speech"] == pytest.approx(BUILT, abs=0.5)
    # Plain gain leaves the mix alone; the limiter may touch it, but not so that anybody hears it.
    assert found["youtube: speech over music"] == pytest.approx(found["archive: speech over music"], abs=0.5)


def test_music_that_does_not_step_back_changes_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(voice: voiceover.Voiceover, length: int) -> np.ndarray:
        return np.zeros(length, np.float32)

    monkeypatch.setattr(voiceover.Voiceover, "presence", never)
    found = values("archive")
    assert found["archive: ducking under speech"] == pytest.approx(0, abs=0.5)
    assert found["archive: speech over music"] < 10


def test_a_master_that_misses_its_level_or_its_ceiling_changes_the_readings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def plain(before: object, preset: object) -> stage.Tuning:
        return stage.Tuning(gain_db=14.0, ceiling_db=None)

    monkeypatch.setattr(stage, "_first_tuning", plain)
    monkeypatch.setattr(stage, "ROUNDS", 1)
    found, target = values("youtube"), presets.preset("youtube")
    assert abs(found["youtube: loudness"] - target.lufs) > 2 * sound.LUFS
    assert found["youtube: true peak"] > target.dbtp + sound.PEAK


def test_without_a_voice_the_suite_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(lines: list[str], voice: object) -> list[object]:
        raise EngineUnavailable("is not installed", subject="espeak-ng")

    monkeypatch.setattr(voiceover, "speak", refuse)
    with pytest.raises(EngineUnavailable, match="espeak-ng"):
        sound.readings()


@pytest.mark.proof
def test_every_preset_meets_its_level() -> None:
    found = values(*presets.shipped())
    for name in presets.shipped():
        assert abs(found[f"{name}: loudness"] - presets.preset(name).lufs) <= presets.preset(name).tolerance
