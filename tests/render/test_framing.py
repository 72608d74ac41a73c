"""Framing: the crop's path as an expression, colours, and what fills the rest of the frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.domain.timeline import Crop, CropKey
from editron_core.render import framing
from editron_core.render.encode import render
from tests.render.drawing import clip, ff, frames_of, h264, media, plan_of

pytestmark = pytest.mark.usefixtures("quick")
F = Fraction
RATE = F(25)


def value(expression: str, n: int) -> float:
    """An ffmpeg expression of ours, evaluated in Python."""
    names = {"n": n, "clip": lambda x, low, high: min(max(x, low), high), "gte": lambda a, b: float(a >= b)}
    return float(eval(expression, {"__builtins__": {}}, names))


def test_the_path_is_linear_between_keys_and_constant_outside():
    keys = [CropKey(F(1), 0.2, 0.5), CropKey(F(2), 0.6, 0.5), CropKey(F(4), 0.3, 0.5)]
    expression = framing.path(keys, "x", RATE)
    times = [0, 20, 25, 30, 50, 75, 100, 200]
    expected = np.interp(times, [25, 50, 100], [0.2, 0.6, 0.3])
    assert [value(expression, n) for n in times] == pytest.approx(list(expected), abs=1e-4)


def test_a_jump_of_the_crop_is_a_jump():
    keys = [
        CropKey(F(0), 0.2, 0.5),
        CropKey(F(1), 0.2, 0.5),
        CropKey(F(1), 0.8, 0.5),
        CropKey(F(2), 0.8, 0.5),
    ]
    expression = framing.path(keys, "x", RATE)
    assert [round(value(expression, n), 3) for n in (0, 24, 25, 50)] == [0.2, 0.2, 0.8, 0.8]


def test_hundreds_of_keys_stay_a_short_expression_that_follows_them():
    x = [0.5 + 0.3 * np.sin(k / 40) for k in range(600)]
    keys = [CropKey(F(k, 10), float(v), 0.5) for k, v in enumerate(x)]
    expression = framing.path(keys, "x", RATE)
    assert expression.count("clip") < 200
    worst = max(
        abs(value(expression, round(2.5 * k)) - np.interp(round(2.5 * k), np.arange(600) * 2.5, x))
        for k in range(600)
    )
    assert worst < 3 * framing.STRAIGHT


def source(tmp_path: Path, *words: str) -> Path:
    path = tmp_path / "source.mp4"
    ff("-f", "lavfi", "-i", *words, *h264(), str(path))
    return path


def rendered(
    tmp_path: Path, path: Path, preset: dict[str, str], crops: dict[str, Crop] | None = None
) -> Path:
    plan = plan_of(tmp_path / "out", [media(path)], [clip("a", 0, 5, RATE, crops)], RATE, preset)
    return Path(render(plan)[0].path)


@pytest.mark.parametrize("count", [99, 400])
def test_ffmpeg_takes_a_path_of_any_number_of_turns(tmp_path, count):
    zigzag = [CropKey(Fraction(number), 0.2 + 0.6 * (number % 2), 0.5) for number in range(count)]
    expression = framing.path(zigzag, "x", Fraction(25))

    ff(
        "-f",
        "lavfi",
        "-i",
        f"color=s=64x64:d=0.1,crop=16:16:x='({expression})*9':y=0",
        str(tmp_path / "x.mp4"),
    )


def test_a_wide_picture_in_a_tall_frame_stands_whole_over_its_blurred_self(tmp_path):
    path = source(tmp_path, "testsrc=s=640x360:r=25:d=1")
    picture = frames_of(rendered(tmp_path, path, {"9:16": "shorts"}), 270, 480)[2].astype(float)
    height = round(270 * 360 / 640)
    top = (480 - height) // 2
    whole = frames_of(path, 270, height)[2].astype(float)
    assert np.abs(picture[top + 2 : top + height - 2] - whole[2:-2]).mean() < 6
    fill = picture[20 : top - 10]
    assert fill.mean() > 25  # not black
    assert np.abs(np.diff(fill, axis=1)).max() < 12  # blurred: no edge left


def test_a_slightly_wider_picture_gets_thin_bars(tmp_path):
    path = source(tmp_path, "color=white:s=740x400:r=25:d=1")  # 1.85:1, cinema flat
    picture = frames_of(rendered(tmp_path, path, {"16:9": "youtube"}), 480, 270)[2]
    assert picture[:3].max() < 40
    assert picture[20:-20].min() > 220


def test_a_crop_of_another_shape_than_the_frame_is_not_stretched(tmp_path):
    circle = "color=black:s=640x360:r=25:d=1,format=gray,geq=lum='255*lt(hypot(X-320,Y-180),60)'"
    path = source(tmp_path, circle)
    crop = {"1:1": Crop(0.75, 1.0, (CropKey(F(0), 0.5, 0.5),))}
    picture = frames_of(rendered(tmp_path, path, {"1:1": "feed"}, crop), 540, 540)[2] > 128
    across, down = picture.any(axis=0).sum(), picture.any(axis=1).sum()
    assert across == pytest.approx(down, abs=3)


def test_pixels_that_are_not_square_are_shown_in_their_shape(tmp_path):
    circle = "color=black:s=640x360:r=25:d=1,format=gray,geq=lum='255*lt(hypot(X-320,Y-180),90)'"
    circle += ",scale=320:360,setsar=2"
    path = source(tmp_path, circle)
    picture = frames_of(rendered(tmp_path, path, {"16:9": "youtube"}), 640, 360)[2] > 128
    assert picture.any(axis=0).sum() == pytest.approx(picture.any(axis=1).sum(), abs=4)


@pytest.mark.parametrize(
    ("size", "matrix", "tagged"),
    [("640x360", "smpte170m", True), ("640x360", "smpte170m", False), ("1280x720", "bt709", False)],
)
def test_colours_survive_whatever_matrix_the_source_has(tmp_path, size, matrix, tagged):
    """Green differs most between bt601 and bt709: read by the wrong one it is off by 15 levels or more."""
    path = tmp_path / "green.mp4"
    convert = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p"
    tags = ["-colorspace", matrix, "-color_range", "tv"] if tagged else []
    if not tagged:
        convert += ",setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown"
    ff(
        "-f",
        "lavfi",
        "-i",
        f"color=0x20C040:s={size}:r=25:d=1,format=gbrp",
        "-vf",
        convert,
        *h264(),
        *tags,
        str(path),
    )
    made = rendered(tmp_path, path, {"16:9": "youtube"})
    raw = ff(
        "-i",
        str(made),
        "-vf",
        "scale=2:2:in_color_matrix=bt709,format=rgb24",
        "-frames:v",
        "1",
        "-f",
        "rawvideo",
        "-",
    )
    assert np.abs(np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(int) - (0x20, 0xC0, 0x40)).max() <= 5


def test_hdr_becomes_sdr_with_white_near_white(tmp_path):
    """A PQ picture of 100-nit grey and a 1000-nit highlight: both are visible, the highlight is brighter."""
    path = tmp_path / "hdr.mp4"
    # PQ code values (ST 2084): 100 nit = 0.508, 1000 nit = 0.752, of the 10-bit limited range.
    grey, bright = (round(64 + 876 * v) for v in (0.508, 0.752))
    graph = f"color=gray:s=640x360:r=25:d=1,format=yuv420p10le,geq=lum='if(lt(X,320),{grey},{bright})'"
    graph += (
        ":cb=512:cr=512,setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv"
    )
    quiet = ["-c:v", "libx265", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10le"]
    ff("-f", "lavfi", "-i", graph, *quiet, str(path))
    file = media(path)
    assert file.probe is not None
    assert file.probe.video is not None
    assert file.probe.video.hdr
    made = rendered(tmp_path, path, {"16:9": "youtube"})
    picture = frames_of(made, 64, 36)[2]
    left, right = picture[:, 4:28].mean(), picture[:, 36:60].mean()
    assert 90 < left < 215
    assert right > left + 25
    # Without the mapping, the PQ codes would be shown as they are: 0.508 of the range.
    flat = replace(file, probe=replace(file.probe, video=replace(file.probe.video, hdr=False)))
    plain = plan_of(tmp_path / "flat", [flat], [clip("a", 0, 5, RATE)], RATE, {"16:9": "youtube"})
    unmapped = frames_of(Path(render(plain)[0].path), 64, 36)[2]
    assert abs(left - unmapped[:, 4:28].mean()) > 5
