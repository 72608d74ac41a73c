"""The lane as operators see it: one trace from the caller to ffmpeg, ids on each span and line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from editron_core import process
from editron_core.media import ffmpeg

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LANE = """
import sys
from editron_core import log, telemetry
from editron_core.config import settings
from editron_core.lane import Lane, Order
from editron_core.store import Store
here = settings()
log.configure(here.service_log_level, here.log_format)
telemetry.configure(here)
with telemetry.span("produce", run="r1"), Store.open(here.database, here.blobs) as store:
    lane = Lane(store, here)
    outcome = lane.analyze(lane.ingest([sys.argv[1]]))
    outcome = lane.score(outcome, Order())
    print("\\n".join([outcome.batch.id, *(file.id for file in outcome.files)]))
"""


@pytest.fixture(scope="module")
def two_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two clips of 2 s, 160x90, that differ, and one that is broken."""
    folder = tmp_path_factory.mktemp("two")
    for number, source in enumerate(("testsrc", "testsrc2")):
        words = ["-f", "lavfi", "-i", f"{source}=size=160x90:rate=10:duration=2", "-pix_fmt", "yuv420p"]
        process.run([ffmpeg.binary(), "-v", "error", *words, folder / f"{number}.mp4"])
    (folder / "broken.mp4").write_bytes((folder / "0.mp4").read_bytes()[:600])
    return folder


@pytest.fixture(scope="module")
def run(two_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Ingest, analyse and score in a process that was called within a trace, two files at a time."""
    home = tmp_path_factory.mktemp("observed")
    environment = {
        **os.environ,
        "EDITRON_HOME": str(home / "home"),
        "EDITRON_JOBS": "2",
        "EDITRON_TRACES": str(home / "traces.jsonl"),
        "EDITRON_LOG_FORMAT": "json",
        "TRACEPARENT": CALLER,
    }
    done = subprocess.run(
        [sys.executable, "-c", LANE, str(two_clips)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    batch, *files = done.stdout.split()
    spans = [json.loads(line) for line in (home / "traces.jsonl").read_text().splitlines()]
    return {"batch": batch, "files": set(files), "spans": spans, "log": done.stderr.splitlines()}


def facts(span: dict[str, Any]) -> dict[str, Any]:
    return {key.removeprefix("editron."): value for key, value in span["attributes"].items()}


def test_all_is_one_trace_from_the_caller_to_ffmpeg(run: dict[str, Any]) -> None:
    by_id = {span["context"]["span_id"]: span for span in run["spans"]}
    assert {span["context"]["trace_id"] for span in run["spans"]} == {f"0x{CALLER.split('-')[1]}"}
    (root,) = [span for span in run["spans"] if span["name"] == "produce"]
    assert root["parent_id"] == f"0x{CALLER.split('-')[2]}"
    decoding = [
        span
        for span in run["spans"]
        if span["name"] == "run ffmpeg" and by_id[span["parent_id"]]["name"] == "stage analyze"
    ]
    assert {facts(span)["file"] for span in decoding} == {
        facts(span)["file"] for span in run["spans"] if span["name"] == "stage analyze"
    }
    for span in decoding:
        stage = by_id[span["parent_id"]]
        assert stage["parent_id"] == root["context"]["span_id"]
        assert facts(span).items() >= {"batch": run["batch"], "run": "r1", "exit_code": 0}.items()
        assert facts(span)["file"] == facts(stage)["file"]


def test_every_stage_of_every_file_is_a_span_with_its_ids(run: dict[str, Any]) -> None:
    stages = [facts(span) for span in run["spans"] if span["name"].startswith("stage ")]
    assert {one["batch"] for one in stages} == {run["batch"]}
    assert {one["file"] for one in stages if "file" in one} == run["files"]
    ended = Counter((one["stage"], one["outcome"]) for one in stages)
    done = {("ingest", "done"): 2, ("analyze", "done"): 2, ("score", "done"): 1}
    assert ended == {**done, ("ingest", "failed"): 1}


def test_the_log_is_json_lines_that_tell_the_same(run: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in run["log"]]
    spans = {span["context"]["span_id"].removeprefix("0x"): span for span in run["spans"]}
    begun = [line for line in lines if line["event"] == "stage_began"]
    ended = [line for line in lines if line["event"] == "stage_ended"]
    assert len(begun) == len(ended) == 6
    for line in ended:
        span = facts(spans[line["span_id"]])
        assert line["trace_id"] == CALLER.split("-")[1]
        assert line.items() >= {key: span[key] for key in ("stage", "outcome", "batch", "run")}.items()
        assert line.get("file") == span.get("file")
        assert line["seconds"] >= 0
        assert ("error" in line) == (line["outcome"] == "failed")
