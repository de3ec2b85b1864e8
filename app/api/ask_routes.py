"""Ask, search, read an answer again, say what you think of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import ServicesDep, require_ready
from app.api.problems import MAX_JSON_BYTES, documented, problem_of
from app.api.schemas import (
    AnswerOut,
    AskRequest,
    CitationOut,
    FeedbackIn,
    FeedbackOut,
    SearchResponse,
    SearchResult,
    SentenceOut,
    StoredAnswerOut,
)
from app.api.streams import EventStream, closing, event
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
from app.records.answers import Feedback
from app.requests import known_collections

router = APIRouter(prefix="/api/v1", tags=["ask"])
_ASK_ERRORS = (EmptyQuestion, QuestionTooLong, NotFound, NotReady, IndexProblem)


class SearchingEvent(BaseModel):
    """Event `searching`: the question was accepted."""

    question: str


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
async def ask(body: AskRequest, request: Request, services: ServicesDep) -> AnswerOut | Response:
    """Answer from the documents, sentence by sentence with exact citations, or say that it can't.

    Nothing good enough gives `state: not_found` with the closest passages – a success, not an
    error. Modes are `auto`, `quotes` and `written`; for ranked passages use `GET /api/v1/search`.
    """
    collections: tuple[str, ...] = ()
    if body.collections:
        collections = await run_in_threadpool(known_collections, services, body.collections)
    question = Question(
        text=body.question,
        mode=body.mode,
        filters=Filters(collections=collections),
        conversation_id=body.conversation_id,
    )
    if "text/event-stream" not in request.headers.get("accept", ""):
        return AnswerOut.of(await services.asker.answer(question))
    await run_in_threadpool(require_ready, services)
    steps = services.asker.ask(question)
    # Asked for before the response begins, so that a refused question has its proper status.
    first = await anext(steps)
    return EventStream(_events(first, steps))


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
        case Searching(question):
            data: BaseModel = SearchingEvent(question=question)
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
    *,
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
    found = services.search.search(text, k or services.settings.search_results, filters)
    return SearchResponse(results=[SearchResult.of(hit) for hit in found.hits])


@router.get("/answers/{answer_id}", summary="Read an answer again", responses=documented(NotFound))
def read_answer(answer_id: str, services: ServicesDep) -> StoredAnswerOut:
    """An answer as it was given, with its question."""
    return StoredAnswerOut.of(services.answers.get(answer_id))


@router.post(
    "/answers/{answer_id}/feedback",
    status_code=201,
    summary="Say whether an answer helped",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(NotFound),
)
def give_feedback(answer_id: str, body: FeedbackIn, services: ServicesDep) -> FeedbackOut:
    """Keep what a person says about an answer. May be sent again; everything is kept."""
    services.answers.add_feedback(
        Feedback(
            answer_id=answer_id,
            helpful=body.helpful,
            reasons=tuple(body.reasons),
            comment=body.comment,
            correction=body.correction,
        )
    )
    return FeedbackOut(answer_id=answer_id, **body.model_dump())
