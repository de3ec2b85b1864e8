"""Failed sign-ins are counted per e-mail address and per client, and make the next one wait.

The counts stand in SQL: a restart forgives nothing, and servers on one database share them.
"""

from __future__ import annotations

import ipaddress
import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import TooMany
from app.moment import now
from app.records.accounts.tables import sign_in_failures
from app.records.accounts.tokens import hashed

FREE = 4
"""Failures that cost no wait; the fifth begins it."""
LONGEST = timedelta(minutes=15)
"""The wait is 1 s, then doubles up to this."""
FORGOTTEN = timedelta(days=1)
"""Without another failure for so long, counting begins anew."""
_IPV6_SITE = 64
"""Bits of an IPv6 address that one household or server has to itself: it may use all below."""

_rows = sign_in_failures.c


def wait_after(failures: int) -> timedelta:
    """How long the next attempt has to wait after so many failures in a row."""
    over = failures - FREE
    if over <= 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(over - 1, 20)), LONGEST)


def begin(connection: Connection, email: str, client: str) -> None:
    """Count an attempt for this address as failed, until it is known to have succeeded.

    So a thousand attempts at the same moment get no further than one after the other. Begins with
    a write; within a transaction that is rolled back where this raises.

    Raises:
        TooMany: an earlier wait is not over yet, whatever the password.
    """
    _count(connection, _of_email(email), unless_blocked=True)
    if client:
        until = connection.execute(
            select(_rows.blocked_until).where(_rows.key == _of_client(client))
        ).scalar()
        _refuse_until(until)


def failed(connection: Connection, client: str) -> None:
    """Count a failure for the client; the e-mail address has been counted by `begin`."""
    if client:
        _count(connection, _of_client(client), unless_blocked=False)


def succeeded(connection: Connection, email: str, client: str = "") -> None:
    """Forget the failures of both."""
    keys = [_of_email(email)] + ([_of_client(client)] if client else [])
    connection.execute(delete(sign_in_failures).where(_rows.key.in_(keys)))


def purge(connection: Connection) -> int:
    """Delete what is forgotten anyway; how many."""
    old = _rows.last_at < now() - FORGOTTEN
    return connection.execute(delete(sign_in_failures).where(old)).rowcount


def _count(connection: Connection, key: str, *, unless_blocked: bool) -> None:
    at = now()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(sign_in_failures).values(key=key, failures=0, last_at=at, blocked_until=at)
    connection.execute(row.on_conflict_do_nothing())
    step = update(sign_in_failures).where(_rows.key == key)
    if unless_blocked:
        # Further ahead than the longest wait: the clock was turned back since.
        step = step.where(or_(_rows.blocked_until <= at, _rows.blocked_until > at + LONGEST))
    failures = connection.execute(
        step.values(
            failures=case((_rows.last_at < at - FORGOTTEN, 1), else_=_rows.failures + 1),
            last_at=at,
        ).returning(_rows.failures)
    ).scalar()
    if failures is None:
        blocked: Any = select(_rows.blocked_until).where(_rows.key == key)
        _refuse_until(connection.execute(blocked).scalar())
        return
    connection.execute(
        update(sign_in_failures)
        .where(_rows.key == key)
        .values(blocked_until=at + wait_after(failures))
    )


def _refuse_until(until: datetime | None) -> None:
    at = now()
    if until is None or not at < until <= at + LONGEST:
        return
    seconds = math.ceil((until - at).total_seconds())
    raise TooMany(
        "There were too many failed attempts to sign in.",
        f"Wait {_told(seconds)}, then try again.",
        retry_after_s=seconds,
    )


def _told(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def _of_email(email: str) -> str:
    return hashed(f"email {email}")


def _of_client(client: str) -> str:
    try:
        address = ipaddress.ip_address(client.split("%", maxsplit=1)[0])
    except ValueError:
        return hashed(f"client {client}")
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return hashed(f"client {address.ipv4_mapped}")
        site = ipaddress.ip_network((address, _IPV6_SITE), strict=False)
        return hashed(f"client {site}")
    return hashed(f"client {address}")
