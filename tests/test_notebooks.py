"""Every notebook: thin, parameterised, its twin in step, and awake to a changed formula."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from editron_core.config import ROOT
from flows import notebooks

NAMES = (
    "analyze_batch",
    "check_captions",
    "evaluate_golden",
    "explore_signals",
    "promote_profile",
    "tune_scoring",
)
MOST_CELLS = 12
MOST_LINES = 12
LOGIC = {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Try, ast.TryStar, ast.While}
PARAMETER = re.compile(r"^(\w+): (str|int|float|bool) = (.+?)  # (\S.*)$")
CHECKED, KEPT = "nbval-check-output", "keep_output"


def read(name: str) -> Any:
    return nbformat.read(notebooks.FOLDER / f"{name}.ipynb", as_version=4)


def code(name: str) -> list[Any]:
    return [cell for cell in read(name).cells if cell.cell_type == "code"]


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def test_these_are_the_notebooks() -> None:
    assert notebooks.names() == NAMES
    assert {path.stem for path in notebooks.FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_thin(name: str) -> None:
    cells = code(name)
    assert len(cells) <= MOST_CELLS
    for number, cell in enumerate(cells):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= MOST_LINES, f"cell {number} has {len(lines)} lines"
        found = {type(node) for node in ast.walk(ast.parse(cell.source))}
        assert not found & LOGIC, f"cell {number}: what needs this belongs into the core"


@pytest.mark.parametrize("name", NAMES)
def test_one_cell_holds_the_parameters_typed_and_explained(name: str) -> None:
    first, *others = code(name)
    assert tags(first) == ["parameters"]
    assert not [cell for cell in others if "parameters" in tags(cell)]
    declared = notebooks.declared_types(name)
    for line in first.source.splitlines():
        match = PARAMETER.match(line)
        assert match, f"{line!r} is not `name: type = value  # what it is`"
        assert type(ast.literal_eval(match[3])).__name__ == match[2] == declared.pop(match[1])
    assert not declared
    assert "out_dir" in notebooks.declared_types(name)


@pytest.mark.parametrize("name", NAMES)
def test_checked_cells_have_an_output_and_only_they(name: str) -> None:
    checked = [cell for cell in code(name) if CHECKED in tags(cell)]
    assert 1 <= len(checked) <= 2
    for cell in checked:
        # nbval passes a checked cell without output, and fails one whose output has no count.
        assert KEPT in tags(cell)
        assert cell.execution_count
        assert [output.output_type for output in cell.outputs] == ["stream"], (
            "nbval compares text, no pictures"
        )
        assert cell.outputs[0].text.strip()
    assert not [cell for cell in code(name) if cell not in checked and cell.outputs]
    assert not [cell for cell in code(name) if cell not in checked and KEPT in tags(cell)]


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_says_what_its_notebook_says(name: str) -> None:
    twin = (notebooks.FOLDER / f"{name}.py").read_text("utf-8")
    assert notebooks.twin_text(read(name)) == twin, f"python -m flows.notebooks bless {name}"
    pairs = zip(jupytext.reads(twin, fmt="py:percent").cells, read(name).cells, strict=True)
    assert all((a.cell_type, a.source, tags(a)) == (b.cell_type, b.source, tags(b)) for a, b in pairs)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_asks_for_the_projects_own_kernel_and_keeps_nothing_of_a_run(name: str) -> None:
    assert read(name).metadata == {"kernelspec": notebooks.KERNELSPEC}
    assert all(set(cell.metadata) <= {"tags"} for cell in read(name).cells)
    nbformat.validate(read(name))


# What is changed, by what, in which file of the package; and the notebook that must notice.
MUTANTS = {
    "score": (
        "score/scorer.py",
        "share = profile.normalisation.contrast",
        "share = profile.normalisation.contrast / 2",
        "evaluate_golden",
    ),
    "metric": ("qa/ranks.py", "return float(", "return 0.9 * float(", "explore_signals"),
}


@pytest.mark.parametrize(
    "mutant", [pytest.param(key, marks=[pytest.mark.proof] if key != "score" else []) for key in MUTANTS]
)
def test_a_changed_formula_fails_exactly_the_checked_cells(mutant: str, tmp_path: Path) -> None:
    place, before, after, name = MUTANTS[mutant]
    for folder in ("editron_core", "flows", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("qa_golden", "datasets"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    formula = tmp_path / "editron_core" / place
    text = formula.read_text("utf-8")
    assert before in text
    formula.write_text(text.replace(before, after), "utf-8")

    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            "-v",
            f"notebooks/{name}.ipynb",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    told = dict(re.findall(r"::Cell (\d+) (PASSED|FAILED)", ran.stdout))
    checked = {str(n) for n, cell in enumerate(code(name)) if CHECKED in tags(cell)}
    assert {number for number, word in told.items() if word == "FAILED"} == checked, ran.stdout
    assert len(told) == len(code(name))
    assert "Cell outputs differ" in ran.stdout
