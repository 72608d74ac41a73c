"""The deployments: every flow once, those of `flows.schedules` with their times."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.flows import Flow
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from editron_core.config import Settings
from flows import nightly, slots
from flows.housekeeping import housekeeping
from flows.poll import poll_sources
from flows.produce import finish, produce, render_job
from flows.reconcile import TAG, reconcile
from flows.schedules import schedules

FLOWS: tuple[Flow[..., Any], ...] = (
    produce,
    finish,
    render_job,
    poll_sources,
    housekeeping,
    nightly.nightly_tune,
    nightly.nightly_qa,
    reconcile,
)
ZOMBIES = "Editron: a run whose heartbeat stops has crashed"
HEARTBEATS_MISSED = timedelta(seconds=90)
"""Three heartbeats of 30 s."""


def deployments(settings: Settings) -> list[RunnerDeployment]:
    """What a worker serves."""
    return [_deployment(flow, schedules(settings).get(flow.name), settings) for flow in FLOWS]


def _deployment(flow: Flow[..., Any], cron: str | None, settings: Settings) -> RunnerDeployment:
    made = flow.to_deployment(
        name=settings.deployment,
        schedule=Cron(cron, timezone=settings.timezone) if cron else None,
        description=(flow.fn.__doc__ or "").strip(),
        tags=[TAG],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment)  # and no coroutine, which it would be in an event loop
    return made


def install(client: SyncPrefectClient, settings: Settings) -> None:
    """Put on the server what all workers rely on; doing it again changes nothing."""
    slots.install(client, settings.gpu_slots)
    wanted = zombie_automation()
    known = client.read_automations_by_name(ZOMBIES)
    if not known:
        client.create_automation(wanted)
    for extra in known[1:]:  # of two workers that began at the same instant
        client.delete_automation(extra.id)


def zombie_automation() -> AutomationCore:
    """Prefect's own notice of runs that died: it says so in its pages after 90 s; the lease is quicker."""
    return AutomationCore(
        name=ZOMBIES,
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=HEARTBEATS_MISSED,
        ),
        actions=[
            ChangeFlowRunState(
                name=None, state=StateType.CRASHED, message="its heartbeat stopped", force=False
            )
        ],
    )
