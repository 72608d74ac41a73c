"""Several files replaced together: all or none, an interruption and a kill in between included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from editron_core.qa import swap

OLD = {"a.json": b"old a", "deep/b.json": b"old b", "gone.json": b"old gone"}
NEW = {"a.json": b"new a", "deep/b.json": b"new b", "gone.json": None, "new/c.json": b"new c"}


def _made(folder: Path) -> Path:
    for name, content in OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_files_get_their_new_content_and_nothing_is_left_aside(tmp_path: Path) -> None:
    swap.replace_all(_made(tmp_path), NEW)
    assert _files(tmp_path) == {name: content for name, content in NEW.items() if content is not None}
    assert not (tmp_path / swap.ASIDE).exists()


def test_where_one_cannot_be_written_all_are_as_they_were(tmp_path: Path) -> None:
    _made(tmp_path)
    (tmp_path / "zone").mkdir()
    (tmp_path / "zone" / "kept").write_bytes(b"in the way")
    before = _files(tmp_path)
    with pytest.raises(OSError, match="zone"):
        swap.replace_all(tmp_path, {**NEW, "zone": b"a folder is in its place"})
    assert _files(tmp_path) == before


@pytest.mark.parametrize("moved", range(5))
def test_a_kill_between_two_files_is_undone_by_whoever_comes_next(tmp_path: Path, moved: int) -> None:
    """The process dies after `moved` of the four files have changed places."""
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.qa.test_swap import NEW\n"
        "from editron_core.qa import swap; whole = swap._take_place; left = [int(sys.argv[2])]\n"
        "def dying(source, target):\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left[0] -= 1; whole(source, target)\n"
        "swap._take_place = dying; swap.replace_all(Path(sys.argv[1]), NEW)"
    )
    _made(tmp_path)
    before = _files(tmp_path)
    died = subprocess.run([sys.executable, "-c", program, str(tmp_path), str(moved)], env=os.environ)
    swap.recover(tmp_path)
    if moved < len(NEW):
        assert died.returncode == -signal.SIGKILL
        assert _files(tmp_path) == before
    else:
        assert died.returncode == 0
        assert _files(tmp_path)["a.json"] == b"new a"
