"""Events as they stand in the database."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select

from app.records.behavior.events import KINDS, Event, made
from app.records.behavior.tables import events

log = logging.getLogger(__name__)
_BY_PEOPLE = [kind for kind, cls in KINDS.items() if cls.person]
"""The other kinds say what the server did."""
_ANY = (
    select(events.c.id)
    .where(events.c.answer_id == bindparam("answer_id"), events.c.kind.in_(_BY_PEOPLE))
    .limit(1)
)
_BY_ANSWER = (
    select(events)
    .where(
        events.c.answer_id.in_(bindparam("answer_ids", expanding=True)),
        events.c.kind.in_(_BY_PEOPLE),
    )
    .order_by(events.c.at, events.c.id)
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with what was added when it was recorded."""

    event: Event
    trace_id: str
    release: str
    experiment: str
    arm: str


def events_of(connection: Connection, answer_ids: Sequence[str]) -> dict[str, list[Event]]:
    """By answer; those that people caused, which is what conclusions are drawn from."""
    found: dict[str, list[Event]] = defaultdict(list)
    if answer_ids:
        rows = connection.execute(_BY_ANSWER, {"answer_ids": list(answer_ids)})
        for recorded in _readable(rows):
            found[recorded.event.answer_id].append(recorded.event)
    return found


def with_events(connection: Connection, answer_id: str) -> list[str]:
    """The answer, where somebody has done anything with it or said anything about it."""
    return [answer_id] if connection.execute(_ANY, {"answer_id": answer_id}).first() else []


def read(connection: Connection, *where: ColumnElement[bool]) -> list[Recorded]:
    """In the order of their times. What only another version can read is left out."""
    query = select(events).where(*where).order_by(events.c.at, events.c.id)
    return _readable(connection.execute(query))


def _readable(rows: Iterable[Row[Any]]) -> list[Recorded]:
    found = (_recorded(row) for row in rows if row.kind in KINDS)
    return [recorded for recorded in found if recorded is not None]


def _recorded(row: Row[Any]) -> Recorded | None:
    try:
        event = made(
            row.kind,
            row.properties,
            id=row.id,
            answer_id=row.answer_id,
            session_id=row.session_id,
            at=row.at,
        )
    except ValueError as error:
        log.warning("Event %s (%s) can't be read: %s", row.id, row.kind, error)
        return None
    return Recorded(event, row.trace_id, row.release, row.experiment, row.arm)
