"""A real S3 server in a process of its own, for tests of object stores."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

CODE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(sys.argv[1]), verbose=False)
server._server_entry()
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST", "AWS_SECRET_ACCESS_KEY": "secret-of-the-test-server"}


@contextmanager
def serving() -> Iterator[str]:
    """The URL of the server; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CODE, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **KEYS},
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/moto-api/data.json", timeout=2)
                break
            except httpx.TransportError:
                assert child.poll() is None, "the S3 server ended while it started"
                assert time.monotonic() < until
                time.sleep(0.1)
        yield url
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def make_bucket(url: str, name: str) -> None:
    """A new bucket; the server asks nobody for a signature."""
    httpx.put(f"{url}/{name}", timeout=10).raise_for_status()
