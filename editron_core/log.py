"""Logs: structlog to stderr, for people on a terminal and as JSON lines elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure(level: str = "warning", *, as_json: bool | None = None) -> None:
    """Set up logging once per process; `as_json` defaults to whether stderr is not a terminal."""
    machine = not sys.stderr.isatty() if as_json is None else as_json
    renderer: Any = structlog.processors.JSONRenderer() if machine else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(name: str) -> Any:
    """A logger for one module; events are `snake_case`, facts are keywords."""
    return structlog.get_logger(module=name)
