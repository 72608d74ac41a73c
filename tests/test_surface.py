"""The package's surface: light to import, and errors that cross process borders."""

from __future__ import annotations

import json
import pickle
import pkgutil
import subprocess
import sys

import pytest

import editron_core
from editron_core import errors

HEAVY = {
    *("torch", "open_clip", "faster_whisper", "ctranslate2", "decord", "av", "cv2", "scipy", "scenedetect"),
    *("ffmpeg", "dropbox", "prefect", "papermill", "jupyterlab", "marimo"),
    *("opentelemetry", "prometheus_client"),
}
SAMPLES: dict[type[errors.EditronError], tuple[object, ...]] = {
    errors.ProcessFailed: ("ffmpeg", 1, "a line\nno such file"),
    errors.ProcessTimedOut: ("ffmpeg", 30.0, "a line"),
}
"""Arguments of the errors that take others than a message."""


def modules() -> list[str]:
    """Every module of the package but its migrations, which Alembic alone loads."""
    walked = pkgutil.walk_packages(editron_core.__path__, "editron_core.")
    return sorted(found.name for found in walked if ".migrations." not in found.name)


def imported(statement: str) -> tuple[float, set[str]]:
    """Seconds that a statement takes in a fresh interpreter, and the modules that it loads."""
    program = (
        f"import sys, time, json; began = time.process_time(); {statement}\n"
        "print(json.dumps([time.process_time() - began, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seconds, loaded = json.loads(done.stdout.splitlines()[-1])
    return seconds, set(loaded)


def test_importing_the_package_is_quick_and_light() -> None:
    # Processor time: what others do on the machine does not count.
    seconds, loaded = min((imported("import editron_core") for _ in range(3)), key=lambda pair: pair[0])
    assert seconds < 1.0
    assert not loaded & HEAVY


def test_no_module_of_the_package_loads_a_heavy_library_by_itself() -> None:
    # One interpreter for all: whichever module loads one is found by bisecting this list.
    light = [name for name in modules() if not name.startswith("editron_core.api")]
    _, loaded = imported("import " + ", ".join(light))
    assert not loaded & HEAVY
    assert set(light) <= loaded
    assert "fastapi" not in loaded


def test_the_api_loads_no_more_than_fastapi_does() -> None:
    served = [name for name in modules() if name.startswith("editron_core.api")]
    _, loaded = imported("import " + ", ".join(served))
    assert not loaded & (HEAVY - {"opentelemetry"})  # FastAPI loads its interface where it is installed
    assert set(served) <= loaded


def all_errors(base: type[errors.EditronError] = errors.EditronError) -> list[type[errors.EditronError]]:
    return [base, *(child for direct in base.__subclasses__() for child in all_errors(direct))]


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling(kind: type[errors.EditronError]) -> None:
    error = kind(*SAMPLES.get(kind, ("is broken",)))
    error.subject, error.remedy = error.subject or "a.mp4", "mend it"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


def test_every_error_is_in_the_tree_that_the_module_draws() -> None:
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.split() if word.isidentifier()}
    assert {kind.__name__ for kind in all_errors() if kind.__module__ == errors.__name__} <= drawn


def test_an_error_reads_as_one_line_with_its_remedy() -> None:
    error = errors.MediaError("is empty", subject="a.mp4", remedy="copy it again")
    assert str(error) == "a.mp4: is empty (copy it again)"
    assert "no such file" in str(errors.ProcessFailed("ffmpeg", 1, "a line\nno such file"))


def test_what_ended_a_child_is_told_apart() -> None:
    """Ended by somebody outside, by a limit of ours, by our clock, or by what it read."""
    assert errors.ProcessFailed("ffmpeg", -9, "").killed
    assert not errors.ProcessFailed("ffmpeg", -9, "", limit="10 s of processor time").killed
    assert not errors.ProcessTimedOut("ffmpeg", 30.0, "").killed
    assert not errors.ProcessFailed("ffmpeg", -11, "").killed
    assert not errors.ProcessFailed("ffmpeg", 1, "").killed
