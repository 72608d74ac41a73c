"""Metrics for Prometheus, counted where things happen and served on 127.0.0.1.

With `EDITRON_METRICS_DIR` the processes of one machine add up in one folder. Each takes the lowest slot
of it that no living process has, and goes on with what the slot's last holder counted: the folder holds
no more files than processes ever ran at once, and a killed one takes no count along.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import count as integers
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from editron_core.config import settings, share_metrics
from editron_core.errors import StoreError
from editron_core.redact import redact
from editron_core.telemetry.table import METRICS, PREFIX, Kind, Reading

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

HOST = "127.0.0.1"
Gauges = Callable[[], Iterable[Reading]]
"""Reads the `STORE` metrics."""
_guard = threading.RLock()


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter. Raises KeyError for a metric that is not in the table, ValueError for its labels."""
    _child(name, Kind.COUNTER, labels).inc(amount)


def observe(name: str, value: float, **labels: str) -> None:
    """Put a value into a histogram. Raises as `count` does."""
    _child(name, Kind.HISTOGRAM, labels).observe(value)


def gauge(name: str, value: float, **labels: str) -> None:
    """Set a gauge. Raises as `count` does."""
    _child(name, Kind.GAUGE, labels).set(value)


@dataclass(frozen=True)
class Server:
    """Metrics being served, until `close`."""

    port: int
    _http: Any
    _thread: threading.Thread

    def close(self) -> None:
        """Serve no more."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def serve_metrics(port: int, *, gauges: Gauges | None = None, host: str = HOST) -> Server:
    """Serve `/metrics` from a thread; port 0 takes any free one. `gauges` reads the metrics of the store.

    Raises StoreError where the port is taken.
    """
    from prometheus_client import start_http_server

    try:
        http, thread = start_http_server(port, addr=host, registry=registry(gauges))
    except OSError as error:
        raise StoreError(
            error.strerror or "cannot be served",
            subject=f"{host}:{port}",
            remedy="name another EDITRON_METRICS_PORT",
        ) from error
    return Server(int(http.server_port), http, thread)


def registry(gauges: Gauges | None = None) -> CollectorRegistry:
    """What is exported: the counts of this process or of all that share its folder, and the store's."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    found = CollectorRegistry()
    with _guard:
        shared = _folder()
        if shared is None:
            for metric in METRICS.values():
                if metric.kind is not Kind.STORE:
                    found.register(_made(metric.name))
        else:
            found.register(_Ours(MultiProcessCollector(None, path=str(shared))))  # type: ignore[no-untyped-call]
    if gauges is not None:
        found.register(_Store(gauges))
    return found


class _Ours:
    """What processes added up, without the metrics that other libraries left in the same files."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def describe(self) -> Iterator[Any]:
        """Nothing is read before somebody asks."""
        return iter(())

    def collect(self) -> Iterator[Any]:
        """Our own metrics."""
        return (family for family in self._shared.collect() if family.name.startswith(PREFIX))


class _Store:
    """The `STORE` metrics, in the form that a registry asks for."""

    def __init__(self, read: Gauges) -> None:
        self._read = read

    def describe(self) -> Iterator[Any]:
        """Nothing is read before somebody asks."""
        return iter(())

    def collect(self) -> Iterator[Any]:
        """One family for each metric that was read."""
        from prometheus_client.core import GaugeMetricFamily

        families: dict[str, Any] = {}
        for one in self._read():
            metric = METRICS[one.name]
            if one.name not in families:
                families[one.name] = GaugeMetricFamily(
                    f"{PREFIX}{one.name}", metric.meaning, labels=metric.labels
                )
            families[one.name].add_metric([redact(label) for label in one.labels], one.value)
        yield from families.values()


def _child(name: str, kind: Kind, labels: dict[str, str]) -> Any:
    metric = METRICS[name]
    if metric.kind is not kind or set(labels) != set(metric.labels):
        raise ValueError(f"{name} is a {metric.kind} with the labels {metric.labels}")
    with _guard:
        made = _made(name)
    return made.labels(*(redact(labels[label]) for label in metric.labels)) if labels else made


@cache
def _made(name: str) -> Any:
    """The metric of the library; kept out of the library's own registry, which others fill too."""
    from prometheus_client import Counter, Gauge, Histogram

    _folder()
    metric = METRICS[name]
    full, labels = f"{PREFIX}{name}", metric.labels
    if metric.kind is Kind.COUNTER:
        return Counter(full, metric.meaning, labels, registry=None)
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(full, metric.meaning, labels, buckets=metric.buckets, registry=None)
    return Gauge(full, metric.meaning, labels, registry=None, multiprocess_mode="mostrecent")


@lru_cache(maxsize=1)
def _folder() -> Path | None:
    """The folder that processes share, made ready for this one; null where each counts for itself."""
    folder = settings().metrics_dir
    if folder is None:
        return None
    from prometheus_client import values

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            error.strerror or "cannot be made", subject=str(folder), remedy="see EDITRON_METRICS_DIR"
        ) from error
    share_metrics(folder)
    # As the library's manual has it for servers that number their workers themselves.
    values.ValueClass = values.MultiProcessValue(process_identifier=_Slots(folder))  # type: ignore[no-untyped-call]
    return folder


class _Slots:
    """Gives each process a number of its own in a folder; a forked one gets another than its parent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: tuple[int, int, IO[bytes]] | None = None

    def __call__(self) -> int:
        pid = os.getpid()
        if self._held is None or self._held[0] != pid:
            self._held = (pid, *self._take())
        return self._held[1]

    def _take(self) -> tuple[int, IO[bytes]]:
        import fcntl

        for number in integers():
            lock = (self._folder / f"slot-{number}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            return number, lock  # the kernel frees it with the process
        raise AssertionError("numbers do not end")
