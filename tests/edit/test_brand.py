"""Brand kits are whole, or refused with key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from editron_core.domain.brand import BrandKit, Bumper, Slate
from editron_core.edit import brand, fonts
from editron_core.errors import DefinitionError
from tests.render.drawing import ff, h264, numbered

WHOLE = """
name = "acme"
version = 3
caption_font = "Source Sans Pro"
fonts = ["type/own.ttf"]
logo = "logo.png"

[colours]
primary = "#e4572e"

[watermark]
image = "mark.png"
place = "bottom-left"
opacity = 0.4

[intro]
title = "Acme & Söhne"
seconds = 2

[outro]
title = "acme.example"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = tmp_path / "kit"
    (kit / "type").mkdir(parents=True)
    for name in ("logo.png", "mark.png"):
        Image.new("RGBA", (40, 20), (255, 0, 0, 128)).save(kit / name)
    (kit / "type" / "own.ttf").write_bytes(fonts.shipped()[0].path.read_bytes())
    (kit / "brand.toml").write_text(WHOLE, encoding="utf-8")
    return kit


def test_a_whole_kit_is_read_with_absolute_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    kit = brand.load(Path("brand.toml"))
    assert (kit.name, kit.version, kit.caption_font) == ("acme", 3, "Source Sans Pro")
    assert kit.logo == str(folder / "logo.png")
    assert kit.fonts == (str(folder / "type" / "own.ttf"),)
    assert kit.colours.primary == "#e4572e"
    assert kit.colours.text == "#ffffff"
    assert kit.watermark is not None
    assert kit.watermark.image == str(folder / "mark.png")
    assert (kit.watermark.place, kit.watermark.opacity) == ("bottom-left", 0.4)
    assert kit.intro == Slate("Acme & Söhne", "", 2.0)


def test_an_intro_may_be_a_clip_which_tells_its_length_itself(folder: Path) -> None:
    _draw(folder / "open.mp4", 1.2)
    (folder / "brand.toml").write_text('name = "acme"\n[intro]\nclip = "open.mp4"', encoding="utf-8")
    assert brand.load(folder / "brand.toml").intro == Bumper(str(folder / "open.mp4"), 1.2)


@pytest.mark.parametrize(
    ("intro", "says"),
    [
        ('clip = "nowhere.mp4"', r"intro\.clip: there is no file .*nowhere\.mp4"),
        ('clip = "logo.png"', r"intro\.clip: logo\.png cannot be read.*export it as MP4 again"),
        ('clip = "brand.toml"', r"intro\.clip: brand\.toml cannot be read.*export it as MP4 again"),
        ('clip = "short.mp4"', r"intro\.clip: short\.mp4 lasts 0\.4 s.*0\.5 to 30 s"),
        ('clip = "sound.m4a"', r"intro\.clip: sound\.m4a holds no picture"),
        ('clip = "open.mp4"\nseconds = 3', r"intro: a clip stands alone"),
        ('subtitle = "and nothing else"', r"intro: needs a title or a clip"),
    ],
)
def test_what_is_no_intro_is_refused_with_key_and_remedy(folder: Path, intro: str, says: str) -> None:
    _draw(folder / "short.mp4", 0.4)
    tone = ("-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac")
    ff(*tone, str(folder / "sound.m4a"))
    (folder / "brand.toml").write_text(f'name = "acme"\n[intro]\n{intro}', encoding="utf-8")
    with pytest.raises(DefinitionError, match=says):
        brand.load(folder / "brand.toml")


def _draw(path: Path, seconds: float) -> None:
    ff(*numbered("25", seconds), *h264(), str(path))


def test_a_name_alone_is_the_plain_kit(folder: Path) -> None:
    (folder / "brand.toml").write_text('name = "plain"')
    assert brand.load(folder / "brand.toml") == BrandKit()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"logo.png"', '"nowhere.png"', r"logo: there is no file .*nowhere\.png.*relative to the toml"),
        ('"mark.png"', '"brand.toml"', r"watermark\.image: brand\.toml is no whole PNG"),
        ('image = "mark.png"', "", r"watermark: shows nothing.*add image or text"),
        ('"#e4572e"', '"red"', r"colours\.primary: .*pattern.*'red'"),
        ("opacity = 0.4", "opacity = 40", r"watermark\.opacity: .*less than or equal to 1"),
        ('"bottom-left"', '"middle"', r"watermark\.place: .*'top-left'"),
        ("seconds = 2", "seconds = 0.1", r"intro\.seconds: .*0\.5"),
        ('"Acme & Söhne"', r'"two\nlines"', r"intro\.title: .*pattern"),
        ('"Source Sans Pro"', '"Comic Sans"', r"caption_font: 'Comic Sans' is no known font.*Roboto"),
        ('"type/own.ttf"', '"logo.png"', r"fonts\.0: logo\.png is no \.ttf or \.otf"),
        ("primary =", "primry =", r"colours\.primry: is not a known key.*did you mean primary"),
    ],
)
def test_a_fault_names_key_and_remedy(folder: Path, old: str, new: str, says: str) -> None:
    (folder / "brand.toml").write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=says) as caught:
        brand.load(folder / "brand.toml")
    assert caught.value.subject == str(folder / "brand.toml")


def test_a_torn_png_and_a_torn_font_are_refused(folder: Path) -> None:
    whole = (folder / "logo.png").read_bytes()
    (folder / "logo.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DefinitionError, match=r"logo: logo\.png is no whole PNG"):
        brand.load(folder / "brand.toml")
    (folder / "logo.png").write_bytes(whole)
    (folder / "type" / "own.ttf").write_bytes(b"\x00\x01\x00\x00nothing")
    fonts.read_face.cache_clear()
    with pytest.raises(DefinitionError, match=r"fonts\.0: type/own\.ttf is not a usable font"):
        brand.load(folder / "brand.toml")
