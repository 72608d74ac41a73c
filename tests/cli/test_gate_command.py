"""`editron qa gate` as a shell sees it: what failed, an exit code, and what to know of the evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.cli.shared import open_store
from editron_core.domain.registry import QaKind
from editron_core.lane import desk
from editron_core.score import profile as profiles
from editron_core.score.writing import to_toml


@pytest.fixture
def lopsided(tmp_path: Path) -> Path:
    """One signal outweighs the rest: the gate sees it without asking how well it chooses."""
    weights = {"motion": 0.6, "loudness": 0.2, "onset": 0.2}
    made = replace(profiles.load("default"), name="lopsided", weights=weights, off=(), shapes={})
    path = tmp_path / "lopsided.toml"
    path.write_text(to_toml(made), "utf-8")
    return path


def gate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["qa", "gate", *arguments])


def test_what_does_not_pass_is_exit_code_1_and_kept(lopsided: Path) -> None:
    result = gate(str(lopsided), "--json")

    assert result.exit_code == 1
    document = json.loads(result.stdout)
    failed = [check["name"] for check in document["checks"] if not check["passed"]]
    assert "weights are sane" in failed
    assert not [check for check in document["checks"] if check["name"].startswith("beats")]
    with open_store() as store:
        (kept,) = store.qa_runs.list(profile_hash=document["hash"])
        assert not store.qa_runs.list(QaKind.HOLDOUT)
    assert kept.kind is QaKind.GATE
    assert kept.result is not None
    assert kept.result["passed"] is False


def test_people_see_the_checks_and_that_the_evidence_is_older_than_the_code(
    lopsided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "code_version", lambda *rooms: "another")

    result = gate(str(lopsided))

    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert "✗ weights are sane" in text
    assert "does not pass the gate" in text
    assert "items was made by other analysis code than today's" in text
    assert "next" not in text


def test_an_unknown_profile_is_one_line_and_exit_code_2() -> None:
    result = gate("nope")

    assert result.exit_code == 2
    assert result.stderr.count("error:") == 1
    assert "profile nope" in result.stderr
