"""Where somebody is sent after they signed in: only ever to a page of this server."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.requests import Request

SIGN_IN = "/signin"
_NOT_BACK_TO = ("/signin", "/signout", "/invite/", "/sso/")
"""Pages that make no sense once somebody is signed in."""


def local_path(wanted: str) -> str:
    r"""``wanted`` where it is the address of a page here, ``/`` where it is anything else.

    Browsers take ``//host`` and ``/\host`` for another server, and skip control characters when
    they look for one; so none of these is let through, whatever stands around it.
    """
    if not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return "/"
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in wanted):
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or (parts.path + "/").startswith(_NOT_BACK_TO):
        return "/"
    return wanted


def sign_in_address(request: Request) -> str:
    """The page to sign in on, which leads back to what was asked for."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return sign_in_then(back)


def sign_in_then(back: str) -> str:
    """The page to sign in on, which leads to ``back`` afterwards."""
    path = local_path(back)
    return SIGN_IN if path == "/" else f"{SIGN_IN}?next={quote(path, safe='/')}"
