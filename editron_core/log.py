"""Logs: structlog to stderr, for people on a terminal and as JSON lines elsewhere.

No secret that this process knows leaves through here: neither by our own lines, nor by those of libraries
that use `logging`, nor by the traceback of an error that nobody caught.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from types import TracebackType
from typing import Any, Literal

import structlog

from editron_core.redact import redact

Format = Literal["json", "console", "auto"]
PLAIN = (bool, int, float, type(None))


def configure(level: str = "warning", form: Format = "auto") -> None:
    """Set up logging for this process; `auto` is JSON lines where stderr is not a terminal."""
    machine = not sys.stderr.isatty() if form == "auto" else form == "json"
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if machine else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    guard_libraries()


def get(name: str) -> Any:
    """A logger for one module; events are `snake_case`, facts are keywords."""
    return structlog.get_logger(module=name)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The structlog processor that takes secrets out; what comes behind it only renders."""
    return {redact(str(key)): _clean(value) for key, value in event.items()}


def guard_libraries() -> None:
    """Take secrets out of what libraries log through `logging`, and of uncaught tracebacks. Idempotent."""
    made = logging.getLogRecordFactory()
    if not isinstance(made, _CleanRecords):
        logging.setLogRecordFactory(_CleanRecords(made))
    if sys.excepthook is sys.__excepthook__:  # nobody else draws them
        sys.excepthook = _show_uncaught


class _CleanRecords:
    """Makes log records whose message and traceback hold no secret, whichever handler writes them."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a library's mistake, which `logging` reports by itself
            return record
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0] is not None:
            shown = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            clean = redact(shown)
            if clean != shown:  # formatters take the text where there is one
                record.exc_text, record.exc_info = clean, None
        return record


def _show_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))


def _clean(value: Any) -> Any:
    """The value as JSON knows it, without secrets."""
    if isinstance(value, PLAIN):
        text = str(value)
        return value if redact(text) == text else redact(text)
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(str(key)): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    return redact(str(value))
