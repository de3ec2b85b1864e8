"""The web application: create it, run what runs beside it, turn every error into words.

Nothing heavy is imported here: a page is served while torch and the indexes load in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator
from typing import Any, TypedDict

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import api, telemetry, web
from app.api import openai_compat
from app.api.mcp_server import McpHost
from app.api.problems import problem_of, problem_response
from app.bootstrap import Services, build_services
from app.errors import FootnoteError
from app.insights.alerts.watching import Patrol
from app.requests import wants_html
from app.settings import Settings, load_settings, release_name
from app.web.error_pages import render_error

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("app.access")
FIRST_PURGE_S, PURGE_EVERY_S = 60.0, 3600.0
"""When the server first looks for what is not to be kept any longer, and how often."""
STOP_S = 5.0
"""The worker has this long to leave the step under way; its job is taken up at the next start."""
QUIET_PATHS = ("/healthz", "/readyz", "/static/", "/docs/assets/")
"""Polled or fetched with every page: no access line at level info, no trace."""


class State(TypedDict):
    """What the lifespan gives to every request, as ``request.state``."""

    services: Services
    mcp: McpHost


def create_app(settings: Settings | None = None, services: Services | None = None) -> FastAPI:
    """The application. ``services``, where given, are used instead of built, and closed at the end.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = settings or (services.settings if services else load_settings())
    release = release_name(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        telemetry.set_up(release)
        running = services or build_services(settings)
        mcp = McpHost(running, release)
        beside = _Beside(running)
        patrol = Patrol(running.watch)
        tasks = [
            asyncio.create_task(mcp.run()),
            asyncio.create_task(_refresh(running)),
            asyncio.create_task(_tidy(running)),
        ]
        beside.start()
        patrol.start()
        app.state.services = running  # for those who hold the app and have no request
        try:
            yield State(services=running, mcp=mcp)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(patrol.stop)
            await asyncio.to_thread(beside.stop)
            running.close()
            telemetry.shut_down()

    app = FastAPI(
        title="Footnote",
        version=release,
        summary="Ask your team's documents. Every sentence comes with its footnote.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": lambda scope: scope["path"].startswith(QUIET_PATHS),
        },
    )
    app.add_middleware(_ErrorBoundary)
    for kind in (FootnoteError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_error)
    api.mount(app)
    web.mount(app)
    app.add_middleware(_AccessLog)
    return app


# --- beside the requests -------------------------------------------------------------------------


class _Beside:
    """The warm-up, then the ingest worker: a thread, so that pages are served meanwhile."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._stopped = False
        self._worker: Any = None

    def start(self) -> None:
        # A daemon: an exit during the warm-up doesn't wait for a model to load.
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
        if self._worker is not None:
            self._worker.stop(STOP_S)

    def _run(self) -> None:
        started = time.monotonic()
        self._services.warm_up()
        if self._services.readiness().state == "ready":
            logger.info("ready after %.1f s", time.monotonic() - started)
        if self._stopped:
            return
        from ingest.worker import Worker  # noqa: PLC0415  # parsers and splitter: not before the first page

        with self._lock:
            if not self._stopped:
                self._worker = Worker(self._services)
                self._worker.start()


async def _refresh(services: Services) -> None:
    """See what other processes ingest, every ``refresh_seconds``."""

    def look() -> bool:
        return services.readiness().state == "ready" and services.library.refresh_if_changed()

    failing = False
    while True:
        await asyncio.sleep(services.settings.refresh_seconds)
        try:
            if await asyncio.to_thread(look):
                logger.info("documents changed: indexes refreshed")
            failing = False
        except Exception:
            # Once, not every second: the cause (a database or disk that is away) may last.
            if not failing:
                logger.exception("looking for changed documents failed; trying again")
            failing = True


async def _tidy(services: Services) -> None:
    """Forget what is older, or more, than the settings keep."""
    from app.records.retention import purge  # noqa: PLC0415  # not before the first page

    wait = FIRST_PURGE_S
    while True:
        await asyncio.sleep(wait)
        wait = PURGE_EVERY_S
        try:
            gone = await asyncio.to_thread(purge, services.engine, services.settings)
            if gone:
                logger.info("purged: %s", gone)
        except Exception:
            logger.exception("old traces and questions could not be purged; trying again later")


# --- errors --------------------------------------------------------------------------------------


async def _answer_error(request: Request, error: Exception) -> Response:
    """Every error as its reader understands it: problem+json, OpenAI's, a page, a fragment."""
    if request.url.path.startswith(openai_compat.PATH_PREFIX):
        return openai_compat.error_response(error)
    problem = problem_of(error)
    if wants_html(request):
        return render_error(request, problem)
    response = problem_response(problem)
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


class _ErrorBoundary:
    """Answers what nothing else caught, so that no server prints a second traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        error: Exception | None = None

        async def watch(message: Message) -> None:
            nonlocal started, error
            if message["type"] == "http.response.start" and _is_body_limit(message):
                error = HTTPException(413, "The body of this request is too large; send less")
            if error is None:
                started = True
                await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as caught:
            if started:  # too late for words: the server cuts the connection
                raise
            error = caught
        if error is not None:
            response = await _answer_error(Request(scope, receive), error)
            await response(scope, receive, send)


def _is_body_limit(message: Message) -> bool:
    """True for the plain text with which Starlette itself answers a body over the limit."""
    kind = dict(message["headers"]).get(b"content-type", b"")
    return bool(message["status"] == 413 and kind.startswith(b"text/plain"))


class _AccessLog:
    """One short line per request; the path without its query, which may hold a question."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            level = logging.DEBUG if scope["path"].startswith(QUIET_PATHS) else logging.INFO
            took = (time.perf_counter() - started) * 1000
            said = status or "no answer"
            access_logger.log(level, "%s %s %s %.0f ms", scope["method"], scope["path"], said, took)
