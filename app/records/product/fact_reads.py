"""SQL for metrics: all questions as plain tuples, quickly, and those that changed since.

Nothing here makes an object per value: at 100,000 questions the conversion of 1.1 million times
would take longer than everything else. Times come as text (SQLite) or whole microseconds
(PostgreSQL); `app.insights.columns` turns both into numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Text,
    cast,
    extract,
    func,
    select,
    type_coerce,
)

from app.records.behavior.revisions import current
from app.records.behavior.tables import (
    events,
    feedback_imports,
    feedback_items,
    question_vectors,
    questions,
)
from app.records.tables import UtcDateTime

COLUMNS = (
    "revision",
    "answer_id",
    "thread_id",
    "rephrase_of",
    "session_id",
    "kind",
    "channel",
    "status",
    "state",
    "mode",
    "model",
    "level",
    "collection",
    "release",
    "experiment",
    "arm",
    "followup",
    "regenerate",
    "private",
    "helpful",
    "content_words",
    "citations",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "first_content_ms",
    "total_ms",
    "probability",
    "cost_usd",
    "asked_at",
    "completed_at",
    "retried_at",
    "accepted_at",
    "rejected_at",
    "corrected_at",
    "reported_at",
    "copied_at",
    "shared_at",
    "opened_at",
    "interacted_at",
)
"""What `FactReads.changed` gives of each question, in this order. Texts stay where they are."""
_BATCH = 4000
"""Rows held as tuples at a time: about 10 MB."""
_COUNTED = ("reported", "trust_rated")
"""Events that are counted by their own time, not with their question."""

Row = Sequence[Any]


class FactReads:
    """What metrics read; `reading` opens it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"

    def counters(self) -> tuple[int, int]:
        """The newest revision, and how often questions were deleted.

        Read before the rows: what is written meanwhile is read twice rather than never, because
        revisions become visible in their order (`app.records.behavior.revisions`).
        """
        return current(self._connection)

    def changed(self, since: int) -> Iterator[Sequence[Row]]:
        """Batches of the questions with a revision above ``since``; columns as `COLUMNS`."""
        wanted = [self._plain(questions.c[name]).label(name) for name in COLUMNS]
        step = select(*wanted)
        if since > 0:
            step = step.where(questions.c.revision > since)
        found = self._connection.execution_options(yield_per=_BATCH).execute(step)
        yield from found.partitions()

    def answer_ids(self) -> set[str]:
        """Every question there is, to find those that were deleted."""
        return set(self._connection.scalars(select(questions.c.answer_id)))

    def side_key(self) -> tuple[object, ...]:
        """Changes whenever what `reports`, `ratings` or `tickets` give may have changed."""
        counted = [
            tuple(
                self._connection.execute(
                    select(func.count(), func.max(self._plain(events.c.at))).where(
                        events.c.kind == kind
                    )
                ).one()
            )
            for kind in _COUNTED
        ]
        imported = self._connection.execute(
            select(feedback_imports.c.id, feedback_imports.c.status, func.count())
            .join(feedback_items, feedback_items.c.import_id == feedback_imports.c.id)
            .where(feedback_imports.c.kind == "ticket")
            .group_by(feedback_imports.c.id, feedback_imports.c.status)
            .order_by(feedback_imports.c.id)
        )
        return (*counted, *(tuple(row) for row in imported))

    def reports(self) -> Sequence[Row]:
        """``(at, answer_id)`` of every problem that was reported."""
        return self._connection.execute(
            select(self._plain(events.c.at), events.c.answer_id)
            .where(events.c.kind == "reported")
            .order_by(events.c.at)
        ).all()

    def ratings(self) -> Sequence[Row]:
        """``(at, answer_id, release, experiment, arm, properties)`` of every trust rating."""
        return self._connection.execute(
            select(
                self._plain(events.c.at),
                events.c.answer_id,
                events.c.release,
                events.c.experiment,
                events.c.arm,
                events.c.properties,
            )
            .where(events.c.kind == "trust_rated")
            .order_by(events.c.at)
        ).all()

    def tickets(self) -> Sequence[Row]:
        """``(at,)`` of every support ticket that was imported."""
        return self._connection.execute(
            select(self._plain(feedback_items.c.at))
            .where(feedback_items.c.kind == "ticket")
            .order_by(feedback_items.c.at)
        ).all()

    def texts(self, answer_ids: Sequence[str]) -> dict[str, str]:
        """The words of questions."""
        found: dict[str, str] = {}
        for start in range(0, len(answer_ids), 500):
            some = answer_ids[start : start + 500]
            step = select(questions.c.answer_id, questions.c.text)
            found |= {
                row.answer_id: row.text
                for row in self._connection.execute(step.where(questions.c.answer_id.in_(some)))
            }
        return found

    def vectors(self, answer_ids: Sequence[str]) -> dict[str, bytes]:
        """The vectors of those questions that have one: float16, normalized."""
        found: dict[str, bytes] = {}
        table = question_vectors
        for start in range(0, len(answer_ids), 500):
            some = answer_ids[start : start + 500]
            step = select(table).where(table.c.answer_id.in_(some))
            found |= {row.answer_id: row.vector for row in self._connection.execute(step)}
        return found

    def _plain(self, column: Column[Any]) -> ColumnElement[Any]:
        """The column as the driver has it, without an object per value."""
        kind = column.type
        if isinstance(kind, UtcDateTime):
            if self._sqlite:
                return type_coerce(column, Text)
            return cast(extract("epoch", column) * 1_000_000, BigInteger)
        if column.name in ("followup", "regenerate", "private", "helpful"):
            return type_coerce(column, Integer)
        return column


@contextmanager
def reading(engine: Engine) -> Iterator[FactReads]:
    """Reads over one connection."""
    with engine.connect() as connection:
        yield FactReads(connection)
