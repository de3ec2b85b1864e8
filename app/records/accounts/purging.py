"""What has ended is deleted after a while: no table of accounts grows for ever."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, delete, or_

from app.moment import now
from app.records.accounts import audit, throttle
from app.records.accounts.tables import api_keys, invitations, sign_ins

_ENDED_KEYS = timedelta(days=90)
"""A key that opens nothing any more stays in the list so long, for who wonders why."""


def purge(engine: Engine, *, keep_audit_days: int) -> int:
    """Delete ended sign-ins, invitations and keys, old failures, and old audit lines; how many.

    ``keep_audit_days`` 0 keeps the audit log.
    """
    at = now()
    count = 0
    with engine.begin() as connection:
        for ended in (
            delete(sign_ins).where(sign_ins.c.expires_at <= at),
            delete(invitations).where(invitations.c.expires_at <= at),
            delete(api_keys).where(
                or_(
                    api_keys.c.revoked_at <= at - _ENDED_KEYS,
                    api_keys.c.expires_at <= at - _ENDED_KEYS,
                )
            ),
        ):
            count += connection.execute(ended).rowcount
        count += throttle.purge(connection)
    if keep_audit_days:
        count += audit.purge(engine, at - timedelta(days=keep_audit_days))
    return count
