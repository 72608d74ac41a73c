"""`editron flows`: the server, the worker, and somebody who starts them again when they die."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from editron_core import log
from editron_core.config import Settings, settings
from flows import server
from flows.schedules import schedules, served

WORKER_GRACE_S = 4.0
LOOK_EVERY_S = 0.5
AGAIN_S = (1.0, 2.0, 5.0, 15.0)
"""Pauses before a worker that died is started again; the last one for all further deaths."""
STEADY_S = 60.0
"""A worker that lived this long did not die of its start."""
_log = log.get(__name__)


def serve(host: str, port: int, limit: int, say: Callable[[str], None]) -> None:
    """Serve all flows until SIGTERM or Ctrl-C; what dies meanwhile is started again.

    Raises ServerUnreachable and UsageError where the server cannot be had in the first place.
    """
    here = settings()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with server.running(here, host, port, stopping) as first:
        tell(here, first.api, limit, say)
        _watch(here, first, limit, stopping)
    while not stopping.is_set():  # the server died: everything from the start, at the same place
        _log.warning("server_ended", api=first.api)
        with server.running(here, host, first.port or port, stopping) as again:
            _watch(here, again, limit, stopping)


def tell(here: Settings, api: str, limit: int, say: Callable[[str], None]) -> None:
    """Say where the runs can be seen and what is scheduled."""
    say(f"Prefect's pages: {server.ui(api)}")
    times = schedules(here)
    for name in served():
        say(f"  {name:<14}{times.get(name, 'when it is asked for')}")
    watched = ", ".join(map(str, here.watch)) or "none: set EDITRON_WATCH"
    say(f"Times are {here.timezone}; {limit} runs at a time; watched folders: {watched}")


def _watch(here: Settings, running: server.Running, limit: int, stopping: threading.Event) -> None:
    """Keep a worker alive until we are to stop or the server that we started is gone."""
    deaths = 0
    logs = server.folder(here) / "worker.log"
    environment = server.environment(here, running.api)
    while not stopping.is_set() and not running.ended:
        with server.kept(logs, ["flows.worker", str(limit)], environment, WORKER_GRACE_S) as worker:
            lived = 0.0
            while not (stopping.wait(LOOK_EVERY_S) or worker.ended or running.ended):
                lived += LOOK_EVERY_S
        if not stopping.is_set() and not running.ended:
            deaths = 0 if lived > STEADY_S else deaths + 1
            _log.warning("worker_ended", lived_s=round(lived), log=str(logs))
            stopping.wait(AGAIN_S[min(deaths, len(AGAIN_S) - 1)])
