"""Rendering whole deliverables from drawn clips: exact frames, sound in step, nothing half-written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.domain.brand import BrandKit, Bumper, Slate
from editron_core.domain.timeline import Crop, CropKey
from editron_core.errors import MediaError, ProcessFailed, UsageError
from editron_core.render import encode
from editron_core.render.encode import render
from tests.render.drawing import (
    clip,
    ff,
    frames_of,
    h264,
    media,
    numbered,
    numbers_in,
    plan_of,
    sound_of,
    tone,
)

pytestmark = pytest.mark.usefixtures("quick")
F = Fraction
NTSC = F(30000, 1001)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 25 fps with sound."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    ff(*numbered("25", 4), *tone(4), *h264(50), str(path))
    return path


def test_every_cut_shows_the_frames_of_the_timeline_and_no_other(plain, tmp_path):
    rate = F(25)
    clips = [clip("a", k * rate**-1, n, rate) for k, n in ((7, 3), (0, 1), (60, 9), (99, 1), (61, 4))]
    (made,) = render(plan_of(tmp_path, [media(plain)], clips, rate))
    assert numbers_in(Path(made.path)) == [7, 8, 9, 0, *range(60, 69), 99, *range(61, 65)]
    assert made.passed, [check for check in made.checks if not check.passed]


def test_the_same_stretch_twice_is_shown_twice(plain, tmp_path):
    rate = F(25)
    clips = [clip("a", F(1), 3, rate)] * 2
    (made,) = render(plan_of(tmp_path, [media(plain)], clips, rate))
    assert numbers_in(Path(made.path)) == [25, 26, 27] * 2


@pytest.mark.parametrize("kind", ["ts", "mkv", "webm", "fragmented", "edit-list", "prores"])
def test_frames_are_exact_in_every_container(plain, tmp_path, kind):
    rate, name = F(25), tmp_path / f"source.{'mp4' if kind in ('fragmented', 'edit-list') else kind}"
    if kind == "ts":  # key frames 10 s apart: a plain seek lands behind the one that is needed
        ff(*numbered("25", 24), *h264(250), str(name))
    elif kind == "mkv":
        ff("-i", str(plain), "-c", "copy", str(name))
    elif kind == "webm":
        ff(
            *numbered("25", 4),
            "-c:v",
            "libvpx",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
            "-g",
            "30",
            str(name),
        )
    elif kind == "fragmented":
        ff("-i", str(plain), "-c", "copy", "-movflags", "frag_keyframe+empty_moov", str(name))
    elif kind == "edit-list":  # cut without re-encoding: hidden frames before the first shown one
        ff("-ss", "1", "-i", str(plain), "-c", "copy", str(name))
    else:
        name = tmp_path / "source.mov"
        ff(*numbered("25", 4), "-c:v", "prores_ks", "-profile:v", "0", str(name))
    # The fragmented file's picture starts two frames after its sound, and times count from the sound.
    shift = {"edit-list": 25, "fragmented": -2}.get(kind, 0)
    starts = [18 * 25 + 7, 55, 3] if kind == "ts" else [41, 13]
    clips = [clip("a", F(k, 25), 4, rate) for k in starts]
    (made,) = render(plan_of(tmp_path / "out", [media(name)], clips, rate))
    assert numbers_in(Path(made.path)) == [k + shift + n for k in starts for n in range(4)]


def test_sources_of_other_rates_show_the_frame_on_display_at_each_instant(tmp_path):
    rate = F(25)
    files, clips, expected = [], [], []
    for name, source in (("ntsc", NTSC), ("film", F(24000, 1001)), ("high", F(60))):
        path = tmp_path / f"{name}.mp4"
        ff(*numbered(str(source), 3), *h264(48), str(path))
        files.append(media(path, name))
        clips.append(clip(name, F(28, 25), 10, rate))
        expected += [(F(28, 25) + k / rate) * source for k in range(10)]
    (made,) = render(plan_of(tmp_path / "out", files, clips, rate))
    shown = numbers_in(Path(made.path))
    assert len(shown) == len(expected)
    assert all(abs(number - at) <= F(51, 100) for number, at in zip(shown, expected, strict=True))


def test_variable_rate_holds_the_frame_that_was_on_display(tmp_path):
    """A screen recording that stands still for seconds: the frame shown at 2.0 s began at 0.8 s."""
    path = tmp_path / "vfr.mkv"
    chosen = "select='lt(n,21)+gte(n,75)'"
    ff(*numbered("25", 4, extra=f",{chosen}"), "-fps_mode", "vfr", *h264(10)[:-2], str(path))
    rate = F(25)
    clips = [clip("a", F(2), 5, rate), clip("a", F(73, 25), 4, rate)]
    (made,) = render(plan_of(tmp_path / "out", [media(path)], clips, rate))
    assert numbers_in(Path(made.path)) == [20] * 5 + [20, 20, 75, 76]


def test_a_rotated_phone_clip_stands_upright(tmp_path):
    upright = "drawbox=x=0:y=0:w=180:h=40:c=white:t=fill"
    ff(
        "-f",
        "lavfi",
        "-i",
        f"color=black:s=180x320:r=25:d=1,{upright},transpose=2",
        *h264(),
        str(tmp_path / "l.mp4"),
    )
    turned = tmp_path / "turned.mp4"
    ff("-display_rotation", "-90", "-i", str(tmp_path / "l.mp4"), "-c", "copy", str(turned))
    (made,) = render(plan_of(tmp_path, [media(turned)], [clip("a", 0, 5, F(25))], F(25), {"9:16": "shorts"}))
    picture = frames_of(Path(made.path), 90, 160)[2]
    assert picture[2:16].mean() > 200
    assert picture[30:].mean() < 40


def test_a_moving_crop_follows_its_keys(tmp_path):
    """A white bar that moves right at a steady pace stays in the middle of a crop that moves with it."""
    path = tmp_path / "bar.mp4"
    ff(
        *("-f", "lavfi", "-i", "color=black:s=640x360:r=25:d=2"),
        *("-f", "lavfi", "-i", "color=white:s=8x360:r=25:d=2"),
        *("-filter_complex", "[0][1]overlay=x='148+n*8':y=0"),
        *(*h264(), str(path)),
    )
    keys = (CropKey(F(0), 160 / 640, 0.5), CropKey(F(1), 360 / 640, 0.5), CropKey(F(8, 5), 480 / 640, 0.5))
    crops = {"9:16": Crop(202.5 / 640, 1.0, keys)}
    plan = plan_of(
        tmp_path / "out", [media(path)], [clip("a", 0, 40, F(25), crops)], F(25), {"9:16": "shorts"}
    )
    pictures = frames_of(Path(render(plan)[0].path), 1080, 1920)[:, 900].astype(float)
    centres = [(np.arange(1080) * (row > 100)).sum() / (row > 100).sum() for row in pictures]
    assert np.abs(np.array(centres) - 540).max() < 10  # within two pixels of the source


def test_sound_stays_in_step_over_ten_cuts(tmp_path):
    path = tmp_path / "flash.mp4"
    flash = "drawbox=c=white:t=fill:enable='not(mod(n,25))'"
    beep = "if(lt(mod(t,1),0.04),0.5*sin(2000*PI*t),0)"
    ff(
        *("-f", "lavfi", "-i", f"color=black:s=320x180:r=25:d=12,{flash}"),
        *("-f", "lavfi", "-i", f"aevalsrc='{beep}':s=44100:d=12"),
        *(*h264(60), str(path)),
    )
    rate = NTSC
    clips = [clip("a", F(k) + F(2 * k + 3, 25), round((1 + F(k % 3, 10)) * rate), rate) for k in range(10)]
    (made,) = render(plan_of(tmp_path / "out", [media(path)], clips, rate))
    light = frames_of(Path(made.path), 16, 16).mean(axis=(1, 2)) > 100
    flashes = np.flatnonzero(light & ~np.roll(light, 1)) / float(rate)
    loud = np.flatnonzero(np.abs(sound_of(Path(made.path))) > 0.05) / 48000
    beeps = loud[np.concatenate(([True], np.diff(loud) > 0.1))]
    assert len(flashes) == len(beeps) == 10
    # The picture's grid rounds a flash by half a frame at most; the sound is not rounded at all.
    assert np.abs(beeps - flashes).max() <= 0.5 / float(rate) + 0.002


def test_three_aspects_come_from_one_run_with_slates_before_and_after(plain, tmp_path):
    brand = BrandKit(intro=Slate("Opening", "A subtitle", 0.4), outro=Slate("The end", "", 0.4))
    presets = {"16:9": "youtube", "9:16": "shorts", "1:1": "feed"}
    plan = plan_of(tmp_path, [media(plain)], [clip("a", 1, 76, F(25))], F(25), presets, brand)
    told: list[float] = []
    made = render(plan, told.append)
    assert plan.lead == F(2, 5)
    assert [(d.aspect, d.width, d.height) for d in made] == [
        ("16:9", 640, 360), ("9:16", 360, 640), ("1:1", 360, 360),
    ]  # fmt: skip
    assert all(d.duration == F(96, 25) for d in made)
    assert all(d.passed for d in made), [c for d in made for c in d.checks if not c.passed]
    assert numbers_in(Path(made[0].path), square=False)[10:86] == [*range(25, 100), 99]
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut_16x9.mp4", "cut_1x1.mp4", "cut_9x16.mp4"]


def test_clips_of_the_brand_play_whole_and_with_their_sound_before_and_after_the_cut(plain, tmp_path):
    own = tmp_path / "own.mp4"
    ff(*numbered("25", 1), *tone(1, 880), *h264(25), str(own))
    (tmp_path / "out").mkdir()
    brand = BrandKit(intro=Bumper(str(own), 1.0), outro=Bumper(str(own), 0.8))
    plan = plan_of(tmp_path / "out", [media(plain)], [clip("a", 2, 30, F(25))], F(25), brand=brand)
    (made,) = render(plan)
    assert plan.lead == 1
    assert made.passed, [check for check in made.checks if not check.passed]
    assert numbers_in(Path(made.path)) == [*range(25), *range(50, 80), *range(20)]
    heard = sound_of(Path(made.path))
    for first, hertz in ((0.4, 880), (1.6, 440), (2.6, 880)):
        part = heard[round(first * 48000) :][:9600]
        assert np.abs(np.fft.rfft(part)).argmax() * 5 == hertz


def test_a_clip_of_the_brand_fills_every_shape_at_the_rate_of_the_cut(plain, tmp_path):
    own = tmp_path / "own.mp4"
    ff(*numbered("30", 2, size="180x320"), *h264(30), str(own))
    presets = {"16:9": "youtube", "9:16": "shorts"}
    brand = BrandKit(intro=Bumper(str(own), 2.0))
    plan = plan_of(tmp_path, [media(plain)], [clip("a", 1, 25, F(25))], F(25), presets, brand)
    made = render(plan)
    assert [(one.width, one.height) for one in made] == [(640, 360), (360, 640)]
    assert all(one.passed for one in made), [c for one in made for c in one.checks if not c.passed]
    assert all(one.duration == 3 for one in made)


def test_a_clip_of_the_brand_that_is_gone_is_named(plain, tmp_path):
    brand = BrandKit("acme", intro=Bumper(str(tmp_path / "gone.mp4"), 1.0))
    with pytest.raises(MediaError, match=r"acme.*intro.*upload"):
        render(plan_of(tmp_path, [media(plain)], [clip("a", 1, 25, F(25))], F(25), brand=brand))


def test_the_same_plan_gives_the_same_bytes(plain, tmp_path):
    made = []
    for name in ("first", "second"):
        plan = plan_of(tmp_path / name, [media(plain)], [clip("a", 1, 20, F(25))], F(25))
        made.append(Path(render(plan)[0].path).read_bytes())
    assert made[0] == made[1]


def test_no_word_of_the_footage_travels_into_the_deliverable(plain, tmp_path):
    tagged = tmp_path / "tagged.mp4"
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(";FFMETADATA1\ntitle=SECRET\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=SECRET\n")
    ff(
        "-i",
        str(plain),
        "-i",
        str(chapters),
        "-map_metadata",
        "1",
        "-map_chapters",
        "1",
        "-c",
        "copy",
        str(tagged),
    )
    assert b"SECRET" in tagged.read_bytes()
    (made,) = render(plan_of(tmp_path / "out", [media(tagged)], [clip("a", 0, 5, F(25))], F(25)))
    assert b"SECRET" not in Path(made.path).read_bytes()


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ProcessFailed])
def test_nothing_half_written_stays(plain, tmp_path, monkeypatch, failure):
    def stop(share: float) -> None:
        if share >= encode.SOUND_SHARE:
            raise failure("x", 1, "") if failure is ProcessFailed else failure

    (tmp_path / "cut_1x1.mp4").write_bytes(b"an earlier render")
    with pytest.raises(failure):
        render(plan_of(tmp_path, [media(plain)], [clip("a", 0, 50, F(25))], F(25)), stop)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("cut_1x1.mp4", b"an earlier render")]


def test_what_a_killed_run_left_is_cleared_away(plain, tmp_path):
    (tmp_path / ".cut.part").mkdir()
    (tmp_path / ".cut.part" / "cut_1x1.part.mp4").write_bytes(b"half")
    render(plan_of(tmp_path, [media(plain)], [clip("a", 0, 5, F(25))], F(25)))
    assert [p.name for p in tmp_path.iterdir()] == ["cut_1x1.mp4"]


def test_thirty_clips_of_one_file_make_one_run(plain, tmp_path):
    starts = [(k * 37) % 97 for k in range(30)]
    clips = [clip("a", F(k, 25), 2, F(25)) for k in starts]
    (made,) = render(plan_of(tmp_path, [media(plain)], clips, F(25)))
    assert numbers_in(Path(made.path)) == [k + n for k in starts for n in (0, 1)]


def test_a_clip_without_a_picture_shows_the_brand_colour(tmp_path):
    sound = tmp_path / "voice.m4a"
    ff(*tone(2), "-c:a", "aac", str(sound))
    (made,) = render(plan_of(tmp_path / "out", [media(sound)], [clip("a", 0, 40, F(25))], F(25)))
    assert made.passed, [check for check in made.checks if not check.passed]
    assert np.ptp(frames_of(Path(made.path), 40, 40).astype(int)) <= 4


def test_the_archive_master_is_prores_with_pcm(plain, tmp_path):
    plan = plan_of(tmp_path, [media(plain)], [clip("a", 0, 30, F(25))], F(25), {"1:1": "archive"})
    (made,) = render(plan)
    assert made.path.endswith("cut_1x1.mov")
    assert made.passed, [check for check in made.checks if not check.passed]


def test_plans_that_cannot_be_rendered_say_why(plain, tmp_path):
    file = media(plain)
    with pytest.raises(UsageError, match="no clips"):
        plan_of(tmp_path, [file], [], F(25))
    with pytest.raises(UsageError, match="does not take 16:9"):
        plan_of(tmp_path, [file], [clip("a", 0, 5, F(25))], F(25), {"16:9": "shorts"})
    with pytest.raises(UsageError, match="not in the batch"):
        plan_of(tmp_path, [file], [clip("b", 0, 5, F(25))], F(25))
    with pytest.raises(MediaError, match="no longer where it was"):
        render(plan_of(tmp_path, [replace(file, path="/gone")], [clip("a", 0, 5, F(25))], F(25)))
    with pytest.raises(MediaError, match="never probed"):
        render(plan_of(tmp_path, [replace(file, probe=None)], [clip("a", 0, 5, F(25))], F(25)))
