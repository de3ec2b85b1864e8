"""A conversation on the answer's page: what was asked before, and what to ask next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain import Answer
from app.records.answers import AnswerStore
from app.web.form_view import narrowing
from app.web.templating import query
from app.web.via import via

MOST_TURNS = 20
"""Earlier questions shown above an answer; all of them stand in the history."""


@dataclass(frozen=True, slots=True)
class Followup:
    """A question that the documents answer, as a link that asks it in the same conversation."""

    question: str
    address: str


def followup(answer: Answer, question: str) -> Followup:
    """A suggested question; it stands alone, so it is not rewritten."""
    asked = {
        "q": question,
        "conversation_id": answer.conversation_id,
        "rewrite": "0",
        **narrowing(answer.filters),
        "via": via("followup", answer),
    }
    return Followup(question, "/ask" + query(asked))


def earlier_turns(store: AnswerStore, answer: Answer, session: str) -> Sequence[Answer]:
    """This browser's questions before ``answer`` in its conversation, oldest first.

    A link to an answer may be shared; what was asked around it is shown only to who asked it.
    A question that was asked again stands there once.
    """
    if not session or not answer.conversation_id:
        return ()
    turns = {
        turn.question: turn
        for turn in store.conversation(answer.conversation_id, session)
        if turn.created_at < answer.created_at and turn.question != answer.question
    }
    return sorted(turns.values(), key=lambda turn: turn.created_at)[-MOST_TURNS:]
