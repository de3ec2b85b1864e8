"""One question, step by step: search, quote, check, judge, record."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import TypeVar

from anyio.to_thread import run_sync
from opentelemetry import trace
from opentelemetry.trace import Span as TraceSpan
from opentelemetry.trace import Status, StatusCode

from app.ask.confidence import Judgment, judge
from app.ask.quotes import compile_answer, select
from app.ask.sentences import Candidate, rank_sentences
from app.ask.verify import verify_quotes
from app.domain import (
    Answer,
    AnswerState,
    AskStep,
    Citation,
    Drafted,
    Finished,
    Found,
    Question,
    Retrieval,
    Searching,
    Sentence,
    Usage,
)
from app.errors import EmptyQuestion, ModeUnavailable, QuestionTooLong
from app.knowledge.retriever import Retriever
from app.records.answers import AnswerStore
from app.telemetry import Attribute, SpanName, current_trace_id, get_tracer

tracer = get_tracer(__name__)
T = TypeVar("T")

QUOTES_MODEL = "quotes"
"""What `Answer.model` says when no model wrote anything."""


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How much to read and to quote.

    ``read``: passages whose sentences are considered; ``closest``: passages shown when nothing
    answers; ``quote_sentences``: sentences at most in an answer.
    """

    read: int = 8
    closest: int = 5
    quote_sentences: int = 3
    max_question_chars: int = 2000


class Asker:
    """Answers questions. The same object behind web, API, CLI, MCP and evals."""

    def __init__(
        self,
        retriever: Retriever,
        answers: AnswerStore | None,
        options: AskOptions,
    ) -> None:
        """``answers`` None: nothing is recorded (evals)."""
        self._retriever = retriever
        self._answers = answers
        self._options = options

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone; raises as `ask` does."""
        async for step in self.ask(question, session_id):
            if isinstance(step, Finished):
                return step.answer
        raise RuntimeError("ask() ended without Finished")

    async def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        """The steps of one question; the last is `Finished`.

        Raises:
            BadRequest: the question is empty or too long.
            ModeUnavailable: written mode without a chat model.
            NotReady: the embedding model is still loading.
            IndexProblem: the index cannot be used.
        """
        text = self._accepted(question)
        started = time.perf_counter()
        # The span is entered piecewise: a generator may be resumed in another context.
        span = tracer.start_span(SpanName.ASK)
        try:
            yield Searching(text)
            retrieval = await _in_thread(
                span,
                lambda: self._retriever.search(
                    text, max(self._options.read, self._options.closest), question.filters
                ),
            )
            timings = {"retrieve": _since(started)}
            timings |= {f"retrieve.{name}": ms for name, ms in retrieval.timings_ms.items()}
            yield Found(retrieval)
            begun = time.perf_counter()
            draft = await _in_thread(span, lambda: self._draft(text, retrieval))
            timings["answer"] = _since(begun)
            timings["first_token"] = _since(started)
            if draft.answerable:
                yield Drafted(tuple(draft.sentences), tuple(draft.citations))
            begun = time.perf_counter()
            answer = await _in_thread(
                span,
                lambda: self._finish(question, text, retrieval, draft, timings, begun, started),
            )
            if self._answers is not None:
                store = self._answers
                await _in_thread(span, lambda: store.add(answer, session_id))
            _describe(span, answer)
            yield Finished(answer)
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()

    def _accepted(self, question: Question) -> str:
        # NUL and lone surrogates are no text: PostgreSQL refuses the one, every encoder the other.
        whole = question.text.replace("\0", " ").encode("utf-8", "replace").decode()
        text = " ".join(whole.split())
        if not text:
            raise EmptyQuestion("The question is empty.", "Type a question or a few keywords.")
        if len(text) > self._options.max_question_chars:
            raise QuestionTooLong(
                f"The question has {len(text):,} characters; "
                f"at most {self._options.max_question_chars:,} are read.",
                "Shorten it to what you want to know.",
            )
        if question.mode == "written":
            raise ModeUnavailable(
                "Written answers need a chat model, and none is set up.",
                "Ask in quotes mode, which needs none.",
            )
        return text

    def _draft(self, text: str, retrieval: Retrieval) -> _Draft:
        with tracer.start_as_current_span(SpanName.ANSWER):
            candidates = rank_sentences(text, retrieval, self._options.read)
            judgment = judge(retrieval, candidates)
            quotes = select(candidates, self._options.quote_sentences)
            sentences, citations = compile_answer(quotes)
            return _Draft(sentences, citations, candidates, judgment)

    def _finish(
        self,
        question: Question,
        text: str,
        retrieval: Retrieval,
        draft: _Draft,
        timings: dict[str, float],
        begun: float,
        started: float,
    ) -> Answer:
        with tracer.start_as_current_span(SpanName.VERIFY):
            sentences, citations = verify_quotes(draft.sentences, draft.citations, retrieval)
        found = draft.answerable and bool(sentences)
        timings["verify"] = _since(begun)
        timings["total"] = _since(started)
        return Answer(
            answer_id=f"ans_{token_hex(8)}",
            trace_id=current_trace_id(),
            conversation_id=question.conversation_id or f"con_{token_hex(8)}",
            question=text,
            state=AnswerState.ANSWERED if found else AnswerState.NOT_FOUND,
            mode="quotes",
            model=QUOTES_MODEL,
            text=" ".join(sentence.text for sentence in sentences) if found else "",
            sentences=tuple(sentences) if found else (),
            citations=tuple(citations) if found else (),
            confidence=draft.judgment.confidence,
            closest=() if found else retrieval.hits[: self._options.closest],
            retrieval=retrieval,
            missing_terms=retrieval.missing_terms,
            documents_searched=retrieval.documents_searched,
            passages_searched=retrieval.passages_searched,
            usage=Usage(),
            timings_ms=timings,
            created_at=datetime.now(UTC),
            filters=question.filters,
            notice=None,
        )


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the answerer proposes, before it is checked."""

    sentences: list[Sentence]
    citations: list[Citation]
    candidates: list[Candidate]
    judgment: Judgment

    @property
    def answerable(self) -> bool:
        return self.judgment.answerable and bool(self.sentences)


async def _in_thread(span: TraceSpan, function: Callable[[], T]) -> T:
    """Run blocking work beside the event loop, inside the question's trace."""

    def run() -> T:
        with trace.use_span(span, end_on_exit=False, record_exception=False):
            return function()

    return await run_sync(run)


def _describe(span: TraceSpan, answer: Answer) -> None:
    span.set_attributes(
        {
            Attribute.OPERATION: "invoke_workflow",
            Attribute.SPAN_KIND: "CHAIN",
            Attribute.ANSWER_ID: answer.answer_id,
            Attribute.ANSWER_STATE: answer.state.value,
            Attribute.ANSWER_MODE: answer.mode,
            Attribute.CONFIDENCE_LEVEL: answer.confidence.level.value,
            Attribute.CITATIONS: len(answer.citations),
            Attribute.CONVERSATION: answer.conversation_id,
        }
    )


def _since(start: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - start) * 1000
