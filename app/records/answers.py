"""Answers and what people said about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Engine, insert, select

from app.domain import Answer
from app.errors import NotFound
from app.records.tables import answers, feedback

_CODEC = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one person said about one answer."""

    answer_id: str
    helpful: bool
    reasons: tuple[str, ...] = ()
    comment: str = ""
    correction: str = ""


class AnswerStore:
    """Every finished answer, by id; what a permalink shows is what was shown then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, answer: Answer, session_id: str = "") -> None:
        """Keep an answer. The retrieval behind it belongs to the trace, not to the record."""
        payload = _CODEC.dump_python(replace(answer, retrieval=None), mode="json")
        with self._engine.begin() as connection:
            connection.execute(
                insert(answers).values(
                    id=answer.answer_id,
                    trace_id=answer.trace_id,
                    conversation_id=answer.conversation_id,
                    session_id=session_id,
                    question=answer.question,
                    state=answer.state.value,
                    mode=answer.mode,
                    level=answer.confidence.level.value,
                    total_ms=answer.timings_ms.get("total", 0.0),
                    created_at=answer.created_at,
                    payload=payload,
                )
            )

    def get(self, answer_id: str) -> Answer:
        """One answer as it was shown.

        Raises:
            NotFound: there is none with this id.
        """
        with self._engine.connect() as connection:
            payload = connection.execute(
                select(answers.c.payload).where(answers.c.id == answer_id)
            ).scalar_one_or_none()
        if payload is None:
            raise NotFound(
                "There is no answer at this address.", "Ask the question again to get a new one."
            )
        return _CODEC.validate_python(payload)

    def recent(self, session_id: str, limit: int = 10) -> list[Answer]:
        """A session's last answers, newest first."""
        query = (
            select(answers.c.payload)
            .where(answers.c.session_id == session_id)
            .order_by(answers.c.created_at.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [_CODEC.validate_python(row) for row in connection.scalars(query)]

    def add_feedback(self, given: Feedback) -> None:
        """Keep what a person said.

        Raises:
            NotFound: there is no such answer.
        """
        self.get(given.answer_id)
        with self._engine.begin() as connection:
            connection.execute(
                insert(feedback).values(
                    answer_id=given.answer_id,
                    helpful=given.helpful,
                    reasons=[_storable(reason) for reason in given.reasons],
                    comment=_storable(given.comment),
                    correction=_storable(given.correction),
                    created_at=datetime.now(UTC),
                )
            )

    def feedback(self, answer_id: str) -> list[Feedback]:
        """What was said about an answer, oldest first."""
        query = select(feedback).where(feedback.c.answer_id == answer_id).order_by(feedback.c.id)
        with self._engine.connect() as connection:
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


def _storable(text: str) -> str:
    """Without NUL and lone surrogates: PostgreSQL refuses the one, every encoder the other."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
