"""The four tools, called by the real MCP client here and over the network, and through OpenAI's schemas."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from jsonschema import Draft202012Validator
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from starlette.testclient import TestClient

from editron_core.api import tools
from editron_core.api.deps import Caller
from editron_core.config import settings
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchAnalysis, BatchStatus
from editron_core.domain.operations import DeadLetter
from editron_core.errors import NotFound, UsageError
from editron_core.lane import Lane, attendant
from editron_core.media import ffmpeg
from editron_core.process import run
from editron_core.store import NewBatch, Store
from tests.api.conftest import Served

As = Callable[[Role], TestClient]
NAMES = [
    "ingest_media_batch",
    "analyze_media_batch",
    "generate_video_edits",
    "render_video_deliverables",
]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=8"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=8", "-shortest", "-pix_fmt", "yuv420p"]
    run([ffmpeg.binary(), "-v", "error", *picture, *sound, path])
    return path


@pytest.fixture
def bench(store: Store) -> tools.Bench:
    return tools.Bench(store, settings(), Caller("agent", Role.ADMIN, None))


def test_an_agent_drives_the_lane_from_footage_to_films(bench: tools.Bench, store: Store, film: Path) -> None:
    lane = Lane(store, settings())
    made = tools.named("ingest_media_batch").call(bench, {"sources": [str(film)]})
    assert made.state is tools.State.WORKING
    batch = made.batch_id
    wish = {"batch_id": batch, "brief": "colours", "knobs": {"energy": 0.5}}
    assert tools.named("analyze_media_batch").call(bench, wish).state is tools.State.WORKING
    assert [one.stage for one in store.dispatches.pending()] == ["produce", "produce"]
    tools.named("analyze_media_batch").call(bench, wish)  # the same again asks for nothing
    assert len(store.dispatches.pending()) == 2
    while attendant.once(lane):
        pass

    seen = tools.named("analyze_media_batch").call(bench, {"batch_id": batch})
    assert seen.state is tools.State.READY, seen
    assert seen.analysis.brief == "colours"
    assert seen.files[0].name == "film.mp4"
    edits = tools.named("generate_video_edits").call(bench, {"batch_id": batch})
    assert edits.state is tools.State.READY, edits
    (session,) = edits.sessions
    assert session.cuts[0].standing == "unsigned"
    assert session.cuts[0].clips

    anew = tools.named("generate_video_edits").call(bench, {"batch_id": batch, "blueprints": ["square"]})
    assert anew.state is tools.State.WORKING
    while attendant.once(lane):
        pass
    anew = tools.named("generate_video_edits").call(bench, {"batch_id": batch, "blueprints": ["square"]})
    assert [one.blueprint for one in anew.sessions] == ["square"]
    queued = tools.named("render_video_deliverables").call(
        bench, {"session_id": session.session_id, "priority": "rush"}
    )
    assert queued.state is tools.State.WORKING
    assert queued.job.priority == "rush"


def test_states_tell_what_keeps_a_batch(bench: tools.Bench, store: Store) -> None:
    def state(batch_id: str) -> tools.Moments:
        found: tools.Moments = tools.named("analyze_media_batch").call(bench, {"batch_id": batch_id})
        return found

    failed = store.batches.create(NewBatch("/a"))
    store.batches.set_status(failed.id, BatchStatus.FAILED, "is broken")
    crowd = store.batches.create(NewBatch("/crowd"))
    for _ in range(150):  # others that came before are not what it waits for
        store.dispatches.add(crowd.id, "produce")
    assert state(failed.id).state is tools.State.WORKING  # it was asked for just now
    (mine,) = store.dispatches.pending(batch_id=failed.id)
    assert mine not in store.dispatches.pending()
    store.dispatches.done(mine.key)
    assert (state(failed.id).state, state(failed.id).problem) == (tools.State.FAILED, "is broken")

    stuck = store.batches.create(NewBatch("/b"))
    store.dead_letters.record(DeadLetter("produce", "dispatch x", "StoreError", "no disk", batch_id=stuck.id))
    assert (state(stuck.id).state, state(stuck.id).problem) == (tools.State.FAILED, "no disk")


def test_what_does_not_fit_is_refused(bench: tools.Bench) -> None:
    for name, arguments in (
        ("ingest_media_batch", {}),
        ("ingest_media_batch", {"sources": ["relative/path"]}),
        ("ingest_media_batch", {"sources": ["/x"], "unknown": 1}),
        ("analyze_media_batch", {"batch_id": "../../etc"}),
        ("analyze_media_batch", {"batch_id": "0" * 32, "profile": "/etc/passwd"}),
        ("generate_video_edits", {"batch_id": "0" * 32, "blueprints": []}),
        ("render_video_deliverables", {"session_id": "0" * 32, "destinations": ["http://x"], "wait_s": 999}),
    ):
        with pytest.raises(UsageError):
            tools.named(name).call(bench, arguments)
    with pytest.raises(NotFound):
        tools.named("analyze_media_batch").call(bench, {"batch_id": "0" * 32})
    with pytest.raises(NotFound):
        tools.named("publish_everything")
    viewer = tools.Bench(bench.store, bench.settings, Caller("v", Role.REVIEWER, "k"))
    with pytest.raises(UsageError, match="operators"):
        tools.named("ingest_media_batch").call(viewer, {"sources": ["/x"]})


def test_schemas_for_openai_are_the_models(client_as: As) -> None:
    listed = client_as(Role.VIEWER).get("/api/tools").json()
    assert [one["function"]["name"] for one in listed] == NAMES
    for one in listed:
        schema = one["function"]["parameters"]
        Draft202012Validator.check_schema(schema)
        assert schema["additionalProperties"] is False
        assert len(one["function"]["description"]) > 40
        assert schema == tools.TOOLS[one["function"]["name"]].takes.model_json_schema()
    assert client_as(Role.REVIEWER).post("/api/tools/ingest_media_batch", json={}).status_code == 403
    operator = client_as(Role.OPERATOR)
    assert operator.post("/api/tools/ingest_media_batch", json={}).status_code == 422
    assert operator.post("/api/tools/no_such_tool", json={}).status_code == 404


async def _told(session: ClientSession, source: Path) -> dict[str, Any]:
    await session.initialize()
    listed = (await session.list_tools()).tools
    assert [tool.name for tool in listed] == NAMES
    assert all(tool.outputSchema for tool in listed)
    wrong = await session.call_tool("analyze_media_batch", {"batch_id": "nonsense"})
    assert wrong.isError
    made = await session.call_tool("ingest_media_batch", {"sources": [str(source)]})
    assert not made.isError, made
    assert made.structuredContent is not None
    assert json.loads(made.content[0].text) == made.structuredContent  # type: ignore[union-attr]
    return made.structuredContent


def test_over_standard_input_and_output(film: Path) -> None:
    here = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from editron_core.cli import main; main()", "mcp", "--as", "helper"],
        env=dict(os.environ),
    )

    async def talk() -> dict[str, Any]:
        async with stdio_client(here) as (reads, writes), ClientSession(reads, writes) as session:
            return await _told(session, film)

    made = anyio.run(talk)
    with Store.open(settings().database, settings().blobs) as store:
        batch = store.batches.get(made["batch_id"])
        assert batch.metadata["asked_by"] == "helper"
        assert [one.batch_id for one in store.dispatches.pending()] == [batch.id]


def test_over_the_network_with_a_key(served: Served, film: Path) -> None:
    store: Store = served.app.state.store
    admin, viewer = (store.keys.issue(role.value, role)[1] for role in (Role.ADMIN, Role.VIEWER))
    served.app.state.keyring.forget()

    @asynccontextmanager
    async def client(key: str, at: str = "/mcp") -> Any:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx.AsyncClient(headers=headers, timeout=30) as wire,
            streamable_http_client(f"{served.url}{at}", http_client=wire) as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            yield session

    async def talk() -> dict[str, Any]:
        async with client(viewer, "/mcp/") as session:
            await session.initialize()
            refused = await session.call_tool("ingest_media_batch", {"sources": [str(film)]})
            assert refused.isError
            assert "operators" in refused.content[0].text  # type: ignore[union-attr]
        async with client(admin) as session:
            return await _told(session, film)

    made = anyio.run(talk)
    assert store.batches.get(made["batch_id"]).metadata["asked_by"] == "admin"
    with served.client() as nobody:
        assert (
            nobody.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).status_code == 401
        )
    with served.client("edk_0000000000000000_x") as forged:
        assert forged.post("/mcp", json={}).status_code == 401


def test_an_analysis_of_another_brief_is_not_taken_for_the_one_asked_for(
    bench: tools.Bench, store: Store
) -> None:
    batch = store.batches.create(NewBatch("/c"))
    for status in (BatchStatus.DOWNLOADING, BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED):
        store.batches.set_status(batch.id, status)
    store.analyses.save(BatchAnalysis(batch.id, "old", "", (), {}, (), 1, "f" * 64))
    wish = {"batch_id": batch.id, "brief": "new"}
    tools.named("analyze_media_batch").call(bench, wish)
    for one in store.dispatches.pending():
        store.dispatches.done(one.key)
    assert tools.named("analyze_media_batch").call(bench, wish).state is tools.State.WORKING
