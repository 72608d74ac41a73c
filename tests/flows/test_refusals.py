"""What is refused before anything runs, in one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from editron_core.errors import UsageError
from tests.flows.conftest import editron


def test_an_unreachable_server_is_one_clear_error_without_a_traceback(home: Path) -> None:
    nowhere = "http://127.0.0.1:9/api"
    for words in (["flows"], ["flows", "run", "produce", "-p", "sources=/tmp"]):
        said = editron(*words, PREFECT_API_URL=nowhere, EDITRON_HOME=str(home))
        assert said.returncode == 1
        assert "Traceback" not in said.stderr
        assert said.stderr.strip().splitlines() == [
            f"error: {nowhere}: does not answer (check PREFECT_API_URL)"
        ]
    said = editron("flows", "run", "produce", EDITRON_HOME=str(home))
    assert said.stderr.strip() == "error: Prefect server: does not run (start it: editron flows)"


def test_an_unknown_notebook_is_one_clear_error_before_anything_runs() -> None:
    from flows import nightly

    with pytest.raises(UsageError, match=r"tune_nothing: is no notebook .*tune_scoring"):
        nightly.execute("tune_nothing", {})
    with pytest.raises(UsageError, match=r"tune_scoring trails: is no parameter"):
        nightly.execute("tune_scoring", {"trails": 3})
