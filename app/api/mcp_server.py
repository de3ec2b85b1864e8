"""``/mcp``: the Model Context Protocol over streamable HTTP.

The `mcp` package takes about half a second to import, so it is loaded at the first request: a start
without MCP clients does not pay for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.bootstrap import Services
from app.errors import NotFound

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
_SESSION = b"mcp-session-id"


class McpHost:
    """Builds the MCP server when it is first wanted and runs it until the app stops.

    `run` is a task of the lifespan: the session manager must be entered and left by one task.
    """

    def __init__(self, services: Services, version: str) -> None:
        self._services = services
        self._version = version
        self._wanted = asyncio.Event()
        self._manager: asyncio.Future[StreamableHTTPSessionManager] = (
            asyncio.get_running_loop().create_future()
        )

    async def run(self) -> None:
        """Wait for the first request, then serve until canceled."""
        await self._wanted.wait()
        try:
            manager = await asyncio.to_thread(self._build)
        except Exception as error:  # noqa: BLE001  # raised again in each request that waits
            self._manager.set_exception(error)
            return
        async with manager.run():
            self._manager.set_result(manager)
            await asyncio.Event().wait()

    async def manager(self) -> StreamableHTTPSessionManager:
        """The running session manager; started by the first call."""
        self._wanted.set()
        return await asyncio.shield(self._manager)

    def _build(self) -> StreamableHTTPSessionManager:
        from app.api.mcp_tools import build_manager  # noqa: PLC0415  # imports mcp: 0.5 s

        return build_manager(self._services, self._version)


class _Endpoint:
    """The ASGI app behind `PATH`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "principal" in scope["state"] and _SESSION in dict(scope["headers"]):
            # There are no sessions, so this is one of another server, or somebody's guess.
            raise NotFound("There is no such session.", "Initialize without Mcp-Session-Id.")
        host: McpHost = scope["state"]["mcp"]
        manager = await host.manager()
        await manager.handle_request(scope, receive, send)


def mount(app: FastAPI) -> None:
    """Add the route. Only POST: there are no sessions to stream from or to delete."""
    app.router.routes.append(Route(PATH, _Endpoint(), methods=["POST"], include_in_schema=False))
