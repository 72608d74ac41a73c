"""When which flow runs; known without Prefect, so that it can be told before anything is started."""

from __future__ import annotations

from editron_core.config import Settings


def schedules(settings: Settings) -> dict[str, str]:
    """By flow, the cron expression that it runs by, in the settings' time zone."""
    return {
        "poll_sources": settings.poll_cron,
        "housekeeping": settings.housekeeping_cron,
        "nightly_tune": settings.nightly_tune_cron,
        "nightly_qa": settings.nightly_qa_cron,
    }


def served() -> tuple[str, ...]:
    """All flows that are served; those without a schedule are begun by people and dispatches."""
    begun = ("produce", "finish", "render_job")
    return (*begun, "poll_sources", "housekeeping", "nightly_tune", "nightly_qa", "reconcile")
