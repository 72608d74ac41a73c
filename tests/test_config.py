"""A setting that cannot be is named with its variable."""

from __future__ import annotations

import pytest

from editron_core import config
from editron_core.config import Settings, settings
from editron_core.errors import UsageError


@pytest.mark.parametrize(("name", "value"), [("EDITRON_JOBS", "many"), ("EDITRON_MODE", "prod")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()

    with pytest.raises(UsageError, match=name):
        settings()


@pytest.mark.parametrize(("cores", "jobs"), [(1, 1), (2, 1), (4, 2), (8, 4), (64, 4)])
def test_files_are_analysed_side_by_side_on_half_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, jobs: int
) -> None:
    monkeypatch.delenv("EDITRON_JOBS", raising=False)
    monkeypatch.setattr(config, "cores", lambda: cores)
    assert Settings().jobs == jobs
