"""What operators see of `editron flows`: one trace from who begins a run, metrics, secrets of blocks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from editron_core import secrets, telemetry
from editron_core.api.app import create_app
from editron_core.config import settings
from editron_core.errors import SecretError
from editron_core.redact import holds
from editron_core.store import Store
from flows import observing
from tests.flows.conftest import CALLER, Serving, until

pytestmark = pytest.mark.timeout(900)


def written(serving: Serving, run: str) -> list[dict[str, Any]]:
    """The spans of one run, once its flow has ended."""

    def look() -> list[dict[str, Any]]:
        lines = Path(serving.environment["EDITRON_TRACES"]).read_text().splitlines()
        found = [json.loads(line) for line in lines]
        mine = [span for span in found if span["attributes"].get("editron.run") == run]
        return mine if any(span["name"].startswith("flow ") for span in mine) else []

    found: list[dict[str, Any]] = until(look)
    return found


def test_what_is_asked_for_over_http_is_one_trace_down_to_ffmpeg(
    serving: Serving, parts: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request writes a dispatch, the worker's reconciler begins a run of it, and that does the work."""
    shutil.copy(parts[0], tmp_path)
    with (tmp_path / parts[0].name).open("ab") as film:
        film.write(b"\0\0\0\x08free")  # nobody has analysed it
    monkeypatch.setenv("EDITRON_TRACES", str(tmp_path / "spans.jsonl"))
    settings.cache_clear()
    telemetry.configure(settings())
    caller, asked = "c3" * 16, {"sources": [str(tmp_path / parts[0].name)]}
    headers = {"traceparent": f"00-{caller}-{'d4' * 8}-01", "Idempotency-Key": "one-trace"}
    here = ("127.0.0.1", 50000)
    try:
        with TestClient(create_app(settings()), "http://127.0.0.1:8000", client=here) as client:
            made = client.post("/api/batches", json=asked, headers=headers)
        assert made.status_code == 201, made.text
    finally:
        telemetry.stop()
    request = json.loads((tmp_path / "spans.jsonl").read_text().splitlines()[-1])

    def look() -> list[dict[str, Any]]:
        lines = Path(serving.environment["EDITRON_TRACES"]).read_text().splitlines()
        found = [json.loads(line) for line in lines]
        mine = [span for span in found if span["context"]["trace_id"] == f"0x{caller}"]
        return mine if any(span["name"] == "flow produce" for span in mine) else []

    found: list[dict[str, Any]] = until(look)
    by_id = {span["context"]["span_id"]: span for span in [*found, request]}
    assert (request["name"], request["parent_id"]) == ("POST request", f"0x{'d4' * 8}")
    stage = next(span for span in found if span["name"] == "stage analyze")
    ran = next(one for one in found if one["parent_id"] == stage["context"]["span_id"])
    names, at = [], ran
    while at["parent_id"] in by_id:
        names.append(at["name"])
        at = by_id[at["parent_id"]]
    names.append(at["name"])
    wanted = ["stage analyze", "task analyze", "flow produce", "dispatch", "POST request"]
    assert names == ["run ffmpeg", *wanted]


def test_a_run_is_one_trace_from_who_began_it_to_ffmpeg(serving: Serving, gated: Any) -> None:
    run = str(gated.id)
    mine = CALLER.split("-")
    found = written(serving, run)
    by_id = {span["context"]["span_id"]: span for span in found}
    assert {span["context"]["trace_id"] for span in found} == {f"0x{mine[1]}"}
    (flow,) = [span for span in found if span["name"] == "flow produce"]
    assert flow["parent_id"] == f"0x{mine[2]}"
    analyzed = [span for span in found if span["name"] == "stage analyze"]
    stage = next(span for span in analyzed if span["attributes"]["editron.outcome"] == "done")
    task = by_id[stage["parent_id"]]
    assert task["name"] == "task analyze"
    assert by_id[task["parent_id"]] is flow
    children = [span for span in found if span["parent_id"] == stage["context"]["span_id"]]
    assert "run ffmpeg" in {span["name"] for span in children}

    lines = (serving.home / "prefect" / "worker.log").read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    told = [one for one in events if one.get("event") == "stage_ended" and one.get("run") == run]
    assert {one["stage"] for one in told} >= {"ingest", "analyze", "score", "edit"}
    assert {one["trace_id"] for one in told} == {mine[1]}

    address = f"http://127.0.0.1:{serving.environment['EDITRON_METRICS_PORT']}/metrics"
    families = text_string_to_metric_families(httpx.get(address).text)
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }
    assert samples["editron_stages_total", "analyze", "done"] >= 1  # counted by the run's own process
    assert samples["editron_children_total", "done", "ffmpeg"] >= 1
    assert samples["editron_flow_last_success_timestamp_seconds", "produce"] > 1e9
    assert samples["editron_store_up",] == 1
    assert all(name.startswith("editron_") for name, *_ in samples)


def test_metrics_are_served_where_the_settings_say(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITRON_METRICS_PORT", "0")
    monkeypatch.setenv("EDITRON_METRICS_HOST", "127.0.0.2")
    settings.cache_clear()
    with Store.open(settings().database, settings().blobs) as store:
        server = observing.serve(store)
        assert server is not None
        try:
            assert "editron_store_up 1.0" in httpx.get(f"http://127.0.0.2:{server.port}/metrics").text
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"http://127.0.0.1:{server.port}/metrics")
        finally:
            server.close()


def test_secrets_lie_in_blocks(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.blocks.system import Secret

    Secret(value="correct horse").save("plain", overwrite=True)
    Secret(value={"password": "battery staple", "port": 1}).save("of-fields", overwrite=True)
    monkeypatch.setattr(secrets, "_resolvers", dict(secrets._resolvers))
    secrets.register("prefect", observing.from_block)
    assert secrets.resolve("prefect:plain").reveal() == "correct horse"
    assert secrets.resolve("prefect:of-fields/password").reveal() == "battery staple"
    assert holds("battery staple")
    for reference, why in (
        ("prefect:of-fields/user", "no text at user"),
        ("prefect:of-fields/port", "no text at port"),
        ("prefect:of-fields", "no text at its value"),
        ("prefect:nothing", "no such Secret block"),
    ):
        with pytest.raises(SecretError, match=why) as caught:
            secrets.resolve(reference)
        assert "staple" not in str(caught.value)
