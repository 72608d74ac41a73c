"""First bytes tell footage from everything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from editron_core.ingest import kinds

Draw = Callable[..., Path]


@pytest.mark.parametrize(
    "ending", ["mp4", "mkv", "webm", "mov", "avi", "ts", "mpg", "flv", "wmv", "mxf", "m2ts"]
)
def test_knows_every_container_that_we_open(
    draw: Draw, clips: dict[str, Path], tmp_path: Path, ending: str
) -> None:
    codec = {"webm": "libvpx", "mxf": "mpeg2video", "mpg": "mpeg2video", "flv": "flv"}.get(ending, "mpeg4")
    arguments = ["-i", str(clips["silent"]), "-frames:v", "10", "-c:v", codec]
    if ending == "m2ts":
        arguments += ["-mpegts_m2ts_mode", "1"]
    path = draw(tmp_path / f"a.{ending}", *arguments)
    head = path.read_bytes()[: kinds.HEAD_BYTES]
    assert kinds.looks_like_media(head)
    assert kinds.other_kind(head) is None


@pytest.mark.parametrize("ending", ["wav", "mp3", "flac", "ogg", "aac", "m4a"])
def test_knows_every_kind_of_sound(draw: Draw, clips: dict[str, Path], tmp_path: Path, ending: str) -> None:
    codec = ["-c:a", "flac"] if ending == "ogg" else []
    path = draw(tmp_path / f"a.{ending}", "-i", str(clips["sound"]), *codec)
    assert kinds.looks_like_media(path.read_bytes()[: kinds.HEAD_BYTES])


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", "a playlist"),
        (b"ffconcat version 1.0\nfile x.mp4\n", "a playlist"),
        (b"\xef\xbb\xbf\n  <!DOCTYPE HTML><p>", "a web page"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "a session description"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n", "a still picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "a still picture"),
        (b"\x00" * 100, "nothing but zero bytes"),
        ("Grüße aus Köln".encode()[:-1] + "é".encode()[:1], "a text"),
        (b"\xde\xad\xbe\xef\x00\x01", None),
        (b"", None),
    ],
)
def test_says_what_other_files_are(head: bytes, kind: str | None) -> None:
    assert not kinds.looks_like_media(head)
    assert kinds.other_kind(head) == kind
