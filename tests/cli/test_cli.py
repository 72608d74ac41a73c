"""The command line as a shell sees it: exit codes, one clear line, one JSON document, help that is there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.config import ROOT
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load

DOCUMENTED = (ROOT / "README.md").read_text("utf-8")


def editron(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def commands(group: typer.Typer) -> list[tuple[str, str]]:
    found = []
    for name, command in get_command(group).commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found += [(f"{name} {n}", c.help) for n, c in below.items()] if below else [(name, command.help)]
    return found


@pytest.mark.parametrize(("name", "text"), commands(app))
def test_every_command_has_help_and_stands_in_the_readme(name: str, text: str) -> None:
    assert text
    assert f"editron {name}" in DOCUMENTED


def test_bad_usage_is_exit_code_2_with_one_line() -> None:
    for arguments in (["run", "/no/such/place"], ["profiles", "show", "nope"], ["run", ".", "--knob", "x=1"]):
        result = editron(*arguments)

        assert result.exit_code == 2
        assert result.stderr.count("error:") == 1
        assert "Traceback" not in result.output


def test_a_batch_whose_files_all_failed_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "empty.mov").touch()

    result = editron("run", str(tmp_path / "empty.mov"), "--json", "--out", str(tmp_path / "out"))

    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["files"][0]["status"] == "failed"
    assert document["files"][0]["error"]


def test_the_tier_of_a_batch_is_said_when_it_is_taken_in_or_later(tmp_path: Path) -> None:
    draw(load(FOLDER / "street-jump.toml").scaled(0.1), tmp_path / "clips")

    taken = json.loads(editron("ingest", str(tmp_path / "clips"), "--tier", "warm", "--json").stdout)

    def tier() -> str:
        return str(
            json.loads(editron("status", taken["batch_id"], "--json").stdout)["batches"][0]["storage_tier"]
        )

    assert tier() == "warm"
    editron("ingest", taken["batch_id"])
    assert tier() == "warm"
    editron("ingest", taken["batch_id"], "--tier", "hot")
    assert tier() == "hot"
    assert editron("ingest", taken["batch_id"], "--tier", "tepid").exit_code == 2


def test_json_is_all_there_is_on_stdout() -> None:
    for arguments in (["status", "--json"], ["profiles", "list", "--json"]):
        result = editron(*arguments)

        assert result.exit_code == 0
        json.loads(result.stdout)


def test_an_empty_store_tells_what_to_do() -> None:
    assert "editron run" in editron("status").stdout


def test_a_hostile_file_name_is_shown_as_it_is_and_does_nothing(tmp_path: Path) -> None:
    name = "[red]evil[bold]\x1b[31m.mp4"
    (tmp_path / name).touch()

    result = editron("ingest", str(tmp_path / name))

    assert "[red]evil[bold]" in re.sub(r"\s+", "", result.stdout)
    assert "\x1b[31m" not in result.output


def test_interrupted_leaves_nothing_half_written_and_goes_on(tmp_path: Path) -> None:
    """SIGINT while ffmpeg decodes: quickly gone, no child left, and the store is in order."""
    clip = tmp_path / "long.mp4"
    ffmpeg = _ffmpeg()
    source = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=30", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([ffmpeg, "-v", "error", *source, str(clip)], check=True)
    environment = {**os.environ, "EDITRON_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", "from editron_core.cli import main; main()", "analyze", str(clip)]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        working = (tmp_path / "home" / "blobs" / "tmp").glob
        until = time.monotonic() + 120
        while not list(working("analyze-*/proxy*")):
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    finally:
        running.kill()

    assert running.returncode == 130
    assert b"goes on from here" in errors
    assert b"Traceback" not in errors
    assert not list((tmp_path / "home" / "blobs" / "tmp").iterdir())
    again = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert again.returncode == 0, again.stderr


def _ffmpeg() -> str:
    from editron_core.media import ffmpeg

    return str(ffmpeg.binary())
