"""Copying into staging: one read, hashed, under our own names, and nothing but plain files."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from editron_core.errors import EditronError, MediaError, SourceError, StoreError
from editron_core.ingest import local, sources
from editron_core.ingest.sources import Found


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def test_copies_and_hashes_and_tells_how_far_it_is(tmp_path: Path, staging: Path) -> None:
    content = os.urandom(10_000_000)
    (tmp_path / "a.MP4").write_bytes(content)
    told: list[float] = []
    arrival = local.take(Found("day 1/a.MP4", tmp_path / "a.MP4"), staging, told.append)
    digest = hashlib.sha256(content).hexdigest()
    assert arrival == local.Arrival("day 1/a.MP4", staging / f"{digest}.mp4", digest, 10_000_000)
    assert arrival.path.read_bytes() == content
    assert told == sorted(told)
    assert (len(told), told[-1]) == (3, 1.0)
    assert list(staging.iterdir()) == [arrival.path]


def test_takes_the_transcript_along(tmp_path: Path, staging: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "a.de.SRT").write_bytes(b"\xff\xfe1\n")
    arrival = local.take(sources.expand([str(tmp_path / "a.mp4")]).found[0], staging)
    assert arrival.transcript is not None
    assert arrival.transcript.parent == staging
    assert arrival.transcript.suffix == ".srt"
    assert arrival.transcript.read_bytes() == b"\xff\xfe1\n"
    assert arrival.language == "de"


@pytest.mark.parametrize("name", ["../../evil.mp4", "a\n.mp4", "$(id).mp4", "-rf", "nul.exe", ".mp4"])
def test_never_uses_the_name_that_a_file_came_with(tmp_path: Path, staging: Path, name: str) -> None:
    source = tmp_path / "plain"
    source.write_bytes(b"bytes")
    arrival = local.take(Found(name, source), staging)
    assert arrival.path == staging / f"{hashlib.sha256(b'bytes').hexdigest()}.bin"


def test_equal_content_shares_one_copy(tmp_path: Path, staging: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"same")
    paths = {local.take(Found(name, tmp_path / name), staging).path for name in ("a.mp4", "b.mp4")}
    assert len(paths) == 1


def make(kind: str, path: Path) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))


@pytest.mark.parametrize(
    ("kind", "reason", "error"),
    [
        ("pipe", "is a pipe, socket or device", MediaError),
        ("link", "is a link", MediaError),
        ("folder", "is a folder", MediaError),
        ("socket", "cannot be read", SourceError),
        ("nothing", "cannot be read: No such file", SourceError),
    ],
)
def test_refuses_what_is_no_plain_file(
    staging: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    reason: str,
    error: type[EditronError],
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    make(kind, Path("odd.mp4"))
    with pytest.raises(error, match=reason) as caught:
        local.take(
            Found("odd.mp4", Path("odd.mp4").absolute() if kind != "socket" else Path("odd.mp4")), staging
        )
    assert caught.value.subject == "odd.mp4"
    assert list(staging.iterdir()) == []


def test_refuses_devices(staging: Path) -> None:
    with pytest.raises(MediaError, match="is a pipe, socket or device"):
        local.take(Found("zero.mp4", Path("/dev/zero")), staging)


def test_a_link_inside_a_folder_is_refused_and_not_followed(tmp_path: Path, staging: Path) -> None:
    footage = tmp_path / "footage"
    footage.mkdir()
    (footage / "a.mp4").symlink_to("/etc/passwd")
    (found,) = sources.expand([str(footage)]).found
    with pytest.raises(MediaError, match="is a link"):
        local.take(found, staging)


def test_refuses_a_file_that_changes_meanwhile(tmp_path: Path, staging: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(bytes(9 << 20))

    def grow(_: float) -> None:
        with source.open("ab") as file:
            file.write(b"more")

    with pytest.raises(SourceError, match="changed while it was copied"):
        local.take(Found("a.mp4", source), staging, grow)
    with pytest.raises(SourceError, match="changed while it was copied"):
        local.take(Found("a.mp4", source), staging, lambda _: os.utime(source))
    assert list(staging.iterdir()) == []


def test_leaves_nothing_behind_when_it_is_interrupted(tmp_path: Path, staging: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(bytes(9 << 20))

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.take(Found("a.mp4", source), staging, interrupt)
    assert list(staging.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_says_so_when_the_disk_is_full(tmp_path: Path) -> None:
    from editron_core.ingest.staging import refusals

    with (
        pytest.raises(StoreError, match=r"No space left.*free some space"),
        refusals(tmp_path),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")


def test_refuses_a_transcript_of_absurd_size(tmp_path: Path, staging: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    with (tmp_path / "a.srt").open("wb") as file:
        file.truncate(local.MAX_TRANSCRIPT + 1)
    with pytest.raises(MediaError, match=r"the transcript of .*a\.mp4: is larger than 32 MiB"):
        local.take(sources.expand([str(tmp_path / "a.mp4")]).found[0], staging)
