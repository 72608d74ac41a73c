"""Children start, are held to their limits, and end with us: and how each end is told."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from editron_core import process
from editron_core.errors import EngineUnavailable, Interrupted, ProcessFailed

LIMITS = process.Limits(wall_s=120)


def python(code: str, limits: process.Limits = LIMITS) -> bytes:
    return process.run([sys.executable, "-c", code], limits=limits)[0]


def test_a_child_that_we_stop_is_interrupted_and_has_not_failed() -> None:
    threading.Timer(0.5, process.stop_all).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="being stopped"):
        process.run(["sleep", "100"], limits=LIMITS)
    assert time.monotonic() - began < 50


def test_nothing_starts_between_stopping_and_resuming(tmp_path: Path) -> None:
    process.stop_all()
    with pytest.raises(Interrupted):
        process.run(["touch", str(tmp_path / "made")], limits=LIMITS)
    assert not (tmp_path / "made").exists()
    process.resume()
    process.run(["touch", str(tmp_path / "made")], limits=LIMITS)
    assert (tmp_path / "made").exists()


def test_a_child_that_starts_while_we_stop_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """`stop_all` comes after the look at the flag, and before the child is known."""
    start = process._start

    def started(*words: object, **more: object) -> object:
        child = start(*words, **more)
        process.stop_all()
        return child

    monkeypatch.setattr(process, "_start", started)
    with pytest.raises(Interrupted), process.spawn(["sleep", "100"], limits=LIMITS):
        pytest.fail("it was let run")


def test_what_had_ended_well_before_we_stopped_stays_well() -> None:
    with process.spawn(["true"], limits=LIMITS) as child:
        child.stdout.read()
        time.sleep(0.5)
        process.stop_all()


def test_limits_above_our_own_are_brought_down_to_ours() -> None:
    """In a process of its own, because limits that were lowered stay so."""
    inner = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100));"
        "from editron_core import process;"
        "print(process.run(['sh', '-c', 'sleep 0.5; ulimit -n'], limits=process.Limits(open_files=4096))[0])"
    )
    assert python(inner).strip() == rb"b'100\n'"


def test_a_child_that_cannot_be_limited_does_not_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pids = []

    def refuse(pid: int, limits: process.Limits) -> None:
        pids.append(pid)
        raise PermissionError("as planned")

    monkeypatch.setattr(process, "_limit", refuse)
    with pytest.raises(PermissionError, match="as planned"):
        process.run(["sleep", "100"], limits=LIMITS)
    assert not Path(f"/proc/{pids[0]}").exists()
    assert not process._running


@pytest.mark.parametrize(("mode", "text"), [(0o644, "#!/bin/sh\n"), (0o755, "no program\n")])
def test_a_program_that_cannot_be_run_is_said(tmp_path: Path, mode: int, text: str) -> None:
    program = tmp_path / "tool"
    program.write_text(text)
    program.chmod(mode)
    with pytest.raises(EngineUnavailable, match="tool: cannot be run"):
        process.run([program], limits=LIMITS)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are Linux's")


@linux
@pytest.mark.parametrize(
    ("code", "limits", "named"),
    [
        ("while True: pass", process.Limits(wall_s=120, cpu_s=1), "1 s of processor time"),
        (
            "import time; time.sleep(.5); bytearray(2 << 30)",
            process.Limits(memory=1 << 30),
            "1.0 GiB of memory",
        ),
        (
            "import time; time.sleep(.5); open('big', 'wb').write(bytes(9999))",
            process.Limits(file_bytes=999),
            "999 bytes a file",
        ),
    ],
)
def test_the_limit_that_ended_a_child_is_named(tmp_path, monkeypatch, code, limits, named) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProcessFailed, match=f"was ended by its limit of {named}"):
        python(code, limits)


@linux
def test_a_child_that_others_kill_met_no_limit() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(ProcessFailed, match="ended with code -9"):
        python(code, process.Limits(cpu_s=60))
