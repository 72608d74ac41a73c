"""What `editron flows` serves and refuses, and a batch from footage to deliverables, on one real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from editron_core.config import ROOT, Settings, settings
from editron_core.domain.batch import BatchStatus
from editron_core.domain.job import EditSessionStatus, StageStatus, Verdict
from editron_core.errors import UsageError
from editron_core.lane import signing
from flows import schedules, server
from tests.flows.conftest import BLUEPRINT, MAIN, Serving, alive, editron, until
from tests.flows.witness import facts, kill

TRIGGERS = 20
# On a busy machine each process takes its time.
pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]


def test_every_flow_is_served_with_the_schedule_that_was_told(serving: Serving) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows()}
        served = {flows[one.flow_id]: one for one in client.read_deployments() if one.name == "editron"}
    assert set(served) == set(schedules.served())
    cron = {name: one.schedules[0].schedule.cron for name, one in served.items() if one.schedules}
    assert cron == {**schedules.schedules(Settings()), "poll_sources": "0 0 1 1 *"}


def test_what_workers_rely_on_is_installed_once_however_often(serving: Serving) -> None:
    from prefect.client.orchestration import get_client

    from flows import deployments, slots

    with get_client(sync_client=True) as client:
        for _ in range(2):
            deployments.install(client, settings())
        (automation,) = client.read_automations_by_name(deployments.ZOMBIES)
        limit = client.read_global_concurrency_limit_by_name(slots.GPU)
    assert automation.trigger.within.total_seconds() == 90
    assert limit.limit == 1


def test_a_gpu_slot_keeps_others_waiting_and_is_given_back(serving: Serving) -> None:
    from threading import Thread

    from flows import slots

    spans: list[tuple[float, float]] = []

    def hold() -> None:
        with slots.gpu(True):
            began = time.monotonic()
            time.sleep(0.5)
            spans.append((began, time.monotonic()))

    threads = [Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans.sort()
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))
    with slots.gpu(False), slots.gpu(False):
        pass


def test_an_unknown_flow_or_parameter_is_one_clear_error_and_no_run(serving: Serving) -> None:
    with pytest.raises(UsageError, match=r"make_coffee: is no flow that is served .*produce"):
        serving.trigger("make_coffee", {})
    with pytest.raises(UsageError, match=r"produce souces: is no parameter .*sources"):
        serving.trigger("produce", {"souces": ["/tmp"]})
    with pytest.raises(UsageError, match=r"produce order\.breif: is no parameter .*order\.brief"):
        serving.trigger("produce", {"sources": ["/tmp"], "order.breif": "x"})
    with pytest.raises(UsageError, match="produce"):
        serving.trigger("produce", {"sources": ["/tmp"], "auto_approve": "perhaps"})


def test_the_server_itself_refuses_a_field_that_nobody_knows(serving: Serving) -> None:
    """Prefect's own pages and API do not ask us first."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("produce/editron")
        wrong = {"sources": ["/nowhere"], "order": {"breif": "x"}}
        with pytest.raises(PrefectHTTPStatusError, match="'breif' was unexpected"):
            client.create_flow_run_from_deployment(deployment.id, parameters=wrong)


def test_the_command_line_begins_a_run_and_says_so(serving: Serving) -> None:
    said = editron("flows", "run", "housekeeping", "-p", "dry_run=true", "--key", "once", "--json")
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert found["flow"] == "housekeeping"
    assert serving.trigger("housekeeping", {"dry_run": True}, key="once").id == found["run"]


def test_a_port_that_another_program_holds_is_named(home: Path, serving: Serving) -> None:
    taken = serving.api.split(":")[2].split("/")[0]
    said = editron("flows", "--port", taken, EDITRON_HOME=str(home / "other"), PREFECT_API_URL="")
    assert said.returncode in (1, 2)
    assert "Traceback" not in said.stderr


def test_a_second_worker_uses_the_server_that_is_named_and_leaves_it_running(
    serving: Serving, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    environment = {**os.environ, "PREFECT_API_URL": serving.api, "EDITRON_HOME": str(other)}
    environment["EDITRON_DEPLOYMENT"] = "elsewhere"  # else it would serve the runs of the other tests
    child = subprocess.Popen(
        [sys.executable, "-c", MAIN, "flows"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().split()[-1] == server.ui(serving.api)
    until(lambda: [w for w in alive(other).values() if "flows.worker" in w])
    assert not [w for w in alive(other).values() if "prefect server" in w]
    began = time.monotonic()
    child.terminate()
    child.wait(20)
    child.stdout.close()
    assert time.monotonic() - began < 10
    assert not alive(other)
    assert server.answers(serving.api)


def test_a_run_that_failed_stays_so_under_its_key_and_says_why_in_one_line(serving: Serving) -> None:
    wanted: dict[str, object] = {"sources": ["/nowhere/at/all"]}
    failed = serving.ended(serving.trigger("produce", wanted, key="watched").id)
    assert failed.state.is_failed()
    assert "holds no file that can be used" in failed.state.message
    assert "\n" not in failed.state.message
    again = serving.trigger("produce", wanted, key="watched")
    assert (again.id, again.state) == (str(failed.id), "Failed")
    with serving.store() as store:
        letters = [one for one in store.dead_letters.list() if one.subject == f"run {failed.name}"]
    assert [(one.stage, one.error_class) for one in letters] == [("produce", "UsageError")]


@pytest.mark.proof
def test_the_pools_take_the_deployments_of_the_file(serving: Serving) -> None:
    from prefect.client.orchestration import get_client

    template = ROOT / "flows/deploy/kubernetes.json"
    for words in (
        ["work-pool", "create", "editron", "--type", "process"],
        ["work-pool", "create", "editron-gpu", "--type", "kubernetes", "--base-job-template", str(template)],
        ["--no-prompt", "deploy", "--all", "--prefect-file", "flows/prefect.yaml"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *words], cwd=ROOT, capture_output=True, text=True, timeout=200
        )
        assert done.returncode == 0, done.stdout + done.stderr
    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows()}
        made = [(flows[d.flow_id], d) for d in client.read_deployments()]
    process = {name: d for name, d in made if d.name == "process"}
    assert set(process) == set(schedules.served())
    assert {name for name, d in made if d.name == "kubernetes"} == {"produce", "finish"}
    wanted = {**schedules.schedules(Settings()), "reconcile": "* * * * *"}
    assert {n: d.schedules[0].schedule.cron for n, d in process.items() if d.schedules} == wanted


@pytest.fixture(scope="module")
def footage(parts: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two clips and one whose picture is damaged, with a blueprint beside it."""
    folder = tmp_path_factory.mktemp("footage")
    clips = folder / "clips"
    clips.mkdir()
    for path in parts[:2]:
        shutil.copy(path, clips)
    whole = bytearray(parts[2].read_bytes())
    at = whole.index(b"mdat") + 8
    whole[at:] = bytes(len(whole) - at)
    (clips / "poison.mp4").write_bytes(whole)
    (folder / "tiny.toml").write_text(BLUEPRINT)
    return folder


def wish(footage: Path, **more: object) -> dict[str, object]:
    order = {"brief": "the jump", "blueprints": [str(footage / "tiny.toml")]}
    return {"sources": [str(footage / "clips")], "order": order, **more}


@pytest.fixture
def gated(serving: Serving, footage: Path) -> Any:
    """The run of `produce` that 20 identical wishes begin, ended at the gate; all tests share it."""
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: serving.trigger("produce", wish(footage)), range(TRIGGERS)))
    assert len({one.id for one in found}) == 1
    return serving.ended(found[0].id)


def batch_of(serving: Serving, footage: Path) -> str:
    with serving.store() as store:
        return store.batches.newest(str(footage / "clips")).id


def test_twenty_identical_triggers_are_one_run_that_ends_at_the_gate(
    serving: Serving, gated: Any, footage: Path
) -> None:
    assert gated.state.is_completed()
    assert gated.run_count == 1
    with serving.store() as store:
        batches = [b for b in store.batches.list() if b.source_url == str(footage / "clips")]
        assert len(batches) == 1
        (session,) = store.sessions.list(batches[0].id)
    assert session.status in (EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.COMPLETE)


def test_a_file_that_cannot_be_used_becomes_a_dead_letter_and_the_others_finish(
    serving: Serving, gated: Any, footage: Path
) -> None:
    batch = batch_of(serving, footage)
    with serving.store() as store:
        statuses = {file.name: file.status for file in store.files.list(batch)}
        (letter,) = store.dead_letters.list(batch_id=batch)
    assert statuses == {
        "part-0.mp4": BatchStatus.ANALYZED,
        "part-1.mp4": BatchStatus.ANALYZED,
        "poison.mp4": BatchStatus.FAILED,
    }
    assert (letter.stage, letter.subject, letter.error_class) == ("ingest", "poison.mp4", "MediaError")
    assert "damaged" in letter.message


@pytest.fixture
def delivered(serving: Serving, gated: Any, footage: Path) -> str:
    """The batch, once it was signed and delivered; that it is not before is looked at on the way."""
    batch = batch_of(serving, footage)
    with serving.store() as store:
        (session,) = store.sessions.list(batch)
        if session.status is EditSessionStatus.NEEDS_REVIEW:
            early = serving.ended(serving.trigger("finish", {"session": session.id}).id)
            assert early.state.is_failed()
            assert "is not signed off as it is now" in early.state.message
            assert not [run for run in store.ledger.list() if run.stage == "render"]
            signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "ann"))
    until(lambda: (serving.home / "delivered" / batch[:8] / "report.html").exists())
    return batch


def test_what_is_not_signed_is_not_rendered_and_a_signature_starts_the_rendering(
    serving: Serving, delivered: str
) -> None:
    made = facts(serving, delivered)
    assert list(made["videos"]) == ["tiny_1x1.mp4"]
    assert made["jobs"] == ["complete"]
    assert made["sessions"][0][2] == "complete"
    assert until(lambda: not _pending(serving))


def _pending(serving: Serving) -> int:
    with serving.store() as store:
        return len(store.dispatches.pending())


def test_a_killed_worker_and_its_children_are_followed_by_others_that_finish_the_same(
    serving: Serving, delivered: str, footage: Path, parts: tuple[Path, ...]
) -> None:
    """The deliverable equals, frame by frame, that of the same footage that nobody disturbed."""
    clips = footage / "killed"
    clips.mkdir()
    for path in parts[:2]:
        shutil.copy(path, clips)
    wanted = {**wish(footage), "sources": [str(clips)], "auto_approve": True}
    begun = serving.trigger("produce", wanted)
    until(lambda: _running(serving, "render"))
    with serving.store() as store:
        finished = {r.key: r.attempts for r in store.ledger.list() if r.status is StageStatus.DONE}
    killed = kill(serving)
    until(lambda: _begun_again(serving, begun.id), 120)
    recovery = time.monotonic() - killed
    assert recovery < 120
    run = serving.ended(begun.id)
    assert run.state.is_completed(), run.state.message
    batch = _batch(serving, clips)
    with serving.store() as store:
        again = {r.key: r.attempts for r in store.ledger.list() if r.key in finished}
        assert again == finished, "a finished stage was run again"
        assert not [p for p in store.blobs.tmp.iterdir() if p.name.startswith(("render", "analyze", "edit"))]
    made = facts(serving, batch)
    assert made["jobs"].count("complete") == 1
    assert len(made["sessions"]) == 1
    assert made["videos"] == facts(serving, delivered)["videos"]
    print(f"recovery began {recovery:.0f} s after the kill")


def _running(serving: Serving, stage: str) -> bool:
    with serving.store() as store:
        return any(run.stage == stage for run in store.ledger.list(StageStatus.RUNNING))


def _begun_again(serving: Serving, run_id: str) -> Any:
    run = serving.run(run_id)
    return run if run.run_count > 1 and run.state.is_running() else None


def _batch(serving: Serving, clips: Path) -> str:
    with serving.store() as store:
        return store.batches.newest(str(clips)).id
