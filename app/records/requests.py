"""What people ask of those who keep the documents: missing content, and problems with answers.

Nobody asks or reports anything about an answer that they may not see, and requests name documents
and owners only to whoever may see the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.access import reach
from app.domain import Answer, Document
from app.errors import NotFound
from app.moment import now
from app.records.behavior.event_store import write_events
from app.records.behavior.events import ContentRequested, Event, Reported
from app.records.behavior.rederiving import after_events
from app.records.behavior.revisions import bump
from app.records.rows import storable
from app.records.tables import answers, content_requests, documents, problem_reports
from app.records.visibility import sighted
from app.redaction import Redact, unchanged

RequestStatus = Literal["open", "done"]

_CLOSEST = 3
"""Documents whose owners are named: those of the first passages that were shown."""


@dataclass(frozen=True, slots=True)
class ContentRequest:
    """Somebody misses an answer in the documents.

    ``answer_id``: the answer that was not enough; None once whoever asked has deleted it, and then
    ``session_id`` is empty. ``owners`` and ``documents`` (titles): of the closest documents, best
    first; either may be empty.
    """

    id: int
    answer_id: str | None
    question: str
    session_id: str
    comment: str
    owners: tuple[str, ...]
    documents: tuple[str, ...]
    status: RequestStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProblemReport:
    """Somebody reports a problem with an answer; ``kind`` as the page or program names it."""

    id: int
    answer_id: str
    session_id: str
    kind: str
    comment: str
    created_at: datetime


class RequestStore:
    """Content requests and problem reports."""

    def __init__(self, engine: Engine, release: str = "", redact: Redact = unchanged) -> None:
        self._engine = engine
        self._release = release
        self._redact = redact

    def add_request(
        self, answer: Answer, session_id: str = "", comment: str = ""
    ) -> ContentRequest:
        """Keep that an answer is missing, once per answer.

        A second request for the same answer gives the first one back, with the newer comment where
        there is one.

        Raises:
            NotFound: there is no such answer (any more).
        """
        self._check_sight(answer.answer_id)
        owners, titles = self._closest(answer)
        values = {
            "answer_id": answer.answer_id,
            "question": self._redact(storable(answer.question)),
            "session_id": session_id,
            "comment": self._redact(storable(comment)),
            "owners": list(owners),
            "documents": list(titles),
            "status": "open",
            "created_at": now(),
        }
        said = ContentRequested(answer_id=answer.answer_id, session_id=session_id)
        try:
            with self._engine.begin() as connection:
                revision = bump(connection)
                connection.execute(insert(content_requests).values(**values))
                self._record(connection, said, revision)
        except IntegrityError:
            self._again(answer.answer_id, self._redact(storable(comment)))
        return self._of_answer(answer.answer_id)

    def request_of(self, answer_id: str) -> ContentRequest | None:
        """The request that was made for an answer; None too where that may not be seen."""
        query = select(content_requests).where(content_requests.c.answer_id == answer_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
            if row is None or (reach().limited and not sighted(connection, [answer_id])):
                return None
        return _request(row)

    def requests(
        self, status: RequestStatus | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[list[ContentRequest], int]:
        """Requests, newest first, one page of them, and how many there are in all."""
        where = [] if status is None else [content_requests.c.status == status]
        query = (
            select(content_requests)
            .where(*where)
            .order_by(content_requests.c.created_at.desc(), content_requests.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        count = select(func.count()).select_from(content_requests).where(*where)
        with self._engine.connect() as connection:
            total = connection.execute(count).scalar_one()
            found = [_request(row) for row in connection.execute(query)]
            return _shown(connection, found), total

    def set_status(self, request_id: int, status: RequestStatus) -> None:
        """Say that a request is done, or open again.

        Raises:
            NotFound: there is no such request.
        """
        change = (
            update(content_requests)
            .where(content_requests.c.id == request_id)
            .values(status=status)
        )
        with self._engine.begin() as connection:
            if not connection.execute(change).rowcount:
                raise NotFound("There is no such request.", "Look in the list.")

    def add_report(
        self, answer_id: str, kind: str, comment: str = "", session_id: str = ""
    ) -> ProblemReport:
        """Keep a problem with an answer; everything that is reported is kept.

        Raises:
            NotFound: there is no such answer.
        """
        values = {
            "answer_id": answer_id,
            "session_id": session_id,
            "kind": kind,
            "comment": self._redact(storable(comment)),
            "created_at": now(),
        }
        self._check_sight(answer_id)
        said = Reported(answer_id=answer_id, session_id=session_id, problem=storable(kind)[:60])
        try:
            with self._engine.begin() as connection:
                revision = bump(connection)
                query = insert(problem_reports).values(**values).returning(problem_reports)
                kept = _report(connection.execute(query).one())
                self._record(connection, said, revision)
                return kept
        except IntegrityError as error:
            raise _no_answer() from error

    def reports(self, answer_id: str | None = None, limit: int = 100) -> list[ProblemReport]:
        """Problem reports, newest first; of one answer, or of all."""
        where = [] if answer_id is None else [problem_reports.c.answer_id == answer_id]
        query = (
            select(problem_reports)
            .where(*where)
            .order_by(problem_reports.c.created_at.desc(), problem_reports.c.id.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            found = [_report(row) for row in connection.execute(query)]
            if reach().limited:
                seen = sighted(connection, (one.answer_id for one in found))
                found = [one for one in found if one.answer_id in seen]
            return found

    def _check_sight(self, answer_id: str) -> None:
        if reach().limited:
            with self._engine.connect() as connection:
                if not sighted(connection, [answer_id]):
                    raise _no_answer()

    def _record(self, connection: Connection, said: Event, revision: int) -> None:
        """That it was said, with what follows from it."""
        after_events(connection, write_events(connection, [said], self._release), revision)

    def _again(self, answer_id: str, comment: str) -> None:
        """The row stands there already, or the answer does not exist."""
        with self._engine.begin() as connection:
            known = select(answers.c.id).where(answers.c.id == answer_id)
            if connection.execute(known).one_or_none() is None:
                raise _no_answer()
            if comment:
                connection.execute(
                    update(content_requests)
                    .where(content_requests.c.answer_id == answer_id)
                    .values(comment=comment)
                )

    def _of_answer(self, answer_id: str) -> ContentRequest:
        found = self.request_of(answer_id)
        if found is None:
            raise _no_answer()
        return found

    def _closest(self, answer: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Owners and titles of the closest documents: of the passages shown, else the cited."""
        near: dict[str, Document] = {hit.document.id: hit.document for hit in answer.closest}
        ids = list(near) or [citation.document_id for citation in answer.citations]
        ids = list(dict.fromkeys(ids))[:_CLOSEST]
        query = select(documents.c.id, documents.c.owner, documents.c.title).where(
            documents.c.id.in_(ids)
        )
        with self._engine.connect() as connection:
            today = {row.id: (row.owner, row.title) for row in connection.execute(query)}
        # A document that is gone since was still the closest one then.
        named = [
            today.get(key) or (near[key].owner, near[key].title)
            for key in ids
            if key in today or key in near
        ]
        owners = dict.fromkeys(owner for owner, _ in named if owner)
        return tuple(owners), tuple(dict.fromkeys(title for _, title in named))


def _shown(connection: Connection, found: Sequence[ContentRequest]) -> list[ContentRequest]:
    """With the closest documents and their owners only where the answer may be seen."""
    if not reach().limited:
        return list(found)
    seen = sighted(connection, (one.answer_id for one in found if one.answer_id))
    return [
        one if one.answer_id in seen else replace(one, owners=(), documents=()) for one in found
    ]


def _no_answer() -> NotFound:
    return NotFound(
        "There is no answer at this address.",
        "Ask the question again to get a new one; whoever asked may have deleted theirs.",
    )


def _request(row: Row[Any]) -> ContentRequest:
    return ContentRequest(
        id=row.id,
        answer_id=row.answer_id,
        question=row.question,
        session_id=row.session_id,
        comment=row.comment,
        owners=tuple(row.owners),
        documents=tuple(row.documents),
        status=cast("RequestStatus", row.status),
        created_at=row.created_at,
    )


def _report(row: Row[Any]) -> ProblemReport:
    return ProblemReport(
        id=row.id,
        answer_id=row.answer_id,
        session_id=row.session_id,
        kind=row.kind,
        comment=row.comment,
        created_at=row.created_at,
    )
