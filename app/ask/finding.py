"""A question that is understood → what was found, read and drafted from it.

Where the first search comes to little, the question is tried in another way before anybody is told
that there is no answer: with its spelling corrected, and in its parts.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from app.ask.by_parts import answered_by_parts
from app.ask.clock import Clock
from app.ask.conversation.interpreting import Interpreter, Understood
from app.ask.drafting import Drafter, QuotedDraft
from app.ask.reading import Reader, Reading
from app.ask.respelling import respelled
from app.ask.run import Draft
from app.ask.used import describe_reading
from app.domain import Question, Retrieval
from app.telemetry import SpanName, get_tracer, step

tracer = get_tracer(__name__)


class Finder:
    """Searches, reads and drafts; the part of a question that needs no chat model."""

    def __init__(self, reader: Reader, drafter: Drafter, interpreter: Interpreter) -> None:
        self._reader = reader
        self._drafter = drafter
        self._interpreter = interpreter

    def found(self, question: Question, understood: Understood, clock: Clock) -> Draft:
        """What ``understood`` comes to; its steps are timed on ``clock``.

        Raises as `Retriever.search` does.
        """
        wider = question.more_sources
        with clock.timed("retrieve"):
            understood, retrieval = self._searched(question, understood)
        clock.timings |= {f"retrieve.{name}": ms for name, ms in retrieval.timings_ms.items()}
        with clock.timed("answer"), step(tracer, SpanName.ANSWER) as span:
            understood, reading = self._read(question, understood, retrieval)
            draft = self._drafter.draft(reading, wider=wider)
            if not draft.answers:
                parts = answered_by_parts(reading, lambda part: self._part(part, question))
                reading, draft = parts or (reading, draft)
            describe_reading(span, reading.retrieval.hits, reading.candidates, draft.quotes)
        return Draft(understood, reading, draft)

    def _searched(self, question: Question, understood: Understood) -> tuple[Understood, Retrieval]:
        """Passages, for the corrected spelling where a word stands in no document."""
        wider = question.more_sources
        retrieval = self._reader.search(understood.question, question.filters, wider=wider)
        with step(tracer, SpanName.SPELLING) if retrieval.missing_terms else nullcontext():
            corrected = self._interpreter.corrected(understood, retrieval, question.rewrite)
        if corrected is None:
            return understood, retrieval
        return corrected, self._reader.search(corrected.question, question.filters, wider=wider)

    def _read(
        self, question: Question, understood: Understood, retrieval: Retrieval
    ) -> tuple[Understood, Reading]:
        """The passages read; in another spelling where that is clearly likelier to answer."""
        wider = question.more_sources

        def read(text: str) -> Reading:
            searched = self._reader.search(text, question.filters, wider=wider)
            return self._reader.read(searched, wider=wider)

        reading = self._reader.read(retrieval, wider=wider)
        guesses = self._interpreter.guesses(understood, retrieval, question.rewrite)
        other = respelled(reading, guesses, read)
        if other is None:
            return understood, reading
        return replace(understood, question=other.retrieval.question), other

    def _part(self, part: str, question: Question) -> tuple[Reading, QuotedDraft]:
        reading = self._reader.read(self._reader.search(part, question.filters))
        return reading, self._drafter.draft(reading)
