"""Child processes: the only place that starts them.

Each child gets an argument list (never a shell), its own process group, limits on memory, processor
time, files and wall clock, and no standard input. Whatever happens to us, the whole group is gone
when `spawn` ends. Operators see each as a span of its own, whose id the child gets as `TRACEPARENT`; what
is not our own Python gets no variable that holds a secret we know, since footage is hostile.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from editron_core import telemetry
from editron_core.config import SHARED_METRICS
from editron_core.errors import EngineUnavailable, Interrupted, ProcessFailed, ProcessTimedOut
from editron_core.redact import holds

GIB = 1 << 30
TAIL_LINES = 60
OUT_OF_MEMORY = ("Cannot allocate memory", "MemoryError", "std::bad_alloc")
"""What C, Python and C++ print where the address space is used up."""
UNFIT = (errno.EACCES, errno.EPERM, errno.ENOEXEC)
"""Why the system refuses a program: it is not allowed, or made for another machine."""
_running: set[Child] = set()
_guard = threading.Lock()
_stopping = threading.Event()
"""Set from `stop_all` to `resume`: how a child ended says nothing about its work then."""


class Scope:
    """The children of one piece of work, which can be stopped while those of others go on. See `scope`."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Kill the children of this scope and start no more in it: who waits for one gets Interrupted."""
        self._stopped.set()
        with _guard:
            children = [child for child in _running if child.scope is self]
        for child in children:
            child.kill()


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


@contextlib.contextmanager
def scope() -> Iterator[Scope]:
    """Children that are started within the block, by this thread or in copies of its context, are one."""
    made = Scope()
    token = _scope.set(made)
    try:
        yield made
    finally:
        _scope.reset(token)


def _stopped(scope: Scope | None) -> bool:
    return _stopping.is_set() or (scope is not None and scope.stopped)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. Where the platform cannot limit (macOS), the wall clock still holds."""

    wall_s: float = 3600.0
    """Seconds after which the group is killed."""
    cpu_s: int | None = None
    """Processor seconds."""
    memory: int | None = 4 * GIB
    """Bytes of address space."""
    file_bytes: int | None = None
    """Bytes of the largest file it may write."""
    open_files: int = 256


class Child:
    """A running child process. Made by `spawn`, which also ends it."""

    def __init__(self, popen: subprocess.Popen[bytes], program: str, limits: Limits) -> None:
        self._popen = popen
        self.scope = _scope.get()
        self._program = program
        self._limits = limits
        self._timed_out = threading.Event()
        self._killed = False
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._drain = threading.Thread(target=self._read_errors, daemon=True)
        self._drain.start()
        self._clock = threading.Timer(limits.wall_s, self._time_out)
        self._clock.daemon = True
        self._clock.start()

    @property
    def stdout(self) -> IO[bytes]:
        """Its standard output."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    @property
    def tail(self) -> str:
        """The last lines of its standard error so far."""
        return "\n".join(list(self._tail))

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._popen.poll() is not None

    def wait(self) -> None:
        """Wait for the end. Raises ProcessTimedOut or ProcessFailed where it went badly, and Interrupted
        where it did because we are being stopped."""
        used = self._processor_seconds()
        code = self._popen.wait()
        self._drain.join(timeout=5)
        if code != 0 and _stopped(self.scope):
            raise _interrupted()
        if self._timed_out.is_set():
            raise ProcessTimedOut(self._program, self._limits.wall_s, self.tail)
        if code != 0:
            raise ProcessFailed(self._program, code, self.tail, limit=self._limit_hit(code, used))

    @property
    def outcome(self) -> str:
        """How it ended, for metrics: `done`, `failed`, `timed_out`, or `stopped` by us."""
        if self._timed_out.is_set():
            return "timed_out"
        if self._popen.returncode == 0:
            return "done"
        return "stopped" if self._killed else "failed"

    @property
    def code(self) -> int:
        """The exit code of a child that has ended; negative is the signal that ended it."""
        assert self._popen.returncode is not None
        return self._popen.returncode

    def kill(self) -> None:
        """Kill the group; whoever waits for the child sees it end badly."""
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def end(self, grace_s: float) -> None:
        """Ask the child to end (SIGTERM); what is left of its group after `grace_s` seconds is killed."""
        self._popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(grace_s)
        self.kill()

    def stop(self) -> None:
        """Kill the group and reap the child; safe to call when it has ended."""
        self._clock.cancel()
        if self._popen.poll() is None:
            self.kill()
            self._popen.wait()
        self._drain.join(timeout=5)
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()

    def _time_out(self) -> None:
        self._timed_out.set()
        self.kill()

    def _processor_seconds(self) -> float:
        """Wait for the end without reaping; returns the processor time used, 0 where nobody says."""
        if self._popen.returncode is not None or not sys.platform.startswith("linux"):
            return 0.0
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(OSError):
            # Fields 14 and 15 of proc_pid_stat(5); the name before them may hold blanks.
            fields = Path(f"/proc/{self._popen.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def _limit_hit(self, code: int, used: float) -> str:
        """The limit that ended the child, in words; empty where it was none."""
        limits, tail = self._limits, self.tail
        # The kernel counts finer than it tells, so that a whole tick may be missing.
        if limits.cpu_s is not None and code == -signal.SIGKILL and used > limits.cpu_s - 0.5:
            return f"{limits.cpu_s} s of processor time"
        if limits.memory is not None and any(word in tail for word in OUT_OF_MEMORY):
            return f"{limits.memory / GIB:.1f} GiB of memory"
        if limits.file_bytes is not None and (code == -signal.SIGXFSZ or "File too large" in tail):
            return f"{limits.file_bytes} bytes a file"
        return ""

    def _read_errors(self) -> None:
        assert self._popen.stderr is not None
        for raw in self._popen.stderr:
            self._tail.append(raw.decode("utf-8", "replace").rstrip("\n"))


@contextlib.contextmanager
def spawn(
    argv: Sequence[str | Path],
    *,
    limits: Limits | None = None,
    pass_fds: Sequence[int] = (),
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Child]:
    """Start `argv`; leave the block normally to keep what it did, by an exception to kill it.

    `environment` is added to ours. On a normal end of the block the child is waited for, and a bad
    exit raises ProcessFailed (ProcessTimedOut past `limits.wall_s`). Raises EngineUnavailable where there
    is no such program or it cannot be run, and Interrupted between `stop_all` and `resume` or in a scope
    that was stopped.
    """
    if _stopped(_scope.get()):
        raise _interrupted()
    limits = limits or Limits()
    words = [os.fspath(word) for word in argv]
    program = Path(words[0]).name
    seen, began = telemetry.child(program), time.monotonic()
    try:
        added = {**_traced(seen), **(environment or {})}
        popen = _start(words, program, pass_fds=tuple(pass_fds), environment=added, cwd=cwd)
    except BaseException as error:
        seen.failed(error)
        seen.end()
        raise
    child = Child(popen, program, limits)
    with _guard:
        _running.add(child)
    try:
        if _stopped(child.scope):  # since we looked, and maybe before `stop_all` could see this child
            raise _interrupted()
        _limit(popen.pid, limits)
        yield child
        child.wait()
    finally:
        child.stop()
        with _guard:
            _running.discard(child)
        _tell(seen, child, program, time.monotonic() - began)


def stop_all() -> None:
    """Kill every child that any thread of ours has running, and start no more: for the end of the program.

    Whoever waits for a child, or asks for one, gets Interrupted until `resume`.
    """
    _stopping.set()
    with _guard:
        children = list(_running)
    for child in children:
        child.kill()


def resume() -> None:
    """Let children start again after `stop_all`; for programs that outlive what they stopped."""
    _stopping.clear()


def run(
    argv: Sequence[str | Path],
    *,
    limits: Limits | None = None,
    environment: dict[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    cwd: Path | None = None,
) -> tuple[bytes, str]:
    """Run `argv` to its end; returns its standard output and the last lines of its standard error.

    With `on_line`, each line of output is handed over as it comes and the returned output is empty.
    """
    with spawn(argv, limits=limits, environment=environment, cwd=cwd) as child:
        if on_line is None:
            output = child.stdout.read()
        else:
            output = b""
            for raw in child.stdout:
                on_line(raw.decode("utf-8", "replace").rstrip("\r\n"))
    return output, child.tail


def run_python(module: str, *arguments: str, limits: Limits) -> bytes:
    """Run `python -m module arguments...` as a child and return its standard output."""
    output, _ = run([sys.executable, "-m", module, *arguments], limits=limits)
    return output


def _start(
    words: list[str],
    program: str,
    *,
    pass_fds: tuple[int, ...],
    environment: dict[str, str] | None,
    cwd: Path | None,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=pass_fds,
            process_group=0,
            env=_environment(words[0], environment or {}),
        )
    except FileNotFoundError as error:
        raise EngineUnavailable("is not installed", subject=program) from error
    except OSError as error:
        if error.errno not in UNFIT:
            raise
        raise EngineUnavailable(f"cannot be run: {error.strerror}", subject=program) from error


def _environment(program: str, added: dict[str, str]) -> dict[str, str]:
    """Our environment and what is added to it, without what is none of the program's business."""
    ours = dict(os.environ)
    ours.pop(SHARED_METRICS, None)  # a child that shares our metrics says so by itself
    if program != sys.executable:
        ours = {name: value for name, value in ours.items() if not holds(value)}
    return {**ours, **added}


def _traced(seen: telemetry.Seen) -> dict[str, str]:
    return {"TRACEPARENT": seen.traceparent} if seen.traceparent else {}


def _tell(seen: telemetry.Seen, child: Child, program: str, seconds: float) -> None:
    seen.note(exit_code=child.code, wall_seconds=round(seconds, 3), outcome=child.outcome)
    if child.outcome in ("failed", "timed_out"):
        seen.failed(child.outcome)
    seen.end()
    family = telemetry.family(program)
    telemetry.count("children", program=family, outcome=child.outcome)
    telemetry.observe("child_seconds", seconds, program=family)


def _interrupted() -> Interrupted:
    return Interrupted("the program is being stopped")


def _limit(pid: int, limits: Limits) -> None:
    # Set from outside right after the start: a preexec_fn is not safe in a threaded process.
    try:
        import resource
    except ImportError:  # not a POSIX system: the wall clock alone holds
        return
    if not hasattr(resource, "prlimit"):
        return
    wanted = {
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        if value is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended already
                most = resource.prlimit(pid, kind)[1]
                # Nobody without privileges may go beyond what we were started under.
                within = value if most == resource.RLIM_INFINITY else min(value, most)
                resource.prlimit(pid, kind, (within, within))
