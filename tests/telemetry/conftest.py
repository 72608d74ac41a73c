"""Spans caught in memory, by the exporter that OpenTelemetry ships for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from editron_core import telemetry

Spans = Callable[[], Sequence[ReadableSpan]]


@pytest.fixture
def spans() -> Iterator[Spans]:
    """The spans that have ended, in that order."""
    memory = InMemorySpanExporter()
    telemetry.export_to(SimpleSpanProcessor(memory))
    yield memory.get_finished_spans
    telemetry.stop()


def facts(span: ReadableSpan) -> dict[str, Any]:
    """The attributes of a span, ours without their prefix."""
    return {name.removeprefix("editron."): value for name, value in (span.attributes or {}).items()}
