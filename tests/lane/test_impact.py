"""What another profile would change: told of footage that is analysed, without touching it."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.domain.batch import BatchStatus
from editron_core.domain.evidence import MEASURED, Evidence
from editron_core.errors import NotFound
from editron_core.lane.impact import impact
from editron_core.score import profile as profiles
from editron_core.score.profile import Lengths, Normalisation, Profile
from editron_core.store import NewBatch, Stage, Store
from tests.score.tables import evidence

ROWS = 240
MOVES = Profile(
    "moves", {"motion": 1.0}, lengths=Lengths(Fraction(2), Fraction(4), Fraction(6)),
    normalisation=Normalisation(contrast=0.0, smoothing_s=0.0),
)  # fmt: skip
SOUNDS = replace(MOVES, name="sounds", weights={"loudness": 1.0})


def bump(at_s: float) -> np.ndarray:
    times = np.arange(ROWS) / 2
    return np.exp(-0.5 * ((times - at_s - 2) / 2) ** 2)


def analysed(store: Store, name: str, seen: Evidence, batch: str) -> None:
    """A file of which the store holds this evidence."""
    file = store.files.add(batch, name, f"/footage/{name}")
    store.files.arrived(file.id, f"/footage/{name}", name * 8, 1000)
    for status in (BatchStatus.DOWNLOADING, BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED):
        store.files.set_status(file.id, status)
    with store.ledger.run(Stage("analyze", (name * 8,), {}, "1")) as claim:
        if claim.lease is not None:  # else it was seen before
            seen.table.write_parquet(claim.folder / "evidence.parquet")
            claim.publish({})


@pytest.fixture
def batch(store: Store) -> str:
    """One file moves at 20 s and is loud at 80 s, the other both at 40 s, in a table of an older version."""
    made = store.batches.create(NewBatch("/footage", "rushes")).id
    apart = evidence({"motion": bump(20), "loudness": bump(80)}, rows=ROWS)
    analysed(store, "aaaaaaaa", apart, made)
    together = evidence({"motion": bump(40), "loudness": bump(40)}, rows=ROWS)
    older = together.table.drop([name for name in MEASURED if name not in ("motion", "loudness")])
    analysed(store, "bbbbbbbb", replace(together, table=older), made)
    return made


def test_the_most_changed_file_comes_first_and_the_best_stretch_is_followed(store: Store, batch: str) -> None:
    found = impact(store, MOVES, SOUNDS)

    assert [change.name for change in found.changes] == ["aaaaaaaa", "bbbbbbbb"]
    moved, stayed = found.changes
    assert moved.moved_s == pytest.approx(60, abs=1)
    assert moved.rho is not None
    assert moved.rho < 0.5
    assert (stayed.rho, stayed.moved_s) == (pytest.approx(1.0), 0.0)
    assert found.elsewhere(4.0) == 1
    assert found.hours == pytest.approx(2 * ROWS / 7200)


def test_the_same_content_counts_once_and_what_is_gone_not_at_all(store: Store, batch: str) -> None:
    again = store.batches.create(NewBatch("/again", "again")).id
    analysed(store, "aaaaaaaa", evidence({"motion": bump(20), "loudness": bump(80)}, rows=ROWS), again)
    assert len(impact(store, MOVES, SOUNDS).changes) == 2


def test_no_batch_is_passed_over_however_many_there_are(store: Store, batch: str) -> None:
    for number in range(120):  # more than a page, all of them newer
        store.batches.create(NewBatch(f"/later/{number}", "later"))
    assert len(impact(store, MOVES, SOUNDS).changes) == 2


def test_a_profile_that_measures_nothing_here_agrees_with_nothing(store: Store, batch: str) -> None:
    deaf = impact(store, MOVES, replace(MOVES, weights={"speech_presence": 1.0}))
    assert deaf.rho is None
    assert {change.moved_s for change in deaf.changes} == {None}


def test_without_analysed_footage_the_remedy_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="editron analyze SOURCE"):
        impact(store, MOVES, SOUNDS)


def test_people_are_told_in_a_table_and_programs_in_json(store: Store, batch: str) -> None:
    said = CliRunner().invoke(app, ["profiles", "compare", "talk"])
    assert said.exit_code == 0, said.stderr
    assert "agree by" in said.stdout
    told = json.loads(CliRunner().invoke(app, ["profiles", "compare", "talk", "--json"]).stdout)
    assert told["then"] == profiles.load("talk").hash
    assert len(told["files"]) == 2
