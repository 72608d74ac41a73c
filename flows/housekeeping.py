"""Hourly: what has outlived its time goes, as the lane's retention says."""

from __future__ import annotations

from typing import Any

from prefect import flow

from editron_core.config import settings
from editron_core.domain import codec
from flows import runs


@flow(name="housekeeping", on_failure=[runs.bury])
def housekeeping(dry_run: bool = False) -> Any:
    """Remove what retention allows to; with `dry_run` only say what that would be."""
    from editron_core.lane import retention

    with runs.attended(), runs.open_store() as store:
        plan = retention.plan(store, settings())
        return codec.dump(plan if dry_run else retention.carry_out(store, plan))
