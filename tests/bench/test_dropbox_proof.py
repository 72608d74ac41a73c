"""A thousand files from Dropbox, one blocked by law: all others arrive, and only that one is tried again.

    uv run pytest -m proof -n 0 -s tests/bench/test_dropbox_proof.py

At full size 1,000 files of 60 MB; `EDITRON_PROOF_SCALE=0.1` takes a tenth of the files.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from editron_core import process
from editron_core.config import settings
from editron_core.domain.batch import BatchStatus
from editron_core.domain.intake import DropboxSource
from editron_core.domain.operations import Subject
from editron_core.domain.progress import Ending, Step
from editron_core.ingest.fake_dropbox import Content, FakeDropbox
from editron_core.lane import Lane, dropbox
from editron_core.media import ffmpeg
from editron_core.store import Store

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]
FILES = int(1000 * float(os.environ.get("EDITRON_PROOF_SCALE", "1")))
SIZE, MIB = 60_000_000, 1 << 20


class Operator:
    """A watcher that notes how long it hears nothing of a download that runs."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._heard: dict[str, float] = {}
        self.silence = 0.0

    def begin(self, step: Step) -> Callable[[float], None]:
        self._note(step.label)
        return lambda share: self._note(step.label) if share < 1 else self._forget(step.label)

    def end(self, step: Step, ending: Ending, detail: str = "") -> None:
        self._forget(step.label)

    def _note(self, label: str) -> None:
        now = time.monotonic()
        with self._guard:
            self.silence = max(self.silence, now - self._heard.get(label, now))
            self._heard[label] = now

    def _forget(self, label: str) -> None:
        with self._guard:
            self._heard.pop(label, None)


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    """A second of picture."""
    path = tmp_path / "clip.mp4"
    shape = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    source = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=1"]
    ffmpeg.run(["-y", *source, *shape, str(path)], limits=process.Limits(wall_s=60))
    return path.read_bytes()


@pytest.fixture
def fake() -> Iterator[FakeDropbox]:
    with FakeDropbox() as running:
        yield running


def padded(clip: bytes, number: int) -> Content:
    """The clip, made different by a number and large by a `free` box, which is a hole but for its head."""
    box = struct.pack(">I4sQ", SIZE - len(clip), b"free", number)
    return Content.sparse(SIZE, {0: clip + box})


def memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_all_but_the_blocked_one_arrive(fake: FakeDropbox, clip: bytes) -> None:
    account = fake.account()
    for count in range(FILES):
        account.put(f"/in/{count:04d}.mp4", padded(clip, count))
    blocked = f"/in/{FILES // 2:04d}.mp4"
    account.restricted.add(blocked)
    here = settings().model_copy(
        update={
            "dropbox_url": fake.url,
            "dropbox_app_key": fake.state.app_key,
            "dropbox_app_secret": fake.state.app_secret,
            "dropbox_refresh_token": account.refresh_token,
            "download_jobs": 8,
        }
    )
    operator, peak = Operator(), [0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            peak[0] = max(peak[0], memory())

    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here, operator)
        store.sources.create(DropboxSource("", "Large", account_id=account.id, folder_path="/in"))
        [source] = store.sources.list()
        [batch] = dropbox.sync(lane.desk, source.id).batches
        base = memory()
        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        outcome = lane.resume(batch)
        seconds = time.monotonic() - began
        over.set()
        watcher.join()

        states = [file.status for file in outcome.files]
        assert (states.count(BatchStatus.READY), states.count(BatchStatus.FAILED)) == (FILES - 1, 1)
        [failed] = [file for file in outcome.files if file.status is BatchStatus.FAILED]
        assert failed.name == f"{FILES // 2:04d}.mp4"
        assert "path/restricted_content" in str(failed.error)
        assert store.batches.get(batch).partial
        assert store.downloads.get(failed.id).error_tag == "path/restricted_content"
        kept = {store.blobs.path(file.sha256) for file in outcome.files if file.sha256}
        blocks = sum(path.stat().st_blocks * 512 for path in kept)
        assert len(kept) == FILES - 1
        print(
            f"\n{FILES} files, {FILES * SIZE / 1e9:.1f} GB in {seconds:.0f} s "
            f"({FILES * SIZE / seconds / 1e6:.0f} MB/s); on the disk {blocks / MIB:.0f} MiB; memory "
            f"{peak[0] / MIB:.0f} MiB at most ({base / MIB:.0f} before); "
            f"longest silence of a running download {operator.silence:.1f} s"
        )
        assert blocks < FILES * MIB
        assert peak[0] - base <= 200 * MIB, "of eight downloads at once, and of the fake that serves them"

        account.restricted.clear()
        before = len(fake.asked)
        store.holds.retry(Subject(batch, file_id=failed.id))
        again = lane.resume(batch)
        assert all(file.status is BatchStatus.READY for file in again.files)
        asked = [one for one in fake.asked[before:] if one.route == "files/download"]
        assert len(asked) == 1, "the retry touches that one only"
        assert not store.batches.get(batch).partial
