"""Notebooks as steps of production: run with checked parameters, and blessed by a command.

    python -m flows.notebooks run tune_scoring -p trials=400
    python -m flows.notebooks bless tune_scoring

The `.py` twin is what people edit; `bless` makes the `.ipynb` from it, whose few kept outputs are what
nbval compares. Results leave a notebook by file, `metrics.json` in its `out_dir`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from editron_core.cli.shared import reported
from editron_core.config import ROOT, settings
from editron_core.errors import EditronError, UsageError
from editron_core.qa import workbench

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Run and bless notebooks.")

FOLDER = ROOT / "notebooks"
CELL_LIMIT_S = 3600
"""A cell that takes longer has failed."""
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}
"""The types that a parameter may be declared with, and the values that each takes."""


class NotebookFailed(EditronError):
    """A cell of a notebook raised, or its kernel died; the executed copy shows where."""


def names() -> tuple[str, ...]:
    """The notebooks, in the order of the alphabet."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "conftest"))


def run(name: str, parameters: Mapping[str, object], out: Path) -> Path:
    """Execute notebook `name` with `parameters`, keep the executed copy in `out`, and return its path.

    The notebook writes its results into `out` too, unless `parameters` names another `out_dir`. A run
    that fails leaves its copy all the same. Raises UsageError for a notebook or parameter that is
    unknown or a value of the wrong type, NotebookFailed where a cell raised.
    """
    import nbformat

    source = _path(name)
    checked = check(name, parameters)
    out.mkdir(parents=True, exist_ok=True)
    record = out.resolve() / f"{name}.ipynb"
    # A relative home is meant from here, and the kernel sits elsewhere.
    with _environment({**os.environ, "EDITRON_HOME": str(settings().home.resolve())}):
        _execute(nbformat.read(source, as_version=4), record, {"out_dir": str(out.resolve()), **checked})
    return record


def check(name: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """`parameters` as the notebook declares them, words from a command line read as their types.

    Raises UsageError: papermill itself runs on with the default where a name is misspelt.
    """
    declared = declared_types(name)
    for given in parameters:
        if given not in declared:
            raise UsageError(
                "is no parameter", subject=f"{name} {given}", remedy=f"use {', '.join(declared)}"
            )
    return {key: _typed(f"{name} {key}", value, declared[key]) for key, value in parameters.items()}


def declared_types(name: str) -> dict[str, str]:
    """The parameters of a notebook and the type that each is declared with, in their order."""
    from papermill import inspect_notebook

    return {key: found["inferred_type_name"] for key, found in inspect_notebook(_path(name)).items()}


def bless(name: str) -> bool:
    """Make the notebook anew from its twin: run on the defaults, outputs stripped but the checked ones.

    It runs in a home of its own, so that nothing left by earlier runs enters. Returns whether the
    notebook changed. Raises UsageError for an unknown name, NotebookFailed where a cell raised.
    """
    import jupytext
    import nbformat

    twin, target = FOLDER / f"{name}.py", FOLDER / f"{name}.ipynb"
    if not twin.is_file():
        raise _unknown(name)
    notebook = jupytext.read(twin, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC})
    with tempfile.TemporaryDirectory(prefix="editron-bless-") as aside, alone(Path(aside)):
        executed = _execute(notebook, Path(aside) / target.name, {})
    stripped = _stripped(executed)
    text = nbformat.writes(stripped, version=4) + "\n"
    changed = not target.is_file() or target.read_text("utf-8") != text
    target.write_text(text, encoding="utf-8")
    twin.write_text(twin_text(stripped), encoding="utf-8")
    return changed


def twin_text(notebook: Any) -> str:
    """The `.py` that stands beside a notebook (an nbformat node)."""
    import jupytext

    # As jupytext's own configuration in notebooks/ says, so that JupyterLab writes the same file.
    config = jupytext.config.load_jupytext_config(str(FOLDER / "any.ipynb"))
    text: str = jupytext.writes(notebook, fmt="py:percent", config=config)
    return text


def _path(name: str) -> Path:
    path = FOLDER / f"{name}.ipynb"
    if not path.is_file():
        raise _unknown(name)
    return path


def _unknown(name: str) -> UsageError:
    return UsageError("is no notebook", subject=name, remedy=f"use {', '.join(names())}")


def _typed(subject: str, value: object, declared: str) -> object:
    if isinstance(value, str) and declared != "str":
        value = _parsed(subject, value, declared)
    # To Python a bool is an int; to somebody who writes `trials=true` it is a mistake.
    if isinstance(value, bool) != (declared == "bool") or not isinstance(value, TYPES[declared]):
        raise UsageError(f"is {value!r}", subject=subject, remedy=f"give it a value of type {declared}")
    return value


def _parsed(subject: str, text: str, declared: str) -> object:
    if declared == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return int(text) if declared == "int" else float(text)
    except ValueError as error:
        raise UsageError(
            f"is {text!r}", subject=subject, remedy=f"give it a value of type {declared}"
        ) from error


def _execute(notebook: Any, record: Path, parameters: dict[str, object]) -> Any:
    """The notebook, executed; `record` is written after every cell."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    try:
        return execute_notebook(
            notebook,
            record,
            parameters,
            kernel_name=KERNELSPEC["name"],
            progress_bar=False,
            execution_timeout=CELL_LIMIT_S,
            config=Config({"KernelManager": {"transport": "ipc"}}),  # over TCP anybody here could listen
        )
    except PapermillExecutionError as error:
        failed = NotebookFailed(
            f"cell {error.exec_count} raised {error.ename}: {error.evalue}",
            subject=record.stem,
            remedy=f"see {record}",
        )
        raise failed from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise NotebookFailed(
            str(error).splitlines()[0], subject=record.stem, remedy=f"see {record}"
        ) from error


def _stripped(notebook: Any) -> Any:
    import nbformat
    from nbstripout import strip_output

    # Counts stay because nbval takes an output without one for unrun; ids become running numbers.
    stripped = strip_output(notebook, keep_output=False, keep_count=True, keep_id=False)
    stripped.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC})
    # papermill and the kernel write times and versions into the metadata: only the tags are ours.
    for cell in stripped.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return stripped


def alone(folder: Path) -> AbstractContextManager[None]:
    """Let kernels started meanwhile have their home in `folder`, all settings at their defaults, no hub."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("EDITRON_")}
    ffmpeg = {key: value for key, value in os.environ.items() if key == "EDITRON_FFMPEG"}
    return _environment({**kept, **ffmpeg, "EDITRON_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1"})


@contextmanager
def _environment(inherited: Mapping[str, str]) -> Iterator[None]:
    """Let children started meanwhile inherit this environment."""
    before = os.environ.copy()
    _become(inherited)
    try:
        yield
    finally:
        _become(before)


def _become(environment: Mapping[str, str]) -> None:
    """Change what differs and no more: other threads of a flow read the environment too."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


@app.command("list")
def _list() -> None:
    """Name the notebooks with their parameters."""
    with reported():
        for name in names():
            known = ", ".join(f"{key}: {kind}" for key, kind in declared_types(name).items())
            typer.echo(f"{name}  {known}")


@app.command("run")
def _run(
    name: str,
    parameter: Annotated[list[str] | None, typer.Option("-p", help="key=value; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the record and the results.")] = None,
) -> None:
    """Execute a notebook; print where the executed copy lies, which is the record of the run."""
    with reported():
        pairs = [text.partition("=") for text in parameter or []]
        typer.echo(
            run(name, {key: value for key, _, value in pairs}, out or workbench.folder(f"runs/{name}"))
        )


@app.command("bless")
def _bless(
    name: Annotated[str | None, typer.Argument()] = None,
    every: Annotated[bool, typer.Option("--all", help="Every notebook.")] = False,
) -> None:
    """Make notebooks anew from their twins. Commit what changed by itself, with the numbers."""
    with reported():
        if (name is None) != every:
            raise UsageError("takes the name of one notebook, or --all", subject="bless")
        for each in names() if name is None else (name,):
            typer.echo(f"{each}: {'changed' if bless(each) else 'as it was'}")


if __name__ == "__main__":
    app()
