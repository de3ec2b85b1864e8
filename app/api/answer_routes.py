"""Answers afterwards: read them again, say what you think, ask for what is missing, forget them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.answer_schemas import ConversationOut, FeedbackIn, FeedbackOut, StoredAnswerOut
from app.api.dependencies import PrivateDep, ServicesDep, SessionHeader
from app.api.problems import MAX_JSON_BYTES, documented
from app.api.state_schemas import (
    ContentRequestIn,
    ContentRequestOut,
    DeletedAnswers,
    ReportIn,
    ReportOut,
)
from app.errors import BadRequest, NotFound
from app.records.answers import Feedback

router = APIRouter(prefix="/api/v1", tags=["answers"])
ConversationId = Annotated[str, Path(max_length=40, description="From an answer.")]


@router.get("/answers/{answer_id}", summary="Read an answer again", responses=documented(NotFound))
def read_answer(answer_id: str, services: ServicesDep) -> StoredAnswerOut:
    """An answer as it was given, with its question."""
    return StoredAnswerOut.of(services.answers.get(answer_id))


@router.post(
    "/answers/{answer_id}/feedback",
    status_code=201,
    summary="Say whether an answer helped, or correct it",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(BadRequest, NotFound),
)
def give_feedback(
    answer_id: str,
    body: FeedbackIn,
    services: ServicesDep,
    private: PrivateDep,
    session: SessionHeader = "",
) -> FeedbackOut:
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
        ),
        "" if private else session,
    )
    return FeedbackOut(answer_id=answer_id, **body.model_dump())


@router.post(
    "/answers/{answer_id}/request",
    status_code=201,
    summary="Say that an answer is missing in the documents",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(BadRequest, NotFound),
)
def request_content(
    answer_id: str,
    body: ContentRequestIn,
    services: ServicesDep,
    private: PrivateDep,
    session: SessionHeader = "",
) -> ContentRequestOut:
    """Keep a request for content, with the owners of the closest documents.

    There is one per answer: sent again, it gives the first one back, with the newer comment.
    """
    answer = services.answers.get(answer_id)
    kept = services.requests.add_request(answer, "" if private else session, body.comment)
    return ContentRequestOut.of(kept)


@router.post(
    "/answers/{answer_id}/report",
    status_code=201,
    summary="Report a problem with an answer",
    max_body_size=MAX_JSON_BYTES,
    responses=documented(BadRequest, NotFound),
)
def report_problem(
    answer_id: str,
    body: ReportIn,
    services: ServicesDep,
    private: PrivateDep,
    session: SessionHeader = "",
) -> ReportOut:
    """Keep a problem for whoever looks after the documents. Every report is kept."""
    said_by = "" if private else session
    kept = services.requests.add_report(answer_id, body.kind, body.comment, said_by)
    return ReportOut.of(kept, body)


@router.delete(
    "/answers/{answer_id}",
    status_code=204,
    summary="Delete an answer",
    responses=documented(NotFound),
)
def delete_answer(answer_id: str, services: ServicesDep, session: SessionHeader = "") -> Response:
    """Forget an answer that was asked through the API, and all that is known of its question.

    With `X-Session-Id` where it was asked with one.
    """
    services.answers.delete(answer_id, session)
    return Response(status_code=204)


@router.get(
    "/conversations/{conversation_id}",
    summary="Read a conversation",
    responses=documented(NotFound),
)
def read_conversation(
    conversation_id: ConversationId, services: ServicesDep, session: SessionHeader = ""
) -> ConversationOut:
    """What was asked through the API and answered in a conversation, oldest first; the last 50.

    With `X-Session-Id` where it was asked with one. What people asked in a browser is shown to
    their browser alone, though a shared answer names its conversation.
    """
    found = services.answers.conversation(conversation_id, session)
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
def delete_conversation(
    conversation_id: ConversationId, services: ServicesDep, session: SessionHeader = ""
) -> DeletedAnswers:
    """Forget every answer of a conversation that was asked through the API, with its feedback.

    With `X-Session-Id` where it was asked with one.
    """
    deleted = services.answers.delete_conversation(conversation_id, session)
    if not deleted:
        raise _no_conversation()
    return DeletedAnswers(deleted=deleted)


def _no_conversation() -> NotFound:
    return NotFound(
        "There is no such conversation among those asked through the API.",
        "Use the conversation_id of an answer, with its X-Session-Id if it had one; what is asked "
        "in a browser stays there.",
    )
