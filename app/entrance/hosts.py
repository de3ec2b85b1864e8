"""Under which names this server answers: a page elsewhere cannot reach it by a name of its own.

A website whose name suddenly points to this machine (DNS rebinding) is, to a browser, still that
website: it could read every answer. Only its ``Host`` header gives it away. An IP address in there
is nobody's trick, since no name was looked up.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import BadRequest
from app.settings import Settings

_PROBED = ("/healthz", "/readyz")
"""Asked by whatever watches the server, under whatever name; they say nothing of the documents."""


class UnknownHost(BadRequest):
    """The request names a server that this is not."""

    title = "This server has another name"


class KnownHosts:
    """ASGI middleware: refuses requests for names that are not this server's.

    Raises, for whatever turns errors into answers:
        UnknownHost: the name is not loopback's, FOOTNOTE_HOST, this machine's, that of
            FOOTNOTE_PUBLIC_URL, or one of FOOTNOTE_ALLOWED_HOSTS (``*.example.org``: any below).
    """

    def __init__(self, app: ASGIApp, *, names: frozenset[str]) -> None:
        self.app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"] not in _PROBED:
            given = next((value for name, value in scope["headers"] if name == b"host"), b"")
            name = host_name(given.decode("latin-1"))
            if not is_known(name, self._names):
                raise UnknownHost(
                    f"This server does not answer to the name “{name[:100]}”.",
                    "If it should, add the name to FOOTNOTE_ALLOWED_HOSTS and start it again.",
                )
        await self.app(scope, receive, send)


def host_name(header: str) -> str:
    """A ``Host`` header without its port, in lower case; an IPv6 address without brackets."""
    try:
        return (urlsplit(f"//{header.strip()}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_known(name: str, names: frozenset[str]) -> bool:
    """Whether ``name`` is an IP address, loopback's name, or among ``names``."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        pass
    else:
        return True
    if name == "localhost" or name.endswith(".localhost") or name in names:
        return True
    return any(known.startswith("*.") and name.endswith(known[1:]) for known in names)


def known_names(settings: Settings) -> frozenset[str]:
    """What this server is called, in lower case."""
    named = [settings.host, socket.gethostname(), *settings.allowed_hosts.split(",")]
    if settings.public_url:
        named.append(urlsplit(settings.public_url).hostname or "")
    return frozenset(name.strip().lower().rstrip(".") for name in named if name.strip())
