"""Nightly: notebooks run as production, their executed copy kept as the record of the run.

A notebook runs in a child process in a group of its own, and leaves its results by file. What
`nightly_tune` finds becomes a candidate at most: approval and production are for people.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from editron_core import process
from editron_core.domain import codec
from editron_core.errors import CheckFailed, EditronError, ProcessFailed
from editron_core.lane import proposals
from editron_core.qa import regress, workbench
from flows import notebooks, runs

LIMITS = process.Limits(wall_s=6 * 3600.0, memory=None, open_files=4096)


@flow(name="nightly_tune", on_failure=[runs.bury])
def nightly_tune(profile: str = "default", trials: int = 60, study: str = "") -> list[Any]:
    """Search better profiles on cached evidence; what passes the gate is registered as a candidate."""
    with runs.attended():
        record = execute("tune_scoring", {"profile": profile, "trials": trials, "study": study})
        found = sorted(record.parent.glob("*.toml"))
        with runs.open_store() as store:
            made = [proposals.propose(store, path, record, author="nightly_tune") for path in found]
        rows = [f"| {one.name} | `{one.hash[:12]}` | {one.stage} | {one.said} |" for one in made]
        _note("nightly-tune", "\n".join(["| profile | hash | stage | gate |", "|---|---|---|---|", *rows]))
        return [codec.dump(one) for one in made]


@flow(name="nightly_qa", on_failure=[runs.bury])
def nightly_qa(profile: str = "default", suites: list[str] | None = None) -> Any:
    """Evaluate the profile on the golden set, and hold every reading against the baseline.

    Raises CheckFailed where one has changed.
    """
    with runs.attended():
        record = execute("evaluate_golden", {"profile": profile})
        report = regress.regress(only=suites or ())
        changes = [f"- {codec.dump(change)}" for change in report.changes]
        changes += [f"- {item}: its expected result has changed" for item in report.moments]
        changes += [f"- {suite}: {why}" for suite, why in {**report.skipped, **report.failed}.items()]
        _note("nightly-qa", "\n".join(changes) or "Nothing has changed.")
        if not report.passed:
            counts = {
                "readings changed": len(report.changes),
                "expected results changed": len(report.moments),
                "suites broke off": len(report.failed),
                "suites were skipped": len(report.skipped),
            }
            why = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
            raise CheckFailed(why, subject="nightly_qa", remedy="editron qa regress")
        return {"record": str(record), "readings": len(report.readings)}


def execute(name: str, parameters: Mapping[str, object]) -> Path:
    """Run a notebook in a child process; returns its executed copy, which is attached to the flow run.

    Raises UsageError for an unknown notebook or parameter, NotebookFailed where a cell raised.
    """
    checked = notebooks.check(name, parameters)
    out = workbench.folder(f"runs/{name}/{runtime.flow_run.id or 'by-hand'}")
    words = [word for key, value in checked.items() for word in ("-p", f"{key}={value}")]
    command = [sys.executable, "-m", "flows.notebooks", "run", name, *words, "--out", str(out)]
    try:
        process.run(command, limits=LIMITS)
    except ProcessFailed as error:
        raise _failed(name, error) from error
    finally:
        record = out / f"{name}.ipynb"
        if record.exists() and runtime.flow_run.id:
            create_link_artifact(
                record.as_uri(), key=name.replace("_", "-"), description="The executed notebook."
            )
    return record


def _failed(name: str, error: ProcessFailed) -> EditronError:
    lines = [line for line in error.tail.splitlines() if line.strip()]
    return notebooks.NotebookFailed(lines[-1].strip() if lines else str(error), subject=name)


def _note(key: str, markdown: str) -> None:
    if runtime.flow_run.id:
        create_markdown_artifact(markdown, key=key)
