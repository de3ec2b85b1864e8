"""Answers and what people said about them.

An answer that shows anything from a collection out of reach is not there for that reader: not
behind its address, not in a history or conversation, and nobody can say anything about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from app.access import reach
from app.domain import Answer, Rephrasing
from app.errors import NotFound
from app.moment import now
from app.records.behavior.event_store import write_events
from app.records.behavior.events import Corrected, Event, Marked
from app.records.behavior.forgetting import forget_answers, forget_session
from app.records.behavior.rederiving import after_events
from app.records.behavior.revisions import bump
from app.records.rows import storable
from app.records.tables import answers, feedback
from app.records.visibility import in_sight, sighted, trimmed
from app.redaction import Redact, left_out, tells, unchanged

_CODEC = TypeAdapter(Answer)
_TRIES = TypeAdapter(tuple[Rephrasing, ...])
_INSERT = insert(answers)
_BATCH = 50
"""Answers read at a time where some may be out of reach."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one person said about one answer."""

    answer_id: str
    helpful: bool
    reasons: tuple[str, ...] = ()
    comment: str = ""
    correction: str = ""


class AnswerStore:
    """Every finished answer, by id; what a permalink shows is what was shown then.

    What people typed is kept as ``redact`` leaves it.
    """

    def __init__(self, engine: Engine, release: str = "", redact: Redact = unchanged) -> None:
        self._engine = engine
        self._release = release
        self._redact = redact

    def add(self, answer: Answer, session_id: str = "") -> None:
        """Keep an answer. The retrieval behind it belongs to the trace, not to the record."""
        with self._engine.begin() as connection:
            self.add_in(connection, answer, session_id)

    def add_in(self, connection: Connection, answer: Answer, session_id: str = "") -> None:
        """As `add`, within a transaction that keeps something else too."""
        answer = self.as_kept(answer)
        payload = _CODEC.dump_python(replace(answer, retrieval=None), mode="json")
        row = {
            "id": answer.answer_id,
            "trace_id": answer.trace_id,
            "conversation_id": answer.conversation_id,
            "session_id": session_id,
            "question": answer.question,
            "state": answer.state.value,
            "mode": answer.mode,
            "level": answer.confidence.level.value,
            "total_ms": answer.timings_ms.get("total", 0.0),
            "created_at": answer.created_at,
            "payload": payload,
        }
        connection.execute(_INSERT, row)

    def as_kept(self, answer: Answer) -> Answer:
        """The answer with its question redacted, without sentences that repeat what that left out.

        ``“anna.meier” appears in no document`` is such a sentence.
        """
        typed = f"{answer.question}\n{answer.asked or ''}"
        gone = left_out(typed, self._redact(typed))
        if not gone:
            return answer
        redact, confidence = self._redact, answer.confidence
        reasons = tuple(one for one in confidence.reasons if not tells(one, gone))
        return replace(
            answer,
            question=redact(answer.question),
            asked=None if answer.asked is None else redact(answer.asked),
            confidence=replace(confidence, reasons=reasons),
            notice=None if tells(answer.notice or "", gone) else answer.notice,
            missing_terms=tuple(one for one in answer.missing_terms if not tells(one, gone)),
            uncovered=tuple(redact(part) for part in answer.uncovered),
            rephrasings=tuple(
                one for one in answer.rephrasings if not tells(f"{one.question} {one.why}", gone)
            ),
        )

    def get(self, answer_id: str) -> Answer:
        """One answer as it was shown.

        Raises:
            NotFound: there is none with this id, or none that may be seen.
        """
        query = select(answers.c.payload).where(answers.c.id == answer_id)
        with self._engine.connect() as connection:
            payload = connection.execute(query).scalar_one_or_none()
            if payload is not None:
                payload = next(iter(_seen(connection, [payload])), None)
        if payload is None:
            raise NotFound(
                "There is no answer at this address.",
                "Ask the question again to get a new one; whoever asked may have deleted theirs.",
            )
        return _CODEC.validate_python(payload)

    def withheld(self, answer_id: str) -> bool:
        """Whether there is an answer that may not be seen.

        For pages about what others asked, which say so; at its own address it is not there.
        """
        if not reach().limited:
            return False
        known = select(answers.c.id).where(answers.c.id == answer_id)
        with self._engine.connect() as connection:
            there = connection.execute(known).one_or_none() is not None
            return there and not sighted(connection, [answer_id])

    def recent(
        self, session_id: str, limit: int = 10, before: datetime | None = None
    ) -> list[Answer]:
        """A session's last answers, newest first; with ``before``, those given earlier than that.

        Nobody's session (an empty id) has none: what programs asked belongs to no person.
        """
        if not session_id:
            return []
        where = [answers.c.session_id == session_id]
        if before is not None:
            where.append(answers.c.created_at < before)
        return self._newest(where, limit)

    def conversation(
        self, conversation_id: str, session_id: str | None = None, limit: int = 50
    ) -> list[Answer]:
        """The last ``limit`` answers of a conversation, oldest first.

        ``session_id``: only answers to this session; None: to any. A conversation's id travels
        with a shared link, so what is shown to a person is asked for with theirs.
        """
        where = [answers.c.conversation_id == conversation_id]
        if session_id is not None:
            where.append(answers.c.session_id == session_id)
        return self._newest(where, limit)[::-1]

    def latest(self, conversation_id: str, session_id: str | None = None) -> Answer | None:
        """The last answer of a conversation; None when there is none."""
        found = self.conversation(conversation_id, session_id, limit=1)
        return found[0] if found else None

    def delete(self, answer_id: str, session_id: str) -> None:
        """Forget one answer of a session, with what was said about it.

        Raises:
            NotFound: this session has no such answer.
        """
        if not self._delete([answers.c.id == answer_id, answers.c.session_id == session_id]):
            raise NotFound(
                "There is no such answer in your history.", "It may have been deleted already."
            )

    def delete_conversation(self, conversation_id: str, session_id: str) -> int:
        """Forget a session's answers in a conversation; how many there were."""
        return self._delete(
            [answers.c.conversation_id == conversation_id, answers.c.session_id == session_id]
        )

    def delete_session(self, session_id: str) -> int:
        """Forget all that a session asked, searched and did; how many answers there were.

        A shared link to one then says that it is gone. A content request stays with the documents'
        owners, without a trace of who asked.
        """
        with self._engine.begin() as connection:
            return forget_session(connection, session_id)

    def _newest(self, where: list[ColumnElement[bool]], limit: int) -> list[Answer]:
        query = (
            select(answers.c.payload)
            .where(*where)
            .order_by(answers.c.created_at.desc(), answers.c.id.desc())
        )
        found: list[Mapping[str, Any]] = []
        with self._engine.connect() as connection:
            if not reach().limited:
                found += connection.scalars(query.limit(limit))
            else:
                for batch in connection.scalars(query).partitions(_BATCH):
                    found += _seen(connection, batch)
                    if len(found) >= limit:
                        break
        return [_CODEC.validate_python(payload) for payload in found[:limit]]

    def _delete(self, where: list[ColumnElement[bool]]) -> int:
        """The answers with their questions, and all that is known of them."""
        with self._engine.begin() as connection:
            return forget_answers(connection, where)

    def keep_suggestions(self, answer: Answer) -> None:
        """Add its follow-ups and what to try; nothing happens when the answer is gone."""
        kept = self.as_kept(answer)
        own = {
            "followups": list(kept.followups),
            "rephrasings": _TRIES.dump_python(kept.rephrasings, mode="json"),
        }
        with self._engine.begin() as connection:
            row = select(answers.c.payload).where(answers.c.id == answer.answer_id)
            payload = connection.execute(row).scalar_one_or_none()
            if payload is not None:
                connection.execute(
                    update(answers)
                    .where(answers.c.id == answer.answer_id)
                    .values(payload={**payload, **own})
                )

    def is_one_of_many(self, answer_id: str, session_id: str, number: int) -> bool:
        """Whether a session has this answer, and at least ``number`` in all."""
        mine = select(answers.c.id).where(answers.c.session_id == session_id)
        with self._engine.connect() as connection:
            found = set(connection.scalars(mine.limit(number)))
            own = mine.where(answers.c.id == answer_id)
            return len(found) >= number and connection.scalar(own) is not None

    def add_feedback(self, given: Feedback, session_id: str = "") -> None:
        """Keep what a person said, and that they said it; ``session_id``: theirs.

        Raises:
            NotFound: there is no such answer.
        """
        self.get(given.answer_id)  # also: nobody judges what they may not see
        with self._engine.begin() as connection:
            revision = bump(connection)
            connection.execute(
                insert(feedback).values(
                    answer_id=given.answer_id,
                    helpful=given.helpful,
                    reasons=[storable(reason) for reason in given.reasons],
                    comment=self._redact(storable(given.comment)),
                    correction=self._redact(storable(given.correction)),
                    created_at=now(),
                )
            )
            changed = write_events(connection, _said(given, session_id), self._release)
            after_events(connection, changed, revision)

    def feedback(self, answer_id: str) -> list[Feedback]:
        """What was said about an answer, oldest first; nothing where it may not be seen.

        A correction repeats the answer's words.
        """
        query = select(feedback).where(feedback.c.answer_id == answer_id).order_by(feedback.c.id)
        with self._engine.connect() as connection:
            if reach().limited and not sighted(connection, [answer_id]):
                return []
            return [
                Feedback(
                    answer_id=row.answer_id,
                    helpful=row.helpful,
                    reasons=tuple(row.reasons),
                    comment=row.comment,
                    correction=row.correction,
                )
                for row in connection.execute(query)
            ]


def _seen(connection: Connection, payloads: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of these stored answers that may be seen, without what may not be seen beside them."""
    may = in_sight(connection, payloads)
    return [trimmed(connection, payload) for payload in compress(payloads, may)]


def _said(given: Feedback, session_id: str) -> list[Event]:
    """A correction says by itself that the answer was wrong: it is no mark besides."""
    said: list[Event] = []
    if given.helpful or not given.correction.strip():
        reasons = tuple(storable(reason)[:60] for reason in given.reasons)
        said.append(
            Marked(
                answer_id=given.answer_id,
                session_id=session_id,
                helpful=given.helpful,
                reasons=reasons,
            )
        )
    if given.correction.strip():
        said.append(Corrected(answer_id=given.answer_id, session_id=session_id))
    return said
