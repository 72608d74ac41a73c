"""The files of a batch on a real Dask cluster of processes, one of which is killed at work."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from editron_core.config import settings
from editron_core.media import ffmpeg
from editron_core.process import run as child
from editron_core.store import Store
from editron_core.store.models import LeaseRow
from tests import tiny_blueprint
from tests.flows.conftest import Serving

FILES = 4


def _at_work(store: Store) -> list[int]:
    """The processes that hold a stage's lease."""
    with store.database.read() as session:
        held = select(LeaseRow.pid).where(LeaseRow.name.startswith("stage:"), LeaseRow.expires_at > 0)
        return list(session.scalars(held))


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("default")  # distributed's own
def test_a_worker_killed_at_work_is_followed_by_another_and_the_batch_completes(
    serving: Serving, parts: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    from flows.orders import OrderFields
    from flows.produce import produce

    clips = tmp_path / "clips"
    clips.mkdir()
    for number in range(FILES):
        named = ["-c", "copy", "-metadata", f"comment=dask {number}"]
        child([ffmpeg.binary(), "-v", "error", "-i", parts[number % 3], *named, clips / f"clip-{number}.mp4"])
    killed: list[int] = []

    def kill_one(ours: set[int]) -> None:
        with serving.store() as store:
            end = time.monotonic() + 200
            while time.monotonic() < end and not killed:
                for pid in ours.intersection(_at_work(store)):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return
                time.sleep(0.05)

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        monkeypatch.setenv("EDITRON_DASK", cluster.scheduler_address)
        settings.cache_clear()
        ours = {worker.process.pid for worker in cluster.workers.values()}
        killer = threading.Thread(target=kill_one, args=(ours,))
        killer.start()
        order = OrderFields(blueprints=[tiny_blueprint.written(tmp_path)])
        made = produce(sources=[str(clips)], order=order)
        killer.join()
    assert killed, "a worker was killed while it held a stage"
    assert made["sessions"]
    with serving.store() as store:
        files = store.files.list(made["batch"])
        assert [file.status.value for file in files] == ["analyzed"] * FILES
        attempts = [run.attempts for run in store.ledger.list() if run.stage == "analyze"]
        assert len(store.sessions.list(made["batch"])) == 1
    assert sorted(attempts)[-1] >= 2, "what the killed worker was at was begun again"
