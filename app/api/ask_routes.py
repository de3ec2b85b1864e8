"""Ask and search."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import PrivateDep, ServicesDep, SessionHeader, require_ready
from app.api.problems import MAX_JSON_BYTES, documented, problem_of
from app.api.schemas import (
    AnswerOut,
    AskRequest,
    CitationOut,
    SearchResponse,
    SearchResult,
    SentenceOut,
)
from app.api.streams import EventStream, closing, event
from app.bootstrap import Services
from app.domain import AskStep, Drafted, Filters, Finished, Found, Question, Searching
from app.errors import (
    BadRequest,
    EmptyQuestion,
    IndexProblem,
    ModeUnavailable,
    NotFound,
    NotReady,
    QuestionTooLong,
)
from app.requests import known_collections, recorded_search

router = APIRouter(prefix="/api/v1", tags=["ask"])
_ASK_ERRORS = (EmptyQuestion, QuestionTooLong, NotFound, NotReady, IndexProblem)


class SearchingEvent(BaseModel):
    """Event `searching`: the question was accepted; `asked` where a follow-up was rewritten."""

    question: str
    asked: str | None


class FoundEvent(BaseModel):
    """Event `found`: what was looked through, and the passages the answer is made from."""

    documents_searched: int
    passages_searched: int
    results: list[SearchResult]


class DraftedEvent(BaseModel):
    """Event `drafted`: the sentences so far, not yet checked; replaces the one before."""

    sentences: list[SentenceOut]
    citations: list[CitationOut]


@router.post(
    "/ask",
    response_model=AnswerOut,
    summary="Ask a question",
    max_body_size=MAX_JSON_BYTES,
    responses={
        **documented(*_ASK_ERRORS, ModeUnavailable),
        200: {
            "description": "The answer; with `Accept: text/event-stream` the events `searching`, "
            "`found`, `drafted` (any number), then `finished` with the answer or `error` with a "
            "problem, each with JSON data.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def ask(
    body: AskRequest,
    request: Request,
    services: ServicesDep,
    private: PrivateDep,
    session: SessionHeader = "",
) -> AnswerOut | Response:
    """Answer from the documents, sentence by sentence with exact citations, or say that it can't.

    Nothing good enough gives `state: not_found` with the closest passages and what to try – a
    success, not an error. `partial`, `conflicting` and `outdated` say why in `uncovered`,
    `conflicts` and `stale`. With a `conversation_id`, a follow-up is made to stand alone: see
    `asked` and `question`. For ranked passages alone use `GET /api/v1/search`.
    """
    question = Question(
        text=body.question,
        mode=body.mode,
        filters=await run_in_threadpool(_filters, body, services),
        conversation_id=body.conversation_id or None,
        rewrite=body.rewrite,
        more_sources=body.more_sources,
        suggest="all" if body.followups else "later",
        channel="api",
        private=private,
    )
    if "text/event-stream" not in request.headers.get("accept", ""):
        return AnswerOut.of(await services.asker.answer(question, session))
    await run_in_threadpool(require_ready, services)
    steps = services.asker.ask(question, session)
    # Asked for before the response begins, so that a refused question has its proper status.
    first = await anext(steps)
    return EventStream(_events(first, steps))


def _filters(body: AskRequest, services: Services) -> Filters:
    """What the question is narrowed to; a name that does not exist would quietly find nothing."""
    for document_id in body.document_ids:
        services.documents.get(document_id)
    return Filters(
        collections=known_collections(services, body.collections),
        kinds=tuple(dict.fromkeys(body.kinds)),
        changed_after=body.changed_after,
        changed_before=body.changed_before,
        document_ids=tuple(dict.fromkeys(body.document_ids)),
    )


async def _events(first: AskStep, steps: AsyncIterator[AskStep]) -> AsyncIterator[bytes]:
    async with closing(steps):
        try:
            yield _event(first)
            async for step in steps:
                yield _event(step)
        except Exception as error:  # noqa: BLE001  # told to the client, logged by problem_of
            yield event(problem_of(error).model_dump_json(), "error")


def _event(step: AskStep) -> bytes:
    match step:
        case Searching(question, asked):
            data: BaseModel = SearchingEvent(question=question, asked=asked)
        case Found(retrieval):
            data = FoundEvent(
                documents_searched=retrieval.documents_searched,
                passages_searched=retrieval.passages_searched,
                results=[SearchResult.of(hit) for hit in retrieval.hits],
            )
        case Drafted(sentences, citations):
            data = DraftedEvent(
                sentences=[SentenceOut.of(sentence) for sentence in sentences],
                citations=[CitationOut.of(citation) for citation in citations],
            )
        case Finished(answer):
            data = AnswerOut.of(answer)
    return event(data.model_dump_json(), type(step).__name__.lower())


@router.get(
    "/search",
    summary="Search for passages",
    responses=documented(*_ASK_ERRORS, BadRequest),
)
def search(
    services: ServicesDep,
    private: PrivateDep,
    *,
    session: SessionHeader = "",
    q: Annotated[str, Query(description="Words or a question.", examples=["hotel cap"])],
    k: Annotated[
        int | None, Query(ge=1, le=100, description="Passages at most; default from the settings.")
    ] = None,
    collection: Annotated[
        list[str] | None, Query(description="Only in this one; may be given several times.")
    ] = None,
    kind: Annotated[
        list[str] | None, Query(description="Only this format, e.g. `pdf`; may be repeated.")
    ] = None,
    changed_after: Annotated[
        date | None, Query(description="Changed on this day or later.")
    ] = None,
    changed_before: Annotated[
        date | None, Query(description="Changed on this day or earlier.")
    ] = None,
) -> SearchResponse:
    """The passages that fit best, best first, without an answer: plain search."""
    text = q.strip()
    if not text:
        raise EmptyQuestion("Nothing was searched for.", "Give some words in q.")
    if len(text) > services.settings.max_question_chars:
        raise QuestionTooLong(
            f"q is longer than {services.settings.max_question_chars:,} characters.", "Shorten it."
        )
    filters = Filters(
        collections=known_collections(services, collection or ()),
        kinds=tuple(kind or ()),
        changed_after=changed_after,
        changed_before=changed_before,
    )
    most = k or services.settings.search_results
    found, _ = recorded_search(
        services, text, most, filters, channel="api", session=session, private=private
    )
    return SearchResponse(results=[SearchResult.of(hit) for hit in found.hits])
