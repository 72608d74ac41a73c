"""Hourly: what has outlived its time goes, as the lane's retention says."""

from __future__ import annotations

from typing import Any

from prefect import flow

from editron_core.config import settings
from editron_core.lane import retention, webhooks
from flows import runs


@flow(name="housekeeping", on_failure=[runs.bury])
def housekeeping(dry_run: bool = False) -> dict[str, Any]:
    """Remove what retention allows to; with `dry_run` only say what that would be, and how many bytes."""
    with runs.attended(), runs.open_store() as store:
        plan = retention.plan(store, settings())
        if dry_run:
            return {"would": len(plan.items), "bytes": sum(item.bytes for item in plan.items)}
        done = retention.carry_out(store, plan)
        sent = webhooks.drain(store, settings())
        return {
            "did": len(done.items),
            "bytes": done.bytes,
            "problems": list(done.problems),
            "webhooks": sent,
        }
