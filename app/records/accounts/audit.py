"""The audit log: who did what to what, from where. Lines are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, or_, select

from app.access import Principal, principal
from app.moment import now
from app.records.accounts.entities import Action, AuditEntry, User
from app.records.accounts.tables import audit_log
from app.records.rows import storable

_LONGEST = 500
"""Characters kept of a target, or of a text in the detail."""


def write(
    connection: Connection,
    action: Action,
    target: str = "",
    *,
    detail: Mapping[str, Any] | None = None,
    client: str = "",
    actor: Principal | User | None = None,
) -> None:
    """Add a line within a transaction. ``actor`` None: whoever the code works for."""
    who = actor.principal if isinstance(actor, User) else actor or principal()
    connection.execute(
        insert(audit_log).values(
            at=now(),
            actor_id=who.user_id,
            actor=storable(who.name or who.email)[:200],
            action=action.value,
            target=_short(target),
            detail={key: _plain(value) for key, value in (detail or {}).items()},
            client=storable(client)[:100],
        )
    )


def read(
    engine: Engine,
    *,
    limit: int,
    before: int | None = None,
    actor: str | None = None,
    action: str | None = None,
) -> list[AuditEntry]:
    """Newest first; see `AccountStore.audit_log`."""
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    if actor is not None:
        query = query.where(or_(audit_log.c.actor_id == actor, audit_log.c.actor == actor))
    if action is not None:
        query = query.where(audit_log.c.action == action)
    with engine.connect() as connection:
        return [_entry(row) for row in connection.execute(query)]


def purge(engine: Engine, before: datetime) -> int:
    """Delete lines from before then; how many."""
    with engine.begin() as connection:
        return connection.execute(delete(audit_log).where(audit_log.c.at < before)).rowcount


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        actor=row.actor,
        action=row.action,
        target=row.target,
        detail=dict(row.detail),
        client=row.client,
    )


def _plain(value: Any) -> Any:
    """A value that JSON has, with nothing in it that a database refuses."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [
            _plain(one) for one in (value if isinstance(value, list | tuple) else sorted(value))
        ]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return _short(str(value))


def _short(text: str) -> str:
    return storable(text)[:_LONGEST]
