"""Journals of studies: numbered without gaps whoever writes, and Optuna takes a killed search up again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna

from editron_core.store import Store
from tests.store.store_workers import PROCESSES, append_logs

WRITERS, CALLS = 4, 25


def test_a_journal_is_read_from_any_line(store: Store) -> None:
    journal = store.studies.journal("fit")
    journal.append_logs([{"op": 0}, {"op": 1, "value": float("inf")}])
    journal.append_logs([])
    journal.append_logs([{"op": 2, "text": "größer"}])

    assert list(journal.read_logs(0)) == [
        {"op": 0},
        {"op": 1, "value": float("inf")},
        {"op": 2, "text": "größer"},
    ]
    assert list(journal.read_logs(2)) == [{"op": 2, "text": "größer"}]
    assert list(journal.read_logs(3)) == []
    assert list(store.studies.journal("other").read_logs(0)) == []
    assert store.studies.list() == ("fit",)


def test_many_processes_append_without_losing_or_mixing_lines(store: Store, url: str) -> None:
    with PROCESSES.Pool(WRITERS) as pool:
        pool.starmap(append_logs, [(url, "fit", CALLS)] * WRITERS, chunksize=1)

    lines = list(store.studies.journal("fit").read_logs(0))
    assert len(lines) == 2 * WRITERS * CALLS
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    assert all(first["by"] == second["by"] and first["at"] == second["at"] for first, second in pairs)


def test_a_search_goes_on_where_it_was(store: Store, url: str, tmp_path: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("weight", 0, 1)

    first = optuna.create_study(storage=store.studies.storage("fit"), study_name="fit")
    first.optimize(objective, n_trials=3)
    with Store.open(url, tmp_path / "blobs") as later:
        again = optuna.load_study(storage=later.studies.storage("fit"), study_name="fit")
        again.optimize(objective, n_trials=2)
        trials = again.trials

    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]
    assert trials[:3] == first.trials[:3]


def test_threads_share_a_journal(store: Store) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda n: store.studies.journal("fit").append_logs([{"n": n}]), range(20)))
    assert sorted(line["n"] for line in store.studies.journal("fit").read_logs(0)) == list(range(20))
