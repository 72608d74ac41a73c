"""Watched folders: what counts as arrived, and that the same is begun once."""

from __future__ import annotations

from pathlib import Path

import pytest

from editron_core.config import Settings
from editron_core.errors import SourceError
from flows import poll


def test_what_arrives_in_a_watched_folder_and_stands_still_is_begun_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    here = Settings(home=tmp_path / "home", watch=(watched,), watch_still_s=60)
    match, lone = watched / "match", watched / "lone.mp4"
    match.mkdir()
    (match / "first.mp4").write_bytes(b"first")
    lone.write_bytes(b"lone")
    (watched / "notes.txt").write_text("no footage")
    (watched / ".hidden.mp4").write_bytes(b"x")
    begun: list[tuple[str, str]] = []
    monkeypatch.setattr(poll, "trigger", lambda flow, given, key: begun.append((given["sources"][0], key)))

    assert poll.begin(here, 1000.0) == [], "seen for the first time"
    assert poll.begin(here, 1059.0) == []
    lone.write_bytes(lone.read_bytes() + b"\0")  # still being copied
    assert poll.begin(here, 1060.0) == [match]
    assert poll.begin(here, 1120.0) == [lone, match]
    assert len({key for place, key in begun if place == str(match)}) == 1, "the same is one run"
    (match / "second.mp4").write_bytes(b"second")
    poll.begin(here, 1180.0)
    poll.begin(here, 1240.0)
    assert len({key for place, key in begun if place == str(match)}) == 2, "a new file is a new batch"


def test_a_watched_folder_that_is_gone_fails_the_run_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone: No such file or directory \(check EDITRON_WATCH\)"):
        poll.begin(Settings(home=tmp_path / "home", watch=(tmp_path / "gone",)), 0.0)
