"""A preview is the frame that the export shows there, pixel for pixel."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import ffmpeg as nodes
import numpy as np
import pytest
from PIL import Image

from editron_core.domain.brand import BrandKit, Bumper, Slate, Watermark
from editron_core.domain.timeline import Crop, CropKey, Cue
from editron_core.domain.transcript import Word
from editron_core.edit import burn, captions, looks
from editron_core.errors import UsageError
from editron_core.render import graph, presets
from editron_core.render.encode import render, workroom
from editron_core.render.marks import caption_frame
from editron_core.render.plan import RenderPlan
from editron_core.render.preview import AS_SEEN, preview, slate
from editron_core.render.run import run
from editron_core.times import Span
from tests.render.drawing import FONTS, clip, ff, h264, media, numbered, plan_of, tone

RATE = Fraction(25)
FRAMES = (0, 37, 49, 50, 99)
"""Of the cut: first and last, both sides of the join, and some within captions."""
BRAND = BrandKit(watermark=Watermark(text="EDITRON"), intro=Slate("Hello", seconds=0.5))
SAID = tuple(
    Word(text, Span(n * Fraction(1, 2), (n + 1) * Fraction(1, 2)))
    for n, text in enumerate(["We", "came", "down", "to", "the", "lake", "<early>"])
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds that change in every frame."""
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    moving = ",noise=alls=6:allf=t"
    ff(*numbered("25", 6, extra=moving), *tone(6), *h264(50), str(path))
    return path


def plan(source: Path, out: Path, aspect: str, preset: str) -> RenderPlan:
    out.mkdir(exist_ok=True)
    pan = Crop(0.32, 1.0, (CropKey(Fraction(0), 0.2, 0.5), CropKey(Fraction(2), 0.8, 0.5)))
    clips = [clip("a", 1, 50, RATE, {"9:16": pan}), clip("a", Fraction("3.52"), 50, RATE, {"9:16": pan})]
    bare = plan_of(out, [media(source)], clips, RATE, {aspect: preset}, BRAND)
    timeline = replace(bare.timeline, cues=(Cue(Span.of(0, 4), ("We came",), SAID),))
    frame = caption_frame(presets.preset(preset), aspect, BRAND, FONTS)
    look = looks.resolve("karaoke", aspect, frame, BRAND)
    ass = out / "captions.ass"
    burn.write_ass(captions.reshaped(timeline, look.shape), ass, look, BRAND)
    return replace(bare, timeline=timeline, subtitles={aspect: ass})


def decoded(video: Path, frame: int) -> np.ndarray:
    options = ":".join(f"{name}={value}" for name, value in AS_SEEN.items())
    chosen = f"select='eq(n,{frame})',scale={options},format=rgb24"
    raw = ff("-i", str(video), "-vf", chosen, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-")
    return np.asarray(Image.open(BytesIO(raw)).convert("RGB")).astype(int)


def seen(wanted: RenderPlan, aspect: str, frame: int) -> np.ndarray:
    drawn = preview(wanted, aspect, frame / wanted.rate)
    return np.asarray(Image.open(BytesIO(drawn)).convert("RGB")).astype(int)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("aspect", "preset"), [("16:9", "youtube"), ("9:16", "shorts")])
def test_a_preview_is_the_very_frame_that_the_export_hands_to_its_encoder(
    source: Path, tmp_path: Path, aspect: str, preset: str
) -> None:
    wanted = plan(source, tmp_path / "out", aspect, preset)
    kept = tmp_path / "lossless.mkv"
    with workroom(wanted) as room:
        stream = graph.pictures(wanted, room)[aspect]
        run(nodes.output(stream, f"file:{kept}", vcodec="ffv1"), room.folder, wall_s=120)

    for frame in FRAMES:
        exported = decoded(kept, wanted.slate_frames("intro") + frame)
        assert np.array_equal(seen(wanted, aspect, frame), exported), f"frame {frame}"


@pytest.mark.usefixtures("quick")
def test_a_preview_is_what_the_decoded_export_shows(source: Path, tmp_path: Path) -> None:
    """H.264 loses a little: what a viewer sees differs by a grey value or two, nowhere by a letter."""
    wanted = plan(source, tmp_path / "out", "16:9", "youtube")
    (made,) = render(wanted)

    for frame in (13, 61):
        apart = np.abs(
            decoded(Path(made.path), wanted.slate_frames("intro") + frame) - seen(wanted, "16:9", frame)
        )
        assert apart.mean() < 2
        assert np.percentile(apart, 99) < 24


@pytest.mark.usefixtures("quick")
def test_there_is_no_preview_outside_the_cut(source: Path, tmp_path: Path) -> None:
    wanted = plan(source, tmp_path / "out", "16:9", "youtube")
    with pytest.raises(UsageError, match="outside the cut"):
        preview(wanted, "16:9", Fraction(4))


@pytest.mark.usefixtures("quick")
def test_a_slate_is_the_very_frame_of_the_export_too(source: Path, tmp_path: Path) -> None:
    wanted = plan(source, tmp_path / "out", "16:9", "youtube")
    kept = tmp_path / "lossless.mkv"
    with workroom(wanted) as room:
        stream = graph.pictures(wanted, room)["16:9"].filter("trim", end_frame=2)
        run(nodes.output(stream, f"file:{kept}", vcodec="ffv1"), room.folder, wall_s=120)
    drawn = slate(wanted, "16:9", "intro")
    assert np.array_equal(np.asarray(Image.open(BytesIO(drawn)).convert("RGB")), decoded(kept, 1))
    with pytest.raises(UsageError, match="has no outro"):
        slate(wanted, "16:9", "outro")


@pytest.mark.usefixtures("quick")
def test_of_a_clip_before_the_cut_the_middle_is_shown(source: Path, tmp_path: Path) -> None:
    bare = plan(source, tmp_path / "out", "16:9", "youtube")
    wanted = replace(bare, brand=replace(BRAND, intro=Bumper(str(source), 2.0)))
    kept = tmp_path / "lossless.mkv"
    with workroom(wanted) as room:
        stream = graph.pictures(wanted, room)["16:9"].filter("trim", end_frame=26)
        run(nodes.output(stream, f"file:{kept}", vcodec="ffv1"), room.folder, wall_s=120)
    drawn = slate(wanted, "16:9", "intro")
    assert np.array_equal(np.asarray(Image.open(BytesIO(drawn)).convert("RGB")), decoded(kept, 25))


@pytest.mark.usefixtures("quick")
def test_browsers_show_a_preview_as_they_show_the_video(source: Path, tmp_path: Path) -> None:
    """A PNG that names BT.709's curve (cICP) is darkened by them; the video beside it is not."""
    drawn = preview(plan(source, tmp_path / "out", "16:9", "youtube"), "16:9", Fraction(0))
    head = drawn[: drawn.index(b"IDAT")]
    assert b"sRGB" in head
    assert b"cICP" not in head
