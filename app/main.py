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
from app.entrance.binding import check_bind
from app.entrance.entrance import Entrance
from app.entrance.hosts import KnownHosts, known_names
from app.entrance.limits import RateLimits, limits_of
from app.entrance.sso import sign_on_of
from app.errors import FootnoteError, NotSignedIn, TooMany
from app.insights.alerts.watching import Patrol
from app.memory import collect_as_usual
from app.redaction import redactor
from app.requests import wants_html
from app.settings import Settings, load_settings, release_name
from app.web.error_pages import render_error

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("app.access")
FIRST_PURGE_S, PURGE_EVERY_S = 60.0, 3600.0
"""When the server first looks for what is not to be kept any longer, and how often."""
LOOK_EVERY_S = 3.0
"""How often the indexes are seen to answer: a Chroma server may go away and come back."""
STOP_S = 5.0
"""The worker has this long to leave the step under way; its job is taken up at the next start."""
QUIET_PATHS = ("/healthz", "/readyz", "/static/", "/docs/assets/")
"""Polled or fetched with every page: no access line at level info, no trace."""
SECRET_PATHS = ("/invite/", "/sso/")
"""Their addresses let somebody in: neither the log nor a trace has them."""


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
    check_bind(settings)
    release = release_name(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        telemetry.set_up(release, redact=redactor(settings.redact))
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
            "exclude": lambda scope: scope["path"].startswith(QUIET_PATHS + SECRET_PATHS),
        },
    )
    app.state.sign_on = sign_on_of(settings)
    app.add_middleware(RateLimits, limits=limits_of(settings))  # within the next, which knows who
    app.add_middleware(Entrance, accounts=settings.accounts_on)  # within the next: it may raise
    app.add_middleware(KnownHosts, names=known_names(settings))
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

    def _read_facts(self) -> None:
        """Metrics are read into memory before somebody asks: a second at 100,000 questions."""
        try:
            self._services.facts.columns()
        except Exception:
            logger.exception("the metrics could not be read; pages try again")

    def _run(self) -> None:
        started = time.monotonic()
        try:
            self._services.warm_up()
        finally:
            collect_as_usual()
        if self._services.readiness().state == "ready":
            logger.info("ready after %.1f s", time.monotonic() - started)
        self._read_facts()
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
    looked = time.monotonic()
    while True:
        await asyncio.sleep(services.settings.refresh_seconds)
        try:
            if services.embedder.loaded and time.monotonic() - looked > LOOK_EVERY_S:
                await asyncio.to_thread(services.look_after)
                looked = time.monotonic()
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
    from app.records.tidying import Tidying  # noqa: PLC0415  # not before the first page

    tidying = Tidying(services.engine, services.settings)
    wait = FIRST_PURGE_S
    while True:
        await asyncio.sleep(wait)
        wait = PURGE_EVERY_S
        try:
            gone = await asyncio.to_thread(tidying)
            if gone:
                logger.info("purged: %s", gone)
        except Exception:
            wait = FIRST_PURGE_S  # the cause may be a disk or a database that is away
            logger.exception("old traces and questions could not be purged; trying again later")


# --- errors --------------------------------------------------------------------------------------


async def _answer_error(request: Request, error: Exception) -> Response:
    """Every error as its reader understands it: problem+json, OpenAI's, a page, a fragment."""
    response: Response
    if request.url.path.startswith(openai_compat.PATH_PREFIX):
        response = openai_compat.error_response(error)
    elif wants_html(request):
        response = render_error(request, problem_of(error))
    else:
        response = problem_response(problem_of(error))
        if isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
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
            path = next((f"{one}…" for one in SECRET_PATHS if scope["path"].startswith(one)), "")
            path = path or scope["path"]
            access_logger.log(level, "%s %s %s %.0f ms", scope["method"], path, said, took)
