"""The holdout figure: written down before it is read, beside the baselines, and honest about few items."""

from __future__ import annotations

from pathlib import Path

import pytest

from editron_core.domain import codec
from editron_core.lane.judges import figure
from editron_core.qa.golden import GoldenSet, Kind, Split
from editron_core.score import profile as profiles
from editron_core.score.profile import Profile
from tests.qa.made_golden import made_item, made_set


@pytest.fixture
def dataset(tmp_path: Path) -> GoldenSet:
    """Two items to tune on, three held out, and a drawn one that is none of the two."""
    held = [made_item(f"held-{n}", split=Split.HOLDOUT) for n in range(3)]
    drawn = made_item("drawn", Kind.DRAWN, Split.HOLDOUT)
    return made_set(tmp_path, made_item("tune-0"), made_item("tune-1"), *held, drawn)


def by(signal: str) -> Profile:
    return Profile(signal, {signal: 1.0}, lengths=profiles.load("default").lengths)


def test_the_figure_is_of_the_held_out_real_items_only(dataset: GoldenSet) -> None:
    told: list[str] = []

    found = figure(by("motion"), dataset, lambda: told.append("read"))

    assert told == ["read"]
    assert found.items == ("held-0", "held-1", "held-2")
    assert found.raters == ("automated",)
    assert found.spearman.count == 3
    assert set(found.baselines) == {"random", "uniform", "middle", "loudest", "longest"}


def test_what_orders_like_the_panel_passes_and_noise_does_not(dataset: GoldenSet) -> None:
    good, noise = (figure(by(name), dataset, lambda: None) for name in ("motion", "exposure"))

    assert good.spearman.mean > good.baselines["random"].mean
    assert not noise.passed
    assert codec.dump(noise)["spearman"]["mean"] == noise.spearman.mean


def test_nothing_is_read_that_could_not_be_written_down(dataset: GoldenSet) -> None:
    def refuse() -> None:
        raise OSError("the disk is full")

    for path in (dataset.folder / "truth").glob("held-*"):
        path.unlink()  # reading would fail otherwise
    with pytest.raises(OSError, match="disk"):
        figure(by("motion"), dataset, refuse)
