"""A store with one of everything, as the pages of the apps read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from editron_core.config import settings
from editron_core.store import Store
from tests.api.seeded import Seeded, seed


@pytest.fixture
def store() -> Iterator[Store]:
    here = settings()
    with Store.open(here.database, here.blobs) as opened:
        yield opened


@pytest.fixture
def seeded(store: Store) -> Seeded:
    return seed(store)
