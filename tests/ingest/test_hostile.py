"""Hostile files: damaged by chance, or built to make the reader fetch, read or compute elsewhere.

Each ends usable or with one MediaError, within 30 seconds; nothing is fetched, nothing leaks.
"""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from editron_core.errors import MediaError
from editron_core.ingest import local, sources
from editron_core.ingest.examine import examine
from editron_core.ingest.staging import Arrival

Clips = dict[str, Path]
KINDS = ("mp4", "mkv", "webm")


def mutant(content: bytes, seed: int) -> bytes:
    """`content` with flipped bytes, its end cut off, or a piece of it moved elsewhere."""
    chance = random.Random(seed)
    body = bytearray(content)
    how = ("flip", "truncate", "splice")[seed % 3]
    if how == "flip":
        reach = len(body) if seed % 2 else min(len(body), 4000)  # as often the header as all of it
        for _ in range(chance.randint(1, 200)):
            body[chance.randrange(reach)] = chance.randrange(256)
    elif how == "truncate":
        del body[chance.randrange(1, len(body)) :]
    else:
        piece = chance.randrange(1, len(body) // 4)
        start, to = chance.randrange(len(body) - piece), chance.randrange(len(body) - piece)
        body[to : to + chance.randrange(2) * piece] = body[start : start + piece]
    return bytes(body)


def verdict(content: bytes, folder: Path) -> str:
    path = folder / "mutant.bin"
    path.write_bytes(content)
    started = time.monotonic()
    try:
        examine(Arrival("mutant", path, "0" * 64, len(content)))
        answer = "usable"
    except MediaError as error:
        answer = str(error)
        assert answer.startswith("mutant: ")
        assert "\n" not in answer
    assert time.monotonic() - started < 30
    return answer


def answers(clips: Clips, folder: Path, count: int) -> list[str]:
    bodies = [clips[kind].read_bytes() for kind in KINDS]
    return [verdict(mutant(bodies[seed % len(KINDS)], seed // len(KINDS)), folder) for seed in range(count)]


def test_damaged_files_end_with_one_answer(clips: Clips, tmp_path: Path) -> None:
    found = answers(clips, tmp_path, 24)
    assert 0 < found.count("usable") < len(found), "the mutants are neither all harmless nor all hopeless"


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_two_hundred_damaged_files_end_with_one_answer(clips: Clips, tmp_path: Path) -> None:
    found = answers(clips, tmp_path, 200)
    for line in sorted(set(found)):
        print(found.count(line), line)


def lures(address: str, secret: Path) -> dict[str, bytes]:
    """Files that make a careless reader fetch `address` or show `secret`."""
    segment = f"#EXTINF:1,\n{address}/seg.ts\n"
    adaptation = (
        f"<AdaptationSet mimeType='video/mp4'><Representation id='1' bandwidth='1'><BaseURL>{address}/x.mp4"
    )
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{segment}#EXT-X-ENDLIST\n".encode(),
        "hls of a file": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n".encode(),
        "hls by concat": f"#EXTM3U\n#EXTINF:1,\nconcat:{address}/a|file://{secret}\n".encode(),
        "hls key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{address}/key"\n{segment}'.encode(),
        "ffconcat": f"ffconcat version 1.0\nfile '{address}/x.mp4'\n".encode(),
        "ffconcat of a file": f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        "ffconcat of a neighbour": b"ffconcat version 1.0\nfile 'beside.mp4'\n",
        "hls of a neighbour": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:4,\nbeside.mp4\n#EXT-X-ENDLIST\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "dash": f"<?xml version='1.0'?><MPD><Period>{adaptation}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>".encode(),
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{address}/x.png'/></svg>".encode(),
        "imf": f"<?xml version='1.0'?><CompositionPlaylist><Id>{address}</Id></CompositionPlaylist>".encode(),
    }


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "webm", "wav", "m3u8"])
def test_playlists_under_any_name_are_refused_and_nothing_is_fetched(
    httpserver: HTTPServer, tmp_path: Path, clips: Clips, ending: str
) -> None:
    httpserver.expect_request("/").respond_with_data(b"")
    staging = tmp_path / "staging"
    staging.mkdir()
    shutil.copy(clips["mp4"], staging / "beside.mp4")
    for name, content in lures(httpserver.url_for("").rstrip("/"), clips["mp4"]).items():
        path = tmp_path / f"{name}.{ending}"
        path.write_bytes(content)
        arrival = local.take(sources.expand([str(path)]).found[0], staging)
        with pytest.raises(MediaError, match="not audio or video") as caught:
            examine(arrival)
        assert str(clips["mp4"]) not in str(caught.value)
    assert httpserver.log == []


def test_a_playlist_behind_media_bytes_is_not_followed(
    httpserver: HTTPServer, tmp_path: Path, clips: Clips
) -> None:
    """A file that is two things at once (GIFAR and its like) is read as media or not at all."""
    httpserver.expect_request("/").respond_with_data(b"")
    lure = lures(httpserver.url_for("").rstrip("/"), clips["mp4"])["hls"]
    body = clips["mp4"].read_bytes()
    for content in (body + lure, lure + body, bytes(16) + lure, b"\n" * 2000 + lure):
        verdict(content, tmp_path)
    assert httpserver.log == []
