"""Small drawn footage, and lanes over a fresh store that write down what they were seen to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from editron_core.config import Settings, settings
from editron_core.domain.progress import Ending, Step
from editron_core.lane import Lane
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load
from editron_core.store import Store


class Witness:
    """A watcher that remembers how each step ended."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Ending]] = []

    def begin(self, step: Step) -> Callable[[float], None]:
        return lambda share: None

    def end(self, step: Step, ending: Ending, detail: str = "") -> None:
        self.seen.append((step.stage, step.label, ending))

    def endings(self, stage: str) -> list[Ending]:
        return [ending for name, _, ending in self.seen if name == stage]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one drawn clip of 23 s, 180x320, with speech and its script."""
    folder = tmp_path_factory.mktemp("drawn")
    draw(load(FOLDER / "street-jump.toml").scaled(0.25), folder)
    return folder


@pytest.fixture(scope="session")
def analysed(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger holds the analysis of the drawn clip, to be copied by each test."""
    home = tmp_path_factory.mktemp("analysed") / "home"
    here = Settings(home=home)
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here)
        lane.analyze(lane.ingest([str(drawn)]))
    return home


@pytest.fixture
def clips(drawn: Path, analysed: Path, tmp_path: Path) -> Path:
    """A folder of the test's own with the drawn clip and its script; the home knows their analysis."""
    shutil.copytree(analysed, settings().home)
    folder = tmp_path / "clips"
    folder.mkdir()
    for path in drawn.iterdir():
        if path.suffix in (".mp4", ".srt"):
            shutil.copyfile(path, folder / path.name)
    return folder


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if "clips" in request.fixturenames:  # the home must be copied before it is opened
        request.getfixturevalue("clips")
    with Store.open(settings().database, settings().blobs) as opened:
        yield opened


@pytest.fixture
def lane(store: Store, witness: Witness) -> Lane:
    return Lane(store, settings(), witness)
