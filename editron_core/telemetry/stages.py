"""One stage as operators see it: a span, a log line at both ends, and its metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from editron_core import log
from editron_core.domain.progress import Step
from editron_core.errors import Held, Interrupted
from editron_core.telemetry.metrics import count, observe
from editron_core.telemetry.spans import span

Outcome = Literal["done", "kept", "failed", "held", "interrupted"]
_log = log.get(__name__)


class Ending:
    """How a stage ended; `kept` is for the one that runs it to say."""

    outcome: Outcome = "done"


@contextmanager
def stage(step: Step) -> Iterator[Ending]:
    """Around the work of one stage. An exception decides the outcome, and goes on."""
    ending, began = Ending(), time.monotonic()
    ids = {"batch": step.batch, "file": step.file, "session": step.session, "job": step.job}
    with span(f"stage {step.stage}", facts={"stage": step.stage, "label": step.label}, **ids) as seen:
        _log.info("stage_began", stage=step.stage, label=step.label)
        trouble = {}
        try:
            yield ending
        except BaseException as error:
            ending.outcome = _outcome(error)
            trouble = {"error": str(error), "kind": type(error).__name__}
            raise
        finally:
            seconds = time.monotonic() - began
            seen.note(outcome=ending.outcome)
            count("stages", stage=step.stage, outcome=ending.outcome)
            if ending.outcome == "done":
                observe("stage_seconds", seconds, stage=step.stage)
            facts = {"stage": step.stage, "outcome": ending.outcome, "seconds": round(seconds, 3)}
            _log.info("stage_ended", label=step.label, **facts, **trouble)


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, Interrupted) or not isinstance(error, Exception):
        return "interrupted"
    return "held" if isinstance(error, Held) else "failed"
