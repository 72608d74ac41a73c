"""Captions use the fonts that we ship, and know what these cannot draw."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from editron_core import process
from editron_core.domain.brand import BrandKit
from editron_core.domain.frame import SAFE_AREAS, Frame
from editron_core.domain.timeline import Cue
from editron_core.edit import burn, fonts, looks
from editron_core.errors import DefinitionError
from editron_core.media import ffmpeg
from editron_core.times import Span

PLAIN = BrandKit()


def test_the_shipped_families_are_there_without_any_system_font() -> None:
    assert fonts.families(PLAIN) == ("Roboto", "Source Sans Pro")
    assert all("site-packages" in str(face.path) for face in fonts.shipped())


@pytest.mark.parametrize(("weight", "name"), [(400, "Roboto"), (500, "Roboto Medium"), (900, "Roboto Black")])
def test_the_nearest_weight_is_picked(weight: int, name: str) -> None:
    face = fonts.pick(PLAIN, "Roboto", weight)
    assert (face.name, face.italic) == (name, False)


def test_coverage_is_what_the_fonts_hold() -> None:
    stack = fonts.stack(PLAIN, "Roboto", 700)
    assert fonts.missing("Grüße, Привет, Γειά, Việt Nam – “ok” → ✓", stack) == ()
    assert fonts.missing("שלום 你好 a🎉你", stack) == ("ש", "ל", "ו", "ם", "你", "好", "🎉")
    assert [(face.family, text) for face, text in fonts.runs("go → on", stack)] == [
        ("Roboto", "go "),
        ("Source Sans Pro", "→ "),
        ("Roboto", "on"),
    ]


def test_a_brand_font_adds_its_glyphs(tmp_path: Path) -> None:
    own = tmp_path / "own.ttf"
    shutil.copyfile(_subset(tmp_path), own)
    stack = fonts.stack(BrandKit(fonts=(str(own),)), "Roboto", 700)
    assert fonts.missing("\ue123", fonts.stack(PLAIN, "Roboto", 700)) == ("\ue123",)
    assert fonts.missing("\ue123", stack) == ()


def _subset(folder: Path, family: str = "Own") -> Path:
    """A font called `family` with one glyph of its own, made from a shipped one."""
    from fontTools.ttLib import TTFont

    font = TTFont(fonts.shipped()[0].path)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[0xE123] = "A"
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = family
    font.save(folder / "made.ttf")
    return folder / "made.ttf"


@pytest.mark.parametrize("family", ["Own, 99,&H00", "Own{\\fs900}", "Own\nDialogue"])
def test_a_family_name_that_would_break_a_style_is_refused(tmp_path: Path, family: str) -> None:
    with pytest.raises(DefinitionError, match="family name that captions cannot use"):
        fonts.read_face(_subset(tmp_path, family))


def test_the_folder_holds_every_face_once_and_is_found_again(home: Path) -> None:
    folder = fonts.fonts_dir(PLAIN)
    assert folder.parent == home.resolve() / "fonts"
    assert len(list(folder.iterdir())) == len(fonts.faces(PLAIN))
    stamp = folder.stat().st_mtime_ns
    assert fonts.fonts_dir(PLAIN) == folder
    assert folder.stat().st_mtime_ns == stamp
    assert not list(folder.parent.glob(".part-*"))


@pytest.mark.parametrize("preset", looks.PRESETS)
def test_libass_takes_each_face_from_our_folder(tmp_path: Path, preset: str) -> None:
    look = looks.resolve(preset, "16:9", Frame((320, 180), SAFE_AREAS["16:9"]), PLAIN)
    burn.write_ass([Cue(Span.of(0, 1), ("one → two",))], tmp_path / "a.ass", look, PLAIN)
    (tmp_path / "fonts").symlink_to(fonts.fonts_dir(PLAIN), target_is_directory=True)
    argv = [
        ffmpeg.binary(),
        "-nostdin",
        "-hide_banner",
        "-v",
        "info",
        "-f",
        "lavfi",
        "-i",
        "color=s=320x180:r=5",
    ]
    argv += ["-vf", "ass=a.ass:fontsdir=fonts", "-frames:v", "1", "-f", "null", "-"]
    with process.spawn(argv, cwd=tmp_path) as child:
        child.stdout.read()
        child.wait()
        log = child.tail
    chosen = re.findall(r"fontselect: \((.*?), \d+, \d+\) -> (\S+),", log)
    assert {asked for asked, _ in chosen} == {face.name for face in look.faces}
    assert all(re.sub(r"[^a-z]", "", asked.lower())[:6] == taken.lower()[:6] for asked, taken in chosen), log
