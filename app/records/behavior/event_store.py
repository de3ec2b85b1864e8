"""Events, each kept once, and the conclusions that follow from them in the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from app.domain import Asking
from app.errors import StorageProblem
from app.records.behavior import forgetting
from app.records.behavior.event_reads import Recorded, read
from app.records.behavior.events import CitationOpened, Event, PassageOpened, ResultOpened
from app.records.behavior.rederiving import after_events
from app.records.behavior.revisions import bump
from app.records.behavior.tables import events, questions
from app.records.rows import storable

log = logging.getLogger(__name__)
_AT_ONCE = 500
"""Rows in one statement; SQLite takes 32,766 values."""
_INSERT = insert(events)


def write_events(connection: Connection, given: Iterable[Event], release: str) -> list[str]:
    """Keep events within a transaction that began with `bump`; the answers that new ones are about.

    Left out: what is known already (the same id); and what somebody did with an answer who did not
    ask for it, or who does not want to be followed. What is *said* is kept whoever says it. An
    event about an answer that is not known yet is kept: conclusions are drawn when it comes.
    """
    wanted = list(given)
    c = questions.c
    query = select(c.answer_id, c.session_id, c.private, c.trace_id, c.experiment, c.arm).where(
        c.answer_id.in_({event.answer_id for event in wanted})
    )
    known = {row.answer_id: row for row in connection.execute(query)}
    rows = []
    for event in wanted:
        about = known.get(event.answer_id)
        if not _belongs(event, about):
            continue
        rows.append(
            {
                "id": event.id,
                "kind": event.kind,
                "answer_id": event.answer_id,
                "session_id": "" if about is not None and about.private else event.session_id,
                "trace_id": about.trace_id if about is not None else "",
                "release": release,
                "experiment": about.experiment if about is not None else "",
                "arm": about.arm if about is not None else "",
                "at": event.at,
                "properties": event.properties,
            }
        )
    new: list[str] = []
    for at in range(0, len(rows), _AT_ONCE):
        new += _insert_new(connection, rows[at : at + _AT_ONCE])
    return list(dict.fromkeys(answer_id for answer_id in new if answer_id in known))


def write_own(connection: Connection, event: Event, about: Asking, release: str) -> None:
    """Keep what the server itself noticed of a question under way: new, and known to belong."""
    row = {
        "id": event.id,
        "kind": event.kind,
        "answer_id": event.answer_id,
        "session_id": event.session_id,
        "trace_id": about.trace_id,
        "release": release,
        "experiment": about.question.experiment,
        "arm": about.question.arm,
        "at": event.at,
        "properties": event.properties,
    }
    connection.execute(_INSERT, row)


def _belongs(event: Event, about: Any) -> bool:
    if event.said:
        return True
    if about is None:
        return bool(event.session_id)
    if about.private:
        return False
    return not event.person or (bool(about.session_id) and event.session_id == about.session_id)


def _insert_new(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[str]:
    """The answers of those rows that were not there yet."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(events)
        .values(list(rows))
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(events.c.answer_id)
    )
    return list(connection.scalars(statement))


class EventStore:
    """Events of all doors. ``release``: what the product calls itself while they happen."""

    def __init__(self, engine: Engine, release: str = "") -> None:
        self._engine = engine
        self._release = release

    def record(self, *given: Event) -> int:
        """Keep events, each once however often it is sent; how many answers changed by it."""
        if not given:
            return 0
        with self._engine.begin() as connection:
            revision = bump(connection)
            changed = write_events(connection, given, self._release)
            after_events(connection, changed, revision)
        return len(changed)

    def observe(self, *given: Event) -> None:
        """As `record`, for what is seen by the way: reading goes on when it can't be kept."""
        try:
            self.record(*given)
        except (SQLAlchemyError, StorageProblem) as error:
            log.warning("an event was not kept: %s", type(error).__name__)

    def opened(self, answer_id: str, number: int, session_id: str) -> None:
        """A passage was opened from an answer or a search; reading goes on whatever happens here.

        What is opened beside an answer that found nothing is a passage, not a citation.
        """
        if not session_id:
            return
        query = select(questions.c.kind, questions.c.state, questions.c.session_id).where(
            questions.c.answer_id == answer_id, questions.c.session_id == session_id
        )
        try:
            with self._engine.connect() as connection:
                about = connection.execute(query).one_or_none()
        except (SQLAlchemyError, StorageProblem) as error:
            log.warning("an event was not kept: %s", type(error).__name__)
            return
        if about is None:
            return
        kind: type[CitationOpened | PassageOpened | ResultOpened] = CitationOpened
        if about.kind == "search":
            kind = ResultOpened
        elif about.state == "not_found":
            kind = PassageOpened
        self.observe(kind(answer_id=answer_id, session_id=session_id, number=number))

    def of_answer(self, answer_id: str) -> list[Recorded]:
        """What happened with one answer, in order."""
        with self._engine.connect() as connection:
            return read(connection, events.c.answer_id == storable(answer_id))

    def of_session(self, session_id: str) -> list[Recorded]:
        """What one session did, in order; nobody's session did nothing."""
        if not session_id:
            return []
        with self._engine.connect() as connection:
            return read(connection, events.c.session_id == session_id)

    def delete_session(self, session_id: str) -> int:
        """Forget all that a session asked and did: `forgetting.forget_session`."""
        with self._engine.begin() as connection:
            return forgetting.forget_session(connection, session_id)

    def purge(self, before: datetime) -> int:
        """Delete questions asked before then with all that belongs to them; how many."""
        return forgetting.purge(self._engine, before)
