"""Questions from before they were recorded as facts: what can be concluded of them, concluded once.

The migration makes a row of each kept answer, with revision 0 and what was said about it as events.
The rest needs the product's own code, which a migration must not depend on: it is done at the next
start, in short transactions, and an interrupted start goes on where it was.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, Engine, select, update

from app.knowledge.terms import content_words
from app.records.behavior.deriving import Turn, derive
from app.records.behavior.event_reads import events_of
from app.records.behavior.events import Event
from app.records.behavior.revisions import bump
from app.records.behavior.tables import questions

_AT_ONCE = 500
"""Rows in one transaction, and answers whose events are read in one statement."""


def catch_up(engine: Engine) -> int:
    """Conclude what is not concluded yet; how many questions. Costs one look-up where none are."""
    count = 0
    while True:
        with engine.connect() as connection:
            row = connection.execute(
                select(questions.c.session_id).where(questions.c.revision == 0).limit(1)
            ).one_or_none()
        if row is None:
            return count
        count += _session(engine, row.session_id)


def _session(engine: Engine, session_id: str) -> int:
    """Nobody's session may be a large one: conversations alone join its questions."""
    c = questions.c
    query = (
        select(
            c.answer_id, c.kind, c.session_id, c.conversation_id, c.text, c.followup, c.regenerate,
            c.private, c.asked_at,
        )
        .where(c.session_id == session_id, c.revision == 0)
        .order_by(c.asked_at, c.answer_id)
    )  # fmt: skip
    with engine.connect() as connection:
        turns = [Turn(**row._mapping) for row in connection.execute(query)]
        ids = [turn.answer_id for turn in turns]
        events: dict[str, list[Event]] = {}
        for at in range(0, len(ids), _AT_ONCE):
            events |= events_of(connection, ids[at : at + _AT_ONCE])
    derived = derive(turns, events)
    for at in range(0, len(turns), _AT_ONCE):
        with engine.begin() as connection:
            revision = bump(connection)
            for turn in turns[at : at + _AT_ONCE]:
                _keep(connection, turn, asdict(derived[turn.answer_id]), revision)
    return len(turns)


def _keep(
    connection: Connection, turn: Turn, conclusions: dict[str, object], revision: int
) -> None:
    words = len(content_words(turn.text))
    connection.execute(
        update(questions)
        .where(questions.c.answer_id == turn.answer_id)
        .values(**conclusions, content_words=words, revision=revision)
    )
