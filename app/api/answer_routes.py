"""Answers afterwards: read them again, say what you think, ask for what is missing, forget them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.dependencies import ServicesDep
from app.api.problems import MAX_JSON_BYTES, documented
from app.api.schemas import ConversationOut, FeedbackIn, FeedbackOut, StoredAnswerOut
from app.api.state_schemas import (
    ContentRequestIn,
    ContentRequestOut,
    DeletedAnswers,
    ReportIn,
    ReportOut,
)
from app.errors import NotFound
from app.records.answers import Feedback

router = APIRouter(prefix="/api/v1", tags=["answers"])
ConversationId = Annotated[str, Path(max_length=40, description="From an answer.")]
PROGRAMS = ""
"""The session of everything that was asked through the API. What people asked in a browser is shown
to their browser alone, though a shared answer names its conversation."""


@router.get("/answers/{answer_id}", summary="Read an answer again", responses=documented(NotFound))
def read_answer(answer_id: str, services: ServicesDep) -> StoredAnswerOut:
    """An answer as it was given, with its question."""
    return StoredAnswerOut.of(services.answers.get(answer_id))


@router.post(
    "/answers/{answer_id}/feedback",
    status_code=201,
    summary="Say whether an answer helped, or correct it",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(NotFound),
)
def give_feedback(answer_id: str, body: FeedbackIn, services: ServicesDep) -> FeedbackOut:
    """Keep what a person says about an answer. May be sent again; everything is kept.

    `correction` is what the answer should have said.
    """
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


@router.post(
    "/answers/{answer_id}/request",
    status_code=201,
    summary="Say that an answer is missing in the documents",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(NotFound),
)
def request_content(
    answer_id: str, body: ContentRequestIn, services: ServicesDep
) -> ContentRequestOut:
    """Keep a request for content, with the owners of the closest documents.

    There is one per answer: sent again, it gives the first one back, with the newer comment.
    """
    answer = services.answers.get(answer_id)
    return ContentRequestOut.of(services.requests.add_request(answer, PROGRAMS, body.comment))


@router.post(
    "/answers/{answer_id}/report",
    status_code=201,
    summary="Report a problem with an answer",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(NotFound),
)
def report_problem(answer_id: str, body: ReportIn, services: ServicesDep) -> ReportOut:
    """Keep a problem for whoever looks after the documents. Every report is kept."""
    kept = services.requests.add_report(answer_id, body.kind, body.comment, PROGRAMS)
    return ReportOut.of(kept, body)


@router.delete(
    "/answers/{answer_id}",
    status_code=204,
    summary="Delete an answer",
    responses=documented(NotFound),
)
def delete_answer(answer_id: str, services: ServicesDep) -> Response:
    """Forget an answer that was asked through the API, and what was said about it."""
    services.answers.delete(answer_id, PROGRAMS)
    return Response(status_code=204)


@router.get(
    "/conversations/{conversation_id}",
    summary="Read a conversation",
    responses=documented(NotFound),
)
def read_conversation(conversation_id: ConversationId, services: ServicesDep) -> ConversationOut:
    """What was asked through the API and answered in a conversation, oldest first; the last 50."""
    found = services.answers.conversation(conversation_id, PROGRAMS)
    if not found:
        raise _no_conversation()
    return ConversationOut(
        conversation_id=conversation_id, answers=[StoredAnswerOut.of(one) for one in found]
    )


@router.delete(
    "/conversations/{conversation_id}",
    summary="Delete a conversation",
    responses=documented(NotFound),
)
def delete_conversation(conversation_id: ConversationId, services: ServicesDep) -> DeletedAnswers:
    """Forget every answer of a conversation that was asked through the API, with its feedback."""
    deleted = services.answers.delete_conversation(conversation_id, PROGRAMS)
    if not deleted:
        raise _no_conversation()
    return DeletedAnswers(deleted=deleted)


def _no_conversation() -> NotFound:
    return NotFound(
        "There is no such conversation among those asked through the API.",
        "Use the conversation_id of an answer; what is asked in a browser stays there.",
    )
