"""Counters that say what changed: readers who keep questions in memory ask for newer rows only."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, bindparam, select, update

from app.records.behavior.tables import revisions

Counter = Literal["questions", "deletions"]
_STEP = (
    update(revisions)
    .where(revisions.c.name == bindparam("counter"))
    .values(value=revisions.c.value + 1)
    .returning(revisions.c.value)
)


def bump(connection: Connection, counter: Counter = "questions") -> int:
    """The counter's next value.

    The first statement of a transaction that writes: it takes the database's write lock (SQLite)
    or the row's (PostgreSQL), so that revisions become visible in their order.
    """
    return int(connection.execute(_STEP, {"counter": counter}).scalar_one())


def current(connection: Connection) -> tuple[int, int]:
    """The newest revision of questions, and how often any were deleted."""
    found = {row.name: row.value for row in connection.execute(select(revisions))}
    return found["questions"], found["deletions"]
