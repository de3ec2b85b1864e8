"""One question, step by step: understand, search, quote, write, check, judge, record."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex

from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan

from app.ask.by_parts import answered_by_parts
from app.ask.checking.checker import SupportChecker
from app.ask.clock import Clock
from app.ask.conversation.interpreting import Interpreter, Understood
from app.ask.conversation.trying import Suggester
from app.ask.drafting import Drafter, QuotedDraft, joined
from app.ask.ports import Recorder
from app.ask.reading import Reader, Reading
from app.ask.run import Draft, Run, quoted_answer
from app.ask.tracing import describe, in_thread, trace_id
from app.ask.used import describe_reading, describe_written
from app.ask.writing.written import Writer, WrittenDraft
from app.ask.writing.written_answer import (
    Checked,
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
    Asking,
    AskStep,
    Drafted,
    Finished,
    Found,
    Mode,
    Question,
    Retrieval,
    Searching,
)
from app.errors import (
    EmptyQuestion,
    FootnoteError,
    ModeUnavailable,
    QuestionTooLong,
    WritingFailed,
)
from app.moment import now
from app.records.answers import AnswerStore
from app.telemetry import (
    Attribute,
    Kind,
    SpanName,
    Tracing,
    get_tracer,
    quietly,
    start_workflow,
    step,
    within,
)

log = logging.getLogger(__name__)
tracer = get_tracer(__name__)


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How an answer is shown.

    ``closest``: passages shown when nothing answers; ``unsupported``: what happens to written
    sentences that no source carries; ``mode``: how a question is answered where nobody chose.
    """

    closest: int = 5
    max_question_chars: int = 2000
    unsupported: Unsupported = "mark"
    mode: Mode = "auto"


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
        recorder: Recorder | None = None,
        writing: Writing | None = None,
        tracing: Tracing = Tracing(),
    ) -> None:
        """``recorder`` None: nothing is recorded (evals). ``writing`` None: only quotes."""
        self._reader = reader
        self._drafter = drafter
        self._interpreter = interpreter
        self._suggester = suggester
        self._options = options
        self._answers = answers
        self._recorder = recorder
        self._writing = writing
        self._tracing = tracing

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone; raises as `ask` does."""
        async with aclosing(self.ask(question, session_id)) as steps:
            async for step in steps:
                if isinstance(step, Finished):
                    return step.answer
        raise RuntimeError("ask() ended without Finished")

    async def suggest(self, answer: Answer, session_id: str = "") -> tuple[str, ...]:
        """Questions to ask next, which the documents are known to answer; kept with the answer.

        Apart from `ask` because each is tried before it is offered: about 150 ms in all, and a
        reader has the answer already. Raises as `ask` does.
        """

        def suggest() -> tuple[str, ...]:
            with step(tracer, SpanName.SUGGEST):
                return self._suggest(answer, session_id)

        return await run_sync(suggest)

    async def ask(self, question: Question, session_id: str = "") -> AsyncGenerator[AskStep, None]:
        """The steps of one question; the last is `Finished`.

        Raises:
            BadRequest: the question is empty or too long.
            ModeUnavailable: written mode without a chat model.
            NotReady: the embedding model is still loading.
            IndexProblem: the index cannot be used.
        """
        typed = self.accepted(question)
        # The span is entered piecewise: a generator may be resumed in another context.
        span = start_workflow(tracer, SpanName.ASK, self._tracing)
        asking = Asking(
            answer_id=f"ans_{token_hex(8)}",
            trace_id=trace_id(span),
            conversation_id=question.conversation_id or f"con_{token_hex(8)}",
            session_id=session_id,
            question=question,
            typed=typed,
            asked_at=now(),
        )
        run = Run(asking, span, Clock())
        try:
            if self._recorder is not None:
                await in_thread(span, partial(self._recorder.asked, asking))
            async with aclosing(self._steps(run)) as steps:
                async for step in steps:
                    yield step
        except Exception as error:
            await run.ended(self._recorder, "failed", type(error).__name__)
            raise
        except BaseException:  # whoever asked went away: the generator is closed, or cancelled
            await run.ended(self._recorder, "stopped", "")
            raise
        finally:
            if span.is_recording():  # else it has ended with the answer
                span.end()

    async def _steps(self, run: Run) -> AsyncGenerator[AskStep, None]:
        span, clock, typed, question = run.span, run.clock, run.asking.typed, run.asking.question
        mode = self._options.mode if question.mode == "auto" else question.mode
        writing = None if mode == "quotes" else self._writing
        understood = await self._understood(run, with_model=writing is not None)
        yield Searching(understood.question, understood.asked(typed))
        found = await in_thread(span, lambda: self._find(question, understood, clock))
        if found.understood is not understood:
            understood = found.understood
            yield Searching(understood.question, understood.asked(typed))
        run.vector = found.reading.retrieval.vector
        yield Found(found.reading.retrieval)
        quoted = await in_thread(span, lambda: quoted_answer(run, found, self._options.closest))
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
            yield Drafted(quoted.sentences, quoted.citations, quoted.answer_id)
        yield Finished(await in_thread(span, lambda: self._finished(run, found, answer)))

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

    async def _understood(self, run: Run, *, with_model: bool) -> Understood:
        """The question to search with; a follow-up is completed."""
        asking = run.asking
        with within(run.span), step(tracer, SpanName.REWRITE) as span:
            understood = await self._interpreter.understood(
                asking.typed,
                asking.question,
                asking.session_id,
                with_model=with_model,
                parent=span,
            )
            span.set_attribute(Attribute.REWRITTEN, understood.question != asking.typed)
        return understood

    def _find(self, question: Question, understood: Understood, clock: Clock) -> Draft:
        """Search, with the spelling corrected where a word stands in no document; read; draft."""
        wider = question.more_sources
        with clock.timed("retrieve"):
            retrieval = self._reader.search(understood.question, question.filters, wider=wider)
            with step(tracer, SpanName.SPELLING) if retrieval.missing_terms else nullcontext():
                corrected = self._interpreter.corrected(understood, retrieval, question.rewrite)
            if corrected is not None:
                understood = corrected
                retrieval = self._reader.search(understood.question, question.filters, wider=wider)
        clock.timings |= {f"retrieve.{name}": ms for name, ms in retrieval.timings_ms.items()}
        with clock.timed("answer"), step(tracer, SpanName.ANSWER) as span:
            reading = self._reader.read(retrieval, wider=wider)
            draft = self._drafter.draft(reading, wider=wider)
            if not draft.answers:
                parts = answered_by_parts(reading, lambda part: self._part(part, question))
                reading, draft = parts or (reading, draft)
            describe_reading(span, reading.retrieval.hits, reading.candidates, draft.quotes)
        return Draft(understood, reading, draft)

    def _checked(self, writing: Writing, written: WrittenDraft, retrieval: Retrieval) -> Checked:
        """Every written sentence held against what it cites."""
        with step(tracer, SpanName.VERIFY, Kind.EVALUATOR) as span:
            checked = check(written, retrieval, writing.checker, self._options.unsupported)
            describe_written(span, written, checked)
        return checked

    def _part(self, part: str, question: Question) -> tuple[Reading, QuotedDraft]:
        reading = self._reader.read(self._reader.search(part, question.filters))
        return reading, self._drafter.draft(reading)

    async def _write(
        self,
        writing: Writing,
        found: Draft,
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
                        yield Drafted(draft.sentences, draft.citations, quoted.answer_id)
                        last = draft
            if last is None:
                raise WritingFailed(f"{writing.writer.name} gave an empty answer", problem="empty")
            written = last
            with clock.timed("verify"):
                checked = await in_thread(span, lambda: self._checked(writing, written, retrieval))
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

    def _finished(self, run: Run, found: Draft, answer: Answer) -> Answer:
        """The answer with what belongs to it, kept together with its trace before it is given."""
        asking, question = run.asking, run.asking.question
        if answer.state is AnswerState.NOT_FOUND:
            asked = self._interpreter.questions(answer.conversation_id, asking.session_id)
            with step(tracer, SpanName.SUGGEST), quietly():
                rephrasings = self._suggester.rephrasings(
                    answer.question, found.reading.retrieval, question.filters, asked
                )
            answer = replace(answer, rephrasings=rephrasings)
        answer = replace(answer, timings_ms=run.clock.finished())
        describe(run.span, asking, answer)
        run.span.end()
        if self._recorder is not None:
            self._recorder.answered(asking, answer)
        run.answered = True
        return self._with_followups(answer, asking.session_id) if question.suggest else answer

    def _with_followups(self, answer: Answer, session_id: str) -> Answer:
        """The answer is given and kept: that nothing can be suggested must not lose it."""
        try:
            with quietly():  # its trace has ended and is kept
                return replace(answer, followups=self._suggest(answer, session_id))
        except FootnoteError as error:
            log.warning("no follow-ups: %s", error.message)
            return answer

    def _suggest(self, answer: Answer, session_id: str) -> tuple[str, ...]:
        if answer.state is AnswerState.NOT_FOUND:
            return ()
        with quietly():
            retrieval = answer.retrieval or self._reader.search(answer.question, answer.filters)
            asked = self._interpreter.questions(answer.conversation_id, session_id)
            found = self._suggester.followups(answer, retrieval, asked)
        if self._answers is not None:
            self._answers.keep_followups(answer.answer_id, found)
        return found
