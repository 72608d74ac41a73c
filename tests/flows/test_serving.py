"""What `editron flows` serves, when it begins by itself, and what it refuses, on one real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from editron_core.config import ROOT, Settings, settings
from editron_core.errors import Busy, UsageError
from editron_core.lane import elsewhere
from editron_core.lane.elsewhere import Flows
from editron_core.store import Store
from flows import runs, schedules, server
from tests.flows.conftest import MAIN, Serving, alive, editron, until

# On a busy machine each process takes its time.
pytestmark = pytest.mark.timeout(900)


def test_every_flow_is_served_with_the_schedule_that_was_told(serving: Serving) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows()}
        served = {flows[one.flow_id]: one for one in client.read_deployments() if one.name == "editron"}
    assert set(served) == set(schedules.served())
    cron = {name: one.schedules[0].schedule.cron for name, one in served.items() if one.schedules}
    assert cron == {
        **schedules.schedules(Settings()),
        "poll_sources": serving.environment["EDITRON_POLL_CRON"],
    }


def test_work_counts_as_done_elsewhere_only_while_a_worker_asks_for_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that knows deployments whose worker is gone would let batches wait for ever."""
    from prefect.client.orchestration import get_client

    until(lambda: elsewhere.flows(settings()) is Flows.AWAKE)
    with get_client(sync_client=True) as client:
        flow = next(one for one in client.read_flows() if one.name == "produce")
        made = client.create_deployment(flow.id, "left-behind")
        try:
            monkeypatch.setenv("EDITRON_DEPLOYMENT", "left-behind")
            settings.cache_clear()
            assert elsewhere.flows(settings()) is Flows.ASLEEP
            client.get_scheduled_flow_runs_for_deployments([made])  # what a worker does all the time
            until(lambda: elsewhere.flows(settings()) is Flows.AWAKE)
            monkeypatch.setattr(elsewhere, "ALIVE_S", 1.0)
            until(lambda: elsewhere.flows(settings()) is Flows.ASLEEP)
        finally:
            client.delete_deployment(made)
    assert elsewhere.flows(settings()) is Flows.NONE


def test_a_run_that_begins_late_on_purpose_holds_its_lease_meanwhile(serving: Serving) -> None:
    """Else it would be taken for one whose process died, and begun twice."""
    from prefect.client.orchestration import get_client
    from prefect.states import Scheduled

    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=1))
    with get_client(sync_client=True) as client:
        made = client.read_deployment_by_name("housekeeping/editron").id
        run = client.create_flow_run_from_deployment(made, state=later, tags=["auto-scheduled"])
        begin = "from flows import runs\nwith runs.attended(): print('begun', flush=True)"
        late = {**os.environ, "PREFECT__FLOW_RUN_ID": str(run.id), "EDITRON_JITTER_S": "1e7"}
        with subprocess.Popen([sys.executable, "-c", begin], env=late) as process:
            try:
                with serving.store() as store:
                    until(lambda: _held(store, runs.lease_name(run.id)), 120)
                assert process.poll() is None
            finally:
                process.kill()
                client.delete_flow_run(run.id)


def _held(store: Store, lease: str) -> bool:
    try:
        with store.leases.hold(lease):
            return False
    except Busy:
        return True


def test_every_schedule_makes_runs_and_one_begins_by_itself(serving: Serving) -> None:
    wanted = set(schedules.schedules(Settings()))
    until(lambda: set(_scheduled(serving)) == wanted)
    due = _scheduled(serving)["nightly_tune"]
    assert {(one.expected_start_time.hour, one.expected_start_time.minute) for one in due} == {(1, 0)}

    def polled() -> Any:
        return next((one for one in _scheduled(serving)["poll_sources"] if one.state.is_completed()), None)

    began = until(polled, 900.0)  # of the minutes that it is scheduled for
    # The server's clock and the worker's timer differ by milliseconds.
    assert (began.start_time - began.expected_start_time).total_seconds() > -1
    said = (serving.home / "prefect" / "server.log").read_text()
    assert "Can't evaluate bulk DML" not in said


def _scheduled(serving: Serving) -> dict[str, list[Any]]:
    """The runs that schedules have made, by flow."""
    from prefect.client.orchestration import get_client

    found: dict[str, list[Any]] = {}
    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows()}
        for run in client.read_flow_runs():
            if run.auto_scheduled:
                found.setdefault(flows[run.flow_id], []).append(run)
    return found


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


@pytest.mark.proof
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
    assert {name for name, d in made if d.name == "kubernetes"} == {
        "produce",
        "finish",
        "render_job",
    }
    wanted = {**schedules.schedules(Settings()), "reconcile": "* * * * *"}
    assert {n: d.schedules[0].schedule.cron for n, d in process.items() if d.schedules} == wanted
