"""Burned-in captions: inside the safe area, on the right frames, and never markup."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from editron_core.domain.brand import BrandKit, Colours
from editron_core.domain.frame import SAFE_AREAS, Frame
from editron_core.domain.timeline import Clip, Cue, Timeline
from editron_core.edit import burn, captions, looks
from editron_core.edit.looks import PRESETS, Look
from editron_core.errors import DefinitionError, UsageError
from editron_core.times import Span
from tests.edit.screen import ink, shown
from tests.edit.stock import say, transcript

SIZES = {"16:9": (640, 360), "9:16": (360, 640), "1:1": (400, 400), "4:5": (400, 500)}
BRAND = BrandKit()
LONG = "Wherever we went that whole wonderful summer, somebody (usually my mother) WAS WAITING."
PAYLOADS = [
    r"{\an8}{\fs300}huge",
    r"{\pos(1,1)}{\1c&H0000FF&}red",
    r"\N\n\h\{\}",
    "{",
    "}{",
    r"\{\an8\}",
    "{\\p1}m 0 0 l 900 0 900 900{\\p0}",
    r"{\k100}{\fad(9,9)",
    "Dialogue: 0,0:00:00.00",
    "{\\\u2060an8}",
    "a,b{=1}c",
    "\\",
]


def look(preset: str = "clean", aspect: str = "16:9", brand: BrandKit = BRAND) -> Look:
    return looks.resolve(preset, aspect, Frame(SIZES[aspect], SAFE_AREAS[aspect]), brand)


def wide(width: int, height: int) -> Frame:
    return Frame((width, height), SAFE_AREAS["16:9"])


def burned(path: Path, cues: list[Cue], face: Look, **options) -> np.ndarray:
    burn.write_ass(cues, path / "a.ass", face, BRAND)
    return shown(path / "a.ass", face.size, **options)


def cue(*lines: str, start: str = "0", end: str = "4") -> Cue:
    return Cue(Span.of(start, end), lines)


def spoken_cues(face: Look) -> list[Cue]:
    words = say(LONG)
    cut = Timeline("t", "b", Fraction(25), ("16:9",), (Clip("a", Span.of(0, 20)),))
    return list(captions.cues_for(cut.placed(), {"a": transcript(words)}, Fraction(25), face.shape))


@pytest.mark.parametrize("aspect", SIZES)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("ground", ["black", "white"])
def test_all_that_is_drawn_lies_inside_the_safe_area(
    tmp_path: Path, preset: str, aspect: str, ground: str
) -> None:
    face = look(preset, aspect)
    safe, (width, height) = SAFE_AREAS[aspect], face.size
    said = spoken_cues(face)
    together = [replace(each, span=Span.of(k, k + 1)) for k, each in enumerate(said)]
    together = [replace(each, words=()) for each in together]
    frames = burned(tmp_path, together, face, frames=len(said), rate=Fraction(1), ground=ground)
    for frame in frames:
        box = ink(frame, 0 if ground == "black" else 255)
        assert box is not None
        left, top, right, bottom = box
        assert safe.left * width <= left
        assert right <= safe.right * width
        assert safe.top * height <= top
        assert bottom <= safe.bottom * height


@pytest.mark.parametrize("preset", PRESETS)
def test_text_stands_out_on_white_and_on_black(tmp_path: Path, preset: str) -> None:
    face = look(preset)
    for ground in ("black", "white"):
        (frame,) = burned(tmp_path, [cue("Readable anywhere")], face, ground=ground)
        left, top, right, bottom = ink(frame, 255 if ground == "white" else 0) or (0, 0, 1, 1)
        light = frame[top:bottom, left:right].mean(axis=2)
        assert np.percentile(light, 95) - np.percentile(light, 25) > 90


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_a_transcript_is_drawn_as_it_stands(tmp_path: Path, preset: str, payload: str) -> None:
    face = looks.resolve(preset, "16:9", wide(1280, 720), BRAND)
    words = tuple(replace(word, text=payload) for word in say("x", each=3.0))
    (frame,) = burned(tmp_path, [replace(cue(payload), words=words)], face)
    white = frame.min(axis=2) > 140 if not face.preset.karaoke else frame.max(axis=2) > 140
    rows, columns = np.nonzero(white)
    drawn = white[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    literal = _by_pillow(payload, face)
    assert abs(drawn.shape[1] - literal.shape[1]) <= 3 + literal.shape[1] // 50
    assert abs(drawn.shape[0] - literal.shape[0]) <= 3
    assert _alike(drawn, literal) > 0.75


def _by_pillow(text: str, face: Look) -> np.ndarray:
    """The same glyphs, drawn by a library that knows no markup; cropped to the ink."""
    em = face.font_size * face.faces[0].units / face.faces[0].line_units
    text = text.replace("\u2060", "")  # no width, and Pillow would draw a box
    font = ImageFont.truetype(str(face.faces[0].path), em)
    picture = Image.new("L", (1400, 200))
    ImageDraw.Draw(picture).text((20, 20), text, 255, font)
    rows, columns = np.nonzero(np.asarray(picture) > 127)
    return np.asarray(picture)[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 127


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    size = (max(one.shape[1], other.shape[1]), max(one.shape[0], other.shape[0]))
    a, b = (np.asarray(Image.fromarray(each).resize(size)).astype(float) for each in (one, other))
    return float(2 * np.minimum(a, b).sum() / (a.sum() + b.sum()))


def test_a_word_too_long_for_the_frame_is_made_smaller(tmp_path: Path) -> None:
    face = look("bold", "9:16")
    (frame,) = burned(tmp_path, [cue("Donaudampfschifffahrtsgesellschaftskapitän")], face)
    left, _, right, _ = ink(frame) or (0, 0, 0, 0)
    safe = SAFE_AREAS["9:16"]
    assert safe.left * 360 <= left < right <= safe.right * 360
    assert right - left > 0.7 * (safe.right - safe.left) * 360


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "60000/1001", "60"])
def test_a_cue_is_on_exactly_the_frames_of_its_span(tmp_path: Path, rate: str) -> None:
    fps = Fraction(rate)
    spans = [(3, 8), (10, 17), (19, 20), (22, 41)]
    cues = [Cue(Span(a / fps, b / fps), ("On.",)) for a, b in spans]
    face = looks.resolve("bold", "16:9", wide(160, 90), BRAND)
    frames = burned(tmp_path, cues, face, frames=45, rate=fps)
    lit = {n for n, frame in enumerate(frames) if ink(frame)}
    assert lit == {n for a, b in spans for n in range(a, b)}


def test_karaoke_lights_each_word_when_it_is_spoken(tmp_path: Path) -> None:
    brand = BrandKit(colours=Colours(primary="#ffd400"))
    face = look("karaoke", brand=brand)
    words = say("never gonna stop", 0.4, each=0.4, gap=0.1)
    (line,) = spoken(words, face)
    burn.write_ass([line], tmp_path / "a.ass", face, brand)
    frames = shown(tmp_path / "a.ass", face.size, frames=50)
    lit = [int(((f[..., 0] > 200) & (f[..., 2] < 90)).sum()) for f in frames]
    jumps = [n for n in range(11, 50) if lit[n] > lit[n - 1] + 50]
    # The cue itself comes in with the first word, at frame 10.
    assert lit[9] == 0
    assert lit[10] > 50
    assert jumps == pytest.approx([22, 35], abs=1)


def spoken(words, face: Look) -> tuple[Cue, ...]:
    cut = Timeline("t", "b", Fraction(25), ("16:9",), (Clip("a", Span.of(0, 20)),))
    return captions.cues_for(cut.placed(), {"a": transcript(words)}, Fraction(25), face.shape)


def test_a_glyph_of_the_other_font_is_drawn_with_it(tmp_path: Path) -> None:
    face = look()
    assert burn.write_ass([cue("left → right ✓")], tmp_path / "a.ass", face, BRAND) == ()
    text = (tmp_path / "a.ass").read_text("utf-8")
    assert "{\\fnSource Sans Pro" in text
    with_arrow, without = (burned(tmp_path, [cue(t)], face)[0] for t in ("left → right", "left right"))
    assert (with_arrow > 160).sum() > (without > 160).sum() + 20


def test_letters_that_no_font_has_are_a_finding_not_boxes(tmp_path: Path) -> None:
    face = look("bold")
    (finding,) = burn.write_ass([cue("こんにちは 你好")], tmp_path / "a.ass", face, BRAND)
    assert finding.rule == "caption-glyphs"
    assert "こ (U+3053)" in finding.message
    assert ink(shown(tmp_path / "a.ass", face.size)[0]) is None
    (finding,) = burn.write_ass([cue("Party 🎉 time")], tmp_path / "a.ass", face, BRAND)
    assert "U+1F389" in finding.message
    plain = burned(tmp_path, [cue("Party time")], face)
    burn.write_ass([cue("Party 🎉 time")], tmp_path / "a.ass", face, BRAND)
    assert np.array_equal(shown(tmp_path / "a.ass", face.size), plain)


def test_right_to_left_text_is_said_to_lack_glyphs_or_karaoke(tmp_path: Path) -> None:
    findings = burn.write_ass([cue("שלום")], tmp_path / "a.ass", look("karaoke"), BRAND)
    assert {finding.rule for finding in findings} == {"caption-glyphs"}


def test_a_highlight_too_dark_for_its_outline_is_lightened() -> None:
    assert burn.highlight(BrandKit(colours=Colours(primary="#ffd400"))) == "#ffd400"
    dark = BrandKit(colours=Colours(primary="#101a40", outline="#000000"))
    assert burn._contrast(burn.highlight(dark), "#000000") >= burn.LEAST_CONTRAST


def test_unknown_looks_and_fonts_are_refused() -> None:
    with pytest.raises(UsageError, match="clean"):
        looks.resolve("fancy", "16:9", wide(640, 360), BRAND)
    with pytest.raises(DefinitionError, match="Source Sans Pro"):
        looks.resolve("clean", "16:9", wide(640, 360), BrandKit(caption_font="Comic Sans, 99"))


def test_the_same_cues_give_the_same_bytes(tmp_path: Path) -> None:
    face = look("karaoke")
    for name in "ab":
        burn.write_ass(spoken_cues(face), tmp_path / f"{name}.ass", face, BRAND)
    assert (tmp_path / "a.ass").read_bytes() == (tmp_path / "b.ass").read_bytes()
