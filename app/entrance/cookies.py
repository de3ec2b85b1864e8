"""The cookie of a sign-in: unreadable for scripts, not sent by other sites, bound to this host."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

NAME = "footnote_sign_in"
_MAX_AGE_S = 400 * 24 * 3600
"""As long as browsers keep a cookie at most. When a sign-in ends is decided by the server, which
ends one that is not used."""


def cookie_name(request: Request) -> str:
    """``__Host-`` on https: no other host of the domain can set it, and nothing on plain http."""
    return f"__Host-{NAME}" if request.url.scheme == "https" else NAME


def sign_in_token(request: Request) -> str:
    """The token that this browser sent; empty where it sent none."""
    return request.cookies.get(cookie_name(request), "")


def set_sign_in(request: Request, response: Response, token: str) -> None:
    """Let this browser keep ``token``."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=_MAX_AGE_S,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def clear_sign_in(request: Request, response: Response) -> None:
    """Let this browser forget its token."""
    response.delete_cookie(
        cookie_name(request),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
