"""What protects the pages: a strict content policy, an origin check, an anonymous session.

The origin check replaces CSRF tokens (OWASP, "Fetch Metadata"): a browser says in
``Sec-Fetch-Site``, or on plain-http addresses in ``Origin``, where a request comes from. Programs
send neither.
"""

from __future__ import annotations

import re
import secrets
from typing import cast
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.requests import wants_html
from app.web.error_pages import PageProblem, render_error, render_json

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SESSION_COOKIE = "footnote_session"
SESSION_DAYS = 180
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
_TOKEN = re.compile(r"[\w-]{20,64}")
_CROSS_SITE = PageProblem(
    type="urn:footnote:problem:cross-site",
    title="That came from another site",
    status=403,
    detail="Another website tried to do this in your name, so nothing was done. "
    "Open Footnote itself and try again there.",
)


def session_id(request: Request) -> str:
    """The anonymous id of this browser; asking for it makes the response set the cookie."""
    request.state.session_used = True
    return cast("str", request.state.session_id)


def known_session(request: Request) -> str:
    """The id that this browser sent; empty when it has none yet. Sets no cookie."""
    return cast("str", request.state.session_id) if request.state.session_known else ""


class Security:
    """ASGI middleware: refuses unsafe cross-site requests, adds headers and the session cookie.

    A response keeps a header of this list that it set itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        cookie = request.cookies.get(SESSION_COOKIE, "")
        known = _TOKEN.fullmatch(cookie) is not None
        request.state.session_id = cookie if known else secrets.token_urlsafe(24)
        request.state.session_known = known
        request.state.session_used = False

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if request.state.session_used and not request.state.session_known:
                    headers.append("Set-Cookie", _cookie(request))
            await send(message)

        if scope["method"] not in _SAFE_METHODS and not same_origin(request.headers):
            render = render_error if wants_html(request) else render_json
            await render(request, _CROSS_SITE)(scope, receive, send_protected)
            return
        await self.app(scope, receive, send_protected)


def same_origin(headers: Headers) -> bool:
    """True when a request comes from our own pages, or not from a browser's page at all."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def _cookie(request: Request) -> str:
    secure = "; Secure" if request.url.scheme == "https" else ""
    age = SESSION_DAYS * 24 * 3600
    return (
        f"{SESSION_COOKIE}={request.state.session_id}; Path=/; Max-Age={age}; "
        f"HttpOnly; SameSite=Lax{secure}"
    )
