"""What the operator named becomes a list; nothing in it stops the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from editron_core.config import Settings
from editron_core.ingest import sources


def touch(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def shown(listing: sources.Listing) -> list[str]:
    return [one.name for one in listing.found]


def test_lists_a_folder_to_its_depth_in_order_and_counts_the_rest(tmp_path: Path) -> None:
    for name in (
        "b.mp4",
        "a.MOV",
        "day 2/c.mkv",
        "day 2/deep/d.wav",
        "notes.txt",
        "day 2/cover.jpg",
        ".DS_Store",
    ):
        touch(tmp_path / name)
    listing = sources.expand([str(tmp_path)])
    assert shown(listing) == ["a.MOV", "b.mp4", "day 2/c.mkv", "day 2/deep/d.wav"]
    assert listing.passed_over == 3


def test_finds_footage_without_footages_ending(tmp_path: Path, clips: dict[str, Path]) -> None:
    touch(tmp_path / "card0001.dat", clips["mp4"].read_bytes())
    touch(tmp_path / "other.dat", b"something else")
    listing = sources.expand([str(tmp_path)])
    assert shown(listing) == ["card0001.dat"]
    assert listing.passed_over == 1


def test_passes_over_hidden_folders_our_home_and_what_is_to_be_avoided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".editron/blobs/x.mp4", "state/blobs/y.mp4", "out/z.mp4", "._a.mp4", "a.mp4"):
        touch(tmp_path / name)
    monkeypatch.setattr(sources, "settings", lambda: Settings(home=tmp_path / "state"))
    assert shown(sources.expand([str(tmp_path)], avoid=[tmp_path / "out"])) == ["a.mp4"]


def test_puts_the_transcript_beside_its_footage(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.en.srt", "a.descriptions.vtt", "b.mp4", "sub/a.mp4", "sub/b.srt"):
        touch(tmp_path / name)
    listing = sources.expand([str(tmp_path)])
    beside = {one.name: (one.transcript and one.transcript.name, one.language) for one in listing.found}
    assert beside == {"a.mp4": ("a.en.srt", "en"), "b.mp4": (None, None), "sub/a.mp4": (None, None)}
    assert listing.passed_over == 2
    named = sources.expand([str(tmp_path / "a.mp4")]).found[0]
    assert named.transcript == tmp_path / "a.en.srt"


def test_a_transcript_is_a_plain_file(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4")
    (tmp_path / "a.srt").symlink_to("/etc/passwd")
    (tmp_path / "a.vtt").mkdir()
    assert sources.expand([str(tmp_path)]).found[0].transcript is None


def test_lists_what_is_named_whatever_it_is(tmp_path: Path) -> None:
    text = touch(tmp_path / "notes.txt")
    listing = sources.expand([str(text), str(tmp_path / "missing.mp4"), "ftp://host/x.mp4"])
    assert shown(listing) == ["notes.txt", "missing.mp4", "x.mp4"]
    assert listing.found[2].locator == "ftp://host/x.mp4"


def test_lists_each_place_once(tmp_path: Path) -> None:
    one = touch(tmp_path / "a.mp4")
    (tmp_path / "link.mp4").symlink_to(one)
    named = sources.expand([str(one), str(tmp_path / "link.mp4"), os.path.relpath(one)])
    assert [found.locator for found in named.found] == [one]
    twice = sources.expand([str(tmp_path), str(tmp_path)])
    assert shown(twice) == ["a.mp4", "link.mp4"]


def test_does_not_leave_the_folder_by_a_link(tmp_path: Path) -> None:
    touch(tmp_path / "outside" / "secret.mp4")
    touch(tmp_path / "inside" / "a.mp4")
    (tmp_path / "inside" / "way out").symlink_to(tmp_path / "outside")
    (tmp_path / "inside" / "loop").symlink_to(tmp_path / "inside")
    assert shown(sources.expand([str(tmp_path / "inside")])) == ["a.mp4"]


def test_follows_a_link_that_is_named(tmp_path: Path) -> None:
    touch(tmp_path / "disk" / "a.mp4")
    (tmp_path / "footage").symlink_to(tmp_path / "disk")
    listing = sources.expand([str(tmp_path / "footage")])
    assert [one.locator for one in listing.found] == [tmp_path / "disk" / "a.mp4"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a/my%20clip.mp4?token=secret", "my clip.mp4"),
        ("https://user:secret@host", "host"),
        ("http://host/%2e%2e/..%2f..%2fetc%2fpasswd", "passwd"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_names_urls_without_their_secrets(url: str, name: str) -> None:
    found = sources.expand([url]).found[0]
    assert (found.name, found.locator) == (name, url)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX systems only")
def test_survives_names_that_are_no_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\nname.mp4"))
    touch(path)
    found = sources.expand([str(tmp_path)]).found[0]
    assert found.name == "bad\ufffd\ufffdname.mp4"
    assert found.locator == path


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert sources.expand([str(tmp_path)]) == sources.Listing((), 0)
