"""What the webhook proofs need: the API or a bare echo as a process, and 32 connections that post to it.

python -m tests.bench.hooks api PORT      `editron serve` without its helpers, on a port
python -m tests.bench.hooks bare PORT     FastAPI, one route that reads the body and answers
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from editron_core.config import ROOT

SECRET = "the-secret-of-the-proof"
PATH = "/api/webhooks/dropbox"
CONNECTIONS = 32


@dataclass(frozen=True)
class Post:
    """One notification."""

    account: str
    raw: bytes
    genuine: bool


@dataclass(frozen=True)
class Answered:
    """What came back."""

    post: Post
    status: int
    seconds: float


def post(account: str, chance: random.Random, *, forged: bool = False) -> Post:
    """A notification of an account; a forged one is signed in one of five wrong ways."""
    body = json.dumps({"list_folder": {"accounts": [account]}, "n": chance.random()}).encode()
    right = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    wrong = (
        hmac.new(b"another", body, hashlib.sha256).hexdigest(),
        right[: chance.randrange(1, 63)],
        "",
        "no hex at all",
        hmac.new(SECRET.encode(), body + b" ", hashlib.sha256).hexdigest(),
    )
    signature = chance.choice(wrong) if forged else right
    signed = f"X-Dropbox-Signature: {signature}\r\n" if signature else ""
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{signed}"
    return Post(account, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, not forged)


Heard = Callable[[Answered], None]


def send(port: int, posts: Sequence[Post], heard: Heard = lambda one: None) -> list[Answered]:
    """Send all, over 32 connections; those whose connection breaks get no answer."""
    return asyncio.run(_send(port, iter(posts), heard))


async def _send(port: int, posts: Iterator[Post], heard: Heard) -> list[Answered]:
    found: list[Answered] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for each in posts:
                began = time.perf_counter()
                writer.write(each.raw)
                head = await reader.readuntil(b"\r\n\r\n")
                answered = Answered(each, int(head[9:12]), time.perf_counter() - began)
                found.append(answered)
                heard(answered)
                await reader.readexactly(_length(head))
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)), return_exceptions=True)
    return found


def _length(head: bytes) -> int:
    at = head.lower().index(b"content-length:")
    return int(head[at + 15 : head.index(b"\r\n", at)])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(kind: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server's process, once it answers."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.hooks", kind, str(port)], cwd=ROOT)
    try:
        _await(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)


def _main(kind: str, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI, Request

    if kind == "api":
        from editron_core.api.server import run
        from editron_core.config import settings

        run(settings(), "127.0.0.1", port, lambda served: None, work=False)
        return
    app = FastAPI()

    @app.post(PATH)
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    uvicorn.run(app, port=port, log_config=None, access_log=False, proxy_headers=False)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
