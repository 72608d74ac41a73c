"""What operators see: spans, metrics, and a log line at both ends of each stage.

    telemetry.configure(settings())                          # once per process
    with telemetry.span("produce", batch=batch.id, run=run_id):
        ...                                                  # spans, logs and children inside carry the ids

Where no exporter is set, spans cost a few microseconds and OpenTelemetry is not even imported.
"""

from editron_core.telemetry.metrics import Gauges, Server, count, gauge, observe, registry, serve_metrics
from editron_core.telemetry.spans import (
    Seen,
    child,
    configure,
    current,
    export_to,
    family,
    flush,
    span,
    stop,
    traceparent,
)
from editron_core.telemetry.stages import Ending, stage
from editron_core.telemetry.table import METRICS, Kind, Metric, Reading

__all__ = [
    "METRICS",
    "Ending",
    "Gauges",
    "Kind",
    "Metric",
    "Reading",
    "Seen",
    "Server",
    "child",
    "configure",
    "count",
    "current",
    "export_to",
    "family",
    "flush",
    "gauge",
    "observe",
    "registry",
    "serve_metrics",
    "span",
    "stage",
    "stop",
    "traceparent",
]
