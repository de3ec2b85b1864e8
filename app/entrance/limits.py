"""How much one client may ask of this server in a while: a moving window for each kind of request.

A client is a person, or the address of whoever is not signed in. Counted in this process's memory:
several processes allow each client several times as much, and a restart forgets.
"""

from __future__ import annotations

import ipaddress
import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access import principal
from app.errors import SettingsError, TooMany
from app.settings import Settings

KINDS = ("ask", "search", "upload", "other")
_FREE = ("/static/", "/docs/assets/", "/healthz", "/readyz", "/favicon.ico")
_ASKING = {
    *(("POST", "/ask"), ("GET", "/ask"), ("POST", "/api/v1/ask")),
    *(("POST", "/v1/chat/completions"), ("POST", "/mcp")),
}
_SEARCHING = {("GET", "/search"), ("GET", "/api/v1/search")}
_UPLOADING = {
    *(("POST", "/documents"), ("POST", "/documents/roots"), ("POST", "/api/v1/documents")),
    ("POST", "/insights/feedback/imports"),
}
_WORDS = {"ask": "questions", "search": "searches", "upload": "uploads", "other": "requests"}


class RateLimits:
    """ASGI middleware, inside the one that finds out who asks.

    Raises, for whatever turns errors into answers:
        TooMany: this client has to wait; says how long.
    """

    def __init__(self, app: ASGIApp, *, limits: dict[str, RateLimitItem]) -> None:
        """``limits``: by kind; a kind without one is not limited."""
        self.app = app
        self._limits = limits
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and not scope["path"].startswith(_FREE):
            self._count(kind_of(scope["method"], scope["path"]), client_of(scope))
        await self.app(scope, receive, send)

    def _count(self, kind: str, client: str) -> None:
        limit = self._limits.get(kind)
        if limit is None or self._window.hit(limit, kind, client):
            return
        free_at, _ = self._window.get_window_stats(limit, kind, client)
        wait = max(1, math.ceil(free_at - time.time()))
        raise TooMany(
            f"These are more {_WORDS[kind]} than one person may send ({limit}).",
            f"Try again in {wait} second{'' if wait == 1 else 's'}.",
            retry_after_s=wait,
        )


def kind_of(method: str, path: str) -> str:
    """Which limit a request counts for."""
    asked = (method, path.rstrip("/") or "/")
    if asked in _ASKING:
        return "ask"
    if asked in _SEARCHING:
        return "search"
    if asked in _UPLOADING or (method == "POST" and _reads_again(path)):
        return "upload"
    return "other"


def _reads_again(path: str) -> bool:
    return path.startswith("/documents/") and path.rstrip("/").endswith("/ingest")


def client_of(scope: Scope) -> str:
    """The person; or an address, of IPv6 the network that one household or machine has."""
    who = principal()
    if who.user_id:
        return f"user {who.user_id}"
    host = str((scope.get("client") or ("",))[0]).partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host}"
    if address.version == 6 and address.ipv4_mapped is None:
        return f"address {ipaddress.ip_network((int(address) >> 64 << 64, 64))}"
    return f"address {address}"


def limits_of(settings: Settings) -> dict[str, RateLimitItem]:
    """The limits that are set; none where there are no accounts and nobody asked for limits.

    Raises:
        SettingsError: one of them cannot be read.
    """
    if settings.rate_limits == "off":
        return {}
    if settings.rate_limits == "auto" and not settings.accounts_on:
        return {}
    found = {}
    for kind in KINDS:
        words = str(getattr(settings, f"rate_{kind}")).strip()
        if not words:
            continue
        try:
            found[kind] = parse(words)
        except ValueError as error:
            raise SettingsError(
                f"FOOTNOTE_RATE_{kind.upper()}={words} can't be used.",
                "Write it like 60/minute or 500/hour; empty: no limit.",
            ) from error
    return found
