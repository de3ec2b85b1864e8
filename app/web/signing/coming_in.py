"""The answer to whoever has just signed in: a fresh token, the old one ended, on to the page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.entrance.addresses import local_path
from app.entrance.cookies import set_sign_in, sign_in_token
from app.records.accounts import SignedIn

FRESH = {"Cache-Control": "no-store"}
"""Pages about accounts are kept by no browser: somebody else may sit there next."""


def come_in(request: Request, services: Services, signed_in: SignedIn, then: str = "/") -> Response:
    """Send somebody on to ``then``, a page here, with the token of their sign-in.

    Whatever token the browser had before is worth nothing from now on.
    """
    before = sign_in_token(request)
    if before:
        services.accounts.sign_out(before)
    response = RedirectResponse(local_path(then), 303, headers=FRESH)
    set_sign_in(request, response, signed_in.token)
    return response
