"""What was typed → the question to search with: follow-ups completed, misspelled words corrected.

The question that was searched with is shown beside the one that was typed, and can be edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan

from app.ask.conversation.focusing import focused
from app.ask.conversation.followup_question import rewrite, rewrite_with_model
from app.ask.conversation.spelling import Speller
from app.ask.ports import Chats, Remembers
from app.domain import Answer, Question, Retrieval, Usage


@dataclass(frozen=True, slots=True)
class Understood:
    """The question to search with, and what understanding it cost.

    ``completed``: a follow-up that does not stand alone as typed, completed from the conversation.
    """

    question: str
    usage: Usage = field(default_factory=Usage)
    completed: bool = False

    def asked(self, typed: str) -> str | None:
        """What was typed, where that differs."""
        return typed if typed != self.question else None


class Interpreter:
    """Reads a question in the light of the conversation and of the documents' vocabulary."""

    def __init__(
        self,
        speller: Speller | None = None,
        *,
        answers: Remembers | None = None,
        chat: Chats | None = None,
    ) -> None:
        """``answers`` None: nothing is remembered. ``chat`` None: follow-ups are read by rule."""
        self._speller = speller
        self._answers = answers
        self._chat = chat

    async def understood(
        self,
        typed: str,
        question: Question,
        session_id: str,
        *,
        with_model: bool,
        parent: TraceSpan | None = None,
    ) -> Understood:
        """``typed`` as it would be asked alone. ``with_model``: a chat model may be asked."""
        if not question.rewrite:
            return Understood(typed)
        typed = focused(typed) or typed
        if not question.conversation_id or self._answers is None:
            return Understood(typed)
        conversation = question.conversation_id
        earlier = await run_sync(lambda: self._earlier(conversation, session_id))
        if not earlier:
            return Understood(typed)
        if with_model and self._chat is not None:
            rewritten = await rewrite_with_model(typed, earlier, self._chat, parent=parent)
        else:
            rewritten = await run_sync(lambda: rewrite(typed, earlier))
        return Understood(
            rewritten.question if rewritten.changed else typed, rewritten.usage, rewritten.changed
        )

    def corrected(
        self, understood: Understood, retrieval: Retrieval, wanted: bool
    ) -> Understood | None:
        """The question with a misspelled word corrected, where one stands in no document.

        ``wanted`` False: somebody insists on the words as they are.
        """
        if self._speller is None or not wanted or not retrieval.missing_terms:
            return None
        better = self._speller.corrected(understood.question)
        return None if better is None else replace(understood, question=better)

    def guesses(self, understood: Understood, retrieval: Retrieval, wanted: bool) -> list[str]:
        """The question in other spellings, likeliest first, to be read before one is taken."""
        if self._speller is None or not wanted or not retrieval.missing_terms:
            return []
        return self._speller.guesses(understood.question)

    def questions(self, conversation_id: str, session_id: str) -> list[str]:
        """What the conversation asked so far, oldest first."""
        return [one.question for one in self._earlier(conversation_id, session_id)]

    def _earlier(self, conversation_id: str, session_id: str) -> list[Answer]:
        if self._answers is None:
            return []
        return self._answers.conversation(conversation_id, session_id)
