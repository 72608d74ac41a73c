"""Prefect's server, its garbage collected beside its event loop: `python -m flows.prefect_server start ...`

On SQLite many of the server's transactions read before they write; those that come too late fail at once with
"database is locked", and the cursors in their tracebacks become cyclic garbage. When the collector ran in the
thread of the event loop, that thread stood still in it until the busy timeout of 60 s ended, and nothing
answered: as far as its stacks tell, it waited for the mutex of a cursor's connection, which a thread of
aiosqlite held that waited for the write lock, whose holder waited for the event loop. That was seen in four
of ten rounds of killed workers, and delayed their recovery by a minute or two. With the collector in a thread
of its own, which may wait as long as it likes, it was not seen again.
"""

from __future__ import annotations

import gc
import runpy
import sys
import threading
import time

OFTEN_S = 1.0
SELDOM = 30
"""After so many collections of young objects, one of all."""


def _collect() -> None:
    while True:
        for _ in range(SELDOM):
            time.sleep(OFTEN_S)
            gc.collect(1)
        gc.collect()


def _main() -> None:
    gc.disable()
    threading.Thread(target=_collect, daemon=True, name="garbage").start()
    sys.argv = ["prefect", "server", *sys.argv[1:]]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
