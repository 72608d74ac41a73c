"""The nightly flows end to end: notebooks as children, records attached, nothing but candidates."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import nbformat
import pytest

from editron_core.domain.registry import ProfileStage, QaKind
from tests.flows.conftest import Serving

PATIENCE_S = 1500.0


def attached(key: str) -> Path:
    """The executed notebook that was attached to the newest run under a key."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        found: list[Any] = [one for one in client.read_artifacts() if one.key == key]
    return Path(unquote(urlparse(found[-1].data.partition("](")[2].rstrip(")")).path))


@pytest.mark.timeout(900)
def test_nightly_qa_runs_its_notebook_and_holds_readings_against_the_baseline(serving: Serving) -> None:
    from prefect.client.orchestration import get_client

    run = serving.ended(serving.trigger("nightly_qa", {"suites": ["scoring"]}).id)
    assert run.state.is_completed(), run.state.message
    record = nbformat.read(attached("evaluate-golden"), as_version=4)
    assert all(cell.execution_count for cell in record.cells if cell.cell_type == "code")
    with get_client(sync_client=True) as client:
        (note,) = [one for one in client.read_artifacts() if one.key == "nightly-qa"]
    assert note.data == "Nothing has changed."


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_nightly_tune_leaves_judged_profiles_and_never_one_in_production(serving: Serving) -> None:
    with serving.store() as store:  # other tests of this server may have scored, which registers a profile
        before = {one.hash for one in store.profiles.list()}
    run = serving.ended(serving.trigger("nightly_tune", {"trials": 2}).id, PATIENCE_S)
    assert run.state.is_completed(), run.state.message
    record = nbformat.read(attached("tune-scoring"), as_version=4)
    assert all(cell.execution_count for cell in record.cells if cell.cell_type == "code")
    with serving.store() as store:
        found = [one for one in store.profiles.list() if one.hash not in before]
        judged = {run.profile_hash for run in store.qa_runs.list(QaKind.GATE) if run.result}
    assert found
    assert {one.stage for one in found} <= {ProfileStage.RESEARCH, ProfileStage.CANDIDATE}
    assert {one.hash for one in found} <= judged
