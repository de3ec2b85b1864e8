"""What was asked and how it ended, as it happens: one row per question, with its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, Engine, bindparam, insert, update

from app import moment
from app.domain import Answer, AnswerState, Asking
from app.records.answers import AnswerStore
from app.records.behavior.event_reads import with_events
from app.records.behavior.event_store import write_own
from app.records.behavior.events import Answered, Asked, Event, Failed, Stopped
from app.records.behavior.rederiving import Seed, after_changes, after_events
from app.records.behavior.revisions import bump
from app.records.behavior.tables import question_vectors, questions
from app.records.rows import storable
from app.redaction import Redact, unchanged

_INSERT_QUESTION = insert(questions)
_INSERT_VECTOR = insert(question_vectors)
_CHANGE = update(questions).where(questions.c.answer_id == bindparam("changed"))


class QuestionRecorder:
    """`app.ask.ports.Recorder` on SQL; a question and its answer are kept in one transaction.

    Whoever does not want to be followed leaves a row that belongs to no session, without events.
    Its text stands there only with its answer, which is what they can delete it by.
    """

    def __init__(
        self, engine: Engine, answers: AnswerStore, release: str, redact: Redact = unchanged
    ) -> None:
        self._engine = engine
        self._answers = answers
        self._release = release
        self._redact = redact

    def asked(self, asking: Asking) -> None:
        """A question was accepted; it counts from now on, whatever becomes of it."""
        question = asking.question
        with self._engine.begin() as connection:
            revision = bump(connection)
            row = {
                "answer_id": asking.answer_id,
                "kind": "ask",
                "channel": question.channel,
                "session_id": "" if question.private else asking.session_id,
                "conversation_id": asking.conversation_id,
                "trace_id": asking.trace_id,
                "text": "" if question.private else self._redact(storable(asking.typed)),
                "followup": False,
                "regenerate": question.regenerate,
                "private": question.private,
                "content_words": 0,
                "asked_at": asking.asked_at,
                "status": "asked",
                "citations": 0,
                "input_tokens": 0,
                "output_tokens": 0,
                "cached_tokens": 0,
                "release": self._release,
                "experiment": question.experiment,
                "arm": question.arm,
                "thread_id": asking.answer_id,
                "revision": revision,
            }
            connection.execute(_INSERT_QUESTION, row)
            event = Asked(
                answer_id=asking.answer_id,
                session_id=asking.session_id,
                at=asking.asked_at,
                channel=question.channel,
                regenerate=question.regenerate,
            )
            self._event(connection, asking, event)
            self._conclude(connection, asking, revision)

    def answered(self, asking: Asking, answer: Answer) -> None:
        """It has its answer, which is kept with it, both or neither."""
        with self._engine.begin() as connection:
            revision = bump(connection)
            self._answers.add_in(connection, answer, asking.session_id)
            self._change(connection, asking, {**self._outcome(answer), "revision": revision})
            vector = answer.retrieval.vector if answer.retrieval is not None else b""
            self._vector(connection, asking, vector)
            done = Answered(
                answer_id=asking.answer_id,
                session_id=asking.session_id,
                state=answer.state.value,
                level=answer.confidence.level.value,
                mode=answer.mode,
                followup=answer.completed,
            )
            self._event(connection, asking, done)
            self._conclude(connection, asking, revision)

    def ended(
        self,
        asking: Asking,
        status: Literal["stopped", "failed"],
        error_type: str,
        timings_ms: Mapping[str, float],
        vector: bytes = b"",
    ) -> None:
        """It ended without an answer; ``vector`` still tells what it asked, where it got so far."""
        first = timings_ms.get("first_token")
        event: Event = Failed(
            answer_id=asking.answer_id, session_id=asking.session_id, error_type=error_type
        )
        if status == "stopped":
            event = Stopped(
                answer_id=asking.answer_id, session_id=asking.session_id, first_content_ms=first
            )
        with self._engine.begin() as connection:
            revision = bump(connection)
            self._change(
                connection,
                asking,
                {
                    "revision": revision,
                    "status": status,
                    "error_type": error_type or None,
                    "first_content_ms": first,
                },
            )
            self._vector(connection, asking, vector)
            self._event(connection, asking, event)
            self._conclude(connection, asking, revision)

    def _conclude(self, connection: Connection, asking: Asking, revision: int) -> None:
        """Its thread, and what it means for earlier questions."""
        if asking.question.private or not (asking.session_id or asking.question.conversation_id):
            # It stands alone; what was said about it may have come first.
            after_events(connection, with_events(connection, asking.answer_id), revision)
            return
        seed = Seed(
            session_id=asking.session_id,
            kind="ask",
            conversation_id=asking.conversation_id,
            asked_at=asking.asked_at,
            answer_id=asking.answer_id,
        )
        after_changes(connection, [seed], revision)

    def _vector(self, connection: Connection, asking: Asking, vector: bytes) -> None:
        if vector:
            row = {"answer_id": asking.answer_id, "vector": vector}
            connection.execute(_INSERT_VECTOR, row)

    def _event(self, connection: Connection, asking: Asking, event: Event) -> None:
        if not asking.question.private:
            write_own(connection, event, asking, self._release)

    def _change(self, connection: Connection, asking: Asking, values: dict[str, Any]) -> None:
        connection.execute(_CHANGE, {"changed": asking.answer_id, **values})

    def _outcome(self, answer: Answer) -> dict[str, Any]:
        asked = answer.asked
        return {
            **_outcome(answer),
            "text": self._redact(storable(answer.question)),
            "typed": None if asked is None else self._redact(storable(asked)),
        }


def _outcome(answer: Answer) -> dict[str, Any]:
    timings, usage, retrieval = answer.timings_ms, answer.usage, answer.retrieval
    return {
        "followup": answer.completed,
        "content_words": len(retrieval.terms) if retrieval is not None else 0,
        "status": "complete",
        "first_content_ms": timings.get("first_token", timings.get("total")),
        "total_ms": timings.get("total"),
        "completed_at": moment.now(),
        "state": answer.state.value,
        "mode": answer.mode,
        "model": answer.model,
        "level": answer.confidence.level.value,
        "probability": answer.confidence.probability,
        "citations": len(answer.citations),
        "collection": _collection(answer),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost_usd": usage.cost_usd,
        "price_version": usage.price_version,
    }


def _collection(answer: Answer) -> str:
    """Where the answer comes from, or what came closest; empty where nothing was found at all."""
    if answer.state is not AnswerState.NOT_FOUND and answer.citations:
        return answer.citations[0].collection
    return answer.closest[0].document.collection if answer.closest else ""
