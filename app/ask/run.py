"""One question on its way: what it is known by, and how it ends when it gets no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from anyio import CancelScope
from opentelemetry.trace import Span as TraceSpan

from app.ask.checking.verify import verify_quotes
from app.ask.clock import Clock
from app.ask.conversation.interpreting import Understood
from app.ask.drafting import QuotedDraft, joined, told
from app.ask.ports import Recorder
from app.ask.reading import Reading
from app.ask.tracing import describe_end, in_thread
from app.domain import Answer, AnswerState, Asking
from app.moment import now
from app.telemetry import Attribute, Kind, SpanName, get_tracer, step

tracer = get_tracer(__name__)

QUOTES_MODEL = "quotes"
"""What `Answer.model` says when no model wrote anything."""


@dataclass(slots=True)
class Run:
    """``answered``: it has its answer, whatever happens afterwards.

    ``vector``: the question's embedding, once it was searched for; empty before.
    """

    asking: Asking
    span: TraceSpan
    clock: Clock
    vector: bytes = b""
    answered: bool = False

    async def ended(
        self, recorder: Recorder | None, status: Literal["stopped", "failed"], error_type: str
    ) -> None:
        """Say that it has no answer; nothing happens where it has one."""
        if self.answered:
            return

        def end() -> None:
            describe_end(self.span, self.asking, self.clock, status, error_type)
            self.span.end()
            if recorder is not None:
                recorder.ended(self.asking, status, error_type, self.clock.timings, self.vector)

        # Also when this task is cancelled: that a question was stopped is worth knowing.
        with CancelScope(shield=True):
            await in_thread(self.span, end)


@dataclass(frozen=True, slots=True)
class Draft:
    """What searching and reading came to."""

    understood: Understood
    reading: Reading
    draft: QuotedDraft


def quoted_answer(run: Run, found: Draft, closest: int) -> Answer:
    """The quoted answer, checked; also what is shown when nothing can be written."""
    asking, clock, understood = run.asking, run.clock, found.understood
    draft, retrieval = found.draft, found.reading.retrieval
    with clock.timed("verify"), step(tracer, SpanName.VERIFY, Kind.EVALUATOR) as span:
        sentences, citations = verify_quotes(draft.sentences, draft.citations, retrieval)
        span.set_attribute(Attribute.SENTENCES, len(draft.sentences))
        span.set_attribute(Attribute.DROPPED, len(draft.sentences) - len(sentences))
    whole = len(citations) == len(draft.citations)
    judgment = found.reading.judgment
    return Answer(
        answer_id=asking.answer_id,
        trace_id=asking.trace_id,
        conversation_id=asking.conversation_id,
        question=understood.question,
        state=draft.state if sentences else AnswerState.NOT_FOUND,
        mode="quotes",
        model=QUOTES_MODEL,
        text=told(sentences, draft) if whole else joined(sentences),
        sentences=tuple(sentences),
        citations=tuple(citations),
        confidence=judgment.confidence,
        closest=() if sentences else retrieval.hits[:closest],
        retrieval=retrieval,
        missing_terms=retrieval.missing_terms,
        documents_searched=retrieval.documents_searched,
        passages_searched=retrieval.passages_searched,
        usage=understood.usage,
        timings_ms=clock.timings,
        created_at=now(),
        filters=asking.question.filters,
        asked=understood.asked(asking.typed),
        completed=understood.completed,
        uncovered=draft.uncovered,
        conflicts=draft.conflicts if whole else (),
        stale=draft.stale,
        signals={name: round(value, 4) for name, value in judgment.signals.items()},
        searched=retrieval.collections,
    )
