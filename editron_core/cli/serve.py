"""`editron serve`: the API and the review apps on one port, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from editron_core import log
from editron_core.cli import terminal
from editron_core.cli.shared import Json, reported
from editron_core.config import settings
from editron_core.errors import UsageError

if TYPE_CHECKING:
    from editron_core.config import Settings

LOCAL = "127.0.0.1"


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")] = LOCAL,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
    work: Annotated[
        bool, typer.Option(help="Also carry out what is asked for, unless the flows are served.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Serve the API and the review apps on one port until Ctrl-C.

    While no key exists it listens on this machine alone, and whoever is on it is an admin;
    [bold]editron keys create[/] makes the first one.
    """
    with reported():
        here = settings()
        log.configure(here.service_log_level, here.log_format)
        closed = _keys_exist(here)
        _check(here, host, closed)
        from editron_core.api.server import Served, run

        def say(served: Served) -> None:
            if as_json:
                terminal.show_json({"url": served.url, "keys": closed, "pid": served.pid})
                return
            terminal.out.print(f"Editron is served at [bold]{served.url}[/]  (Ctrl-C stops it)")
            if not closed:
                terminal.out.print(
                    "No key exists: only this machine gets in, and everybody on it is an admin. "
                    "[bold]editron keys create NAME --role admin[/] makes the first key.",
                )

        run(here, host, port, say, work=work)


def _keys_exist(here: Settings) -> bool:
    from editron_core.store import Store

    with Store.open(here.database, here.blobs) as store:
        return store.keys.exist()


def _check(here: Settings, host: str, closed: bool) -> None:
    from editron_core.api.auth import loopback

    if closed or host == "localhost" or loopback(host):
        return
    raise UsageError(
        "would let everybody in: no key exists",
        subject=f"--host {host}",
        remedy="editron keys create NAME --role admin",
    )
