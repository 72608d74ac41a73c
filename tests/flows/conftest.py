"""One server and one worker for all tests of flows, as `editron flows` starts them, and small footage."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Prefect reads it when it is imported: no test's process may start a server of its own behind our back.
os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"

from editron_core import process
from editron_core.config import Settings, settings
from editron_core.media import ffmpeg
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load
from editron_core.store import Store

PATIENCE_S = 240.0
"""How long anything may take on a busy machine."""
MAIN = "from editron_core.cli import main; main()"
BLUEPRINT = """
name = "tiny"
title = "Tiny: a few seconds, to be rendered fast"
kind = "reel"
aspects = ["1:1"]
order = "story"
min_duration_s = 2
max_duration_s = 3
count = 1

[captions]
preset = "clean"
burn = false
"""


def editron(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )


def alive(home: Path) -> dict[int, str]:
    """The processes that have this home in their environment, by number, with their command lines."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"EDITRON_HOME={home}\0".encode() in (place / "environ").read_bytes() + b"\0":
                words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                state = (place / "stat").read_text().rpartition(")")[2].split()[0]
                if words and state != "Z" and "resource_tracker" not in words:
                    found[int(place.name)] = words
        except OSError:
            continue
    return found


def until(what: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """What `what` returns once that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:g} s: {what}")


@dataclass
class Serving:
    """`editron flows`, running."""

    home: Path
    api: str
    process: subprocess.Popen[str]
    environment: dict[str, str]
    watched: Path

    @contextmanager
    def store(self) -> Iterator[Store]:
        here = Settings(home=self.home)
        with Store.open(here.database, here.blobs) as store:
            yield store

    def worker(self) -> int | None:
        """The number of the worker's process."""
        here = [pid for pid, words in alive(self.home).items() if "flows.keep" in words and "worker" in words]
        return here[0] if here else None

    def trigger(self, flow: str, parameters: dict[str, object], key: str = "") -> Any:
        from flows.trigger import trigger

        return trigger(flow, parameters, key)

    def run(self, run_id: str) -> Any:
        from prefect.client.orchestration import get_client

        with get_client(sync_client=True) as client:
            return client.read_flow_run(run_id)

    def ended(self, run_id: str, seconds: float = PATIENCE_S) -> Any:
        """The run, once it has ended; a crashed one has not, for it is taken up again."""

        def look() -> Any:
            run = self.run(run_id)
            return run if run.state.is_final() and not run.state.is_crashed() else None

        return until(look, seconds)


def begin(home: Path, watched: Path, **more: str) -> Serving:
    """Start `editron flows` over a home, and wait until it tells where its pages are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDITRON_")}
    ffmpeg_here = {key: value for key, value in os.environ.items() if key == "EDITRON_FFMPEG"}
    environment = {
        **kept,
        **ffmpeg_here,
        "EDITRON_HOME": str(home),
        "EDITRON_WATCH": str(watched),
        "EDITRON_WATCH_STILL_S": "0.2",
        "EDITRON_POLL_CRON": "0 0 1 1 *",
        "EDITRON_JITTER_S": "0",
        "EDITRON_RETRY_S": "0.2",
        "EDITRON_LOG_LEVEL": "info",
        "EDITRON_JOBS": "2",
        "EDITRON_DEVICE": "cpu",  # asking for a GPU loads torch, in every process anew
        **more,
    }
    words = [sys.executable, "-c", MAIN, "flows", "--port", "0", "--limit", "2"]
    child = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True, process_group=0)
    assert child.stdout is not None
    line = child.stdout.readline()
    assert "http://" in line, f"it did not start: {line}"
    serving = Serving(home, line.split()[-1] + "/api", child, environment, watched)
    until(lambda: _served(serving))
    return serving


def _served(serving: Serving) -> bool:
    """Whether the worker has put the last of its deployments on the server."""
    import httpx

    return httpx.get(f"{serving.api}/deployments/name/reconcile/editron").status_code == 200


def stop(serving: Serving) -> float:
    """Tell `editron flows` to end; returns the seconds that it took."""
    began = time.monotonic()
    serving.process.send_signal(signal.SIGTERM)
    serving.process.wait(30)
    assert serving.process.stdout is not None
    serving.process.stdout.close()
    return time.monotonic() - began


@pytest.fixture(scope="session")
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("serving")
    (folder / "watched").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    traces = str(folder / "traces.jsonl")
    serving = begin(folder / "home", folder / "watched", EDITRON_TRACES=traces, EDITRON_METRICS_PORT=port)
    yield serving
    seconds = stop(serving)
    assert seconds < 10
    assert not alive(serving.home), "everything that was started has ended"


@pytest.fixture
def serving(_serving: Serving, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Serving]:
    """`editron flows` as it serves; this process talks to its server and its home."""
    from flows import server

    for name, value in server.environment(Settings(home=_serving.home), _serving.api).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    import prefect.settings as prefect

    known = {prefect.PREFECT_API_URL: _serving.api, prefect.PREFECT_HOME: _serving.home / "prefect"}
    with prefect.temporary_settings(known):
        yield _serving


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Three drawn clips of 4 s each, 320x180."""
    folder = tmp_path_factory.mktemp("parts")
    draw(load(FOLDER / "street-jump.toml").scaled(0.25), folder)
    made = []
    for number, start in enumerate((0, 8, 16)):
        made.append(folder / f"part-{number}.mp4")
        cut = ["-ss", str(start), "-t", "4", "-i", folder / "street-jump.mp4", "-preset", "ultrafast"]
        process.run([ffmpeg.binary(), "-v", "error", *cut, "-movflags", "+faststart", made[-1]])
    return tuple(made)
