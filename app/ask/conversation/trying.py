"""What to ask or to try next; each is tried silently before it is offered."""

from __future__ import annotations

from collections.abc import Sequence

from app.ask.conversation.followups import followups
from app.ask.conversation.rephrase import rephrasings, untried
from app.ask.conversation.spelling import Speller
from app.ask.ports import ReadsTexts
from app.ask.reading import Reader
from app.domain import Answer, Filters, Rephrasing, Retrieval


class Suggester:
    """Proposes questions that the documents answer."""

    def __init__(self, reader: Reader, texts: ReadsTexts, speller: Speller | None = None) -> None:
        self._reader = reader
        self._texts = texts
        self._speller = speller

    def followups(
        self, answer: Answer, retrieval: Retrieval, asked: Sequence[str]
    ) -> tuple[str, ...]:
        """Questions to ask after ``answer``; ``asked``: those of the conversation so far."""
        return followups(
            answer.question,
            retrieval,
            answer.citations,
            texts=self._texts,
            answerable=self._reader.answerable,
            filters=answer.filters,
            asked=asked,
        )

    def rephrasings(
        self, question: str, retrieval: Retrieval, filters: Filters, asked: Sequence[str]
    ) -> tuple[Rephrasing, ...]:
        """Things to try after a question that found nothing."""
        return rephrasings(
            question,
            retrieval,
            filters,
            texts=self._texts,
            answerable=self._reader.answerable,
            speller=self._speller,
            asked=asked,
        )

    def untried(
        self, question: str, retrieval: Retrieval, filters: Filters, asked: Sequence[str]
    ) -> tuple[Rephrasing, ...]:
        """Things to try that are worth showing before anything was tried; a millisecond or so."""
        return untried(question, retrieval, filters, speller=self._speller, asked=asked)
