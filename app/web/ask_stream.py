"""One question as a stream of page changes: every step of the asker becomes one event.

Unnamed events hold ``<hx-partial>`` elements that htmx swaps in. ``footnote:finished`` carries the
answer's address for the browser's history. An error becomes a card: an exception inside a stream
would leave the page silent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.bootstrap import Services
from app.domain import AskStep, Drafted, Finished, Found, Searching
from app.errors import IndexUnavailable, NotReady
from app.web import answer_view, highlight
from app.web.asked import Asked
from app.web.error_pages import page_problem
from app.web.templating import fragment

LONGEST_WAIT_S = 60.0
"""A question that meets a loading model waits for it; loading takes 5 to 15 s."""
_LOOK_S = 0.15
FINISHED = "footnote:finished"


async def ask_events(
    request: Request, services: Services, session: str, asked: Asked
) -> AsyncIterator[ServerSentEvent]:
    """The events of one question; ends after the answer or an error card."""
    try:
        question = await run_in_threadpool(asked.question, services)
        readiness = await run_in_threadpool(services.readiness)
        if readiness.state == "warming":
            yield _event("warming", {})
            await wait_until_ready(services)
        async for step in services.asker.ask(question, session):
            yield await run_in_threadpool(_step, request, services, session, step)
            if isinstance(step, Finished):
                yield ServerSentEvent(raw_data=f"/a/{step.answer.answer_id}", event=FINISHED)
    except Exception as error:  # noqa: BLE001  # whatever it is, the page must say so
        yield _event("failed", {"problem": page_problem(error), "question": asked.text})


def _step(request: Request, services: Services, session: str, step: AskStep) -> ServerSentEvent:
    match step:
        case Searching(question=question, asked=asked):
            return _event("searching", {"question": question if asked else ""})
        case Found(retrieval=retrieval):
            return _event(
                "found",
                {
                    "retrieval": retrieval,
                    "results": highlight.results(retrieval, highlight.CARD_CHARS),
                },
            )
        case Drafted(sentences=sentences, citations=citations):
            paragraphs = answer_view.paragraphs(sentences, citations)
            return _event("drafted", {"paragraphs": paragraphs, "citations": citations})
        case Finished(answer=answer):
            address = answer_view.permalink(request, answer)
            context = answer_view.answer_context(services, answer, address, session)
            return _event("finished", context)


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
