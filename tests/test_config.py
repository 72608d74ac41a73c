"""A setting that cannot be is named with its variable."""

from __future__ import annotations

import pytest

from editron_core.config import settings
from editron_core.errors import UsageError


@pytest.mark.parametrize(("name", "value"), [("EDITRON_JOBS", "many"), ("EDITRON_MODE", "prod")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()

    with pytest.raises(UsageError, match=name):
        settings()
