"""One question as a stream of page changes: every step of the asker becomes one event.

Unnamed events hold ``<hx-partial>`` elements that htmx swaps in. ``footnote:finished`` carries the
answer's address for the browser's history; what to ask or to try next follows it. An error
becomes a card: an exception inside a stream would leave the page silent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.bootstrap import Services
from app.domain import Answer, AnswerState, AskStep, Drafted, Finished, Found, Searching
from app.errors import IndexUnavailable, NotReady
from app.web import answer_view, highlight
from app.web.asked import Asked
from app.web.conversation import followup
from app.web.error_pages import page_problem
from app.web.observing import note_chosen
from app.web.state_view import state_view
from app.web.survey import survey_due
from app.web.templating import fragment

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
"""A question that meets a loading model waits for it; loading takes 5 to 15 s."""
_LOOK_S = 0.15
FINISHED = "footnote:finished"


@dataclass(frozen=True, slots=True)
class _Asking:
    """What every step of one question is shown with."""

    request: Request
    services: Services
    session: str
    writer: str | None
    """The chat model that writes the answer if there is one; None when it is only quoted."""


async def ask_events(
    request: Request, services: Services, session: str, asked: Asked
) -> AsyncGenerator[ServerSentEvent, None]:
    """The events of one question; ends after the answer or an error card.

    Closing it stops the question, and the chat model with it.
    """
    answer = None
    try:
        question = await run_in_threadpool(asked.question, services)
        await run_in_threadpool(note_chosen, services, asked, session)
        readiness = await run_in_threadpool(services.readiness)
        if readiness.state == "warming":
            yield _event("warming", {})
            await wait_until_ready(services)
        writer = None if question.mode == "quotes" else services.chat_model_name
        asking = _Asking(request, services, session, writer)
        async with aclosing(_generator(services.asker.ask(question, session))) as steps:
            shown: Drafted | None = None
            async for step in steps:
                yield await run_in_threadpool(_step, asking, step, shown)
                if isinstance(step, Drafted):
                    shown = step
                if isinstance(step, Finished):
                    answer = step.answer
                    yield ServerSentEvent(raw_data=f"/a/{answer.answer_id}", event=FINISHED)
    except Exception as error:  # noqa: BLE001  # whatever it is, the page must say so
        yield _event("failed", {"problem": page_problem(error), "question": asked.text})
    if answer is not None:
        more = await _with_suggestions(services, answer, session)
        if more.state is AnswerState.NOT_FOUND:
            yield _event("tried", {"answer": more, "view": state_view(more)})
        elif more.followups != answer.followups:
            links = [followup(answer, one) for one in more.followups]
            yield _event("suggested", {"followups": links})


async def _with_suggestions(services: Services, answer: Answer, session: str) -> Answer:
    """With what to go on with; as it is when that can't be found, for the answer stands there."""
    try:
        return await services.asker.suggest(answer, session)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is not worth a card
        log.warning("No suggestions for %s: %s", answer.answer_id, type(error).__name__)
        return answer


def _step(asking: _Asking, step: AskStep, shown: Drafted | None) -> ServerSentEvent:
    """One step as an event; ``shown``: the draft before it, of which only what changed is sent."""
    match step:
        case Searching(question=question, asked=asked):
            return _event("searching", {"question": question if asked else ""})
        case Found(retrieval=retrieval):
            return _event(
                "found",
                {
                    "retrieval": retrieval,
                    "results": highlight.results(retrieval, highlight.CARD_CHARS),
                    "writer": asking.writer,
                },
            )
        case Drafted(sentences=sentences, citations=citations, answer_id=answer_id):
            return _event(
                "drafted",
                {
                    "paragraphs": answer_view.paragraphs(sentences, citations),
                    "citations": citations,
                    "origin": answer_id,
                    "begins": shown is None,
                    "sources_changed": shown is None or citations != shown.citations,
                    "writer": asking.writer,
                },
            )
        case Finished(answer=answer):
            address = answer_view.permalink(asking.request, answer)
            survey = survey_due(asking.request, asking.services, answer, asking.session)
            context = answer_view.answer_context(
                asking.services, answer, address, asking.session, survey=survey
            )
            looking = answer.state is AnswerState.NOT_FOUND
            return _event("finished", context | {"looking": looking})


def _generator(steps: AsyncIterator[AskStep]) -> AsyncGenerator[AskStep, None]:
    """The asker's steps as what they are: left early, they have to be closed at once."""
    return cast("AsyncGenerator[AskStep, None]", steps)


def _event(block: str, context: Mapping[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(raw_data=fragment("_stream.html", block, context))


async def wait_until_ready(services: Services) -> None:
    """Return once questions can be answered.

    Raises:
        NotReady: still loading after a minute.
        IndexUnavailable: it cannot become ready; says why.
    """
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        readiness = await run_in_threadpool(services.readiness)
        if readiness.state == "ready":
            return
        if readiness.state == "failed":
            raise IndexUnavailable(readiness.message)
        if time.monotonic() > deadline:
            raise NotReady("The model is still loading.", "Ask again in a moment.")
        await asyncio.sleep(_LOOK_S)
