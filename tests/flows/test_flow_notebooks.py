"""Notebooks as steps of production: parameters checked, records kept, blessing repeatable."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from editron_core.config import ROOT, settings
from editron_core.errors import UsageError
from editron_core.store import Store
from flows import notebooks

TWIN = """# %% [markdown]
# # Sum

# %% tags=["parameters"]
count: int = 3  # how many numbers are added
scale: float = 0.5  # what each is multiplied with
label: str = "sum"  # what the result is called
loud: bool = False  # whether the label is in capitals
out_dir: str = ""  # folder for metrics.json

# %%
import hashlib
import json
import time
from pathlib import Path

from editron_core.config import settings

began = time.time()
home = settings().home
total = sum(range(count)) * scale / (1 if count else 0)

# %%
began

# %% tags=["keep_output", "nbval-check-output"]
print(f"{label.upper() if loud else label}={total:.2f}")

# %%
results = {"total": total, "home": str(home), "hub": __import__("os").environ.get("HF_HUB_OFFLINE")}
written = Path(out_dir or home) / "metrics.json"
written.parent.mkdir(parents=True, exist_ok=True)
written.write_text(json.dumps(results))
"""


@pytest.fixture(scope="module")
def blessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of notebooks with one that was blessed."""
    folder = tmp_path_factory.mktemp("notebooks")
    folder.joinpath("jupytext.toml").write_bytes((notebooks.FOLDER / "jupytext.toml").read_bytes())
    folder.joinpath("adding.py").write_text(TWIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "FOLDER", folder)
        assert notebooks.bless("adding")
    return folder


@pytest.fixture(autouse=True)
def shelf(blessed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(notebooks, "FOLDER", blessed)
    return blessed


def outputs(path: Path) -> dict[int, Any]:
    """The outputs of the code cells that have some, by number of the code cell."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return {number: cell.outputs for number, cell in enumerate(cells) if cell.outputs}


def test_a_blessed_notebook_keeps_the_checked_output_alone_and_no_trace_of_the_run(shelf: Path) -> None:
    kept = outputs(shelf / "adding.ipynb")
    assert list(kept) == [3]
    assert kept[3][0]["text"] == "sum=1.50\n"
    notebook = nbformat.read(shelf / "adding.ipynb", as_version=4)
    assert notebook.metadata == {"kernelspec": notebooks.KERNELSPEC}
    assert [dict(cell.metadata) for cell in notebook.cells if cell.metadata] == [
        {"tags": ["parameters"]},
        {"tags": ["keep_output", "nbval-check-output"]},
    ]
    assert notebook.cells[4].execution_count == 4, "nbval takes an output without a count for unrun"
    nbformat.validate(notebook)


def test_a_second_bless_of_an_unchanged_notebook_is_byte_identical(
    shelf: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = [(shelf / name).read_bytes() for name in ("adding.ipynb", "adding.py")]
    assert not notebooks.bless("adding")
    assert "TCP" not in capfd.readouterr().err, "the kernel listens on a port, and complains of it"
    assert [(shelf / name).read_bytes() for name in ("adding.ipynb", "adding.py")] == before
    assert notebooks.twin_text(nbformat.read(shelf / "adding.ipynb", as_version=4)) == before[1].decode()


def test_an_edited_twin_changes_the_notebook_and_its_output(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in shelf.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    twin = tmp_path / "adding.py"
    twin.write_text(twin.read_text().replace("count: int = 3", "count: int = 5"))
    assert notebooks.bless("adding")
    assert outputs(tmp_path / "adding.ipynb")[3][0]["text"] == "sum=5.00\n"


def test_a_run_takes_parameters_and_keeps_record_and_results_in_its_folder(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (shelf / "adding.ipynb").read_bytes()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITRON_HOME", "home")  # seen from here, not from where the kernel sits
    record = notebooks.run("adding", {"count": "4", "scale": 2, "loud": "true"}, tmp_path / "out")
    assert record == tmp_path / "out" / "adding.ipynb"
    said = [o for cell in outputs(record).values() for o in cell if o.get("name") == "stdout"]
    assert said[0]["text"] == "SUM=12.00\n"
    results = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert results["total"] == 12
    assert results["home"] == str(tmp_path / "home"), "a run in production works on the home of who runs it"
    assert (shelf / "adding.ipynb").read_bytes() == before, "the source stays as it is"


def test_blessing_sees_a_home_of_its_own_and_asks_no_hub(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("EDITRON_MODE", "production")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with notebooks.alone(home / "other"):
        assert os.environ["EDITRON_HOME"] == str(home / "other" / "home")
        assert "EDITRON_MODE" not in os.environ
        assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["EDITRON_HOME"] == str(home)
    assert os.environ["EDITRON_MODE"] == "production"
    assert "HF_HUB_OFFLINE" not in os.environ


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"cuont": 4}, "adding cuont: is no parameter .*count, scale, label, loud, out_dir"),
        ({"count": "four"}, "adding count: is 'four' .*type int"),
        ({"count": 4.5}, "adding count: is 4.5 .*type int"),
        ({"count": True}, "adding count: is True .*type int"),
        ({"loud": "yes"}, "adding loud: is 'yes' .*type bool"),
        ({"label": 3}, "adding label: is 3 .*type str"),
    ],
)
def test_an_unknown_parameter_or_a_wrong_type_runs_nothing(
    parameters: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        notebooks.run("adding", parameters, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_notebook_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"subtracting: is no notebook .*adding"):
        notebooks.run("subtracting", {}, tmp_path)
    with pytest.raises(UsageError, match=r"subtracting: is no notebook .*adding"):
        notebooks.bless("subtracting")


def test_a_failed_run_leaves_its_record_and_says_where(tmp_path: Path) -> None:
    with pytest.raises(notebooks.NotebookFailed, match=r"adding: .*ZeroDivisionError.*adding\.ipynb"):
        notebooks.run("adding", {"count": 0}, tmp_path)
    errors = [
        o for cell in outputs(tmp_path / "adding.ipynb").values() for o in cell if o["output_type"] == "error"
    ]
    assert errors[0]["ename"] == "ZeroDivisionError"
    assert not (tmp_path / "metrics.json").exists()


@pytest.mark.proof
def test_a_tuned_candidate_is_promoted_on_the_record_of_its_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(notebooks, "FOLDER", ROOT / "notebooks")
    record = notebooks.run("tune_scoring", {"trials": 4}, tmp_path / "tuned")
    wish = {"author": "ann", "why": "a proof", "notebook": str(record)}
    profile = str(tmp_path / "tuned" / "linear.toml")

    notebooks.run("promote_profile", {"profile": profile, **wish}, tmp_path / "promoted")

    results = json.loads((tmp_path / "promoted" / "metrics.json").read_text("utf-8"))
    assert (results["stage"], results["promoted"]) == ("candidate", True)
    with Store.open(settings().database, settings().blobs) as store:
        (step,) = store.promotions.list()
        assert store.studies.list(), "the search is kept in the store"
    assert (step.author, step.reason) == ("ann", "a proof")
    assert step.notebook is not None
    assert step.notebook.sha256 == hashlib.sha256(record.read_bytes()).hexdigest()
