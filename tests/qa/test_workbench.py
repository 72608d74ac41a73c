"""A notebook sits in the checkout, wherever its kernel was started."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.config import ROOT, settings
from editron_core.qa import workbench


def test_a_notebook_sits_in_the_checkout_and_writes_below_the_home(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = workbench.seat("tuning")
    assert Path.cwd() == ROOT
    assert out == home / "workbench" / "tuning"
    assert out.is_dir()


def test_a_relative_home_is_the_checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDITRON_HOME")
    settings.cache_clear()
    workbench.seat("tuning", str(tmp_path / "out"))
    assert settings().home.resolve() == ROOT / ".editron"
    assert (tmp_path / "out").is_dir()


def test_results_leave_as_json(tmp_path: Path) -> None:
    path = workbench.record(tmp_path, {"rho": 0.5, "at": [Fraction(1, 2)], "name": "Größe"})
    assert path == tmp_path / "metrics.json"
    assert json.loads(path.read_text("utf-8")) == {"rho": 0.5, "at": ["1/2"], "name": "Größe"}
