"""Reading questions for people: one page of them, one with its thread, what is there to filter by.

Pages are keyset pages: what comes after a row is found by the row's own values, so that the last
page of a hundred thousand questions is as near as the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, Row, and_, or_, select

from app.errors import BadRequest, NotFound
from app.moment import now
from app.records.behavior.tables import events, question_reviews, questions
from app.records.product.question_filters import QuestionFilter, abandoned, conditions, matching
from app.records.visibility import shown_name

SortKey = Literal["asked", "latency", "cost", "probability"]
_SORTS: dict[SortKey, ColumnElement[Any]] = {
    "asked": questions.c.asked_at,
    "latency": questions.c.total_ms,
    "cost": questions.c.cost_usd,
    "probability": questions.c.probability,
}
IN_LIMIT = 500
"""Ids per IN list: SQLite allows 32,766 parameters, but planning gets slow long before."""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question with how it ended and what a reviewer decided.

    Times are UTC, latencies milliseconds; what is not known is None. ``abandoned``: it ends its
    thread and nobody did anything with its answer for ten minutes.
    """

    answer_id: str
    kind: str
    channel: str
    conversation_id: str
    trace_id: str
    text: str
    typed: str | None
    followup: bool
    regenerate: bool
    private: bool
    content_words: int
    asked_at: datetime
    status: str
    error_type: str | None
    first_content_ms: float | None
    total_ms: float | None
    completed_at: datetime | None
    state: str | None
    mode: str | None
    model: str | None
    level: str | None
    probability: float | None
    citations: int
    collection: str
    cost_usd: float | None
    release: str
    experiment: str
    arm: str
    thread_id: str
    rephrase_of: str | None
    retried_at: datetime | None
    helpful: bool | None
    accepted_at: datetime | None
    rejected_at: datetime | None
    corrected_at: datetime | None
    reported_at: datetime | None
    copied_at: datetime | None
    shared_at: datetime | None
    opened_at: datetime | None
    interacted_at: datetime | None
    abandoned: bool
    review_status: str
    note: str
    failure_mode: str
    eval_case: bool

    @property
    def looked_at(self) -> bool:
        """Whether a reviewer said anything about it."""
        return self.review_status != "new" or bool(self.failure_mode)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What became of it, in words of `question_filters.OUTCOMES`; the strongest first."""
        marks = (
            ("accepted", self.accepted_at),
            ("corrected", self.corrected_at),
            ("reported", self.reported_at),
            ("rejected", self.rejected_at and not (self.corrected_at or self.reported_at)),
            ("retried", self.retried_at),
            ("abandoned", self.abandoned),
        )
        return tuple(word for word, true in marks if true)


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """Rows in order, and the cursors of the pages before and after; empty where there is none."""

    rows: tuple[QuestionRow, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One event about an answer."""

    kind: str
    at: datetime
    properties: dict[str, Any]


class QuestionReads:
    """The read side of `questions` for pages; safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(
        self,
        wanted: QuestionFilter,
        *,
        sort: SortKey = "asked",
        descending: bool = True,
        after: str = "",
        before: str = "",
        limit: int = 50,
    ) -> QuestionPage:
        """Rows that match, from after one cursor or up to another.

        Unknown values stand at the end in both directions.

        Raises:
            BadRequest: a cursor that no page gave.
        """
        back = bool(before)
        column = _SORTS[sort]
        where = conditions(wanted, now())
        if cursor := before or after:
            where.append(_beyond(sort, cursor, descending, back))
        query = select(questions.c.answer_id).where(*where).limit(limit + 1)
        with self._engine.connect() as connection:
            ids = list(connection.scalars(query.order_by(*_order(sort, descending, back))))
            more, ids = len(ids) > limit, ids[:limit]
            if back:
                ids.reverse()
            values = select(questions.c.answer_id, column).where(questions.c.answer_id.in_(ids))
            cursors = {row[0]: _cursor(row[1], row[0]) for row in connection.execute(values)}
        rows = self.rows(ids)
        if not rows:
            return QuestionPage((), "", "")
        first, last = cursors[rows[0].answer_id], cursors[rows[-1].answer_id]
        has_before, has_after = (more, True) if back else (bool(after), more)
        return QuestionPage(rows, first if has_before else "", last if has_after else "")

    def count(self, wanted: QuestionFilter) -> int:
        """How many match."""
        with self._engine.connect() as connection:
            return int(connection.execute(matching(wanted, now())).scalar_one())

    def ids(
        self,
        wanted: QuestionFilter,
        *,
        sort: SortKey = "asked",
        descending: bool = True,
        limit: int | None = None,
    ) -> list[str]:
        """The ids of all that match, in order."""
        query = select(questions.c.answer_id).where(*conditions(wanted, now()))
        query = query.order_by(*_order(sort, descending, back=False)).limit(limit)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def rows(self, answer_ids: Sequence[str]) -> tuple[QuestionRow, ...]:
        """These questions in this order; those that are gone are absent."""
        found: dict[str, QuestionRow] = {}
        gave_up = abandoned(now()).label("abandoned")
        reviewed = question_reviews.c
        with self._engine.connect() as connection:
            for chunk in chunks(answer_ids):
                query = (
                    select(
                        questions,
                        gave_up,
                        reviewed.status.label("review_status"),
                        reviewed.note,
                        reviewed.failure_mode,
                        reviewed.eval_case,
                    )
                    .outerjoin(question_reviews)
                    .where(questions.c.answer_id.in_(chunk))
                )
                for row in connection.execute(query):
                    found[row.answer_id] = _row(row)
        return tuple(found[one] for one in answer_ids if one in found)

    def get(self, answer_id: str) -> QuestionRow:
        """One question.

        Raises:
            NotFound: there is none with this id.
        """
        found = self.rows([answer_id])
        if not found:
            raise NotFound(
                "There is no question at this address.", "It may have been deleted; see the list."
            )
        return found[0]

    def thread(self, thread_id: str) -> tuple[QuestionRow, ...]:
        """The questions of a thread in the order they were asked."""
        query = (
            select(questions.c.answer_id)
            .where(questions.c.thread_id == thread_id)
            .order_by(questions.c.asked_at, questions.c.answer_id)
        )
        with self._engine.connect() as connection:
            ids = list(connection.scalars(query))
        return self.rows(ids)

    def timeline(self, answer_id: str) -> tuple[Moment, ...]:
        """What happened with an answer, oldest first."""
        query = (
            select(events.c.kind, events.c.at, events.c.properties)
            .where(events.c.answer_id == answer_id)
            .order_by(events.c.at, events.c.id)
        )
        with self._engine.connect() as connection:
            return tuple(
                Moment(row.kind, row.at, dict(row.properties or {}))
                for row in connection.execute(query)
            )

    def each(self, wanted: QuestionFilter, most: int) -> Iterator[QuestionRow]:
        """All that match, newest first, in small reads; ``most`` at most."""
        ids = self.ids(wanted, limit=most)
        for chunk in chunks(ids):
            yield from self.rows(chunk)


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids without repetition, in lists that fit into one statement."""
    ordered = list(dict.fromkeys(ids))
    for at in range(0, len(ordered), IN_LIMIT):
        yield ordered[at : at + IN_LIMIT]


def _row(row: Row[Any]) -> QuestionRow:
    known = row._mapping
    values = {name: known[name] for name in QuestionRow.__dataclass_fields__ if name in known}
    values["abandoned"] = bool(row.abandoned)
    values["review_status"] = row.review_status or "new"
    values["note"] = row.note or ""
    values["failure_mode"] = row.failure_mode or ""
    values["eval_case"] = bool(row.eval_case)
    values["collection"] = shown_name(row.collection)
    return QuestionRow(**values)


# --- keyset ---------------------------------------------------------------------------------------


def _order(sort: SortKey, descending: bool, back: bool) -> list[ColumnElement[Any]]:
    """Unknown values last (first when reading backward); ids tell equals apart."""
    column, falling = _SORTS[sort], descending != back
    order = [column, questions.c.answer_id]
    directed: list[ColumnElement[Any]] = [part.desc() if falling else part.asc() for part in order]
    if sort == "asked":  # always known: the index is in this order
        return directed
    unknown = column.is_(None)
    return [unknown.desc() if back else unknown.asc(), *directed]


def _beyond(sort: SortKey, cursor: str, descending: bool, back: bool) -> ColumnElement[bool]:
    """What stands after a cursor, or before it when reading backward."""
    value, answer_id = _read(sort, cursor)
    column, falling = _SORTS[sort], descending != back
    own = questions.c.answer_id
    further_id = own < answer_id if falling else own > answer_id
    if value is None:
        unknown = and_(column.is_(None), further_id)
        return or_(column.is_not(None), unknown) if back else unknown
    further = column < value if falling else column > value
    here = and_(column == value, further_id)
    if sort == "asked":
        reach = column <= value if falling else column >= value  # lets the index bound the search
        return and_(reach, or_(further, here))
    return or_(further, here) if back else or_(further, here, column.is_(None))


def _cursor(value: Any, answer_id: str) -> str:
    if isinstance(value, datetime):
        return f"{value.isoformat()}~{answer_id}"
    return f"{'' if value is None else repr(float(value))}~{answer_id}"


def _read(sort: SortKey, cursor: str) -> tuple[Any, str]:
    value, tilde, answer_id = cursor.partition("~")
    try:
        if not tilde:
            raise ValueError(cursor)
        if sort == "asked":
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError(value)
            return moment, answer_id
        return (float(value) if value else None), answer_id
    except ValueError:
        raise BadRequest("That is not a page of this list.", "Go back to its start.") from None
