"""Questions as the product records them, through the real recorder; only the vectors are made up.

Texts that share words get similar vectors (`tests.knowledge.world.WordEmbedder`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Engine

from app import moment
from app.domain import (
    Answer,
    AnswerState,
    Asking,
    Citation,
    Confidence,
    Document,
    Hit,
    Level,
    Passage,
    Question,
    Retrieval,
    Sentence,
    Usage,
)
from app.knowledge.terms import content_words
from app.records.answers import AnswerStore
from app.records.behavior.event_store import EventStore
from app.records.behavior.events import made
from app.records.behavior.recorder import QuestionRecorder
from tests.contracts.documents import document
from tests.knowledge.world import WordEmbedder

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_EMBEDDER = WordEmbedder()


class Asked:
    """A store in which people ask; each call is one question with its answer."""

    def __init__(self, engine: Engine, prefix: str = "ans") -> None:
        self.engine = engine
        self.answers = AnswerStore(engine)
        self.recorder = QuestionRecorder(engine, self.answers, "1.0")
        self.events = EventStore(engine, "1.0")
        self._count = 0
        self._prefix = prefix
        self._sessions: dict[str, str] = {}

    def ask(
        self,
        text: str,
        at: datetime = NOON,
        *,
        state: str = "not_found",
        level: str = "low",
        session: str = "",
        private: bool = False,
        end: str = "complete",
        near: tuple[Document, ...] = (),
        missing: tuple[str, ...] = (),
        quote: str = "",
        conversation: str = "",
        **fields: Any,
    ) -> str:
        """Ask at a time; the answer's id. ``quote``: a sentence that the answer cites."""
        self._count += 1
        key = f"{self._prefix}_{self._count:06d}"
        asking = Asking(
            answer_id=key,
            trace_id=f"{self._count:032x}",
            conversation_id=conversation or f"con_{self._count}",
            session_id=session or f"session-{self._count:04d}",
            question=Question(text, private=private, channel="web"),
            typed=text,
            asked_at=at,
        )
        self._sessions[key] = asking.session_id
        with moment.at(at):
            self.recorder.asked(asking)
            if end == "complete":
                cited = _citation(quote) if quote else None
                answer = _answer(asking, text, state, level, near, missing, cited)
                self.recorder.answered(asking, replace(answer, **fields))
            elif end != "asked":
                self.recorder.ended(asking, end, "TimeoutError" if end == "failed" else "", {})  # type: ignore[arg-type]  # by name
        return key

    def happens(self, kind: str, answer_id: str, at: datetime = NOON, **properties: Any) -> None:
        """Whoever asked does something with the answer."""
        session = self._sessions[answer_id]
        with moment.at(at):
            event = made(kind, properties, answer_id=answer_id, session_id=session, at=at)
            self.events.record(event)


def _answer(
    asking: Asking,
    text: str,
    state: str,
    level: str,
    near: tuple[Document, ...],
    missing: tuple[str, ...],
    cited: Citation | None,
) -> Answer:
    vector = _EMBEDDER.encode_query(text).astype(np.float16).tobytes()
    passage = Passage("p", "doc", 0, 0, 13, "Some sentence", (), None, ((0, 13),))
    return Answer(
        answer_id=asking.answer_id,
        trace_id=asking.trace_id,
        conversation_id=asking.conversation_id,
        question=text,
        state=AnswerState(state),
        mode="quotes",
        model="quotes",
        text=cited.quote if cited else "",
        sentences=(Sentence(cited.quote, (1,)),) if cited else (),
        citations=(cited,) if cited else (),
        confidence=Confidence(Level(level), 0.3, ("only one weak match",)),
        closest=tuple(
            Hit(replace(passage, document_id=one.id), one, score=0.4, dense=0.4, lexical=0.0)
            for one in near
        ),
        retrieval=Retrieval(text, (), 3, 9, tuple(content_words(text)), missing, vector),
        missing_terms=missing,
        documents_searched=3,
        passages_searched=9,
        usage=Usage(),
        timings_ms={"total": 120.0 + len(text), "first_token": 80.0},
        created_at=asking.asked_at,
    )


def _citation(quote: str) -> Citation:
    handbook = document("handbook")
    return Citation(
        number=1,
        document_id=handbook.id,
        passage_id="p",
        title=handbook.title,
        source="/docs/people/handbook.md",
        collection="default",
        kind="md",
        heading=("Leave",),
        page=None,
        page_kind="",
        quote=quote,
        start=0,
        end=len(quote),
        updated_at=None,
    )
