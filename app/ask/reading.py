"""A question's passages, their sentences ranked, and how sure it is that they answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.ask.confidence import Judgment, Model, judge
from app.ask.sentences import Candidate, rank_sentences, reread
from app.ask.state.examine import LOOKED_THROUGH
from app.ask.tracing import describe_judgment
from app.ask.word_match import WordMatcher
from app.domain import Filters, Retrieval
from app.knowledge.retriever import Retriever
from app.telemetry import Attribute, Kind, SpanName, get_tracer, step

tracer = get_tracer(__name__)

WIDER = 2
"""Times as many passages, and sentences quoted, when somebody asks for more sources."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found, read.

    ``candidates``: every sentence, best first; ``first``: as they stood before the second reading.
    """

    retrieval: Retrieval
    candidates: list[Candidate]
    judgment: Judgment
    first: Sequence[Candidate] = ()


class Reader:
    """Searches and reads; the same for an answer and for checking whether there would be one."""

    def __init__(
        self,
        retriever: Retriever,
        matcher: WordMatcher,
        model: Model,
        *,
        passages: int,
        closest: int,
    ) -> None:
        """``passages``: how many are read; ``closest``: how many are shown when none answers."""
        self._retriever = retriever
        self._matcher = matcher
        self._model = model
        self._passages = passages
        self._closest = closest

    def search(self, question: str, filters: Filters, *, wider: bool = False) -> Retrieval:
        """The passages to read, and those to look through for a contradiction.

        Raises as `Retriever.search` does.
        """
        k = max(self._passages, self._closest, LOOKED_THROUGH) * (WIDER if wider else 1)
        return self._retriever.search(question, k, filters)

    def read(self, retrieval: Retrieval, *, wider: bool = False) -> Reading:
        """Rank the sentences and judge them."""
        count = self._passages * (WIDER if wider else 1)
        with step(tracer, SpanName.READ) as span:
            ranked = rank_sentences(retrieval.question, retrieval, count)
            candidates = reread(ranked, retrieval, self._matcher)
            span.set_attribute(Attribute.SENTENCES, len(candidates))
        with step(tracer, SpanName.CONFIDENCE, Kind.EVALUATOR) as span:
            judgment = judge(retrieval, candidates, self._model)
            describe_judgment(span, judgment)
        return Reading(retrieval, candidates, judgment, ranked)

    def answerable(self, question: str, filters: Filters) -> bool:
        """Whether asking would end in an answer; about 40 ms."""
        reading = self.read(self.search(question, filters))
        return reading.judgment.answerable and bool(reading.candidates)
