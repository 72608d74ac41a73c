"""Blobs: content under its hash, whole or not at all, one copy whoever writes it."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from editron_core.errors import CheckFailed, NotFound, StoreError
from editron_core.store.blobs import MANIFEST, Blobs, hash_file

BYTES = b"footage" * 300_000
SHA = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def footage(tmp_path: Path, name: str = "a.mp4") -> Path:
    path = tmp_path / name
    path.write_bytes(BYTES)
    return path


def outputs(blobs: Blobs, name: str = "work", text: str = "row") -> Path:
    folder = blobs.tmp / name
    (folder / "deep").mkdir(parents=True)
    (folder / "evidence.txt").write_text(text)
    (folder / "deep" / "proxy.mp4").write_bytes(BYTES)
    return folder


def test_a_file_is_copied_in_under_its_hash(blobs: Blobs, tmp_path: Path) -> None:
    path = footage(tmp_path)
    assert blobs.put(path) == SHA
    assert blobs.path(SHA).read_bytes() == BYTES
    assert path.exists()
    assert not os.access(blobs.path(SHA), os.W_OK) or os.geteuid() == 0
    assert list(blobs.tmp.iterdir()) == []


def test_a_file_is_moved_in_without_being_read_again(blobs: Blobs, tmp_path: Path) -> None:
    path = footage(tmp_path)
    inode = path.stat().st_ino
    assert blobs.put(path, sha256=SHA, move=True) == SHA
    assert not path.exists()
    assert blobs.path(SHA).stat().st_ino == inode


def test_a_file_that_changed_since_it_was_hashed_is_refused(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has changed"):
        blobs.put(footage(tmp_path), sha256="0" * 64)
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []


def test_the_same_content_is_kept_once(blobs: Blobs, tmp_path: Path) -> None:
    paths = [footage(tmp_path, f"{number}.mp4") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(blobs.put, paths)) == {SHA}
    assert len([path for path in blobs.root.rglob("*") if path.is_file()]) == 1


def test_a_blob_can_be_had_with_a_suffix_at_no_cost(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(footage(tmp_path))
    named = blobs.path(SHA, ".MP4")
    assert named.name == f"{SHA}.mp4"
    assert named.stat().st_ino == blobs.path(SHA).stat().st_ino
    assert blobs.path(SHA, ".mp4") == named


@pytest.mark.parametrize("suffix", ["mp4", ".", ".a/../../b", ".mp4\n", ". mp4", ".toolongasuffix"])
def test_a_strange_suffix_is_left_away(blobs: Blobs, tmp_path: Path, suffix: str) -> None:
    blobs.put(footage(tmp_path))
    assert blobs.path(SHA, suffix) == blobs.path(SHA)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, "0" * 64])
def test_what_is_not_there_is_not_found(blobs: Blobs, key: str) -> None:
    with pytest.raises(NotFound):
        blobs.path(key)
    with pytest.raises(NotFound):
        blobs.folder(key)


def test_a_folder_is_moved_in_under_the_hash_of_its_manifest(blobs: Blobs) -> None:
    folder = outputs(blobs)
    key = blobs.adopt(folder)
    place = blobs.folder(key)
    assert not folder.exists()
    assert (place / "deep" / "proxy.mp4").read_bytes() == BYTES
    assert hash_file(place / MANIFEST) == key
    assert blobs.broken(key, deep=True) is None


def test_equal_folders_converge_and_different_ones_do_not(blobs: Blobs) -> None:
    keys = [blobs.adopt(outputs(blobs, f"work{number}")) for number in range(3)]
    other = blobs.adopt(outputs(blobs, "other", text="another row"))
    assert len(set(keys)) == 1
    assert other not in keys
    assert list(blobs.tmp.iterdir()) == []
    assert blobs.broken(keys[0], deep=True) is None


def test_many_writers_of_one_folder_converge(blobs: Blobs) -> None:
    folders = [outputs(blobs, f"work{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(blobs.adopt, folders))
    assert len(keys) == 1
    assert blobs.broken(keys.pop(), deep=True) is None
    assert list(blobs.tmp.iterdir()) == []


def test_a_folder_whose_files_were_lost_is_replaced(blobs: Blobs) -> None:
    key = blobs.adopt(outputs(blobs))
    (blobs.folder(key) / "evidence.txt").unlink()
    assert blobs.broken(key) == f"evidence.txt of {key} is missing or cut short"
    assert blobs.adopt(outputs(blobs)) == key
    assert blobs.broken(key, deep=True) is None


def test_a_changed_file_is_noticed(blobs: Blobs) -> None:
    key = blobs.adopt(outputs(blobs))
    (blobs.folder(key) / "evidence.txt").write_text("wor")
    assert blobs.broken(key) is None
    assert blobs.broken(key, deep=True) == f"evidence.txt of {key} was changed"
    (blobs.folder(key) / MANIFEST).write_text("{}")
    assert blobs.broken(key) == f"the manifest of {key} was changed"
    assert "missing" in str(blobs.broken("0" * 64))


def test_an_empty_folder_and_a_link_are_refused(blobs: Blobs) -> None:
    (blobs.tmp / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(CheckFailed, match="holds no file"):
        blobs.adopt(blobs.tmp / "empty")
    folder = outputs(blobs)
    (folder / "secret").symlink_to("/etc/passwd")
    with pytest.raises(CheckFailed, match="neither a plain file"):
        blobs.adopt(folder)


def test_scratch_is_gone_after_an_error(blobs: Blobs) -> None:
    def fail() -> None:
        with blobs.scratch("render") as folder:
            (folder / "half.mp4").write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(blobs.tmp.iterdir()) == []


def test_old_work_in_progress_is_swept_and_young_is_not(blobs: Blobs) -> None:
    old, active = outputs(blobs, "old"), outputs(blobs, "active")
    (blobs.tmp / "loose.part").write_bytes(b"half")
    hour_ago = time.time() - 3600
    for path in (*old.rglob("*"), old, active, blobs.tmp / "loose.part"):
        os.utime(path, (hour_ago, hour_ago))  # in `active`, the files themselves stay young
    assert blobs.sweep(older_than_s=1800) == 2
    assert [path.name for path in blobs.tmp.iterdir()] == ["active"]


def test_a_full_disk_is_one_clear_line(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        blobs.put(footage(tmp_path))
    assert caught.value.remedy == "free some space"
