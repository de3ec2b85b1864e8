"""Before serving: a port that cannot be had is said at once; and how the first one comes in."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import typer

from app.entrance.binding import check_bind
from app.errors import SettingsError
from app.records.lock import server_lock
from app.server import alone
from app.settings import Settings

if TYPE_CHECKING:
    from app.entrance.first_operator import FirstLink


def check_port(settings: Settings, command: str) -> None:
    """See that the port can be had, before minutes of ingesting.

    Raises:
        SettingsError: it is taken, not allowed, or there is no such address; or others could reach
            a server without accounts there.
        ServedAlready: another server has the data directory.
    """
    check_bind(settings)
    if alone(settings):
        with server_lock(settings.data_dir):
            pass
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


def say_first_link(link: FirstLink) -> None:
    """Show whoever started the server how they become its first operator."""
    typer.echo(
        "Nobody has an account yet. Open this link to make the first operator; it works once, "
        f"until {link.expires_at:%Y-%m-%d %H:%M} UTC or until somebody has an account:\n\n"
        f"  {link.address}\n"
    )


def _try(host: str, port: int) -> OSError | None:
    """Why the port cannot be had; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return None
    except OSError as error:
        return error
