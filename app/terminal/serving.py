"""Before serving: a port that cannot be had is said at once, with one that can."""

from __future__ import annotations

import errno
import socket

from app.errors import SettingsError
from app.settings import Settings


def check_port(settings: Settings, command: str) -> None:
    """See that the port can be had, before minutes of ingesting.

    Raises:
        SettingsError: it is taken, not allowed, or there is no such address.
    """
    error = _try(settings.host, settings.port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        following = range(settings.port + 1, min(settings.port + 50, 65536))
        free = next((port for port in following if _try(settings.host, port) is None), 0)
        raise SettingsError(
            f"Port {settings.port} on {settings.host} is taken.",
            f"Use another one: footnote {command} --port {free}",
        ) from error
    if error.errno in (errno.EACCES, errno.EPERM):
        raise SettingsError(
            f"Port {settings.port} on {settings.host} may only be used by the administrator.",
            f"Use one above 1023: footnote {command} --port 8000",
        ) from error
    raise SettingsError(
        f"There is no address {settings.host} on this machine.", "Use --host 127.0.0.1."
    ) from error


def _try(host: str, port: int) -> OSError | None:
    """Why the port cannot be had; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return None
    except OSError as error:
        return error
