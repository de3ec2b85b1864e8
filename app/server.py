"""Serve the application: a socket, uvicorn, log lines, and a quick, quiet end.

Imports little: importing the application itself (FastAPI, SQLAlchemy, numpy) takes a second or two
on a small machine, so `Opening` takes requests from the first moment and imports it in a thread.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ctypes
import hashlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import uvicorn

from app import telemetry
from app.entrance.binding import check_bind
from app.errors import FootnoteError, SettingsError
from app.memory import collect_as_usual, collect_rarely
from app.records.lock import server_lock
from app.redaction import SecretlessFormatter
from app.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from app.bootstrap import Services
    from app.entrance.first_operator import FirstLink

logger = logging.getLogger(__name__)
_M_ARENA_MAX, _ARENAS = -8, 2
"""glibc's name for the option in malloc.h, and how many heaps the threads share. It gives each
thread one, up to eight a core, and what is freed in one helps no other: under mixed load 270 MB lay
free in them after four minutes and grew on, with two 40 MB."""
_GIVE_BACK_S = 30.0
"""How often glibc gives free pages back to the system, which by itself it does at the end of a heap
only. Embedding leaves blocks of many sizes: uploads alone took 8 MB a minute, all of it free memory
that came back. It takes 1 to 10 ms, in which a thread that asks for memory may wait."""
GRACE_S = 3
"""Answers under way at TERM have this long to finish."""
PATIENCE_S = 0.2
"""A browser waits this long for the real page before it is shown that the start takes longer."""
LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s [%(trace_id)s]"
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.6 system-ui,sans-serif;display:grid;place-content:center;"
    "min-height:90vh;margin:0 1.5rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_STARTING = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="1">
<title>Footnote is warming up</title>
<style>{_STYLE}</style>
<p role="status">Footnote is warming up. This page opens by itself in a moment.</p>
</html>
""".encode()


class Opening:
    """The ASGI app that uvicorn runs: the real one, and a stand-in until that is imported.

    Meanwhile ``/healthz`` says alive, a browser gets a page that reloads itself, and every other
    request waits. ``opened`` is told, in a thread, once the real one serves. ``error`` says why the
    real one could not start.
    """

    def __init__(
        self,
        load: Callable[[], FastAPI],
        give_up: Callable[[], None],
        opened: Callable[[Services], None] = lambda _services: None,
    ) -> None:
        self._load = load
        self._give_up = give_up
        self._on_opened = opened
        self._opened = asyncio.Event()
        self._stopping = asyncio.Event()
        self._app: FastAPI | None = None
        self._state: dict[str, Any] = {}
        self.error: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the whole lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if not self._opened.is_set() and scope["type"] == "http":
            if scope["path"] == "/healthz":
                await _respond(send, b'{"status":"alive"}', b"application/json")
                return
            if _shows_pages(scope):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._opened.wait(), PATIENCE_S)
                if not self._opened.is_set():
                    await _respond(send, _STARTING, b"text/html; charset=utf-8")
                    return
        await self._opened.wait()
        if self._app is None:
            return  # it could not start: the server is ending
        scope["state"] = dict(self._state)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            # uvicorn cancels what outlasts GRACE_S, and would log a traceback for each.
            logger.info("%s %s was cut short by the end", scope.get("method"), scope["path"])

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        running = asyncio.create_task(self._run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._stopping.set()
        await running
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self) -> None:
        """Import, start, wait for the end, stop: one task, as context managers want it."""
        try:
            app = await asyncio.to_thread(self._load)
            if self._stopping.is_set():
                self._opened.set()
                return
            async with app.router.lifespan_context(app) as state:
                self._state = dict(state or {})
                self._app = app
                self._opened.set()
                await asyncio.to_thread(self._on_opened, self._state["services"])
                await self._stopping.wait()
        except Exception as error:  # noqa: BLE001  # raised again by `serve`
            self.error = error
            self._opened.set()
            self._give_up()


def serve(
    settings: Settings,
    on_start: Callable[[str], None] = lambda _address: None,
    on_first: Callable[[FirstLink], None] = lambda _link: None,
) -> None:
    """Serve until TERM or Ctrl-C, then return.

    ``on_start`` is told the address once pages are served; with port 0 the system chooses one.
    ``on_first`` is told the link that makes the first operator, where people sign in and nobody
    can yet. It is for whoever started the server, and for no log.

    Raises:
        SettingsError: the address is taken or does not exist, or a setting cannot be used.
        IndexUnavailable: the database cannot be opened.
        ServedAlready: another server has the data directory.
    """
    check_bind(settings)
    configure_logging(settings.log_level)
    _share_heaps()
    listening = _listen(settings)
    with contextlib.ExitStack() as held:
        held.callback(listening.close)
        held.callback(collect_as_usual)  # `app.main` has done so, where the start came that far
        collect_rarely()
        held.enter_context(_giving_back())
        if alone(settings):
            held.enter_context(server_lock(settings.data_dir, _address(settings, listening)))
        _serve_on(listening, settings, on_start, on_first)


def _share_heaps() -> None:
    """Before there are threads; what the operator set goes first, and other C libraries differ."""
    said = "MALLOC_ARENA_MAX" in os.environ
    said |= "glibc.malloc.arena_max" in os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform == "linux" and not said:
        with contextlib.suppress(AttributeError, OSError):  # musl has no mallopt
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


@contextlib.contextmanager
def _giving_back(every_s: float = _GIVE_BACK_S) -> Iterator[None]:
    """Meanwhile free memory goes back to the system, where the C library has a call for that."""
    stopped = threading.Event()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    give_back: Callable[[ctypes.c_size_t], object] | None = getattr(libc, "malloc_trim", None)

    def run(give_back: Callable[[ctypes.c_size_t], object]) -> None:
        while not stopped.wait(every_s):
            give_back(ctypes.c_size_t(0))

    if give_back is not None:
        threading.Thread(target=run, args=(give_back,), name="memory", daemon=True).start()
    try:
        yield
    finally:
        stopped.set()


def alone(settings: Settings) -> bool:
    """Whether only one server may run here; PostgreSQL with a Chroma server takes several."""
    return not settings.chroma_url or settings.resolved_database_url.startswith("sqlite")


def _serve_on(
    listening: socket.socket,
    settings: Settings,
    on_start: Callable[[str], None],
    on_first: Callable[[FirstLink], None],
) -> None:
    def load() -> FastAPI:
        from app.main import create_app  # noqa: PLC0415  # a second or more

        return create_app(settings)

    def give_up() -> None:
        server.should_exit = True

    def opened(services: Services) -> None:
        if settings.accounts_on:
            _let_in_first(services, settings.public_url or _address(settings, listening), on_first)

    opening = Opening(load, give_up, opened)
    config = uvicorn.Config(
        opening, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S, lifespan="on"
    )
    server = _Server(config, lambda: on_start(_address(settings, listening)))
    # uvicorn raises the signal again when it has shut down: it must end nothing then.
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if opening.error is not None:
        raise opening.error


def configure_logging(level: str) -> None:
    """Log lines on standard error, short, each with its trace id or ``-``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SecretlessFormatter(LOG_FORMAT, "%H:%M:%S"))
    handler.addFilter(telemetry.TraceIdFilter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "httpx", "mcp", "alembic", "chromadb", "sentence_transformers"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_start()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"Can't serve on {settings.host}:{settings.port}: {error.strerror or error}.",
            "Choose another port with --port or FOOTNOTE_PORT, or stop what uses this one.",
        ) from error


def _let_in_first(services: Services, base: str, say: Callable[[FirstLink], None]) -> None:
    """Say how the first operator comes in, as long as there is nobody."""
    from app.entrance.first_operator import first_link  # noqa: PLC0415  # imports the records

    try:
        link = first_link(services.accounts, base)
    except FootnoteError as error:
        logger.error("The first operator's link could not be made: %s", error.message)
        return
    if link is not None:
        say(link)


def _address(settings: Settings, listening: socket.socket) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  # shown, not bound
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{listening.getsockname()[1]}"


def _ignore(_number: int, _frame: object) -> None:
    """A signal that was already acted upon."""


def _shows_pages(scope: Scope) -> bool:
    """True for a person's GET of a page."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return scope["method"] == "GET" and (b"text/html" in accept or scope["path"] == "/")


async def _respond(send: Send, body: bytes, kind: bytes) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (
            b"content-security-policy",
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'".encode(),
        ),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
