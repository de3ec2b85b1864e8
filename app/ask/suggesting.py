"""What to ask or to try next, found when the answer is there and kept with it."""

from __future__ import annotations

import logging
from dataclasses import replace

from app.ask.conversation.interpreting import Interpreter
from app.ask.conversation.trying import Suggester
from app.ask.reading import Reader
from app.domain import Answer, AnswerState, Retrieval, Suggest
from app.errors import FootnoteError
from app.records.answers import AnswerStore
from app.telemetry import SpanName, get_tracer, quietly, step

log = logging.getLogger(__name__)
tracer = get_tracer(__name__)


class Suggesting:
    """Suggestions take longer than the answer where each is tried: so they come after it."""

    def __init__(
        self,
        reader: Reader,
        interpreter: Interpreter,
        suggester: Suggester,
        answers: AnswerStore | None,
    ) -> None:
        """``answers``: where they are kept; None: nowhere."""
        self._reader = reader
        self._interpreter = interpreter
        self._suggester = suggester
        self._answers = answers

    def at_once(self, answer: Answer, retrieval: Retrieval, session_id: str) -> Answer:
        """With what is worth trying after a question that found nothing and needs no search."""
        if answer.state is not AnswerState.NOT_FOUND:
            return answer
        with step(tracer, SpanName.SUGGEST), quietly():
            found = self._suggester.untried(
                answer.question, retrieval, answer.filters, self._asked(answer, session_id)
            )
        return replace(answer, rephrasings=found)

    def wanted(self, answer: Answer, session_id: str, suggest: Suggest) -> Answer:
        """As `tried`, where it is wanted; that nothing can be suggested must not lose the answer.

        The answer is given and its trace has ended: what is searched for here is in none.
        """
        missing = answer.state is AnswerState.NOT_FOUND
        if suggest == "later" or (suggest == "tries" and not missing):
            return answer
        try:
            with quietly():
                return self.tried(answer, session_id)
        except FootnoteError as error:
            log.warning("no suggestions: %s", error.message)
            return answer

    def tried(self, answer: Answer, session_id: str) -> Answer:
        """With questions that the documents are known to answer, kept: each is asked silently.

        Where nothing was found, with things to try; else with follow-ups.
        """
        with step(tracer, SpanName.SUGGEST), quietly():
            asked = self._asked(answer, session_id)
            retrieval = answer.retrieval or self._reader.search(answer.question, answer.filters)
            if answer.state is AnswerState.NOT_FOUND:
                tries = self._suggester.rephrasings(
                    answer.question, retrieval, answer.filters, asked
                )
                answer = replace(answer, rephrasings=tries)
            else:
                found = self._suggester.followups(answer, retrieval, asked)
                answer = replace(answer, followups=found)
        if self._answers is not None:
            self._answers.keep_suggestions(answer)
        return answer

    def _asked(self, answer: Answer, session_id: str) -> list[str]:
        return self._interpreter.questions(answer.conversation_id, session_id)
