"""Lists of traces: filters, three orders, and pages that cost the same wherever they begin.

A page begins after the last row of the one before (keyset paging): an index gives its rows in
order, however many come before. The order by cost has two parts, known costs and then unknown ones
by age, because databases disagree on where NULL belongs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, tuple_

from app.errors import BadRequest
from app.records.behavior.tables import questions
from app.records.tracing.records import (
    Choices,
    Sort,
    Totals,
    TraceFilters,
    TracePage,
    TraceSummary,
)
from app.records.tracing.tables import traces

COUNTED = 10_000
"""Counting ends here: a person reads "more than 10,000", and a page stays quick."""
_NEWEST = 10_000
"""Traces looked at for the choices of a form."""
_RARE = 2_000
"""Questions with a text, up to which they are looked up first; a more frequent text is met soon by
walking the traces in order."""
_EQUAL = (
    *("kind", "state", "level", "mode", "model"),
    *("channel", "release", "experiment", "arm", "conversation_id"),
)


def page(
    connection: Connection, filters: TraceFilters, sort: Sort, after: str | None, limit: int
) -> TracePage:
    """At most ``limit`` rows after the cursor.

    Raises:
        BadRequest: the cursor is not one of this order's.
    """
    where = _where(connection, filters)
    part, value, root = _read(after, sort)
    rows: list[Row[Any]] = []
    if sort == "cost" and part == "known":
        known = [*where, traces.c.cost_usd.is_not(None)]
        rows = _rows(connection, known, traces.c.cost_usd, value, root, limit + 1)
        if len(rows) <= limit and filters.cost_known is not True:
            unknown = [*where, traces.c.cost_usd.is_(None)]
            more = limit + 1 - len(rows)
            rows += _rows(connection, unknown, traces.c.started_at, None, "", more)
    elif sort == "cost":
        unknown = [*where, traces.c.cost_usd.is_(None)]
        rows = _rows(connection, unknown, traces.c.started_at, value, root, limit + 1)
    else:
        column = traces.c.started_at if sort == "started" else traces.c.duration_ms
        rows = _rows(connection, where, column, value, root, limit + 1)
    found = tuple(summary(row) for row in rows[:limit])
    more_follow = len(rows) > limit
    return TracePage(found, _write(found[-1], sort) if more_follow and found else None)


def totals(connection: Connection, filters: TraceFilters) -> Totals:
    """How many traces there are, counted up to `COUNTED`."""
    some = (
        _from(select(traces.c.root_id), filters)
        .where(*_where(connection, filters))
        .limit(COUNTED + 1)
    )
    count = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return Totals(min(count, COUNTED), count > COUNTED)


def choices(connection: Connection) -> Choices:
    """What the newest traces have in the columns that a form offers."""
    newest = (
        select(traces.c.model, traces.c.release, traces.c.arm)
        .order_by(traces.c.started_at.desc())
        .limit(_NEWEST)
        .subquery()
    )
    rows = connection.execute(select(newest).distinct()).all()
    models, releases, arms = ({row[i] for row in rows} - {""} for i in range(3))
    return Choices(tuple(sorted(models)), tuple(sorted(releases)), tuple(sorted(arms)))


def summaries(connection: Connection, *where: ColumnElement[bool]) -> list[TraceSummary]:
    """The roll-ups that ``where`` names, oldest first."""
    query = _selected().where(*where).order_by(traces.c.started_at, traces.c.root_id)
    return [summary(row) for row in connection.execute(query)]


def summary(row: Row[Any]) -> TraceSummary:
    """A row of `_selected` as a `TraceSummary`."""
    values = dict(row._mapping)
    values["rejected"] = values.pop("rejected_at") is not None
    return TraceSummary(**values)


def _selected() -> Select[Any]:
    # SQLAlchemy's own labels would cost a dict each: the names are the dataclass's already.
    return select(
        *traces.c, questions.c.text.label("question"), questions.c.helpful, questions.c.rejected_at
    ).outerjoin_from(traces, questions, traces.c.answer_id == questions.c.answer_id)


def _rows(
    connection: Connection,
    where: list[ColumnElement[bool]],
    column: ColumnElement[Any],
    value: object,
    root: str,
    limit: int,
) -> list[Row[Any]]:
    query = _selected().where(*where).order_by(column.desc(), traces.c.root_id.desc()).limit(limit)
    if value is not None:
        query = query.where(tuple_(column, traces.c.root_id) < tuple_(value, root))
    return list(connection.execute(query))


def _from(query: Select[Any], filters: TraceFilters) -> Select[Any]:
    """With the questions, only where a filter reads them."""
    if not (filters.text or filters.feedback):
        return query
    return query.outerjoin_from(traces, questions, traces.c.answer_id == questions.c.answer_id)


def _where(connection: Connection, filters: TraceFilters) -> list[ColumnElement[bool]]:
    column = traces.c
    where: list[ColumnElement[bool]] = [
        column[name] == getattr(filters, name) for name in _EQUAL if getattr(filters, name)
    ]
    bounds = [
        (filters.since, column.started_at.__ge__),
        (filters.until, column.started_at.__lt__),
        (filters.min_ms, column.duration_ms.__ge__),
        (filters.max_ms, column.duration_ms.__le__),
        (filters.min_cost, column.cost_usd.__ge__),
        (filters.max_cost, column.cost_usd.__le__),
    ]
    where += [compare(bound) for bound, compare in bounds if bound is not None]
    if filters.cost_known is not None:
        where.append(column.cost_usd.is_not(None) == filters.cost_known)
    if filters.error is not None:
        where.append((column.status == "error") if filters.error else (column.status != "error"))
    where += _by_feedback(filters)
    if filters.text:
        where.append(_with_text(connection, filters.text))
    return where


def _by_feedback(filters: TraceFilters) -> list[ColumnElement[bool]]:
    asked = questions.c
    match filters.feedback:
        case "helpful":
            return [asked.helpful.is_(True)]
        case "not":
            return [asked.helpful.is_(False)]
        case "rejected":
            return [asked.rejected_at.is_not(None)]
        case "none":
            return [
                asked.answer_id.is_not(None),
                asked.helpful.is_(None),
                asked.rejected_at.is_(None),
            ]
    return []


def _with_text(connection: Connection, text: str) -> ColumnElement[bool]:
    has = or_(
        questions.c.text.icontains(text, autoescape=True),
        questions.c.typed.icontains(text, autoescape=True),
    )
    some = list(connection.scalars(select(questions.c.answer_id).where(has).limit(_RARE + 1)))
    return traces.c.answer_id.in_(some) if len(some) <= _RARE else has


def _write(last: TraceSummary, sort: Sort) -> str:
    if sort == "started":
        return f"started~{last.started_at.isoformat()}~{last.root_id}"
    if sort == "duration":
        return f"duration~{last.duration_ms!r}~{last.root_id}"
    if last.cost_usd is None:
        return f"unknown~{last.started_at.isoformat()}~{last.root_id}"
    return f"known~{last.cost_usd!r}~{last.root_id}"


def _read(after: str | None, sort: Sort) -> tuple[str, object, str]:
    """Which part of the order goes on, and after which value and root."""
    parts = ("known", "unknown") if sort == "cost" else (sort,)
    if not after:
        return parts[0], None, ""
    try:
        part, value, root = after.split("~")
        if part not in parts:
            raise ValueError(part)
        if part in {"started", "unknown"}:
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                raise ValueError(value)
            return part, at, root
        return part, float(value), root
    except ValueError as error:
        raise BadRequest(
            "This page of the list does not exist.", "Begin with the first page again."
        ) from error
