"""Which questions: filters as a page has them, and the SQL they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, exists, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.access import reach
from app.records.behavior.tables import question_reviews, questions
from app.records.visibility import WITHHELD_NAME, in_reach

REACTION_S = 600
"""Seconds after an answer within which an interaction counts (`shared` definition: 10 minutes)."""

q = questions.c
_reviewed = question_reviews.c


class seconds_between(FunctionElement[float]):  # noqa: N801  # reads as a function of SQL
    """Seconds from the first time to the second, to the millisecond, in both databases."""

    inherit_cache = True
    type = Float()


@compiles(seconds_between)
def _seconds_postgres(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(part, **kw) for part in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end} - {start}))"


@compiles(seconds_between, "sqlite")
def _seconds_sqlite(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    # julianday is exact to about 40 microseconds; rounded, so that ten minutes are ten minutes.
    start, end = (compiler.process(part, **kw) for part in element.clauses)
    return f"ROUND((julianday({end}) - julianday({start})) * 86400.0, 3)"


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """Narrow the list of questions; an empty field means any. ``start`` ≤ asked_at < ``end``.

    ``outcome``: a key of `OUTCOMES`. ``review``: new, planned, fixed or ignored; what has none, or
    one that says nothing yet, is new. ``text`` is looked for in the question, as searched and as
    typed.
    """

    start: datetime | None = None
    end: datetime | None = None
    kind: str = "ask"
    state: str = ""
    level: str = ""
    mode: str = ""
    collection: str = ""
    channel: str = ""
    release: str = ""
    experiment: str = ""
    arm: str = ""
    outcome: str = ""
    review: str = ""
    failure_mode: str = ""
    eval_case: bool = False
    text: str = ""


def failure() -> ColumnElement[bool]:
    """A complete answer that was none: not found, of low level, or rejected."""
    bad = or_(q.state == "not_found", q.level == "low", q.rejected_at.is_not(None))
    return and_(q.kind == "ask", q.status == "complete", bad)


def abandoned(now: datetime) -> ColumnElement[bool]:
    """The last answer of a thread that nobody did anything with for ten minutes.

    ``now``: an answer given less than ten minutes before is not abandoned yet.
    """
    later = questions.alias("later")
    patient = seconds_between(q.completed_at, later.c.asked_at) <= REACTION_S
    went_on = exists().where(
        later.c.thread_id == q.thread_id,
        later.c.asked_at > q.asked_at,
        or_(later.c.status == "complete", patient),
    )
    return and_(
        q.kind == "ask",
        q.status == "complete",
        q.private.is_(False),
        or_(
            q.interacted_at.is_(None),
            seconds_between(q.completed_at, q.interacted_at) > REACTION_S,
        ),
        seconds_between(q.completed_at, literal(now, q.asked_at.type)) >= REACTION_S,
        ~went_on,
    )


OUTCOMES: dict[str, Callable[[datetime], ColumnElement[bool]]] = {
    "accepted": lambda _now: q.accepted_at.is_not(None),
    "rejected": lambda _now: q.rejected_at.is_not(None),
    "corrected": lambda _now: q.corrected_at.is_not(None),
    "reported": lambda _now: q.reported_at.is_not(None),
    "retried": lambda _now: q.retried_at.is_not(None),
    "copied": lambda _now: q.copied_at.is_not(None),
    "shared": lambda _now: q.shared_at.is_not(None),
    "opened": lambda _now: q.opened_at.is_not(None),
    "abandoned": abandoned,
    "untouched": lambda _now: and_(q.status == "complete", q.interacted_at.is_(None)),
    "failure": lambda _now: failure(),
    "stopped": lambda _now: q.status == "stopped",
    "failed": lambda _now: q.status == "failed",
}
"""Name of an outcome → its condition, given what time it is."""


def conditions(wanted: QuestionFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions on `questions` that ``wanted`` stands for; an unknown outcome matches all."""
    found: list[ColumnElement[bool]] = []
    if wanted.kind:
        found.append(q.kind == wanted.kind)
    if wanted.start is not None:
        found.append(q.asked_at >= wanted.start)
    if wanted.end is not None:
        found.append(q.asked_at < wanted.end)
    for column, value in (
        (q.state, wanted.state),
        (q.level, wanted.level),
        (q.mode, wanted.mode),
        (q.channel, wanted.channel),
        (q.release, wanted.release),
        (q.experiment, wanted.experiment),
        (q.arm, wanted.arm),
    ):
        if value:
            found.append(column == value)
    if wanted.collection == WITHHELD_NAME and reach().limited:
        found += [q.collection != "", *(~clause for clause in in_reach(q.collection))]
    elif wanted.collection:
        found += [q.collection == wanted.collection, *in_reach(q.collection)]
    if wanted.outcome in OUTCOMES:
        found.append(OUTCOMES[wanted.outcome](now))
    if wanted.text.strip():
        text = wanted.text.strip()
        found.append(
            or_(q.text.icontains(text, autoescape=True), q.typed.icontains(text, autoescape=True))
        )
    return found + _review_conditions(wanted)


def _review_conditions(wanted: QuestionFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.review == "new":
        found.append(~q.answer_id.in_(_reviews(looked_at())))
    elif wanted.review:
        found.append(q.answer_id.in_(_reviews(_reviewed.status == wanted.review)))
    if wanted.failure_mode:
        found.append(q.answer_id.in_(_reviews(_reviewed.failure_mode == wanted.failure_mode)))
    if wanted.eval_case:
        found.append(q.answer_id.in_(_reviews(_reviewed.eval_case.is_(True))))
    return found


def looked_at() -> ColumnElement[bool]:
    """A review that says something: a status other than new, or why the answer failed."""
    return or_(_reviewed.status != "new", _reviewed.failure_mode != "")


def _reviews(condition: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(_reviewed.answer_id).where(condition)


def matching(wanted: QuestionFilter, now: datetime) -> Select[Any]:
    """How many match."""
    return select(func.count()).select_from(questions).where(*conditions(wanted, now))
