"""`editron serve` and `editron keys`, as a shell sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.domain.access import Role


def keys(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["keys", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    program = "from editron_core.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        killer = threading.Timer(1200, process.kill)
        killer.start()
        try:
            assert process.stdout is not None
            text = ""
            while not text.rstrip().endswith("}"):
                line = process.stdout.readline()
                assert line, process.stderr.read() if process.stderr else ""
                text += line
            yield json.loads(text)["url"], process
        finally:
            killer.cancel()
            process.kill()


def test_it_serves_this_machine_until_told_to_stop_and_ends_well(home: Path) -> None:
    with serving("--no-work") as (url, process):
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/healthz", timeout=30).json()["status"] == "ok"
        assert httpx.get(f"{url}/api/me", timeout=30).json()["role"] == "admin"
        assert httpx.get(f"{url}/", timeout=30).status_code == 303
        assert "server" not in httpx.get(f"{url}/healthz", timeout=30).headers

        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_without_a_key_it_listens_on_no_other_address() -> None:
    result = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert result.exit_code == 2
    assert "editron keys create" in result.stderr


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = CliRunner().invoke(app, ["serve", "--port", str(other.getsockname()[1]), "--no-work"])
    assert result.exit_code == 1
    assert result.stderr.count("error:") == 1
    assert "--port" in result.stderr


def test_keys_are_made_listed_rotated_and_revoked() -> None:
    assert keys("list") == {"keys": []}
    made = keys("create", "desk", "--role", "operator", "--days", "3")
    assert str(made["key"]).startswith(f"edk_{made['id']}_")
    assert made["role"] == Role.OPERATOR

    rotated = keys("rotate", str(made["id"]), "--grace-hours", "1")
    assert rotated["replaces"] == made["id"]
    assert keys("revoke", str(made["id"]))["state"] == "revoked"

    listed = keys("list")["keys"]
    assert isinstance(listed, list)
    assert [(row["id"], row["state"]) for row in listed] == [
        (rotated["id"], "valid"),
        (made["id"], "revoked"),
    ]
    assert not any("key" in row for row in listed)


def test_a_key_that_is_none_is_one_clear_line() -> None:
    result = CliRunner().invoke(app, ["keys", "revoke", "nope"])
    assert result.exit_code == 1
    assert result.stderr.count("error:") == 1


@pytest.mark.proof
def test_it_stops_within_seconds_while_somebody_follows_events(home: Path) -> None:
    assert os.environ["EDITRON_HOME"]
    with serving("--no-work") as (url, process), httpx.stream("GET", f"{url}/api/events", timeout=60) as told:
        assert told.status_code == 200
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert time.monotonic() - began < 15
