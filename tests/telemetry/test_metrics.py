"""Metrics: only those of the table, served on the loopback address, added up over processes."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from editron_core import telemetry
from editron_core.errors import StoreError
from editron_core.redact import Secret
from editron_core.telemetry import METRICS, Kind, Reading

ROOMS = (Path(telemetry.__file__).parent.parent, Path(telemetry.__file__).parent.parent.parent / "flows")


def value(name: str, **labels: str) -> float:
    """What this process exports; 0 where it exports nothing."""
    return telemetry.registry().get_sample_value(name, labels) or 0.0


def samples(text: str) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def serve() -> Iterator[Callable[..., telemetry.Server]]:
    servers = []

    def start(**options: object) -> telemetry.Server:
        servers.append(telemetry.serve_metrics(0, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_counts_observes_and_sets() -> None:
    before = value("editron_retries_total", stage="analyze")
    telemetry.count("retries", stage="analyze")
    telemetry.count("retries", 2, stage="analyze")
    assert value("editron_retries_total", stage="analyze") == before + 3
    waits = value("editron_gpu_slot_wait_seconds_bucket", slot="gpu", le="15.0")
    telemetry.observe("gpu_slot_wait_seconds", 7.0, slot="gpu")
    assert value("editron_gpu_slot_wait_seconds_bucket", slot="gpu", le="15.0") == waits + 1
    telemetry.gauge("flow_last_success_timestamp_seconds", 5.0, flow="produce")
    assert value("editron_flow_last_success_timestamp_seconds", flow="produce") == 5.0


@pytest.mark.parametrize("labels", [{}, {"stage": "a", "batch": "b"}, {"Stage": "a"}])
def test_labels_that_the_table_does_not_name_are_refused(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="retries is a counter"):
        telemetry.count("retries", **labels)


def test_metrics_that_the_table_does_not_name_are_refused() -> None:
    with pytest.raises(KeyError):
        telemetry.count("retires", stage="a")
    with pytest.raises(ValueError, match="histogram"):
        telemetry.count("stage_seconds", stage="a")


def test_no_secret_becomes_a_label() -> None:
    Secret("hunter2")
    telemetry.count("retries", stage="hunter2")
    readings = (Reading("dead_letters", 1, ("hunter2",)),)
    assert b"hunter2" not in generate_latest(telemetry.registry(lambda: readings))


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_table_holds_what_prometheus_recommends(metric: telemetry.Metric) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", metric.name)
    assert metric.meaning.endswith(".")
    assert (metric.kind is Kind.HISTOGRAM) == bool(metric.buckets)
    assert tuple(sorted(metric.buckets)) == metric.buckets
    assert not metric.name.endswith("total")
    assert not set(metric.labels) & {"batch", "file", "session", "job", "run", "path"}
    if metric.kind is Kind.HISTOGRAM:
        assert metric.name.endswith("_seconds")


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_of_the_table_is_told_somewhere(metric: telemetry.Metric) -> None:
    call = {Kind.COUNTER: "count", Kind.HISTOGRAM: "observe", Kind.GAUGE: "gauge", Kind.STORE: "Reading"}
    told = re.compile(rf"\b{call[metric.kind]}\(\s*\"{metric.name}\"")
    sources = [path for room in ROOMS for path in room.rglob("*.py")]
    assert any(told.search(path.read_text("utf-8")) for path in sources)


def test_is_served_on_the_loopback_address_only(serve: Callable[..., telemetry.Server]) -> None:
    server = serve(gauges=lambda: (Reading("store_up", 1), Reading("queue_depth", 3, ("rush",))))
    telemetry.count("retries", stage="served")
    found = samples(httpx.get(f"http://127.0.0.1:{server.port}/metrics").text)
    assert found["editron_queue_depth[('priority', 'rush')]"] == 3
    assert found["editron_retries_total[('stage', 'served')]"] >= 1
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", server.port)) != 0


def test_the_store_is_read_anew_each_time(serve: Callable[..., telemetry.Server]) -> None:
    values = iter((1.0, 2.0))
    server = serve(gauges=lambda: (Reading("store_up", next(values)),))
    seen = [samples(httpx.get(f"http://127.0.0.1:{server.port}").text)["editron_store_up[]"] for _ in "ab"]
    assert seen == [1.0, 2.0]


def test_a_port_that_is_taken_is_named(serve: Callable[..., telemetry.Server]) -> None:
    with pytest.raises(StoreError, match="EDITRON_METRICS_PORT"):
        telemetry.serve_metrics(serve().port)


# --- many processes -----------------------------------------------------------------------------------

COUNT = """
import os, sys
from editron_core import telemetry
telemetry.count("retries", stage="a"); telemetry.count("leases_lost")
telemetry.observe("stage_seconds", 3.0, stage="a")
telemetry.gauge("flow_last_success_timestamp_seconds", float(sys.argv[1]), flow="produce")
print("ready", flush=True); sys.stdin.readline(); os.kill(os.getpid(), 9)
"""
FORK = """
import os
from editron_core import telemetry
telemetry.count("leases_lost")
pid = os.fork()
for _ in range(50): telemetry.count("leases_lost")
if pid: os.waitpid(pid, 0)
"""
READ = """
from prometheus_client import generate_latest, Counter
from editron_core import telemetry
telemetry.count("leases_lost", 0)
Counter("of_another_library", "It must not be exported as ours.").inc()
print(generate_latest(telemetry.registry()).decode())
"""


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDITRON_METRICS_DIR", str(tmp_path / "metrics"))
    return tmp_path / "metrics"


def read() -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    return samples(done.stdout)


def test_processes_add_up_and_killed_ones_take_nothing_along(shared: Path) -> None:
    for round_ in range(2):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", COUNT, str(10 * round_ + one)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for one in range(3)
        ]
        for one in running:  # all live at once, and then are killed
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        assert [one.communicate("\n") and one.returncode for one in running] == [-9] * 3
    found = read()
    assert found["editron_retries_total[('stage', 'a')]"] == 6
    assert found["editron_leases_lost_total[]"] == 6
    assert found["editron_stage_seconds_bucket[('le', '5.0'), ('stage', 'a')]"] == 6
    assert found["editron_stage_seconds_sum[('stage', 'a')]"] == 18
    assert found["editron_flow_last_success_timestamp_seconds[('flow', 'produce')]"] >= 10
    assert not [name for name in found if "another_library" in name]
    # Three slots were enough for seven processes.
    assert sorted(path.name for path in shared.glob("*.lock")) == [f"slot-{n}.lock" for n in range(3)]


def test_a_forked_process_counts_for_itself(shared: Path) -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True)
    assert read()["editron_leases_lost_total[]"] == 101


def test_children_are_not_drawn_into_our_folder_unasked(shared: Path) -> None:
    program = (
        "import sys; from editron_core import process, telemetry; telemetry.count('leases_lost');"
        "code = 'import os; print(os.environ.get(\"PROMETHEUS_MULTIPROC_DIR\"))';"
        "print(process.run([sys.executable, '-c', code])[0].decode())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_a_folder_that_cannot_be_made_is_named(shared: Path) -> None:
    shared.write_text("a file")
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True)
    assert "EDITRON_METRICS_DIR" in done.stderr
