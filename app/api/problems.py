"""Errors as problem+json (RFC 9457): ``{"type", "title", "status", "detail"}``."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from app.errors import BadRequest, FootnoteError, NotFound, NotReady
from app.telemetry import current_trace_id

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_JSON_BYTES = 1024 * 1024
"""A question, a comment or a correction is far smaller."""
RETRY_AFTER_S = 2
"""A program that meets "warming up" should ask again after this many seconds."""


class Problem(BaseModel):
    """What went wrong and what to do, in sentences for a person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:footnote:problem:not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "There is no such document. It may have been removed; "
                    "look in the list.",
                }
            ]
        }
    )

    type: str = Field(description="A stable name of the kind of problem, for programs.")
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened and what to do.")


def problem_of(error: Exception) -> Problem:
    """Any exception as a problem.

    An unexpected one is logged with its traceback; the person sees the trace id and nothing else.
    """
    if isinstance(error, FootnoteError):
        return Problem(
            type=_urn(type(error).__name__),
            title=error.title,
            status=error.status,
            detail=error.message,
        )
    if isinstance(error, RequestValidationError):
        return Problem(
            type=_urn("InvalidRequest"),
            title=BadRequest.title,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            detail=validation_sentence(error.errors()),
        )
    if isinstance(error, HTTPException):
        return _http_problem(error)
    trace_id = current_trace_id()
    logger.error("unexpected error, trace %s", trace_id, exc_info=error)
    return Problem(
        type=_urn("Unexpected"),
        title=FootnoteError.title,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        detail="Something went wrong here, and it has been logged. Try again; if it stays, "
        f"tell whoever runs Footnote this trace id: {trace_id}.",
    )


def problem_response(problem: Problem) -> JSONResponse:
    """The problem as an HTTP response."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if problem.type == _urn(NotReady.__name__) else {}
    return JSONResponse(
        problem.model_dump(), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers
    )


def validation_sentence(errors: Sequence[Any]) -> str:
    """What pydantic found, as a sentence that names each field."""
    found = []
    for error in errors[:5]:
        where = [str(part) for part in error["loc"] if part not in ("body", "query", "path")]
        # The position within a broken JSON text is no field name.
        name = ".".join(where) if where and error["type"] != "json_invalid" else "the request"
        found.append(f"{name}: {str(error['msg'])[:1].lower()}{str(error['msg'])[1:]}")
    return f"Correct the request – {'; '.join(found)}. The fields are described at /docs."


def documented(*errors: type[FootnoteError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses=`` of a route that may answer with these errors."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status in sorted({int(error.status) for error in errors} | {422}):
        kinds = [error for error in errors if error.status == status]
        said = "; ".join(f"{kind.title}: {_first_line(kind)}" for kind in kinds)
        example = kinds[0] if kinds else None
        responses[status] = {
            "description": said or "The request doesn't fit the schema.",
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": {
                        "type": _urn(example.__name__ if example else "InvalidRequest"),
                        "title": example.title if example else BadRequest.title,
                        "status": status,
                        "detail": _first_line(example)
                        if example
                        else "Correct the request – question: field required.",
                    },
                }
            },
        }
    return responses


def _http_problem(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.NOT_FOUND:
        return Problem(
            type=_urn(NotFound.__name__),
            title=NotFound.title,
            status=status,
            detail="There is nothing at this address. The API is described at /docs.",
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"This address takes {allowed}." if allowed else "This address takes no such call."
        return Problem(
            type=_urn("MethodNotAllowed"),
            title="That can't be done here",
            status=status,
            detail=f"{detail} The API is described at /docs.",
        )
    detail = error.detail if isinstance(error.detail, str) else status.phrase
    return Problem(
        type=_urn(status.phrase.title().replace(" ", "")),
        title=status.phrase,
        status=status,
        detail=detail if detail.endswith(".") else f"{detail}.",
    )


def _first_line(error: type[FootnoteError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]


def _urn(name: str) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", re.sub(r"\W", "", name)).lower()
    return f"urn:footnote:problem:{words}"
