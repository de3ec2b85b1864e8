"""Who can connect at all: a server without accounts is reachable from its own machine alone."""

from __future__ import annotations

from functools import lru_cache

from app.errors import SettingsError
from app.settings import Settings, is_loopback


def check_bind(settings: Settings) -> None:
    """See that nobody from elsewhere is let in without signing in.

    Raises:
        SettingsError: accounts are switched off where others than this machine can connect.
    """
    if settings.accounts == "off" and not is_loopback(settings.host):
        raise SettingsError(
            f"With FOOTNOTE_HOST={settings.host} others than this machine can connect, so people "
            "have to sign in, and FOOTNOTE_ACCOUNTS=off is refused.",
            "Remove FOOTNOTE_ACCOUNTS=off, or set FOOTNOTE_HOST=127.0.0.1.",
        )


@lru_cache(maxsize=64)
def came_from_outside(address: str) -> bool:
    """Whether ``address``, to which a client connected, is one that others can reach too.

    A name or the path of a socket says nothing; the server writes down an IP address.
    """
    numeric = address.replace(".", "").isdigit() or ":" in address
    return numeric and not is_loopback(address)
