"""What `editron flows` serves, installs and refuses, on the one server of the session."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from editron_core.config import ROOT, Settings, settings
from editron_core.errors import UsageError
from flows import schedules, server
from tests.flows.conftest import Serving, alive, until

MAIN = "from editron_core.cli import main; main()"


def editron(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )


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


def test_an_unreachable_server_is_one_clear_error_without_a_traceback(home: Path) -> None:
    nowhere = "http://127.0.0.1:9/api"
    for words in (["flows"], ["flows", "run", "produce", "-p", "sources=/tmp"]):
        said = editron(*words, PREFECT_API_URL=nowhere, EDITRON_HOME=str(home))
        assert said.returncode == 1
        assert "Traceback" not in said.stderr
        assert said.stderr.strip().splitlines() == [
            f"error: {nowhere}: does not answer (check PREFECT_API_URL)"
        ]
    said = editron("flows", "run", "produce", EDITRON_HOME=str(home))
    assert said.stderr.strip() == "error: Prefect server: does not run (start it: editron flows)"


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


def test_what_arrives_in_a_watched_folder_and_stands_still_is_begun_once(
    serving: Serving, parts: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import poll

    here = Settings(home=serving.home, watch=(serving.watched,), watch_still_s=60)
    match, lone = serving.watched / "match", serving.watched / "lone.mp4"
    match.mkdir()
    shutil.copy(parts[0], match)
    shutil.copy(parts[1], lone)
    (serving.watched / "notes.txt").write_text("no footage")
    (serving.watched / ".hidden.mp4").write_bytes(b"x")
    begun: list[tuple[str, str]] = []
    monkeypatch.setattr(poll, "trigger", lambda flow, given, key: begun.append((given["sources"][0], key)))

    assert poll.begin(here, 1000.0) == [], "seen for the first time"
    assert poll.begin(here, 1059.0) == []
    lone.write_bytes(lone.read_bytes() + b"\0")  # still being copied
    assert poll.begin(here, 1060.0) == [match]
    assert poll.begin(here, 1120.0) == [lone, match]
    assert len({key for place, key in begun if place == str(match)}) == 1, "the same is one run"
    shutil.copy(parts[2], match)
    poll.begin(here, 1180.0)
    poll.begin(here, 1240.0)
    assert len({key for place, key in begun if place == str(match)}) == 2, "a new file is a new batch"


def test_a_watched_folder_that_is_gone_fails_the_run_with_its_name(serving: Serving, tmp_path: Path) -> None:
    from editron_core.errors import SourceError
    from flows import poll

    with pytest.raises(SourceError, match=r"gone: No such file or directory \(check EDITRON_WATCH\)"):
        poll.begin(Settings(home=serving.home, watch=(tmp_path / "gone",)), 0.0)


def test_an_unknown_notebook_is_one_clear_error_before_anything_runs(serving: Serving) -> None:
    from flows import nightly

    with pytest.raises(UsageError, match=r"tune_nothing: is no notebook .*tune_scoring"):
        nightly.execute("tune_nothing", {})
    with pytest.raises(UsageError, match=r"tune_scoring trails: is no parameter"):
        nightly.execute("tune_scoring", {"trails": 3})


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


def test_a_kubernetes_job_asks_for_its_gpu() -> None:
    from prefect.utilities.templating import apply_values

    template = json.loads((ROOT / "flows/deploy/kubernetes.json").read_text())
    file = yaml.safe_load((ROOT / "flows/prefect.yaml").read_text())
    (variables,) = {
        json.dumps(d["work_pool"]["job_variables"]) for d in file["deployments"] if d["name"] == "kubernetes"
    }
    properties = template["variables"]["properties"]
    given: dict[str, Any] = json.loads(variables)
    assert given.keys() <= properties.keys()
    values = {name: facts["default"] for name, facts in properties.items() if "default" in facts} | given
    manifest = apply_values(template["job_configuration"], values)["job_manifest"]
    pod = manifest["spec"]["template"]["spec"]
    assert (manifest["apiVersion"], manifest["kind"]) == ("batch/v1", "Job")
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert pod["containers"][0]["image"] == "editron:0.1.0"
