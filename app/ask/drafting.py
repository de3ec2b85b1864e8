"""What was read → the quoted answer: quotes, their state, and what is not the last word in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from app.ask.quotes import Quote, compile_answer, select
from app.ask.reading import WIDER, Reading
from app.ask.state.examine import Examination, Vectors, conflicts_of, examine
from app.ask.state.freshness import Successor
from app.domain import AnswerState, Citation, Conflict, Sentence, Stale
from app.telemetry import Attribute, Kind, SpanName, get_tracer, step

tracer = get_tracer(__name__)


def utc_today() -> date:
    """The day by which review dates have passed."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class QuotedDraft:
    """The quoted answer before it is checked; empty when nothing is good enough to quote."""

    state: AnswerState
    quotes: tuple[Quote, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    stale: tuple[Stale, ...] = ()
    uncovered: tuple[str, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether there is anything to say."""
        return self.state is not AnswerState.NOT_FOUND


class Drafter:
    """Chooses the quotes and finds out what kind of answer they are."""

    def __init__(
        self,
        quote_sentences: int,
        successor: Successor,
        vectors: Vectors | None = None,
        today: Callable[[], date] = utc_today,
    ) -> None:
        """``successor``: the newer document that a document names, where it is among them.

        ``vectors``: of passages, to tell a contradiction from another matter.
        """
        self._limit = quote_sentences
        self._successor = successor
        self._vectors = vectors
        self._today = today

    def draft(self, reading: Reading, *, wider: bool = False) -> QuotedDraft:
        """The quoted answer to ``reading``'s question."""
        quotes = select(reading.candidates, self._limit * (WIDER if wider else 1))
        if not reading.judgment.answerable or not quotes:
            return QuotedDraft(AnswerState.NOT_FOUND)
        with step(tracer, SpanName.STATE, Kind.EVALUATOR) as span:
            found = examine(
                reading.retrieval.question,
                reading.retrieval,
                reading.candidates,
                quotes,
                today=self._today(),
                successor=self._successor,
                vectors=self._vectors,
                first=reading.first,
            )
            span.set_attribute(Attribute.ANSWER_STATE, found.state.value)
        return _compiled(found)


def _compiled(found: Examination) -> QuotedDraft:
    sentences, citations = compile_answer(found.quotes)
    return QuotedDraft(
        state=found.state,
        quotes=found.quotes,
        sentences=tuple(sentences),
        citations=tuple(citations),
        conflicts=conflicts_of(found, citations),
        stale=found.stale,
        uncovered=found.uncovered,
    )


def joined(sentences: Sequence[Sentence]) -> str:
    """One text."""
    return " ".join(sentence.text for sentence in sentences)


def told(sentences: Sequence[Sentence], draft: QuotedDraft) -> str:
    """The answer in one piece; what a newer document replaced is shown beside it, not said."""
    if draft.state is AnswerState.CONFLICTING:
        return joined(sentences)
    former = {side.citation for one in draft.conflicts if one.settled for side in one.sides[1:]}
    return joined([one for one in sentences if not former.issuperset(one.citations)] or sentences)
