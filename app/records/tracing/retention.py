"""Traces are let go by age, content sooner, and the oldest when all take too much room.

Every step is a short transaction that begins with a delete, so that answers given meanwhile do not
wait. SQLite's file does not shrink: what is free is used again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, select

from app.records.tracing.tables import span_content, spans, traces

_AT_ONCE = 200
"""Traces in one transaction, some 2,000 spans: others who write wait for it."""


def purge_content(engine: Engine, before: datetime) -> int:
    """Forget content of spans that began before then; how many texts."""
    with engine.begin() as connection:
        return connection.execute(delete(span_content).where(span_content.c.at < before)).rowcount


def purge_traces(engine: Engine, before: datetime) -> int:
    """Forget traces that began before then, with spans and content; how many."""
    gone = 0
    while True:
        with engine.connect() as connection:
            edge = _oldest(connection, _AT_ONCE, before)
        if edge is None:
            return gone
        gone += _forget(engine, traces.c.started_at <= edge)


def shrink(engine: Engine, most_bytes: int) -> int:
    """Forget the oldest traces until the rest takes no more than ``most_bytes``; how many."""
    gone = 0
    while stored_bytes(engine) > most_bytes:
        with engine.connect() as connection:
            edge = _oldest(connection, _AT_ONCE)
        if edge is None:
            break
        gone += _forget(engine, traces.c.started_at <= edge)
    return gone


def stored_bytes(engine: Engine) -> int:
    """What traces take, roughly, with their content."""
    with engine.connect() as connection:
        size = connection.execute(select(func.coalesce(func.sum(traces.c.bytes), 0))).scalar_one()
        texts = select(func.coalesce(func.sum(func.length(span_content.c.value)), 0))
        return int(size) + int(connection.execute(texts).scalar_one())


def _oldest(connection: Connection, count: int, before: datetime | None = None) -> datetime | None:
    """When the last of the ``count`` oldest began; None where there is none."""
    query = select(traces.c.started_at).order_by(traces.c.started_at).limit(count)
    if before is not None:
        query = query.where(traces.c.started_at < before)
    found = list(connection.scalars(query))
    return found[-1] if found else None


def _forget(engine: Engine, where: ColumnElement[bool]) -> int:
    doomed = (
        select(spans.c.span_id)
        .join(
            traces, and_(traces.c.trace_id == spans.c.trace_id, traces.c.root_id == spans.c.root_id)
        )
        .where(
            spans.c.trace_id == span_content.c.trace_id,
            spans.c.span_id == span_content.c.span_id,
            where,
        )
    )
    with engine.begin() as connection:
        connection.execute(delete(span_content).where(doomed.exists()))
        # Their spans go by the database's own cascade.
        return connection.execute(delete(traces).where(where)).rowcount
