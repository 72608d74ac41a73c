"""Caption looks against golden frames: they are as blessed, and every change of a look is seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.domain import frame
from editron_core.domain.brand import BrandKit, Colours
from editron_core.edit import looks
from editron_core.errors import UsageError
from editron_core.qa.reading import Reading
from editron_core.qa.suites import captions, diff_pictures, export, pictures

SQUARE = (("karaoke",), ("1:1",))
SAID = len(export.SAID)


def values(readings: tuple[Reading, ...]) -> dict[str, float]:
    found = {reading.name: reading.value for reading in readings}
    assert len(found) == len(readings)
    assert {reading.suite for reading in readings} == {"captions"}
    return found


def test_a_look_is_as_it_was_blessed_and_pictures_of_an_earlier_run_go() -> None:
    stale = pictures.folder("captions") / "stale.png"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    found = values(captions.readings(*SQUARE))
    assert found["karaoke 1:1: frames that differ"] == 0
    assert found["karaoke 1:1: SSIM of the worst frame"] >= 0.995
    assert found["karaoke 1:1: VMAF"] > 95
    assert [found[f"frames that differ in {line.locale}"] for line in export.SAID] == [0] * SAID
    assert diff_pictures() == ()


def larger(patch: pytest.MonkeyPatch) -> None:
    old = looks.PRESETS["karaoke"]
    patch.setitem(looks.PRESETS, "karaoke", replace(old, sizes={"1:1": old.sizes["1:1"] * 1.03}))


def higher(patch: pytest.MonkeyPatch) -> None:
    old = frame.SAFE_AREAS["1:1"]
    patch.setitem(frame.SAFE_AREAS, "1:1", replace(old, bottom=old.bottom - 1.01 / 1080))


def recoloured(patch: pytest.MonkeyPatch) -> None:
    kit = BrandKit(colours=Colours(primary="#ffd24d"))
    patch.setattr(export, "BrandKit", lambda: kit)


@pytest.mark.parametrize("change", [larger, higher, recoloured], ids=lambda change: change.__name__)
def test_a_changed_look_is_counted_and_shown(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 % of the size, one pixel of the margin, a slightly paler highlight."""
    change(monkeypatch)
    found = values(captions.readings(*SQUARE))
    assert found["karaoke 1:1: frames that differ"] == SAID
    assert all(found[f"frames that differ in {line.locale}"] == 1 for line in export.SAID)
    (picture,) = diff_pictures()
    assert picture.name == "karaoke_1x1.png"
    assert pictures.read(picture).shape[1] > 900
    pairs = pictures.pairs("captions")
    assert sorted(pair.locale for pair in pairs) == sorted(line.locale for line in export.SAID)
    for pair in pairs:
        sides = [pictures.read(pictures.sides("captions") / name) for name in (pair.before, pair.after)]
        assert sides[0].shape == sides[1].shape == (270, 270, 3)
        assert not np.array_equal(*sides)
        assert (pair.case, pair.differing, pair.diff) == ("karaoke 1:1", SAID, "karaoke_1x1.png")


def test_the_command_shows_where_the_picture_of_a_change_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "PRESETS", SQUARE[0])
    monkeypatch.setattr(captions, "ASPECTS", SQUARE[1])
    larger(monkeypatch)
    found = CliRunner().invoke(app, ["qa", "regress", "--suite", "captions", "--json"])
    assert found.exit_code == 1
    (picture,) = json.loads(found.stdout)["pictures"]
    assert Path(picture).name == "karaoke_1x1.png"
    assert Path(picture).is_file()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of goldens of the test's own, for one look only."""
    monkeypatch.setattr(captions, "GOLDENS", tmp_path / "goldens")
    monkeypatch.setattr(captions, "PRESETS", SQUARE[0])
    monkeypatch.setattr(captions, "ASPECTS", SQUARE[1])
    return tmp_path / "goldens"


def test_goldens_are_written_where_the_picture_changed_only(shelf: Path) -> None:
    blessed = Path(__file__).parents[3] / "qa_golden" / "frames" / "captions"
    shelf.mkdir()
    for line in export.SAID:
        name = f"karaoke_1x1_{line.locale}.webp"
        shutil.copy(blessed / name, shelf / name)
    pictures.write(np.zeros((270, 270, 3), np.uint8), shelf / "karaoke_1x1_de.webp")
    (shelf / "gone_1x1_de.webp").write_bytes(b"")
    before = (shelf / "karaoke_1x1_en.webp").read_bytes()
    captions.write_goldens(shelf)
    assert sorted(path.name for path in shelf.iterdir()) == [
        f"karaoke_1x1_{locale}.webp" for locale in sorted(line.locale for line in export.SAID)
    ]
    assert (shelf / "karaoke_1x1_en.webp").read_bytes() == before
    assert np.array_equal(
        pictures.read(shelf / "karaoke_1x1_de.webp"), pictures.read(blessed / "karaoke_1x1_de.webp")
    )


def test_against_goldens_that_are_to_be_blessed_nothing_is_drawn(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew = tmp_path / "anew"
    anew.mkdir()
    captions.write_goldens(anew)
    stale = pictures.folder("captions") / "of-the-run-before.png"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    larger(monkeypatch)
    found = values(captions.readings(*SQUARE, goldens=anew))
    assert found["karaoke 1:1: frames that differ"] == SAID
    assert diff_pictures() == (stale,)


def test_a_missing_golden_is_named(shelf: Path) -> None:
    with pytest.raises(UsageError, match=r"karaoke_1x1_en\.webp.*--bless"):
        captions.readings(*SQUARE)


def test_every_shipped_look_has_its_goldens() -> None:
    cases = {captions.Case(preset, aspect) for preset in looks.PRESETS for aspect in frame.SAFE_AREAS}
    wanted = {case.golden(line.locale) for case in cases for line in export.SAID}
    assert {path.name for path in captions.GOLDENS.iterdir()} == wanted


@pytest.mark.proof
def test_all_looks_are_as_they_were_blessed() -> None:
    found = values(captions.readings())
    assert {name: value for name, value in found.items() if "differ" in name and value} == {}
