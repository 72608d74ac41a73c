"""What all tests share: a fresh home, no network for models, no silent errors, and where real clips lie."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

os.environ["HF_HUB_OFFLINE"] = "1"  # huggingface_hub reads it when it is imported

from editron_core import process, redact
from editron_core.config import Settings, settings

KEPT = ("footage", "benchmarks", "require_gpu", "require_postgres", "require_promtool", "ffmpeg")
"""Settings of the machine that tests see; all others are at their defaults."""
FLOWS = "tests/flows/"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs real clips that are not here and what was not asked for."""
    here = Settings()
    for item in items:
        if item.get_closest_marker("footage") and here.footage is None:
            item.add_marker(pytest.mark.skip(reason="needs real clips: set EDITRON_FOOTAGE to their folder"))
        if item.get_closest_marker("proof") and "proof" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="a long proof: uv run pytest -m proof -n 0 -s"))


@pytest.hookimpl(optionalhook=True)  # pytest-xdist asks, where it is in use
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker takes the tests of a module, and of the flows all of them: these share one server."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return FLOWS if nodeid.startswith(FLOWS) else super()._split_scope(nodeid)

    return Together(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own, and settings and secrets that no other test has seen."""
    kept = {f"EDITRON_{name.upper()}" for name in KEPT}
    for name in [name for name in os.environ if name.startswith("EDITRON_") and name not in kept]:
        monkeypatch.delenv(name)
    for name in [name for name in os.environ if name.startswith("DROPBOX_")]:
        monkeypatch.delenv(name)
    for name in ("TRACEPARENT", "VAULT_ADDR", "VAULT_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EDITRON_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(redact, "_known", frozenset())
    monkeypatch.setattr(redact, "_pattern", None)
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()
    process.resume()  # the test may have stopped all children; fixtures of a whole module start some


@pytest.fixture(autouse=True)
def no_error_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test that logs an error fails, unless it looked at the record and cleared it."""
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as entries:
        yield
    structlog.reset_defaults()
    errors = [entry for entry in entries if entry["log_level"] in ("error", "critical")]
    errors += [
        record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR
    ]
    assert not errors


@pytest.fixture
def footage() -> Path:
    """The folder of real clips; skips where it is not set."""
    return _folder(settings().footage, "real clips: set EDITRON_FOOTAGE")


@pytest.fixture
def benchmarks() -> Path:
    """The folder of public annotations; skips where it is not set."""
    return _folder(settings().benchmarks, "public annotations: set EDITRON_BENCHMARKS")


def _folder(path: Path | None, need: str) -> Path:
    if path is None:
        pytest.skip(f"needs {need}")
    assert path.is_dir(), f"{path} is set but not there"
    return path
