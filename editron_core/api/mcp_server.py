"""The tools as an MCP server: on standard input and output for agents here, at `/mcp` for who has a key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from editron_core import __version__
from editron_core.api import tools
from editron_core.api.auth import NO_KEY
from editron_core.api.deps import Caller
from editron_core.api.problem import answer
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.errors import EditronError
from editron_core.store import Store

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

AT = "/mcp"
ABOUT = """Footage becomes moments, cuts and deliverables: ingest a batch, analyse it, generate edits, render.
Each tool tells a `state`; while it is `working`, call the same tool again with the same arguments.
People sign the cuts; production renders signed ones only."""
BODY_BYTES = 1 << 20
Bench = Callable[[], tools.Bench]


def server(bench: Bench) -> Server[Any, Any]:
    """The server; `bench` is asked at each call what to work with, and for whom."""
    from mcp import types
    from mcp.server.lowlevel import Server

    made: Server[Any, Any] = Server("editron", version=__version__, instructions=ABOUT)

    @made.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def listed() -> list[types.Tool]:
        return [
            types.Tool(
                name=tool.name,
                description=tool.description,
                inputSchema=tool.takes.model_json_schema(),
                outputSchema=tool.gives.model_json_schema(mode="serialization"),
            )
            for tool in tools.TOOLS.values()
        ]

    @made.call_tool(validate_input=False)  # type: ignore[untyped-decorator]
    async def called(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        here = bench()
        try:
            given = await anyio.to_thread.run_sync(lambda: tools.named(name).call(here, arguments))
        except EditronError as error:
            text = types.TextContent(type="text", text=tools.problem(error))
            return types.CallToolResult(content=[text], isError=True)
        told = given.model_dump(mode="json")
        text = types.TextContent(type="text", text=given.model_dump_json(indent=1))
        return types.CallToolResult(content=[text], structuredContent=told)

    return made


def serve_stdio(store: Store, settings: Settings, name: str) -> None:
    """Serve on standard input and output until it is closed; whoever runs this is an admin of the home."""
    from mcp.server.stdio import stdio_server

    made = server(lambda: tools.Bench(store, settings, Caller(name, Role.ADMIN, None)))

    async def talk() -> None:
        async with stdio_server() as (reads, writes):
            await made.run(reads, writes, made.create_initialization_options())

    anyio.run(talk)


class Door:
    """The server at `/mcp` (streamable HTTP, without sessions): every request is a caller's own."""

    def __init__(self) -> None:
        self._app: FastAPI | None = None
        self._made = server(self._bench)
        self._manager: Any = None

    def mount(self, app: FastAPI) -> None:
        """Serve at `/mcp`, with or without a slash."""
        app.router.routes.append(Route(AT, self, include_in_schema=False))
        app.mount(AT, self, "mcp")

    @asynccontextmanager
    async def open(self, app: FastAPI) -> AsyncIterator[None]:
        """Take requests while the block runs."""
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        self._app = app
        # The gate has checked Host and Origin already.
        self._manager = StreamableHTTPSessionManager(
            self._made, json_response=True, stateless=True, max_request_body_size=BODY_BYTES
        )
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, of a caller that the gate knows."""
        if scope["type"] != "http" or scope.get("state", {}).get("caller") is None:
            await answer(scope, NO_KEY)(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)

    def _bench(self) -> tools.Bench:
        request = self._made.request_context.request
        assert self._app is not None
        assert request is not None
        state = self._app.state
        return tools.Bench(state.store, state.settings, request.scope["state"]["caller"])
