"""The real application, where every request happens at the time that its header names.

Run as ``python -m tests.replay.server PORT``; settings come from the environment, as always. Only
this program understands the header: the product itself has no such door.
"""

from __future__ import annotations

import sys
from datetime import datetime

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app import moment
from app.main import create_app
from app.settings import load_settings

HEADER = "x-replay-time"


class ReplayedTime:
    """Middleware: sets the clock of whatever one request sets in motion."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, at its own time."""
        when = dict(scope.get("headers", ())).get(HEADER.encode(), b"").decode()
        if not when:
            await self.app(scope, receive, send)
            return
        with moment.at(datetime.fromisoformat(when)):
            await self.app(scope, receive, send)


def main() -> None:
    """Serve on loopback until ended."""
    app = create_app(load_settings())
    app.add_middleware(ReplayedTime)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
