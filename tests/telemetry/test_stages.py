"""A stage as operators see it, from the drawn stage itself and from the whole lane."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from editron_core import log, telemetry
from editron_core.domain.progress import Step
from editron_core.errors import Held, Interrupted, MediaError
from editron_core.redact import Secret
from tests.telemetry.conftest import Spans, facts

STEP = Step("analyze", "a.mp4", 3.0, batch="b1", file="f1")


def ended(outcome: str) -> float:
    labels = {"stage": "analyze", "outcome": outcome}
    return telemetry.registry().get_sample_value("editron_stages_total", labels) or 0.0


def timed() -> float:
    found = telemetry.registry().get_sample_value("editron_stage_seconds_count", {"stage": "analyze"})
    return found or 0.0


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def run(work: Callable[[telemetry.Ending], None]) -> None:
    log.configure("info", "json")
    with telemetry.stage(STEP) as ending:
        work(ending)


def test_tells_begin_and_end_with_ids_seconds_and_trace(
    spans: Spans, capsys: pytest.CaptureFixture[str]
) -> None:
    before, count = ended("done"), timed()
    with telemetry.span("produce", run="r1"):
        run(lambda ending: time.sleep(0.01))
    begin, end = lines(capsys)
    stage, _ = spans()
    ids = {"batch": "b1", "file": "f1", "run": "r1", "stage": "analyze", "label": "a.mp4"}
    for line, event in ((begin, "stage_began"), (end, "stage_ended")):
        assert ids.items() <= line.items()
        assert line["event"] == event
        assert line["trace_id"] == f"{stage.context.trace_id:032x}"
        assert line["span_id"] == f"{stage.context.span_id:016x}"
    assert end["outcome"] == "done"
    assert end["seconds"] >= 0.01
    assert facts(stage) == {**ids, "outcome": "done"}
    assert stage.name == "stage analyze"
    assert (ended("done"), timed()) == (before + 1, count + 1)


def test_what_was_kept_is_not_timed() -> None:
    before, count = ended("kept"), timed()
    run(lambda ending: setattr(ending, "outcome", "kept"))
    assert (ended("kept"), timed()) == (before + 1, count)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MediaError("is empty", subject="a.mp4"), "failed"),
        (ValueError("odd"), "failed"),
        (Held("is paused"), "held"),
        (Interrupted("the program is being stopped"), "interrupted"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_tells_how_it_failed(
    error: BaseException, outcome: str, spans: Spans, capsys: pytest.CaptureFixture[str]
) -> None:
    before, count = ended(outcome), timed()

    def fail(ending: telemetry.Ending) -> None:
        raise error

    with pytest.raises(type(error)):
        run(fail)
    _, end = lines(capsys)
    (stage,) = spans()
    assert (end["outcome"], end["error"], end["kind"]) == (outcome, str(error), type(error).__name__)
    assert facts(stage)["outcome"] == outcome
    assert (ended(outcome), timed()) == (before + 1, count)


def test_no_secret_is_in_what_a_failure_tells(spans: Spans, capsys: pytest.CaptureFixture[str]) -> None:
    Secret("hunter2")

    def fail(ending: telemetry.Ending) -> None:
        raise ValueError("no hunter2 here")

    with pytest.raises(ValueError):
        run(fail)
    _, end = lines(capsys)
    assert end["error"] == "no [hidden] here"
    assert "hunter2" not in "".join(span.to_json() for span in spans())


def test_is_cheap_when_nobody_listens() -> None:
    log.configure("warning", "json")
    with telemetry.stage(STEP):
        pass  # the first one loads the library of metrics
    began = time.process_time()
    for _ in range(500):
        with telemetry.stage(STEP):
            pass
    assert (time.process_time() - began) / 500 < 500e-6  # seconds; measured 42e-6


def test_nothing_stays_bound(spans: Spans) -> None:
    run(lambda ending: None)
    assert structlog.contextvars.get_contextvars() == {}


def test_the_traces_of_a_run_can_be_read_from_the_file_alone(tmp_path: Path) -> None:
    from editron_core.config import Settings

    telemetry.configure(Settings(traces=tmp_path / "t.jsonl"))
    try:
        run(lambda ending: None)
    finally:
        telemetry.stop()
    (line,) = (tmp_path / "t.jsonl").read_text().splitlines()
    assert json.loads(line)["attributes"]["editron.file"] == "f1"
