"""Spans: who did what for which batch, file, session, job and run, and for how long.

A span belongs to the span around it, else to the caller's (`TRACEPARENT` in our environment); children
are given theirs the same way. The ids are inherited, and stand on every log line inside as well.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import structlog

from editron_core import __version__
from editron_core.config import Settings
from editron_core.errors import EngineUnavailable, StoreError
from editron_core.redact import redact

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

IDS = ("batch", "file", "session", "job", "run")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
"""W3C Trace Context: version, trace, span, flags."""
LINE_BYTES = 1 << 20
"""A line of the traces' file is written at once, so that several processes may share it."""

Fact = str | bool | int | float


class _State:
    """The exporters of this process."""

    provider: TracerProvider | None = None
    tracer: Any = None
    caller: str = ""
    file: IO[str] | None = None
    configured: tuple[object, ...] = ()


_state = _State()
_guard = threading.Lock()


class Seen:
    """A span while it lasts."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def note(self, **facts: Fact) -> None:
        """Write facts down with the span; texts are cleaned of secrets."""
        if self._span is not None:
            self._span.set_attributes({f"editron.{name}": _clean(value) for name, value in facts.items()})

    def failed(self, error: BaseException | str) -> None:
        """Mark the span as failed, with the error's line."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            kind = "failed" if isinstance(error, str) else type(error).__name__
            self._span.set_attribute("error.type", kind)
            self._span.set_status(StatusCode.ERROR, redact(str(error) or kind))

    @property
    def traceparent(self) -> str:
        """What a process that works for this span gets as `TRACEPARENT`; empty where nothing is recorded."""
        if self._span is None:
            return ""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(self) -> None:
        """End the span; for those that `child` gave."""
        if self._span is not None:
            self._span.end()


def configure(settings: Settings) -> None:
    """Export spans as the settings say; again with others, and the earlier exporters are closed.

    Raises EngineUnavailable where the collector's exporter is not installed, StoreError where the traces'
    file cannot be written.
    """
    wanted = (settings.traces, settings.otlp_endpoint, settings.traceparent)
    with _guard:
        if wanted == _state.configured:
            return
    stop()
    processors = []
    if settings.traces is not None:
        processors.append(_to_file(settings.traces))
    if settings.otlp_endpoint is not None:
        processors.append(_to_collector(settings.otlp_endpoint))
    export_to(*processors, caller=settings.traceparent)
    _state.configured = wanted


def export_to(*processors: SpanProcessor, caller: str = "") -> None:
    """Hand every span to `processors`; `caller` is the traceparent that spans without a parent belong to."""
    with _guard:
        _state.caller = caller if TRACEPARENT.fullmatch(caller) else ""
        if not processors:
            return
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        facts = {"service.name": "editron", "service.version": __version__}
        provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=True)
        for processor in processors:
            provider.add_span_processor(processor)
        _state.provider, _state.tracer = provider, provider.get_tracer("editron", __version__)
        # Not the global provider: libraries' spans would record errors with all that these say.


def flush() -> None:
    """Wait until what has ended is exported, for up to 5 s."""
    if _state.provider is not None:
        _state.provider.force_flush(5000)


def stop() -> None:
    """Flush and close the exporters."""
    with _guard:
        provider, file = _state.provider, _state.file
        _state.provider = _state.tracer = _state.file = None
        _state.caller, _state.configured = "", ()
    if provider is not None:
        provider.shutdown()
    if file is not None:
        file.close()


@contextmanager
def span(
    name: str, *, facts: Mapping[str, Fact] | None = None, parent: str = "", **ids: str
) -> Iterator[Seen]:
    """A span around the block, and its ids on every span and log line inside.

    `ids` are those of `IDS`; empty ones are left out. `parent` is a traceparent that came another way than
    by the environment. An exception marks the span as failed and goes on.
    """
    known = {key: value for key, value in ids.items() if value}
    if not set(known) <= set(IDS):
        raise TypeError(f"a span has no id {sorted(set(known) - set(IDS))}: it is one of {IDS}")
    with ExitStack() as stack:
        stack.enter_context(structlog.contextvars.bound_contextvars(**known))
        seen = Seen(_started(name, facts or {}, parent))
        stack.enter_context(structlog.contextvars.bound_contextvars(**_trace_ids(seen, parent)))
        if seen._span is not None:
            from opentelemetry import trace

            stack.callback(seen.end)
            stack.enter_context(
                trace.use_span(seen._span, record_exception=False, set_status_on_exception=False)
            )
        try:
            yield seen
        except BaseException as error:
            seen.failed(error)
            raise


def child(program: str) -> Seen:
    """The span of a child process, which the caller ends; it becomes nobody's parent but the child's own.

    Only the program's name is told: its arguments may hold what nobody should see.
    """
    return Seen(_started(f"run {family(program)}", {"program": program}, ""))


def family(program: str) -> str:
    """A program's name without platform and version, so that `ffmpeg-linux-x86_64-v9` counts as `ffmpeg`."""
    known = re.match(r"[A-Za-z]+", program)
    return known[0].lower() if known else program


def current() -> bool:
    """Whether we are inside a span that is recorded."""
    if _state.tracer is None:
        return False
    from opentelemetry import trace

    return trace.get_current_span().get_span_context().is_valid


def traceparent() -> str:
    """What a process that works for us gets as `TRACEPARENT`; empty where nothing is traced."""
    if _state.tracer is None:
        return _state.caller
    from opentelemetry import trace

    current = trace.get_current_span()
    return Seen(current).traceparent if current.get_span_context().is_valid else _state.caller


def ids() -> dict[str, str]:
    """The ids that hold here."""
    bound = structlog.contextvars.get_contextvars()
    return {name: str(bound[name]) for name in IDS if name in bound}


def _started(name: str, facts: Mapping[str, Fact], parent: str) -> Any:
    if _state.tracer is None:
        return None
    from opentelemetry import trace

    around = trace.get_current_span().get_span_context().is_valid
    outer = parent or ("" if around else _state.caller)
    given = {f"editron.{key}": _clean(value) for key, value in {**ids(), **facts}.items()}
    return _state.tracer.start_span(name, context=_remote(outer) if outer else None, attributes=given)


def _remote(text: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": text})


def _trace_ids(seen: Seen, parent: str) -> dict[str, str]:
    """For the log: the span's own, or the caller's where we record none."""
    found = TRACEPARENT.fullmatch(seen.traceparent or parent or _state.caller)
    return {"trace_id": found[1], "span_id": found[2]} if found else {}


def _clean(value: Fact) -> Fact:
    return redact(value) if isinstance(value, str) else value


def _to_file(path: Path) -> SpanProcessor:
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _state.file = path.open("a", encoding="utf-8", buffering=LINE_BYTES)
    except OSError as error:
        raise StoreError(
            error.strerror or "cannot be written", subject=str(path), remedy="see EDITRON_TRACES"
        ) from error
    return SimpleSpanProcessor(
        ConsoleSpanExporter(out=_state.file, formatter=lambda one: one.to_json(indent=None) + "\n")
    )


def _to_collector(endpoint: str) -> SpanProcessor:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            "needs the exporter to a collector",
            subject="EDITRON_OTLP_ENDPOINT",
            remedy="uv sync --extra otlp",
        ) from error
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces"))
