"""One question, step by step: understand, search, quote, write, check, judge, record."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_hex

from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan
from opentelemetry.trace import Status, StatusCode

from app.ask.by_parts import answered_by_parts
from app.ask.checking.checker import SupportChecker
from app.ask.checking.verify import verify_quotes
from app.ask.clock import Clock
from app.ask.conversation.interpreting import Interpreter, Understood
from app.ask.conversation.trying import Suggester
from app.ask.drafting import Drafter, QuotedDraft, joined, told
from app.ask.reading import Reader, Reading
from app.ask.tracing import describe, in_thread
from app.ask.writing.written import Writer, WrittenDraft
from app.ask.writing.written_answer import (
    Unsupported,
    check,
    instead,
    lowered,
    total,
    with_sides,
)
from app.domain import (
    Answer,
    AnswerState,
    AskStep,
    Drafted,
    Finished,
    Found,
    Question,
    Searching,
)
from app.errors import (
    EmptyQuestion,
    FootnoteError,
    ModeUnavailable,
    QuestionTooLong,
    WritingFailed,
)
from app.records.answers import AnswerStore
from app.telemetry import SpanName, current_trace_id, get_tracer

log = logging.getLogger(__name__)
tracer = get_tracer(__name__)

QUOTES_MODEL = "quotes"
"""What `Answer.model` says when no model wrote anything."""


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How an answer is shown.

    ``closest``: passages shown when nothing answers; ``unsupported``: what happens to written
    sentences that no source carries.
    """

    closest: int = 5
    max_question_chars: int = 2000
    unsupported: Unsupported = "mark"


@dataclass(frozen=True, slots=True)
class Writing:
    """What written mode needs: who writes, and who checks it."""

    writer: Writer
    checker: SupportChecker


class Asker:
    """Answers questions. The same object behind web, API, CLI, MCP and evals."""

    def __init__(
        self,
        reader: Reader,
        drafter: Drafter,
        interpreter: Interpreter,
        suggester: Suggester,
        options: AskOptions,
        *,
        answers: AnswerStore | None = None,
        writing: Writing | None = None,
    ) -> None:
        """``answers`` None: nothing is recorded (evals). ``writing`` None: only quotes."""
        self._reader = reader
        self._drafter = drafter
        self._interpreter = interpreter
        self._suggester = suggester
        self._options = options
        self._answers = answers
        self._writing = writing

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone; raises as `ask` does."""
        async for step in self.ask(question, session_id):
            if isinstance(step, Finished):
                return step.answer
        raise RuntimeError("ask() ended without Finished")

    async def suggest(self, answer: Answer, session_id: str = "") -> tuple[str, ...]:
        """Questions to ask next, which the documents are known to answer; kept with the answer.

        Apart from `ask` because each is tried before it is offered: about 150 ms in all, and a
        reader has the answer already. Raises as `ask` does.
        """
        return await run_sync(lambda: self._suggest(answer, session_id))

    async def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        """The steps of one question; the last is `Finished`.

        Raises:
            BadRequest: the question is empty or too long.
            ModeUnavailable: written mode without a chat model.
            NotReady: the embedding model is still loading.
            IndexProblem: the index cannot be used.
        """
        typed = self.accepted(question)
        writing = None if question.mode == "quotes" else self._writing
        clock = Clock()
        # The span is entered piecewise: a generator may be resumed in another context.
        span = tracer.start_span(SpanName.ASK)
        try:
            understood = await self._interpreter.understood(
                typed, question, session_id, with_model=writing is not None, parent=span
            )
            yield Searching(understood.question, understood.asked(typed))
            found = await in_thread(span, lambda: self._find(question, understood, clock))
            if found.understood is not understood:
                understood = found.understood
                yield Searching(understood.question, understood.asked(typed))
            yield Found(found.reading.retrieval)
            quoted = await in_thread(
                span, lambda: self._quoted(question, typed, understood, found, clock)
            )
            answer = quoted
            if writing is not None and found.draft.answers:
                wider = question.more_sources
                writes = self._write(writing, found, quoted, span, clock, wider=wider)
                async with aclosing(writes) as steps:
                    async for step in steps:
                        if isinstance(step, Answer):
                            answer = step
                        else:
                            yield step
            elif found.draft.answers:
                clock.first_token()
                yield Drafted(quoted.sentences, quoted.citations)
            answer = await in_thread(
                span, lambda: self._record(answer, found, question, session_id, clock)
            )
            if question.suggest:
                answer = await in_thread(span, lambda: self._with_followups(answer, session_id))
            describe(span, answer)
            yield Finished(answer)
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()

    def accepted(self, question: Question) -> str:
        """The text that will be asked; needs no model, so that a refusal comes at once.

        Raises:
            BadRequest: the question is empty or too long.
            ModeUnavailable: written mode without a chat model.
        """
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
        if question.mode == "written" and self._writing is None:
            raise ModeUnavailable(
                "Written answers need a chat model, and none is set up.",
                "Ask in quotes mode, which needs none, or set FOOTNOTE_CHAT_MODEL.",
            )
        return text

    def _find(self, question: Question, understood: Understood, clock: Clock) -> _Found:
        """Search, with the spelling corrected where a word stands in no document; read; draft."""
        wider = question.more_sources
        with clock.timed("retrieve"):
            retrieval = self._reader.search(understood.question, question.filters, wider=wider)
            corrected = self._interpreter.corrected(understood, retrieval, question.rewrite)
            if corrected is not None:
                understood = corrected
                retrieval = self._reader.search(understood.question, question.filters, wider=wider)
        clock.timings |= {f"retrieve.{name}": ms for name, ms in retrieval.timings_ms.items()}
        with clock.timed("answer"), tracer.start_as_current_span(SpanName.ANSWER):
            reading = self._reader.read(retrieval, wider=wider)
            draft = self._drafter.draft(reading, wider=wider)
            if not draft.answers:
                parts = answered_by_parts(reading, lambda part: self._part(part, question))
                reading, draft = parts or (reading, draft)
        return _Found(understood, reading, draft)

    def _part(self, part: str, question: Question) -> tuple[Reading, QuotedDraft]:
        reading = self._reader.read(self._reader.search(part, question.filters))
        return reading, self._drafter.draft(reading)

    def _quoted(
        self,
        question: Question,
        typed: str,
        understood: Understood,
        found: _Found,
        clock: Clock,
    ) -> Answer:
        """The quoted answer, checked; also what is shown when nothing can be written."""
        draft, retrieval = found.draft, found.reading.retrieval
        with clock.timed("verify"), tracer.start_as_current_span(SpanName.VERIFY):
            sentences, citations = verify_quotes(draft.sentences, draft.citations, retrieval)
        whole = len(citations) == len(draft.citations)
        judgment = found.reading.judgment
        return Answer(
            answer_id=f"ans_{token_hex(8)}",
            trace_id=current_trace_id(),
            conversation_id=question.conversation_id or f"con_{token_hex(8)}",
            question=understood.question,
            state=draft.state if sentences else AnswerState.NOT_FOUND,
            mode="quotes",
            model=QUOTES_MODEL,
            text=told(sentences, draft) if whole else joined(sentences),
            sentences=tuple(sentences),
            citations=tuple(citations),
            confidence=judgment.confidence,
            closest=() if sentences else retrieval.hits[: self._options.closest],
            retrieval=retrieval,
            missing_terms=retrieval.missing_terms,
            documents_searched=retrieval.documents_searched,
            passages_searched=retrieval.passages_searched,
            usage=understood.usage,
            timings_ms=clock.timings,
            created_at=datetime.now(UTC),
            filters=question.filters,
            asked=understood.asked(typed),
            uncovered=draft.uncovered,
            conflicts=draft.conflicts if whole else (),
            stale=draft.stale,
            signals={name: round(value, 4) for name, value in judgment.signals.items()},
        )

    async def _write(
        self,
        writing: Writing,
        found: _Found,
        quoted: Answer,
        span: TraceSpan,
        clock: Clock,
        *,
        wider: bool,
    ) -> AsyncGenerator[Drafted | Answer, None]:
        """Drafts as they come, then the written answer; the quoted one when writing fails."""
        retrieval = found.reading.retrieval
        last: WrittenDraft | None = None
        try:
            with clock.timed("answer"):
                drafts = writing.writer.write(
                    quoted.question, retrieval, found.draft.quotes, wider=wider, parent=span
                )
                async with aclosing(drafts):
                    async for draft in drafts:
                        clock.first_token()
                        yield Drafted(draft.sentences, draft.citations)
                        last = draft
            if last is None:
                raise WritingFailed(f"{writing.writer.name} gave an empty answer", problem="empty")
            written = last
            with clock.timed("verify"):
                checked = await in_thread(
                    span,
                    lambda: check(written, retrieval, writing.checker, self._options.unsupported),
                )
        except WritingFailed as failed:
            clock.first_token()
            yield instead(quoted, failed, self._options.closest)
            return
        citations, conflicts = with_sides(checked.citations, quoted.citations, quoted.conflicts)
        yield replace(
            quoted,
            mode="written",
            model=written.model,
            text=joined(checked.sentences),
            sentences=checked.sentences,
            citations=citations,
            conflicts=conflicts,
            confidence=lowered(quoted.confidence, checked.sentences),
            usage=total(quoted.usage, written.usage),
            notice=checked.notice,
        )

    def _record(
        self, answer: Answer, found: _Found, question: Question, session_id: str, clock: Clock
    ) -> Answer:
        if answer.state is AnswerState.NOT_FOUND:
            asked = self._interpreter.questions(answer.conversation_id, session_id)
            answer = replace(
                answer,
                rephrasings=self._suggester.rephrasings(
                    answer.question, found.reading.retrieval, question.filters, asked
                ),
            )
        answer = replace(answer, timings_ms=clock.finished())
        if self._answers is not None:
            self._answers.add(answer, session_id)
        return answer

    def _with_followups(self, answer: Answer, session_id: str) -> Answer:
        """The answer is given and kept: that nothing can be suggested must not lose it."""
        try:
            return replace(answer, followups=self._suggest(answer, session_id))
        except FootnoteError as error:
            log.warning("no follow-ups: %s", error.message)
            return answer

    def _suggest(self, answer: Answer, session_id: str) -> tuple[str, ...]:
        if answer.state is AnswerState.NOT_FOUND:
            return ()
        retrieval = answer.retrieval or self._reader.search(answer.question, answer.filters)
        asked = self._interpreter.questions(answer.conversation_id, session_id)
        found = self._suggester.followups(answer, retrieval, asked)
        if self._answers is not None:
            self._answers.keep_followups(answer.answer_id, found)
        return found


@dataclass(frozen=True, slots=True)
class _Found:
    """What searching and reading came to."""

    understood: Understood
    reading: Reading
    draft: QuotedDraft
