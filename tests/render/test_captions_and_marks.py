"""Captions of the edit room in deliverables of the render room: each cue is found, none on the mark."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from editron_core.domain.brand import BrandKit, Watermark
from editron_core.domain.frame import SAFE_AREAS, Frame
from editron_core.domain.timeline import Cue
from editron_core.domain.transcript import Word
from editron_core.edit import burn, captions, looks
from editron_core.render import boxes, presets
from editron_core.render.encode import render
from editron_core.render.marks import caption_frame
from editron_core.times import Span
from tests.render.drawing import FONTS, clip, ff, h264, media, numbered, plan_of, tone

RATE = Fraction(25)
ASPECTS = {"16:9": "youtube", "9:16": "shorts", "1:1": "feed"}
SPEECH = "We came down to the lake early, and nobody was there but us two."


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds that change in every frame, with a tone."""
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    ff(*numbered("25", 5), *tone(5), *h264(50), str(path))
    return path


def said() -> tuple[Word, ...]:
    """`SPEECH` without a pause, over five seconds."""
    texts = SPEECH.split()
    step = Fraction(36, 100)
    return tuple(Word(text, Span(n * step, min(Fraction(5), (n + 1) * step))) for n, text in enumerate(texts))


def delivered(source: Path, out: Path, caption_preset: str, brand: BrandKit, aspects: dict[str, str]):
    """Deliverables of five seconds in which `SPEECH` is burned in."""
    out.mkdir()
    whole = plan_of(out, [media(source)], [clip("a", 0, 125, RATE)], RATE, aspects, brand)
    spoken = Cue(Span.of(0, 5), (SPEECH,), said())
    words = replace(whole.timeline, cues=(spoken,))
    timeline = replace(words, cues=captions.reshaped(words, captions.SIDECAR))
    subtitles = {}
    for aspect, name in aspects.items():
        frame = caption_frame(presets.preset(name), aspect, brand, FONTS)
        look = looks.resolve(caption_preset, aspect, frame, brand)
        subtitles[aspect] = out / f"{aspect.replace(':', 'x')}.ass"
        burn.write_ass(captions.reshaped(timeline, look.shape), subtitles[aspect], look, brand)
    return render(replace(whole, timeline=timeline, subtitles=subtitles))


def square_logo(folder: Path) -> str:
    Image.new("RGBA", (300, 300), (200, 30, 30, 255)).save(folder / "logo.png")
    return str(folder / "logo.png")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["text", "image"])
def test_captions_stand_above_a_mark_at_the_bottom(source: Path, tmp_path: Path, kind: str) -> None:
    mark = Watermark(text="EDITRON", place="bottom-left", width=0.4)
    if kind == "image":
        mark = Watermark(image=square_logo(tmp_path), place="bottom-right", width=0.5)
    for one in delivered(source, tmp_path / "out", "bold", BrandKit(watermark=mark), ASPECTS):
        missed = [check for check in one.checks if not check.passed]
        assert not missed, (one.aspect, missed)
        assert "captions-clear" in {check.name for check in one.checks}


@pytest.mark.parametrize("place", ["top-left", "bottom-left"])
def test_only_a_mark_at_the_bottom_takes_room(place: str) -> None:
    brand = BrandKit(watermark=Watermark(text="EDITRON", place=place))
    free = caption_frame(presets.preset("youtube"), "16:9", brand, FONTS).free
    assert (free == SAFE_AREAS["16:9"]) == (place == "top-left")
    assert free.bottom > 0.75


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("preset", ["bold", "karaoke"])
def test_a_cue_that_a_square_frame_breaks_in_two_is_found_whole(
    source: Path, tmp_path: Path, preset: str
) -> None:
    """The sidecar's cue has its middle in the gap between two burned-in ones."""
    (one,) = delivered(source, tmp_path / "out", preset, BrandKit(), {"1:1": "feed"})
    assert not [check for check in one.checks if not check.passed]


@pytest.mark.parametrize("preset", ["bold", "karaoke", "clean"])
@pytest.mark.parametrize("rate", ["24000/1001", "25", "60"])
def test_cues_that_touch_are_short_or_begin_at_a_cut_are_all_drawn(
    tmp_path: Path, preset: str, rate: str
) -> None:
    fps = Fraction(rate)
    frames = [(0, 1), (1, 2), (2, 22), (22, 24), (24, 60), (61, 62)]
    cues = []
    for number, (first, end) in enumerate(frames):
        span = Span(first / fps, end / fps)
        cues.append(Cue(span, ("Mum",), (Word("Mum", span, number / 10),)))
    look = looks.resolve(preset, "1:1", Frame((240, 240), SAFE_AREAS["1:1"]), BrandKit())
    ass = tmp_path / "a.ass"
    burn.write_ass(cues, ass, look, BrandKit())
    (tmp_path / "fonts").symlink_to(FONTS)
    events = boxes.events(ass)
    seen = [boxes.looks(event, fps) for event in events]
    found = boxes.drawn(ass, (240, 240), fps, {n for each in seen for n in each} | {60, 63}, "fonts")
    for (first, end), looked in zip(frames, seen, strict=True):
        assert looked
        assert first <= min(looked) <= max(looked) < end
        assert all(found[n] for n in looked)
    assert found[60] is None
    assert found[63] is None
