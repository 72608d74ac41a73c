"""Every file ends usable or with one clear reason, on files that are damaged for real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from editron_core.domain.batch import MediaProbe
from editron_core.errors import MediaError
from editron_core.ingest.examine import examine
from editron_core.ingest.staging import Arrival

Clips = dict[str, Path]


def look(path: Path, name: str = "what people know.mp4") -> MediaProbe:
    return examine(Arrival(name, path, "0" * 64, path.stat().st_size))


def reason(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        look(path)
    line = str(caught.value)
    assert line.startswith("what people know.mp4: ")
    assert line.endswith(")"), "each refusal carries a remedy"
    assert "\n" not in line
    assert str(path.parent) not in line, "our own paths mean nothing to people"
    return caught.value.message


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def box(content: bytes, name: bytes) -> tuple[int, int]:
    """Where the top-level box `name` of an MP4 lies: its start and its end."""
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == name:
            return at, at + size
        at += size
    raise AssertionError(f"no {name!r}")


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm", "silent", "sound"])
def test_whole_files_are_usable_without_a_note(clips: Clips, kind: str) -> None:
    found = look(clips[kind])
    assert found.notes == ()
    assert (found.video is None) == (kind == "sound")
    assert (found.audio is None) == (kind == "silent")
    assert found.duration == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty (0 bytes)"),
        (bytes(5000), "is nothing but zero bytes, not audio or video"),
        (b"just a note\n" * 50, "is a text, not audio or video"),
        (b"<!doctype html><title>Sign in</title>", "is a web page, not audio or video"),
        (b"PK\x03\x04" + b"zip" * 200, "is a ZIP archive, not audio or video"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), "is a still picture, not audio or video"),
        (bytes(range(255, 0, -1)) * 9, "cannot be read as audio or video"),
    ],
)
def test_says_what_is_wrong_with_what_is_no_media(tmp_path: Path, content: bytes, why: str) -> None:
    assert reason(written(tmp_path / "x.mp4", content)).startswith(why)


def test_a_wrong_ending_does_not_matter(clips: Clips, tmp_path: Path) -> None:
    for kind, name in (("mp4", "x.avi"), ("webm", "x.mp4"), ("mkv", "x.bin"), ("sound", "x.txt")):
        assert look(written(tmp_path / name, clips[kind].read_bytes())).notes == ()


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm"])
def test_refuses_files_that_are_cut_short(clips: Clips, tmp_path: Path, kind: str, share: float) -> None:
    content = clips[kind].read_bytes()
    line = reason(written(tmp_path / "cut.bin", content[: int(len(content) * share)]))
    assert "is cut short: only" in line
    said = int(line.split("only ")[1].split("%")[0])
    assert share * 100 - 30 <= said < 95


def test_a_lost_index_is_a_reason(clips: Clips, tmp_path: Path) -> None:
    content = clips["silent"].read_bytes()
    start, _ = box(content, b"moov")
    assert reason(written(tmp_path / "cut.mp4", content[:start])).startswith(
        "is cut short: its index is missing"
    )


def test_a_little_missing_at_the_end_is_a_note(draw: Callable[..., Path], tmp_path: Path) -> None:
    whole = draw(
        tmp_path / "long.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=60", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-g", "10", "-pix_fmt", "yuv420p", "-movflags", "+faststart"),
    )
    content = whole.read_bytes()
    found = look(written(tmp_path / "cut.mp4", content[: int(len(content) * 0.97)]))
    assert 57 < found.duration < 59.5
    (note,) = found.notes
    assert note == f"the last {60 - float(found.duration):.1f} s are missing"


def test_long_and_short_files_are_usable(draw: Callable[..., Path], tmp_path: Path) -> None:
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    long = draw(tmp_path / "long.mp4", "-f", "lavfi", "-i", f"color=s=16x16:r=1:d={8 * 3600}", *x264)
    short = draw(tmp_path / "short.mp4", "-f", "lavfi", "-i", "testsrc2=s=32x32:r=25:d=0.2", *x264)
    assert (look(long).duration, look(long).notes) == (8 * 3600, ())
    assert (look(short).duration * 5, look(short).notes) == (1, ())


def damaged(clips: Clips, draw: Callable[..., Path], folder: Path, victim: str) -> Path:
    """The mp4 with every packet of its picture or sound overwritten by noise, its index left whole."""
    noise = "noise=amount=1:dropamount=0"
    keep = {"v": "-bsf:v", "a": "-bsf:a"}[victim]
    return draw(folder / "damaged.mkv", "-i", str(clips["mp4"]), "-c", "copy", keep, noise)


def test_damaged_sound_is_left_out_with_a_note(
    clips: Clips, draw: Callable[..., Path], tmp_path: Path
) -> None:
    found = look(damaged(clips, draw, tmp_path, "a"))
    assert found.video is not None
    assert found.audio is None
    (note,) = found.notes
    assert note.startswith("its sound is damaged (")
    assert note.endswith("can be decoded) and is left out")


def test_a_damaged_picture_is_refused_though_the_sound_is_whole(
    clips: Clips, draw: Callable[..., Path], tmp_path: Path
) -> None:
    assert reason(damaged(clips, draw, tmp_path, "v")).startswith("its picture is damaged: ")


def test_damaged_sound_alone_is_refused(clips: Clips, draw: Callable[..., Path], tmp_path: Path) -> None:
    source = ["-i", str(clips["sound"]), "-c", "copy", "-bsf:a", "noise=amount=1"]
    assert reason(draw(tmp_path / "a.mkv", *source)).startswith("its sound is damaged: ")


def test_sound_shorter_than_the_picture_is_no_damage(
    clips: Clips, draw: Callable[..., Path], tmp_path: Path
) -> None:
    sources = ["-i", str(clips["mp4"]), "-t", "1", "-i", str(clips["mp4"])]
    found = look(draw(tmp_path / "a.mp4", *sources, "-map", "0:v", "-map", "1:a", "-c", "copy"))
    assert found.audio is not None
    assert found.notes == ()


@pytest.mark.footage
def test_real_odd_files_end_with_an_answer(footage: Path) -> None:
    for path in sorted((footage / "edge").iterdir()):
        assert look(path, path.name).duration > 0
