"""Every metric: its name, kind, unit, labels and meaning. Nothing else is ever exported by that name.

Counters and histograms are added up where things happen; `STORE` metrics are read from the store and the
disk each time that somebody asks. A label takes few values: never an id, a path or a text of a user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PREFIX = "editron_"
MINUTE, HOUR = 60.0, 3600.0
STAGE_BUCKETS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, MINUTE, 150.0, 300.0, 600.0, 1200.0, HOUR, 3 * HOUR)
"""Seconds: a score takes a fraction of one, the analysis of a long file an hour."""
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
WAIT_BUCKETS = (0.1, 1.0, 5.0, 15.0, MINUTE, 300.0, 900.0, HOUR)


class Kind(StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"
    """Only rises; exported with the ending `_total`."""
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    """Exported as `_bucket`, `_count` and `_sum`."""
    STORE = "store"
    """A gauge that is read from the store or the disk when it is asked for."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    """Without the prefix `editron_`, and without the ending `_total`; a unit is its last word."""
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    """One sentence for `# HELP`."""
    buckets: tuple[float, ...] = ()
    """Upper ends, in seconds, for histograms."""

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus holds it."""
        full = f"{PREFIX}{self.name}"
        if self.kind is Kind.COUNTER:
            return (f"{full}_total",)
        if self.kind is Kind.HISTOGRAM:
            return (f"{full}_bucket", f"{full}_count", f"{full}_sum")
        return (full,)


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a `STORE` metric for one set of labels."""

    name: str
    value: float
    labels: tuple[str, ...] = ()
    """Values of the metric's labels, in their order."""


_ALL = (
    Metric(
        "stages", Kind.COUNTER, ("stage", "outcome"), "Stages ended: done, kept, failed, held, interrupted."
    ),
    Metric(
        "stage_seconds",
        Kind.HISTOGRAM,
        ("stage",),
        "Wall-clock time of stages that were done.",
        STAGE_BUCKETS,
    ),
    Metric("retries", Kind.COUNTER, ("stage",), "Stages begun again after a failure."),
    Metric("webhook_attempts", Kind.COUNTER, ("outcome",), "Attempts to deliver: delivered, failed."),
    Metric(
        "children",
        Kind.COUNTER,
        ("program", "outcome"),
        "Child processes ended: done, failed, timed_out, stopped.",
    ),
    Metric(
        "child_seconds", Kind.HISTOGRAM, ("program",), "Wall-clock time of child processes.", STAGE_BUCKETS
    ),
    Metric("check_failures", Kind.COUNTER, ("check",), "Checks that new deliverables did not pass."),
    Metric("leases_lost", Kind.COUNTER, (), "Leases taken over by somebody else while their holder worked."),
    Metric(
        "gpu_slot_wait_seconds",
        Kind.HISTOGRAM,
        ("slot",),
        "How long stages waited for a GPU slot.",
        WAIT_BUCKETS,
    ),
    Metric(
        "flow_last_success_timestamp_seconds",
        Kind.GAUGE,
        ("flow",),
        "When a run of the flow last ended well, in seconds since 1970.",
    ),
    Metric("requests", Kind.COUNTER, ("method", "route", "status"), "Requests that the API has answered."),
    Metric(
        "request_seconds",
        Kind.HISTOGRAM,
        ("route",),
        "Time from a request's first byte to its answer's last.",
        REQUEST_BUCKETS,
    ),
    Metric("download_bytes", Kind.COUNTER, (), "Bytes of footage that arrived from Dropbox."),
    Metric(
        "download_retries",
        Kind.COUNTER,
        ("reason",),
        "Tries of downloads that failed and were followed by another: connection, stall, server, lie.",
    ),
    Metric("rate_limit_wait_seconds", Kind.COUNTER, (), "Seconds that Dropbox asked downloads to wait."),
    Metric("syncs", Kind.COUNTER, ("outcome",), "Passes over Dropbox sources that ended: done, failed."),
    Metric(
        "notifications",
        Kind.COUNTER,
        ("outcome",),
        "Notifications of Dropbox: accepted, unknown (no source of ours), forged, malformed.",
    ),
    Metric("store_up", Kind.STORE, (), "1 where the store answers, else 0."),
    Metric("queue_depth", Kind.STORE, ("priority",), "Render jobs that wait for a worker."),
    Metric("queue_oldest_seconds", Kind.STORE, ("priority",), "Age of the oldest render job that waits."),
    Metric("jobs_running", Kind.STORE, (), "Render jobs at work."),
    Metric(
        "dead_letters", Kind.STORE, ("stage",), "Work given up after its retries, that nobody has resolved."
    ),
    Metric(
        "webhook_backlog", Kind.STORE, (), "Events that the endpoint furthest behind has yet to be told of."
    ),
    Metric("webhooks_disabled", Kind.STORE, (), "Endpoints that are off because nothing reached them."),
    Metric("dispatches_pending", Kind.STORE, (), "State changes that no flow run was started for yet."),
    Metric("dispatches_oldest_seconds", Kind.STORE, (), "Age of the oldest of them."),
    Metric("sources_dirty", Kind.STORE, (), "Dropbox sources with a change that nobody has looked at."),
    Metric("sources_oldest_seconds", Kind.STORE, (), "Age of the oldest last look at a source."),
    Metric("sources_need_reauth", Kind.STORE, (), "Sources whose permission was taken back."),
    Metric("leases_held", Kind.STORE, (), "Leases whose holder renews them."),
    Metric(
        "leases_expired",
        Kind.STORE,
        (),
        "Leases that ran out without being given back, and nobody took over.",
    ),
    Metric("stages_recorded", Kind.STORE, ("stage", "status"), "Stages in the ledger."),
    Metric("held", Kind.STORE, ("subject", "hold"), "Batches, files and jobs that an operator holds."),
    Metric("profile_info", Kind.STORE, ("name", "hash"), "1 for the profile in production."),
    Metric("free_bytes", Kind.STORE, (), "Free space on the disk of EDITRON_HOME."),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""By name."""
