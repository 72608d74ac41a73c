"""Cards: slates that fit their frame, marks of the asked size in the asked corner."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.brand import BrandKit, Colours, Slate, Watermark
from editron_core.errors import DefinitionError
from editron_core.render import cards
from editron_core.render.plan import RenderPlan
from tests.render.drawing import clip, plan_of

F = Fraction
PRESETS = {"16:9": "youtube", "9:16": "shorts", "1:1": "feed"}


def plan(tmp_path: Path, brand: BrandKit) -> RenderPlan:
    (tmp_path / "a.mp4").touch()
    file = MediaFile("a", "b", "a.mp4", str(tmp_path / "a.mp4"), "0" * 64, 1, BatchStatus.READY)
    return plan_of(tmp_path, [file], [clip("a", 0, 5, F(25))], F(25), PRESETS, brand)


def logo(tmp_path: Path) -> str:
    path = tmp_path / "logo.png"
    Image.new("RGBA", (400, 200), (255, 0, 0, 255)).save(path)
    return str(path)


@pytest.mark.parametrize("aspect", list(PRESETS))
@pytest.mark.parametrize(
    "title", ["Hi", "A long title that has to be broken into several lines to fit", "W" * 60]
)
def test_a_slate_keeps_its_words_inside_the_frame(tmp_path, aspect, title):
    brand = BrandKit(
        intro=Slate(title, "and a subtitle that is not short either, to be honest"), logo=logo(tmp_path)
    )
    drawn = cards.draw(plan(tmp_path, brand), aspect, tmp_path)
    assert drawn.slates["intro"].is_file()
    picture = np.asarray(Image.open(drawn.slates["intro"]).convert("RGB")).astype(int)
    ground = np.array([0x10, 0x14, 0x18])
    ink = (np.abs(picture - ground).max(axis=2) > 12).nonzero()
    height, width = picture.shape[:2]
    assert ink[1].min() > 0.05 * width
    assert ink[1].max() < 0.95 * width
    assert ink[0].min() > 0.05 * height
    assert ink[0].max() < 0.95 * height
    assert abs((ink[1].min() + ink[1].max()) / 2 - width / 2) < 4  # centred


def test_slates_wear_the_colours_of_the_brand(tmp_path):
    brand = BrandKit(colours=Colours("#ff8800", "#00ff00", "#000000", "#220044"), intro=Slate("Title", "Sub"))
    drawn = cards.draw(plan(tmp_path, brand), "1:1", tmp_path)
    assert drawn.slates["intro"].is_file()
    seen = {colour for _, colour in Image.open(drawn.slates["intro"]).getcolors(1 << 20)}
    assert {(0x22, 0x00, 0x44), (0xFF, 0x88, 0x00), (0x00, 0xFF, 0x00)} <= seen


@pytest.mark.parametrize("place", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_a_mark_stands_in_its_corner_of_the_safe_area(tmp_path, place):
    brand = BrandKit(watermark=Watermark(image=logo(tmp_path), place=place, width=0.2, opacity=0.5))
    mark = cards.draw(plan(tmp_path, brand), "9:16", tmp_path).mark
    assert mark is not None
    assert mark.width == 216
    assert mark.left == (66 if "left" in place else 918 - 216)
    assert mark.top == (270 if "top" in place else (1248 - mark.height) // 2 * 2)
    assert np.asarray(Image.open(mark.path))[:, :, 3].max() == pytest.approx(128, abs=1)


def test_a_written_mark_is_about_as_wide_as_asked(tmp_path):
    brand = BrandKit(watermark=Watermark(text="EDITRON", width=0.14))
    mark = cards.draw(plan(tmp_path, brand), "16:9", tmp_path).mark
    assert mark is not None
    assert mark.width == pytest.approx(0.14 * 1920, rel=0.15)


def test_what_cannot_be_drawn_says_why(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(DefinitionError, match=r"broken\.png.*not a picture"):
        cards.draw(plan(tmp_path, BrandKit(logo=str(broken), intro=Slate("T"))), "1:1", tmp_path)
    with pytest.raises(DefinitionError, match=r"Comic Sans.*Roboto"):
        cards.draw(plan(tmp_path, BrandKit(title_font="Comic Sans")), "1:1", tmp_path)
