"""One question, step by step: understand, search, quote, write, check, judge, record."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex

from opentelemetry.trace import Span as TraceSpan

from app.ask.checking.checker import SupportChecker
from app.ask.clock import Clock
from app.ask.conversation.interpreting import Interpreter, Understood
from app.ask.conversation.trying import Suggester
from app.ask.drafting import Drafter, joined
from app.ask.finding import Finder
from app.ask.ports import Recorder
from app.ask.reading import Reader
from app.ask.run import Draft, Run, quoted_answer
from app.ask.suggesting import Suggesting
from app.ask.tracing import describe, in_thread, trace_id, worked
from app.ask.used import describe_written
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
        self._interpreter = interpreter
        self._finder = Finder(reader, drafter, interpreter)
        self._suggesting = Suggesting(reader, interpreter, suggester, answers)
        self._options = options
        self._recorder = recorder
        self._writing = writing
        self._tracing = tracing

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone; raises as `ask` does."""
        return await finished(self.ask(question, session_id))

    async def suggest(self, answer: Answer, session_id: str = "") -> Answer:
        """The answer with questions that the documents are known to answer; kept with it.

        Follow-ups, or where nothing was found what to try instead. Apart from `ask` because each
        is tried before it is offered: about 150 ms in all, and a reader has the answer already.
        Raises as `ask` does.
        """
        return await worked(lambda: self._suggesting.tried(answer, session_id))

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
        found = await in_thread(span, lambda: self._finder.found(question, understood, clock))
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

    def _checked(self, writing: Writing, written: WrittenDraft, retrieval: Retrieval) -> Checked:
        """Every written sentence held against what it cites."""
        with step(tracer, SpanName.VERIFY, Kind.EVALUATOR) as span:
            checked = check(written, retrieval, writing.checker, self._options.unsupported)
            describe_written(span, written, checked)
        return checked

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
        """The answer with what belongs to it; kept, and then its trace, before it is given."""
        asking, suggesting = run.asking, self._suggesting
        answer = suggesting.at_once(answer, found.reading.retrieval, asking.session_id)
        answer = replace(answer, timings_ms=run.clock.finished())
        if self._recorder is not None:
            self._recorder.answered(asking, answer)
        run.answered = True
        describe(run.span, asking, answer)
        run.span.end()
        return suggesting.wanted(answer, asking.session_id, asking.question.suggest)


async def finished(steps: AsyncGenerator[AskStep, None]) -> Answer:
    """The answer that the last step brings; the steps are closed with it."""
    async with aclosing(steps) as running:
        async for one in running:
            if isinstance(one, Finished):
                return one.answer
    raise RuntimeError("the steps ended without Finished")
