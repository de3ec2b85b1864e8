"""Deletes questions with everything that is known of them, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, or_, select, update

from app.records.behavior.rederiving import after_changes, seeds
from app.records.behavior.revisions import bump
from app.records.behavior.tables import events, question_reviews, question_vectors, questions
from app.records.tables import answers, content_requests, feedback, problem_reports
from app.records.tracing.tables import span_content, spans, traces

_AT_ONCE = 500
"""Ids in one statement, and questions in one transaction of a purge."""


def forget_session(connection: Connection, session_id: str) -> int:
    """Delete what a session asked, searched and did; how many answers there were.

    Begins with a write. A content request stays with the documents' owners, without a trace of who
    asked.
    """
    if not session_id:
        return 0
    bump(connection, "deletions")
    asked = {*connection.scalars(_ids(questions.c.answer_id, questions.c.session_id, session_id))}
    # A question that was asked without being followed is known by its answer alone.
    answered = {*connection.scalars(_ids(answers.c.id, answers.c.session_id, session_id))}
    _forget(connection, sorted(asked | answered))
    connection.execute(delete(events).where(events.c.session_id == session_id))
    connection.execute(
        update(content_requests)
        .where(content_requests.c.session_id == session_id)
        .values(session_id="", answer_id=None)
    )
    connection.execute(
        update(problem_reports)
        .where(problem_reports.c.session_id == session_id)
        .values(session_id="")
    )
    return len(answered)


def forget_answers(connection: Connection, where: Sequence[ColumnElement[bool]]) -> int:
    """Delete single questions with their answers, chosen by columns of `answers`; how many.

    Begins with a write. What is left of their visits is concluded anew.
    """
    bump(connection, "deletions")
    doomed = sorted(connection.scalars(select(answers.c.id).where(*where)))
    gone = [seed for ids in _chunks(doomed) for seed in seeds(connection, _of(ids))]
    _forget(connection, doomed)
    after_changes(connection, gone, bump(connection))
    return len(doomed)


def forget_questions(connection: Connection, answer_ids: Sequence[str]) -> None:
    """Delete questions or searches by their ids; within a transaction that began with a write."""
    bump(connection, "deletions")
    gone = seeds(connection, _of(answer_ids))
    _forget(connection, answer_ids)
    after_changes(connection, gone, bump(connection))


def purge(engine: Engine, before: datetime) -> int:
    """Delete what was asked or happened before then, in short transactions; how many questions."""
    count = 0
    while True:
        with engine.begin() as connection:
            bump(connection, "deletions")
            old = select(questions.c.answer_id).where(questions.c.asked_at < before)
            doomed = list(connection.scalars(old.order_by(questions.c.asked_at).limit(_AT_ONCE)))
            gone = seeds(connection, _of(doomed)) if doomed else []
            _forget(connection, doomed)
            # Only what stands at the edge has something left that leaned on it.
            if gone and len(doomed) < _AT_ONCE:
                after_changes(connection, gone[-1:], bump(connection))
        count += len(doomed)
        if len(doomed) < _AT_ONCE:
            break
    with engine.begin() as connection:
        bump(connection, "deletions")
        connection.execute(delete(events).where(events.c.at < before))
        left = list(connection.scalars(select(answers.c.id).where(answers.c.created_at < before)))
        _forget(connection, left)
    return count


def _forget(connection: Connection, answer_ids: Sequence[str]) -> None:
    for ids in _chunks(answer_ids):
        _forget_traces(connection, ids)
        for column in (
            events.c.answer_id,
            question_reviews.c.answer_id,
            question_vectors.c.answer_id,
            questions.c.answer_id,
            feedback.c.answer_id,
            problem_reports.c.answer_id,
        ):
            connection.execute(delete(column.table).where(column.in_(ids)))
        connection.execute(
            update(content_requests)
            .where(content_requests.c.answer_id.in_(ids))
            .values(session_id="", answer_id=None)
        )
        connection.execute(delete(answers).where(answers.c.id.in_(ids)))


def _forget_traces(connection: Connection, answer_ids: Sequence[str]) -> None:
    """A trace goes as a whole; of one that a caller shares with other questions, their part."""
    known = {
        *connection.scalars(select(questions.c.trace_id).where(_of(answer_ids))),
        *connection.scalars(select(answers.c.trace_id).where(answers.c.id.in_(answer_ids))),
    } - {""}
    others = {
        *connection.scalars(
            select(questions.c.trace_id).where(
                questions.c.trace_id.in_(known), questions.c.answer_id.not_in(answer_ids)
            )
        )
    }
    for ids in _chunks(sorted(known - others)):
        for table in (span_content, spans, traces):
            connection.execute(delete(table).where(table.c.trace_id.in_(ids)))
    roots = select(traces.c.trace_id, traces.c.root_id).where(traces.c.answer_id.in_(answer_ids))
    for trace_id, root_id in list(connection.execute(roots)):
        here = (spans.c.trace_id == trace_id, spans.c.root_id == root_id)
        own = select(spans.c.span_id).where(*here)
        connection.execute(
            delete(span_content).where(
                span_content.c.trace_id == trace_id,
                or_(span_content.c.span_id.in_(own), span_content.c.span_id == root_id),
            )
        )
        connection.execute(delete(spans).where(*here))
        connection.execute(
            delete(traces).where(traces.c.trace_id == trace_id, traces.c.root_id == root_id)
        )


def _of(answer_ids: Iterable[str]) -> ColumnElement[bool]:
    return questions.c.answer_id.in_(list(answer_ids))


def _ids(column: ColumnElement[str], session: ColumnElement[str], session_id: str) -> Select[str]:
    return select(column).where(session == session_id)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(ids), _AT_ONCE):
        yield ids[at : at + _AT_ONCE]
