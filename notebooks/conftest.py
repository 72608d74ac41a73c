"""nbval runs every notebook in a home of its own, with settings at their defaults, as `bless` does."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from flows.notebooks import alone

HOMES = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for the homes, gone after the session."""
    folder = tempfile.TemporaryDirectory(prefix="editron-notebooks-")
    config.stash[HOMES] = Path(folder.name)
    config.add_cleanup(folder.cleanup)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Set what the kernel inherits: nbval starts it when it sets up a notebook's first cell."""
    if item.path.suffix != ".ipynb":
        return (yield)
    with alone(item.config.stash[HOMES] / item.path.stem):
        return (yield)
