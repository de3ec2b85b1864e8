"""What is remembered of a conversation where nothing is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from app.ask.conversation import memory
from app.ask.conversation.memory import ConversationMemory
from app.domain import Answer, AnswerState, Asking, Confidence, Level, Question, Usage

ANSWER = Answer(
    answer_id="a",
    trace_id="t",
    conversation_id="con_1",
    question="What is the hotel cap in Oslo?",
    state=AnswerState.ANSWERED,
    mode="quotes",
    model="quotes",
    text="210 euros",
    sentences=(),
    citations=(),
    confidence=Confidence(Level.HIGH, 0.9, ()),
    closest=(),
    retrieval=None,
    missing_terms=(),
    documents_searched=1,
    passages_searched=1,
    usage=Usage(),
    timings_ms={},
    created_at=datetime(2026, 11, 2, tzinfo=UTC),
)


def asking(conversation: str | None, session: str = "me") -> Asking:
    question = Question("What?", conversation_id=conversation)
    known = conversation or "con_new"
    return Asking("a", "t", known, session, question, "What?", datetime(2026, 11, 2, tzinfo=UTC))


def test_answers_come_back_in_their_order_to_their_own_session() -> None:
    remembered = ConversationMemory()
    remembered.answered(asking("con_1"), ANSWER)
    remembered.answered(asking("con_1"), replace(ANSWER, question="And in Porto?"))
    asked = [answer.question for answer in remembered.conversation("con_1", "me")]
    assert asked == ["What is the hotel cap in Oslo?", "And in Porto?"]
    assert remembered.conversation("con_1", "somebody else") == []
    assert remembered.conversation("con_2", "me") == []


def test_a_question_without_a_conversation_is_not_kept() -> None:
    remembered = ConversationMemory()
    remembered.answered(asking(None), ANSWER)
    assert remembered.conversation("con_new", "me") == []


def test_the_conversation_asked_in_longest_ago_is_forgotten_first() -> None:
    remembered = ConversationMemory()
    for number in range(memory._CONVERSATIONS):
        remembered.answered(asking(f"con_{number}"), ANSWER)
    remembered.answered(asking("con_0"), ANSWER)
    remembered.answered(asking("con_new"), ANSWER)
    assert len(remembered.conversation("con_0", "me")) == 2
    assert remembered.conversation("con_1", "me") == []
