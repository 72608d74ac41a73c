"""What a command loads before it answers: a question about records needs no tables, arrays or network."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

STAGES = {"numpy", "polars", "httpx", "PIL", "jinja2", "alembic"}
"""What the stages work with."""


def loaded(*arguments: str) -> set[str]:
    """The modules that `editron ARGUMENTS` has loaded when it ends."""
    program = (
        "import sys, json\n"
        "from editron_core.cli import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "finally:\n    print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_loads_no_database() -> None:
    assert not loaded("--help") & {*STAGES, "sqlalchemy"}


@pytest.mark.parametrize("words", [("status",), ("profiles", "list"), ("profiles", "history")])
def test_a_question_about_records_loads_nothing_of_the_stages(words: tuple[str, ...]) -> None:
    loaded(*words)  # makes the database, which loads more
    assert not loaded(*words) & STAGES
