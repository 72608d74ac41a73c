"""Children of `editron flows` that never outlive it: `python -m flows.keep LOG MODULE ARGUMENTS...`

Runs a module with its output in a log file, and ends it as soon as the process that started it is gone,
even where that one was killed and could say nothing.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable

LOOK_EVERY_S = 0.5
GRACE_S = 3.0


def with_parent(end: Callable[[], None]) -> None:
    """Call `end` from a thread once the process that started this one is no more."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        end()

    threading.Thread(target=look, daemon=True, name="parent").start()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


def _main(log: str, module: str, *arguments: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    with_parent(_end)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
