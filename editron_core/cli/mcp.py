"""`editron mcp`: the tools of the lane for an agent on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, open_store
from editron_core.config import settings


def mcp(
    name: Annotated[str, typer.Option("--as", help="Whom batches are recorded as asked for by.")] = "agent",
    openai: Annotated[bool, typer.Option("--openai", help="Print the tools as OpenAI takes them.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the four tools by MCP on standard input and output, for an agent that starts this command.

    What they ask for is carried out by [bold]editron serve[/] or [bold]editron flows[/].
    """
    from editron_core.api import mcp_server, tools

    if openai or as_json:
        terminal.show_json({"tools": tools.openai_tools()})
        return
    with open_store() as store:
        mcp_server.serve_stdio(store, settings(), name)
