"""Who asks, found out before any route runs; everything after it is done in their name.

A request begins as nobody's, with nothing in reach. A sign-in's cookie or an API key makes it
somebody's; the table in `policy` says whether they may. What goes wrong on the way ends the
request, so that nothing is served by mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import NOBODY, Principal, Reach, Role, working_for
from app.entrance.addresses import sign_in_address, sign_in_then
from app.entrance.binding import came_from_outside
from app.entrance.cookies import sign_in_token
from app.entrance.policy import MANAGE, Line, line_for
from app.errors import Forbidden, NotFound, NotSignedIn
from app.requests import get_services, wants_html

if TYPE_CHECKING:
    from app.records.accounts import AccountStore

_UNASKED = ("/static/", "/docs/assets/", "/healthz", "/readyz", "/favicon.ico")
"""Served to anybody, whoever they are: it is not even looked up."""


_PEOPLE = {
    Role.SEARCHER: "everybody who is signed in",
    Role.PM: "whoever looks after the product, and for operators",
    Role.OPERATOR: "operators",
}


class Entrance:
    """ASGI middleware. ``accounts``: whether people sign in here.

    Raises, for whatever turns errors into answers:
        NotSignedIn: nobody said who asks, or with a key or sign-in that is not valid any more.
        Forbidden: who asks may not do this.
        NotFound: there is nothing at this address.
    """

    def __init__(self, app: ASGIApp, *, accounts: bool) -> None:
        self.app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif not self._accounts:
            _refuse_strangers(scope)
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            with working_for(NOBODY, Reach.nothing()):
                await self._admit(scope, receive, send)
        else:  # there is no WebSocket here, and none is let in unseen
            await send({"type": "websocket.close", "code": 1008})

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        line = line_for(scope["method"], scope["path"])
        who: Principal | None = None
        sees = Reach.nothing()
        request.state.principal, request.state.reach = NOBODY, sees
        if not scope["path"].startswith(_UNASKED):
            accounts = get_services(request).accounts
            who, sees = await run_in_threadpool(identify, request, accounts)
        if who is not None:
            request.state.principal, request.state.reach = who, sees
            # Their questions are kept under their own number, whatever this browser had before.
            request.state.session_id, request.state.session_known = who.session_id, True
        turned_away = _turned_away(request, line, who)
        if turned_away is not None:
            await turned_away(scope, receive, send)
            return
        if not scope["path"].startswith(_UNASKED):
            send = _for_one_reader(send)
        with working_for(who or NOBODY, sees):
            await self.app(scope, receive, send)


def identify(request: Request, accounts: AccountStore) -> tuple[Principal | None, Reach]:
    """Who sends this request and what they may see; a key wins over a sign-in, valid or not."""
    key = _bearer(request)
    if key:
        who = accounts.of_key(key)
    else:
        token = sign_in_token(request)
        who = accounts.of_session(token) if token else None
    return (None, Reach.nothing()) if who is None else (who, accounts.reach(who))


def _for_one_reader(send: Send) -> Send:
    """Says of every response that it is for whoever sent this cookie or key, and for nobody else.

    A cache on the way keeps none of it, and a browser shows none of it to the next who signs in.
    """

    async def said(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Cache-Control", "private, no-cache")
            for name in ("Cookie", "Authorization"):
                headers.add_vary_header(name)
        await send(message)

    return said


def _bearer(request: Request) -> str:
    """The key of an ``Authorization`` header; another scheme there is meant for somebody else."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _turned_away(request: Request, line: Line | None, who: Principal | None) -> Response | None:
    """The answer that leads somebody to the sign-in page; None where they may go on.

    Raises:
        NotSignedIn, Forbidden, NotFound: they may not.
    """
    needs = MANAGE if line is None else line.needs
    if needs is None or (who is not None and needs.met_by(who)):
        return None
    if who is None:
        return _to_sign_in(request)
    if line is None:
        raise NotFound("There is nothing at this address.")
    if who.scopes is None:
        raise Forbidden(
            f"This is for {_PEOPLE[needs.role]}.",
            "Ask whoever runs Footnote if you need it.",
        )
    if needs.person:
        raise Forbidden("This is for people who sign in, not for keys.", "Sign in with a browser.")
    raise Forbidden(
        f"This takes the role {needs.role} and a key with the scope “{needs.scope}”.",
        "Use another key, or ask whoever runs Footnote.",
    )


def _to_sign_in(request: Request) -> Response:
    if wants_html(request) and not _bearer(request):
        if request.headers.get("hx-request") == "true":
            shown = request.headers.get("hx-current-url", "")
            back = shown.removeprefix(str(request.base_url).rstrip("/"))
            return Response(status_code=401, headers={"HX-Redirect": sign_in_then(back)})
        if request.method in ("GET", "HEAD"):
            headers = {"Cache-Control": "no-store"}
            return RedirectResponse(sign_in_address(request), 303, headers=headers)
    if _bearer(request):
        raise NotSignedIn(
            "This key is unknown, has expired or was revoked.", "Make another one at /account."
        )
    raise NotSignedIn(
        "This needs somebody who is signed in.",
        "Sign in at /signin, or send an API key as “Authorization: Bearer fn_…”.",
    )


def _refuse_strangers(scope: Scope) -> None:
    """Without accounts nobody from another machine is served, however the server was started."""
    server = scope.get("server")
    if scope["type"] == "http" and server and came_from_outside(str(server[0])):
        raise Forbidden(
            "This server has no accounts, so it answers only its own machine.",
            "Start it with FOOTNOTE_HOST set to this address; people then sign in.",
        )
