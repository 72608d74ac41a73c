"""The Prefect server: the one that PREFECT_API_URL names, else one of our own under the home.

Prefect's temporary server, which every process would start for itself, is switched off: it loses runs and
slots with the process. Ours is `prefect server start` as a child, with its state in `EDITRON_HOME/prefect`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from editron_core import process
from editron_core.config import Settings, unless_set
from editron_core.errors import EditronError, Interrupted, UsageError

HOST, PORT = "127.0.0.1", 4200
ENDLESS = process.Limits(wall_s=10 * 365 * 86400.0, memory=None, open_files=8192)
"""For children that serve until they are told to end."""
ANSWER_S = 5.0
POLL_S = 0.25
GRACE_S = 2.0
LEASES = "prefect.server.concurrency.lease_storage.filesystem"


class ServerUnreachable(EditronError):
    """The Prefect server does not answer, or could not be started."""


def folder(settings: Settings) -> Path:
    """Where the server's state, results and logs lie; made if missing."""
    place = settings.home.resolve() / "prefect"
    place.mkdir(parents=True, exist_ok=True)
    return place


def environment(settings: Settings, api: str) -> dict[str, str]:
    """What every process that talks to the server at `api`, or is it, must find in its environment."""
    home = folder(settings)
    defaults = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # Only for tools that insist on a temporary server: on a busy machine 20 s are too few.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        # In memory, which is the default, slots of killed holders stay taken when the server restarts. These
        # files lie in PREFECT_HOME.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES,
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",  # the default, pickle, runs what it reads
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "results"),
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_RUNNER_POLL_FREQUENCY": "3",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
        # Runs come and go in processes of their own: what they count is added up here.
        "EDITRON_METRICS_DIR": str(home / "metrics"),
    }
    fixed = {
        "EDITRON_HOME": str(settings.home.resolve()),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        # A run belongs to the trace of who began it, not to that of who serves.
        "TRACEPARENT": "",
    }
    return unless_set(defaults) | fixed


def adopt(settings: Settings, api: str) -> None:
    """Give this process that environment; Prefect reads it when it is first imported."""
    os.environ.update(environment(settings, api))


def ui(api: str) -> str:
    """Where people look at the runs."""
    return api.removesuffix("/").removesuffix("/api")


def known(settings: Settings) -> str:
    """The API URL of the server that runs. Raises ServerUnreachable where none answers."""
    api = settings.prefect_api_url or _recorded(settings)
    if api is None:
        raise ServerUnreachable("does not run", subject="Prefect server", remedy="start it: editron flows")
    if not answers(api):
        remedy = "check PREFECT_API_URL" if settings.prefect_api_url else "start it: editron flows"
        raise ServerUnreachable("does not answer", subject=api, remedy=remedy)
    return api


def answers(api: str) -> bool:
    """Whether a Prefect server answers at an API URL."""
    import httpx

    try:
        return httpx.get(f"{api.removesuffix('/')}/health", timeout=ANSWER_S).json() is True
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    api: str
    port: int | None = None
    """Where our own child listens; null for one that somebody else started."""
    child: process.Child | None = None

    @property
    def ended(self) -> bool:
        """Whether it was our child and is no more."""
        return self.child is not None and self.child.ended


@contextmanager
def running(
    settings: Settings, host: str = HOST, port: int = PORT, stopping: threading.Event | None = None
) -> Iterator[Running]:
    """A server that answers: the given one, one that runs already, or a new child.

    A child ends with the block; what was running before stays. Port 0 is any free one. Raises
    ServerUnreachable, Interrupted when `stopping` is set while it starts, and UsageError for a port that
    another program holds.
    """
    if settings.prefect_api_url is not None:
        yield Running(known(settings))
        return
    recorded = _recorded(settings)
    if recorded is not None and answers(recorded):
        yield Running(recorded)
        return
    with _started(settings, host, _free(host, port), stopping or threading.Event()) as found:
        yield found


@contextmanager
def _started(settings: Settings, host: str, port: int, stopping: threading.Event) -> Iterator[Running]:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    api = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/api"
    log = folder(settings) / "server.log"
    log.unlink(missing_ok=True)
    words = ["flows.prefect_server", "start", "--host", host, "--port", str(port)]
    with kept(log, words, environment(settings, api), GRACE_S) as child:
        _await(api, child, log, settings.prefect_start_s, stopping)
        _record(settings, api)
        yield Running(api, port, child)


class _Told(Exception):
    """Leaves the block of a child that was told to end: how it ended then says nothing."""


@contextmanager
def kept(
    log: Path, module: list[str], environment: Mapping[str, str], grace_s: float
) -> Iterator[process.Child]:
    """`python -m MODULE...` as a child that writes to `log`; at the end of the block it is told to end.

    It has `grace_s` seconds for that. Where this process is killed, it ends by itself.
    """
    words = [sys.executable, "-m", "flows.keep", str(log), *module]
    with suppress(_Told), process.spawn(words, limits=ENDLESS, environment=dict(environment)) as child:
        try:
            yield child
        finally:
            child.end(grace_s)
        raise _Told


def _await(api: str, child: process.Child, log: Path, seconds: float, stopping: threading.Event) -> None:
    until = time.monotonic() + seconds
    while not answers(api):
        if stopping.wait(POLL_S):
            raise Interrupted("the program is being stopped")
        if child.ended or time.monotonic() > until:
            why = "ended while it started" if child.ended else f"did not answer within {seconds:g} s"
            raise ServerUnreachable(
                f"{why}: {_last_line(log)}",
                subject="Prefect server",
                remedy=f"see {log}; EDITRON_PREFECT_START_S gives it more time",
            )


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines() if log.exists() else []
    return lines[-1].strip() if lines else "it said nothing"


def _record(settings: Settings, api: str) -> None:
    place = folder(settings) / "server.json"
    aside = place.with_suffix(".part")
    aside.write_text(json.dumps({"api": api}), "utf-8")
    aside.replace(place)


def _recorded(settings: Settings) -> str | None:
    try:
        return str(json.loads((folder(settings) / "server.json").read_text("utf-8"))["api"])
    except (OSError, ValueError, KeyError):  # none was ever started here
        return None


def _free(host: str, port: int) -> int:
    try:
        kind = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise UsageError(
            f"cannot be opened: {error.strerror}", subject=f"{host}:{port}", remedy="take another --port"
        ) from error
