"""What the rest of the product needs of asking and searching, without how it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from app.domain import Answer, AskStep, Filters, Question, Retrieval


class Asks(Protocol):
    """Answers questions; the same object behind web, API, CLI and evals."""

    def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        """The steps of one question; the last is `Finished`.

        Raises:
            BadRequest: the question is empty or too long.
            ModeUnavailable: written mode without a chat model.
            NotReady: the embedding model is still loading.
            IndexProblem: the index cannot be used.
        """

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone. Raises as `ask` does."""


class Searches(Protocol):
    """Finds passages; the one retrieval behind search mode and answers."""

    def search(self, question: str, k: int, filters: Filters) -> Retrieval:
        """The best ``k`` passages. Raises as `Asks.ask` does."""
