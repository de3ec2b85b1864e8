"""What people say about an answer: whether it helped, what is right, what is wrong or missing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import BadRequest
from app.records.answers import Feedback
from app.web.answer_view import REASONS, REPORT_KINDS
from app.web.dependencies import ServicesDep, SessionDep
from app.web.templating import is_htmx, page

router = APIRouter(include_in_schema=False)
_MAX_COMMENT = 2000
_MAX_CORRECTION = 10_000


@router.post("/a/{answer_id}/feedback")
def give_feedback(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    helpful: Annotated[str, Form()] = "",
    reason: Annotated[list[str] | None, Form()] = None,
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Keep whether an answer helped, and why it did not."""
    if helpful not in ("yes", "no"):
        raise BadRequest("It isn't clear whether the answer helped.", "Choose Yes or No.")
    services.answers.add_feedback(
        Feedback(
            answer_id=answer_id,
            helpful=helpful == "yes",
            reasons=tuple(r for r in reason or () if r in REASONS),
            comment=comment.strip()[:_MAX_COMMENT],
        )
    )
    return _thanks(request, answer_id, "feedback")


@router.post("/a/{answer_id}/correction")
def correct(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    correction: Annotated[str, Form()] = "",
) -> Response:
    """Keep what the answer should have said."""
    text = correction.strip()
    answer = services.answers.get(answer_id)
    if not text or text.split() == answer.text.split():
        raise BadRequest("The text is as it was.", "Change it to what the answer should say.")
    if len(text) > _MAX_CORRECTION:
        raise BadRequest(
            f"The correction has {len(text):,} characters; at most {_MAX_CORRECTION:,} are kept.",
            "Shorten it to what is wrong.",
        )
    services.answers.add_feedback(Feedback(answer_id=answer_id, helpful=False, correction=text))
    return _thanks(request, answer_id, "correction")


@router.post("/a/{answer_id}/report")
def report(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    session: SessionDep,
    kind: Annotated[str, Form()] = "",
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Keep a problem for whoever looks after the documents."""
    if kind not in REPORT_KINDS:
        raise BadRequest("It isn't clear what kind of problem it is.", "Choose one of the list.")
    services.requests.add_report(answer_id, kind, comment.strip()[:_MAX_COMMENT], session)
    return _thanks(request, answer_id, "report")


@router.post("/a/{answer_id}/request")
def request_content(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    session: SessionDep,
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Tell the documents' owners that an answer is missing."""
    answer = services.answers.get(answer_id)
    services.requests.add_request(answer, session, comment.strip()[:_MAX_COMMENT])
    return _thanks(request, answer_id, "request")


def _thanks(request: Request, answer_id: str, said: str) -> Response:
    """The form's place says thank you: in place for htmx, on the answer's page for a plain form."""
    if not is_htmx(request):
        return RedirectResponse(f"/a/{answer_id}?said={said}#{said}", 303)
    return page(request, "_thanks.html", {"said": said})
