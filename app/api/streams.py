"""Server-sent events from one task, with keep-alives and an end when the client leaves.

FastAPI's own `EventSourceResponse` serves routes that only stream. The routes here answer with JSON
or with a stream, whichever the client asks for, and give a proper status when the first step fails.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_Item = TypeVar("_Item")
KEEPALIVE_S = 15.0
"""Proxies close a silent connection after 30 to 60 seconds."""


def event(data: str, name: str | None = None) -> bytes:
    """One server-sent event; ``data`` is already serialized."""
    return format_sse_event(data_str=data, event=name)


class EventStream(Response):
    """Sends what ``events`` yields, as it comes.

    The iterator runs in the request's own task, so that a span it holds open stays current; it is
    closed when the client goes away. It must turn its errors into events: the status is sent before
    the first one.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        self.events = events
        self.status_code = 200
        self.background = None
        # nginx would hold events back to fill its buffer.
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI
        """Send the stream."""
        writing = anyio.Lock()

        async def write(chunk: bytes, *, more: bool = True) -> None:
            async with writing:
                await send({"type": "http.response.body", "body": chunk, "more_body": more})

        async def keep_alive() -> None:
            while True:
                await anyio.sleep(KEEPALIVE_S)
                await write(KEEPALIVE_COMMENT)

        async def watch_for_leaving() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with anyio.create_task_group() as group, closing(self.events) as events:
            group.start_soon(keep_alive)
            group.start_soon(watch_for_leaving)
            async for chunk in events:
                await write(chunk)
            await write(b"", more=False)
            group.cancel_scope.cancel()


@asynccontextmanager
async def closing(iterator: AsyncIterator[_Item]) -> AsyncIterator[AsyncIterator[_Item]]:
    """Close an iterator that is a generator at once, also when it is left early."""
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
