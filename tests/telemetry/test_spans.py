"""Spans: with the ids that hold, joined to the caller's, handed on to children, and nearly free when off."""

from __future__ import annotations

import contextvars
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog
from pytest_httpserver import HTTPServer

from editron_core import process, telemetry
from editron_core.config import Settings
from editron_core.errors import EngineUnavailable, ProcessFailed, ProcessTimedOut, StoreError
from editron_core.redact import Secret
from editron_core.telemetry import spans as tracing
from tests.telemetry.conftest import Spans, facts

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
"""The example of the W3C recommendation."""
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SHOW = "import os; print(os.environ.get('TRACEPARENT', ''))"
LIMITS = process.Limits(wall_s=60)


def python(code: str, limits: process.Limits = LIMITS) -> str:
    return process.run([sys.executable, "-c", code], limits=limits)[0].decode().strip()


def test_a_span_hands_its_ids_to_those_inside_and_to_log_lines(spans: Spans) -> None:
    with telemetry.span("produce", batch="b1", run="r1"):
        with telemetry.span("analyze", file="f1", facts={"share": 0.5}) as seen:
            seen.note(outcome="done")
            bound = dict(structlog.contextvars.get_contextvars())
        after = dict(structlog.contextvars.get_contextvars())
    inner, outer = spans()
    assert facts(inner) == {"batch": "b1", "run": "r1", "file": "f1", "share": 0.5, "outcome": "done"}
    assert facts(outer) == {"batch": "b1", "run": "r1"}
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert bound["trace_id"] == f"{inner.context.trace_id:032x}"
    assert bound["span_id"] == f"{inner.context.span_id:016x}"
    assert {**bound} | {"span_id": ""} == {**after, "file": "f1", "span_id": ""}
    assert structlog.contextvars.get_contextvars() == {}


def test_an_id_that_nobody_knows_is_refused() -> None:
    with pytest.raises(TypeError, match="episode"), telemetry.span("x", episode="1"):
        pass


def test_a_failure_is_marked_without_its_secrets_and_goes_on(spans: Spans) -> None:
    Secret("hunter2")

    def fail() -> None:
        with telemetry.span("x", facts={"label": "hunter2"}) as seen:
            seen.note(more="hunter2")
            raise ValueError("no hunter2")

    with pytest.raises(ValueError):
        fail()
    (span,) = spans()
    assert span.status.description == "no [hidden]"
    assert facts(span)["error.type"] == "ValueError"
    assert "hunter2" not in span.to_json()
    assert not span.events


def test_threads_that_run_in_a_copy_of_the_context_belong_to_the_span(spans: Spans) -> None:
    def work() -> None:
        with telemetry.span("file"):
            pass

    with telemetry.span("batch", batch="b1"), ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, work).result()
    inner, outer = spans()
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert facts(inner) == {"batch": "b1"}


def test_the_caller_of_this_process_is_the_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACEPARENT", CALLER)
    telemetry.configure(Settings(traces=tmp_path / "traces.jsonl"))
    try:
        with telemetry.span("outer"), telemetry.span("inner"):
            pass
        with telemetry.span("elsewhere", parent=f"00-{'1' * 32}-{'2' * 16}-01"):
            pass
    finally:
        telemetry.stop()
    written = (tmp_path / "traces.jsonl").read_text().splitlines()
    inner, outer, elsewhere = (json.loads(line) for line in written)
    assert (outer["context"]["trace_id"], outer["parent_id"]) == (f"0x{TRACE}", f"0x{SPAN}")
    assert inner["parent_id"] == outer["context"]["span_id"]
    assert elsewhere["parent_id"] == f"0x{'2' * 16}"


def test_a_child_process_is_a_span_and_learns_its_id(spans: Spans) -> None:
    with telemetry.span("stage render", job="j1"):
        told = python(SHOW)
    child, outer = spans()
    version, trace, span, flags = told.split("-")
    assert (version, trace, span) == (
        *("00", f"{outer.context.trace_id:032x}"),
        f"{child.context.span_id:016x}",
    )
    assert int(flags, 16) & 1  # recorded
    assert child.parent is not None
    assert child.parent.span_id == outer.context.span_id
    seen = facts(child)
    assert seen.pop("wall_seconds") > 0
    assert seen == {"program": Path(sys.executable).name, "job": "j1", "exit_code": 0, "outcome": "done"}


def test_what_a_child_was_told_is_in_no_span(spans: Spans) -> None:
    process.run([sys.executable, "-c", "pass", "--password", "hunter2"], limits=LIMITS)
    (child,) = spans()
    assert "hunter2" not in child.to_json()
    assert "--password" not in child.to_json()


def test_how_a_child_ended_is_told(spans: Spans) -> None:
    with pytest.raises(ProcessFailed):
        python("raise SystemExit(3)")
    with pytest.raises(ProcessTimedOut):
        process.run(["sleep", "50"], limits=process.Limits(wall_s=0.3))
    with pytest.raises(EngineUnavailable):
        process.run(["no-such-program"], limits=LIMITS)
    with pytest.raises(KeyError), process.spawn(["sleep", "50"], limits=LIMITS):
        raise KeyError
    failed, late, missing, stopped = spans()
    assert (facts(failed)["exit_code"], facts(failed)["outcome"]) == (3, "failed")
    assert (facts(late)["exit_code"], facts(late)["outcome"]) == (-9, "timed_out")
    assert facts(missing)["error.type"] == "EngineUnavailable"
    assert (facts(stopped)["exit_code"], facts(stopped)["outcome"]) == (-9, "stopped")
    assert [span.status.is_ok for span in spans()] == [False, False, False, True]


def test_children_in_turn_leave_no_span_behind_as_the_current_one(spans: Spans) -> None:
    """Two that overlap and end in the order in which they began, as two readers of frames do."""
    first, second = process.spawn(["true"]), process.spawn(["true"])
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    with telemetry.span("next"):
        pass
    assert spans()[-1].parent is None


def test_without_an_exporter_the_trace_of_the_caller_still_reaches_children_and_logs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRACEPARENT", CALLER)
    telemetry.configure(Settings())
    try:
        with telemetry.span("x"):
            bound = structlog.contextvars.get_contextvars()
            assert (bound["trace_id"], bound["span_id"]) == (TRACE, SPAN)
            assert python(SHOW) == CALLER
            assert telemetry.traceparent() == CALLER
    finally:
        telemetry.stop()


def test_a_caller_that_speaks_nonsense_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", "secret\nnonsense")
    telemetry.configure(Settings())
    with telemetry.span("x"):
        assert "trace_id" not in structlog.contextvars.get_contextvars()
    assert telemetry.traceparent() == ""


def test_without_an_exporter_spans_are_nearly_free_and_load_nothing() -> None:
    program = (
        "import sys, time; from editron_core import telemetry\n"
        "began = time.process_time()\n"
        "for _ in range(1000):\n"
        "    with telemetry.span('x', batch='b'): pass\n"
        "print(time.process_time() - began, 'opentelemetry' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, loaded = done.stdout.split()
    assert float(seconds) < 0.1  # 100 us each; measured 10
    assert loaded == "False"


def test_several_processes_share_one_file_of_traces(tmp_path: Path) -> None:
    place = tmp_path / "new" / "traces.jsonl"
    program = (
        "from editron_core import telemetry; from editron_core.config import settings\n"
        "telemetry.configure(settings())\n"
        "for _ in range(200):\n"
        "    with telemetry.span('x', facts={'label': 'y' * 3000}): pass"
    )
    environment = {"EDITRON_TRACES": str(place), "PATH": "/usr/bin"}
    running = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(3)]
    assert [one.wait() for one in running] == [0, 0, 0]
    lines = [json.loads(line) for line in place.read_text().splitlines()]
    assert len(lines) == 600
    assert {line["name"] for line in lines} == {"x"}


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="EDITRON_TRACES"):
        telemetry.configure(Settings(traces=tmp_path))
    telemetry.stop()


def test_configuring_the_same_again_keeps_the_exporter(tmp_path: Path) -> None:
    here = Settings(traces=tmp_path / "traces.jsonl")
    telemetry.configure(here)
    provider = tracing._state.provider
    telemetry.configure(here)
    assert tracing._state.provider is provider
    telemetry.configure(Settings())
    assert tracing._state.provider is None


def test_a_collector_gets_the_spans_over_http(httpserver: HTTPServer) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the extra `otlp`")
    httpserver.expect_request("/v1/traces", method="POST").respond_with_data(b"")
    telemetry.configure(Settings(otlp_endpoint=httpserver.url_for("/")))
    try:
        with telemetry.span("produce", batch="b1"):
            pass
        telemetry.flush()
    finally:
        telemetry.stop()
    ((request, _),) = httpserver.log
    assert request.content_type == "application/x-protobuf"


def test_a_collector_without_its_exporter_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(EngineUnavailable, match="uv sync --extra otlp"):
        telemetry.configure(Settings(otlp_endpoint="http://127.0.0.1:4318"))
    telemetry.stop()


def test_a_span_lasts_as_long_as_its_block(spans: Spans) -> None:
    with telemetry.span("x"):
        time.sleep(0.05)
    (span,) = spans()
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time - span.start_time >= 50e6


@pytest.mark.parametrize(
    ("program", "family"),
    [("ffmpeg-linux-x86_64-v9.0.2", "ffmpeg"), ("python3.11", "python"), ("op", "op"), ("7z", "7z")],
)
def test_programs_are_known_by_their_family(program: str, family: str) -> None:
    assert telemetry.family(program) == family
