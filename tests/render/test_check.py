"""Checks: each one passes on a sound deliverable and fails on one that is broken in its own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pysubs2
import pytest

from editron_core.domain.brand import BrandKit, Slate, Watermark
from editron_core.domain.job import Check, Deliverable
from editron_core.domain.timeline import Cue
from editron_core.errors import MediaError
from editron_core.render import check, mp4
from editron_core.render.encode import render
from editron_core.render.graph import Workroom
from editron_core.render.measure import Loudness
from editron_core.render.plan import RenderPlan
from editron_core.render.sound import Track
from editron_core.times import Span
from tests.render.drawing import FONTS, clip, ff, h264, media, numbered, plan_of, tone

pytestmark = pytest.mark.usefixtures("quick")
F = Fraction
RATE = F(25)
TRACK = Track(Path("-"), Loudness(-20.0, -6.0), Loudness(-14.0, -1.2), 6.0, False)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds that change in every frame, with a tone."""
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    ff(*numbered("25", 8), *tone(8), *h264(50), str(path))
    return path


@pytest.fixture(scope="module")
def made(source: Path, quick: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[RenderPlan, Path]:
    """A plan of four seconds and its sound deliverable."""
    plan = plan_of(tmp_path_factory.mktemp("made"), [media(source)], [clip("a", 1, 100, RATE)], RATE)
    return plan, Path(render(plan)[0].path)


def looked_at(plan: RenderPlan, path: Path, track: Track = TRACK) -> Deliverable:
    """What the checks say of `path` as the deliverable of `plan`."""
    room = path.parent / "room"
    room.mkdir(exist_ok=True)
    (room / "fonts").unlink(missing_ok=True)
    (room / "fonts").symlink_to(FONTS)
    from editron_core.render import cards

    drawn = {aspect: cards.draw(plan, aspect, room) for aspect in plan.aspects}
    return check.inspect(plan, "1:1", path, track, Workroom(room, drawn, {}, "fonts"))


def missed(found: Deliverable) -> set[str]:
    """The names of the checks that were missed."""
    return {item.name for item in found.checks if not item.passed}


def named(found: Deliverable, name: str) -> Check:
    """One check by its name."""
    return next(item for item in found.checks if item.name == name)


def test_a_sound_deliverable_passes_every_check(made):
    plan, path = made
    found = looked_at(plan, path)
    assert found.passed, missed(found)
    assert (found.width, found.height, found.duration) == (360, 360, F(4))
    assert found.loudness_lufs == pytest.approx(-14, abs=0.5)


def again(*words: str) -> Callable[[Path, Path], None]:
    """A way to break a deliverable: encode it again with `words`."""

    def run(good: Path, bad: Path) -> None:
        keep = ["-c:v", "libx264", "-preset", "superfast", "-profile:v", "high", "-g", "12", "-bf", "2"]
        plain = ["-movflags", "+faststart+negative_cts_offsets", "-use_editlist", "0", "-c:a", "copy"]
        ff("-i", str(good), *keep, *plain, *words, str(bad))

    return run


@pytest.mark.parametrize(
    ("names", "spoil"),
    [
        ({"frames", "sound-length"}, again("-frames:v", "90")),
        ({"frames"}, again("-vf", "select='lt(n,97)'")),
        ({"size"}, again("-vf", "scale=240:240")),
        ({"frame-rate", "frames"}, again("-r", "30")),
        ({"picture-codec"}, again("-vf", "format=yuv444p", "-profile:v", "high444")),
        ({"key-frames"}, again("-g", "100", "-bf", "5", "-x264-params", "b-adapt=0:scenecut=0")),
        ({"sound-codec"}, again("-c:a", "aac", "-ac", "1", "-ar", "44100")),
        ({"faststart"}, again("-movflags", "negative_cts_offsets")),
        ({"edit-lists"}, again("-use_editlist", "1")),
        ({"loudness"}, again("-af", "volume=-6dB", "-c:a", "aac")),
        ({"true-peak", "loudness"}, again("-af", "volume=14dB", "-c:a", "aac")),
        ({"black", "frozen"}, again("-vf", "drawbox=c=black:t=fill:enable='between(n,30,75)'")),
        ({"frozen"}, again("-vf", "loop=loop=45:size=1:start=30,setpts=N/25/TB", "-frames:v", "100")),
        ({"silent"}, again("-af", "volume=0:enable='between(t,1,2.5)'", "-c:a", "aac")),
        ({"bit-rate"}, again("-vf", "noise=alls=100:allf=t", "-b:v", "60M")),
    ],
)
def test_each_flaw_is_found_and_named(made, tmp_path, names, spoil):
    plan, good = made
    bad = tmp_path / "bad.mp4"
    spoil(good, bad)
    assert names <= missed(looked_at(plan, bad)), missed(looked_at(plan, bad))


def test_black_still_and_silent_footage_is_not_a_flaw(tmp_path):
    """Five seconds of a title card with a black pause, and no sound for two of them."""
    path = tmp_path / "card.mp4"
    ff(
        *("-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=5,select='lt(n,1)',loop=-1:1,trim=end_frame=125"),
        *tone(5),
        *("-vf", "drawbox=c=black:t=fill:enable='between(n,50,80)'"),
        *("-af", "volume=0:enable='between(t,1,3)'"),
        *(*h264(), str(path)),
    )
    (found,) = render(plan_of(tmp_path / "out", [media(path)], [clip("a", 0, 125, RATE)], RATE))
    assert found.passed, missed(found)
    for name in ("black", "frozen", "silent"):
        assert "as in the footage" in named(found, name).measured


def test_slates_are_still_by_design(source, tmp_path):
    brand = BrandKit(intro=Slate("Title", "", 3), outro=Slate("End", "", 2))
    (found,) = render(plan_of(tmp_path, [media(source)], [clip("a", 0, 75, RATE)], RATE, brand=brand))
    assert found.passed, missed(found)
    assert named(found, "frozen").measured == "none"


def test_lost_sound_is_told_from_silent_footage(made, tmp_path):
    plan, good = made
    bad = tmp_path / "mute.mp4"
    again("-af", "volume=0", "-c:a", "aac")(good, bad)
    found = looked_at(plan, bad)
    assert {"loudness", "silent"} <= missed(found)
    assert named(found, "loudness").measured == "silence"


def test_platform_limits_are_checked(made, tmp_path):
    plan, good = made
    short = replace(
        plan, presets={"1:1": "reels"}, timeline=replace(plan.timeline, clips=(clip("a", 1, 50, RATE),))
    )
    bad = tmp_path / "short.mp4"
    again("-t", "2")(good, bad)
    assert "platform-length" in missed(looked_at(short, bad))


def captions(path: Path, *events: tuple[float, float, str], bottom: int = 700) -> Path:
    """An ASS file for 1080x1920 with its lines `bottom` pixels above the lower edge."""
    subs = pysubs2.SSAFile()
    subs.info |= {"PlayResX": "1080", "PlayResY": "1920"}
    style = pysubs2.SSAStyle(fontname="Roboto", fontsize=60, bold=True, outline=3)
    style.alignment = pysubs2.Alignment.BOTTOM_CENTER
    style.marginv, style.marginl, style.marginr = bottom, 120, 200
    subs.styles["Default"] = style
    subs.events = [
        pysubs2.SSAEvent(start=round(a * 1000), end=round(b * 1000), text=text) for a, b, text in events
    ]
    subs.save(str(path))
    return path


CUES = (Cue(Span.of("0.2", "1.2"), ("Hello there",)), Cue(Span.of("1.4", "2.4"), ("and again",)))


def vertical(source: Path, out: Path, ass: Path, brand: BrandKit | None = None) -> Deliverable:
    """A vertical deliverable with burned-in captions."""
    plan = plan_of(
        out, [media(source)], [clip("a", 1, 70, RATE)], RATE, {"9:16": "shorts"}, brand, {"9:16": ass}, CUES
    )
    return render(plan)[0]


def test_captions_inside_the_safe_area_pass(source, tmp_path):
    ass = captions(tmp_path / "a.ass", (0.2, 1.2, "Hello there"), (1.4, 2.4, "and again"))
    brand = BrandKit(watermark=Watermark(text="EDITRON"), intro=Slate("Title", "", 1))
    found = vertical(source, tmp_path / "out", ass, brand)
    assert found.passed, [item for item in found.checks if not item.passed]
    assert named(found, "captions-drawn").measured == "2 of 2 cues"


def test_captions_under_the_controls_of_the_app_are_found(source, tmp_path):
    ass = captions(tmp_path / "a.ass", (0.2, 1.2, "Hello there"), (1.4, 2.4, "and again"), bottom=300)
    found = vertical(source, tmp_path / "out", ass)
    assert missed(found) == {"captions-safe"}
    assert "first at 0:00.3" in named(found, "captions-safe").measured


def test_one_caption_out_of_place_for_a_moment_is_found(source, tmp_path):
    ass = captions(tmp_path / "a.ass", (0.2, 1.2, "Hello there"), (1.4, 2.4, r"{\pos(60,300)}and again"))
    assert missed(vertical(source, tmp_path / "out", ass)) == {"captions-safe"}


def test_a_cue_that_draws_nothing_is_found(source, tmp_path):
    ass = captions(tmp_path / "a.ass", (0.2, 1.2, "Hello there"), (1.4, 2.4, r"{\alpha&HFF&}and again"))
    found = vertical(source, tmp_path / "out", ass)
    assert missed(found) == {"captions-drawn"}
    assert named(found, "captions-drawn").measured == "1 of 2 cues"


def test_a_caption_on_the_watermark_is_found(source, tmp_path):
    ass = captions(tmp_path / "a.ass", (0.2, 1.2, "Hello there"), (1.4, 2.4, "and again"), bottom=675)
    brand = BrandKit(watermark=Watermark(text="EDITRON", place="bottom-left", width=0.6))
    assert missed(vertical(source, tmp_path / "out", ass, brand)) == {"captions-clear"}


def test_letters_that_no_font_has_are_found(source, tmp_path):
    brand = BrandKit(intro=Slate("日本 day", "", 1))
    (found,) = render(plan_of(tmp_path, [media(source)], [clip("a", 0, 30, RATE)], RATE, brand=brand))
    assert missed(found) == {"slate-letters"}
    assert "日" in named(found, "slate-letters").measured


def test_a_broken_container_is_refused(tmp_path, made):
    _, good = made
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(good.read_bytes()[:-5000])
    with pytest.raises(MediaError, match="not a whole MP4"):
        mp4.layout(cut)
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"\0\0\0\x08free")
    with pytest.raises(MediaError, match="no index"):
        mp4.layout(empty)
