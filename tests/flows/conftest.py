"""One server and one worker for all tests of flows, as `editron flows` starts them, and small footage."""

from __future__ import annotations

import contextvars
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import tiny_blueprint

# Prefect reads it when it is imported: no test's process may start a server of its own behind our back.
os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"

from editron_core import process, telemetry
from editron_core.config import Settings, settings
from editron_core.media import ffmpeg
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load
from editron_core.store import Store

PATIENCE_S = 240.0
"""How long anything may take on a busy machine."""
TRIGGERS = 20
CALLER = f"00-{'a1' * 16}-{'b2' * 8}-01"
"""The span of who begins the batch that all tests share."""
MAIN = "from editron_core.cli import main; main()"


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


def in_threads(work: Callable[[], Any], count: int) -> list[threading.Thread]:
    """Threads that do this at once, with what Prefect has been told in this one; they are not waited for."""
    threads = [threading.Thread(target=contextvars.copy_context().run, args=(work,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def soon() -> str:
    """A cron expression for one minute that comes while the tests run, and two in case we start slowly."""
    now = datetime.now(UTC)
    minutes = [(now + timedelta(minutes=after)).minute for after in (2, 6, 12)]
    return f"{','.join(str(minute) for minute in minutes)} * * * *"


def begin(home: Path, watched: Path, *, limit: int = 2, **more: str) -> Serving:
    """Start `editron flows` over a home, and wait until it tells where its pages are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDITRON_")}
    ffmpeg_here = {key: value for key, value in os.environ.items() if key == "EDITRON_FFMPEG"}
    environment = {
        **kept,
        **ffmpeg_here,
        "EDITRON_HOME": str(home),
        "EDITRON_WATCH": str(watched),
        "EDITRON_WATCH_STILL_S": "0.2",
        "EDITRON_POLL_CRON": soon(),
        "EDITRON_JITTER_S": "0",
        "EDITRON_RETRY_S": "0.2",
        "EDITRON_LOG_LEVEL": "info",
        "EDITRON_JOBS": "2",
        "EDITRON_DEVICE": "cpu",  # asking for a GPU loads torch, in every process anew
        **more,
    }
    words = [sys.executable, "-c", MAIN, "flows", "--port", "0", "--limit", str(limit)]
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
def serving(_serving: Serving, home: Path) -> Iterator[Serving]:
    """`editron flows` as it serves; this process talks to its server and its home."""
    with at(_serving):
        yield _serving


@contextmanager
def at(serving: Serving) -> Iterator[None]:
    """While the block runs, this process talks to that server, and its home is that one."""
    from flows import server

    with pytest.MonkeyPatch.context() as patched:
        for name, value in server.environment(Settings(home=serving.home), serving.api).items():
            patched.setenv(name, value)
        settings.cache_clear()
        import prefect.settings as prefect

        known = {prefect.PREFECT_API_URL: serving.api, prefect.PREFECT_HOME: serving.home / "prefect"}
        with prefect.temporary_settings(known):
            yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Three drawn clips of 3 s each, 320x180."""
    folder = tmp_path_factory.mktemp("parts")
    draw(load(FOLDER / "street-jump.toml").scaled(0.25), folder)
    made = []
    for number, start in enumerate((0, 8, 16)):
        made.append(folder / f"part-{number}.mp4")
        cut = ["-ss", str(start), "-t", "3", "-i", folder / "street-jump.mp4", "-preset", "ultrafast"]
        process.run([ffmpeg.binary(), "-v", "error", *cut, "-movflags", "+faststart", made[-1]])
    return tuple(made)


@pytest.fixture(scope="session")
def shoot(parts: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `clips`, two of them and one whose picture is damaged, and blueprints beside it."""
    folder = tmp_path_factory.mktemp("shoot")
    clips = folder / "clips"
    clips.mkdir()
    for path in parts[:2]:
        shutil.copy(path, clips)
    whole = bytearray(parts[2].read_bytes())
    at = whole.index(b"mdat") + 8
    whole[at:] = bytes(len(whole) - at)
    (clips / "poison.mp4").write_bytes(whole)
    for name in ("tiny", "failing"):
        tiny_blueprint.written(folder, name)
    return folder


def wish(shoot: Path, **more: object) -> dict[str, object]:
    """The parameters of `produce` for the footage that all tests share."""
    order = {"brief": "the jump", "blueprints": [str(shoot / "tiny.toml")]}
    return {"sources": [str(shoot / "clips")], "order": order, **more}


@pytest.fixture(scope="session")
def _begun() -> dict[str, str]:
    """The runs that tests share, by what they are."""
    return {}


@pytest.fixture
def gated(serving: Serving, shoot: Path, _begun: dict[str, str]) -> Any:
    """The run of `produce` that 20 identical wishes begin, ended at the gate; all tests share it."""
    if not _begun:
        telemetry.export_to(caller=CALLER)
        with ThreadPoolExecutor(5) as pool:
            wishes = [
                pool.submit(contextvars.copy_context().run, serving.trigger, "produce", wish(shoot))
                for _ in range(TRIGGERS)
            ]
        telemetry.stop()
        assert len({one.result().id for one in wishes}) == 1, "the same wish is one run"
        _begun["produce"] = wishes[0].result().id
    return serving.ended(_begun["produce"])


def batch_of(serving: Serving, clips: Path) -> str:
    """The batch that was made of a folder."""
    with serving.store() as store:
        return store.batches.newest(str(clips)).id
