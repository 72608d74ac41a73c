"""Names from Dropbox are shown, and nothing is ever called by them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from editron_core.ingest import names
from editron_core.ingest.download import fetch
from editron_core.ingest.dropbox import Remote, located
from editron_core.ingest.fake_dropbox import FakeDropbox
from tests.ingest.dropboxes import Door, client_for, remote_of
from tests.ingest.hostile_names import NAMES

OURS = re.compile(r"[0-9a-f]{64}\.([a-z0-9]{2,4}|bin)")


def test_there_are_sixty_of_them() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert len(NAMES) >= 60


def test_nothing_is_written_outside_and_nothing_overwritten(tmp_path: Path) -> None:
    root = tmp_path / "root"
    parts, staging = root / "parts", root / "staging"
    parts.mkdir(parents=True)
    staging.mkdir()
    kept: dict[str, str] = {}
    with FakeDropbox() as fake:
        account = fake.account()
        client = client_for(fake, account)
        for count, name in enumerate(NAMES):
            data = f"the content of file {count}".encode()
            entry = account.put(f"/in/{count}.mp4", data, called=name)
            door = Door(client, remote_of(entry))
            arrival = fetch(door, client.wanted(door.remote), parts, staging).arrival
            assert arrival.path.parent == staging
            assert OURS.fullmatch(arrival.path.name)
            assert arrival.path.read_bytes() == data
            kept[arrival.path.name] = hashlib.sha256(data).hexdigest()
    assert {path.name for path in staging.iterdir()} == set(kept), "none took another one's place"
    assert all(name.startswith(digest) for name, digest in kept.items())
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_dir()) == ["parts", "root", "staging"]
    assert list(parts.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_inert_and_survives_its_locator(name: str) -> None:
    shown = names.shown(name)
    assert len(shown) <= 255
    assert all(letter.isprintable() or letter in names._JOINERS for letter in shown)
    plain = [letter for letter in name.strip() if letter.isprintable()]
    assert [letter for letter in shown if letter != "\ufffd"] == plain[: len(shown)], "else as it was"
    remote = Remote("id:1", "5e0000000001", f"/in/{name}", name, 1, "0" * 64)
    found = located(remote.locator("0" * 32, remote))
    assert (found.remote, found.transcript) == (remote, remote)
