"""The server: one process, one port, stopped without losing a request."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from editron_core import telemetry
from editron_core.api.app import create_app
from editron_core.config import Settings
from editron_core.errors import StoreError

STOP_S = 10
"""How long requests that run may take to end once the server is told to."""
IDLE_S = 30
"""How long a connection is kept that nothing is asked on."""
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Served:
    """A server that takes requests."""

    url: str
    pid: int


def run(
    settings: Settings, host: str, port: int, say: Callable[[Served], None], *, work: bool = True
) -> None:
    """Serve until SIGINT or SIGTERM; `say` is told once requests are taken.

    With `work`, what is asked for is carried out in a process beside it, and endpoints are told of events.
    Raises StoreError where the port is taken or the store cannot be opened.
    """
    import uvicorn

    from editron_core.lane.attend import attending
    from editron_core.lane.webhooks import sending

    with contextlib.closing(_bound(host, port)) as bound, contextlib.ExitStack() as stack:
        shown = f"[{host}]" if ":" in host else host
        served = Served(f"http://{shown}:{bound.getsockname()[1]}", os.getpid())
        config = uvicorn.Config(
            create_app(settings, apps=True),
            log_config=None,
            access_log=False,  # spans and metrics tell it, and no address is kept
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            server_header=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=STOP_S,
            ws_max_size=4 << 20,
        )
        if work:
            stack.enter_context(attending(settings))
            stack.enter_context(sending(settings))

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    _settle()
                    say(served)

        with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped in peace, and raises it again
            Server(config).run(sockets=[bound])
    telemetry.flush()


def _settle() -> None:
    """Let the collector pass over what lives until the end: else each of its full rounds looks through all of
    it, and every request waits meanwhile, for a tenth of a second and on a busy machine for a whole one."""
    gc.collect()
    gc.freeze()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise StoreError(
            error.strerror or "cannot be listened on", subject=f"{host}:{port}", remedy="name another --port"
        ) from error
    return found
