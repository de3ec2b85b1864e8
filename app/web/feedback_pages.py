"""What people say about an answer: whether it helped, what is right, what is wrong or missing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import BadRequest
from app.records.answers import Feedback
from app.records.behavior.events import TrustRated
from app.requests import is_private
from app.web.answer_view import REASONS, REPORT_KINDS
from app.web.dependencies import KnownSessionDep, ServicesDep, SessionDep
from app.web.survey import remember_survey
from app.web.templating import is_htmx, page

router = APIRouter(include_in_schema=False)
_MAX_COMMENT = 2000
_MAX_CORRECTION = 10_000


@router.post("/a/{answer_id}/feedback")
def give_feedback(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    session: SessionDep,
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
        ),
        _said_by(request, session),
    )
    return _thanks(request, answer_id, "feedback")


@router.post("/a/{answer_id}/correction")
def correct(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    session: SessionDep,
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
    services.answers.add_feedback(
        Feedback(answer_id=answer_id, helpful=False, correction=text), _said_by(request, session)
    )
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
    services.requests.add_report(
        answer_id, kind, comment.strip()[:_MAX_COMMENT], _said_by(request, session)
    )
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
    told = comment.strip()[:_MAX_COMMENT]
    services.requests.add_request(answer, _said_by(request, session), told)
    return _thanks(request, answer_id, "request")


@router.post("/a/{answer_id}/trust")
def rate_trust(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    session: KnownSessionDep,
    rating: Annotated[str, Form()] = "",
) -> Response:
    """Keep how far answers are trusted, 1 to 5, or that nobody wants to say; asked seldom."""
    if rating not in ("1", "2", "3", "4", "5", "skip"):
        raise BadRequest("It isn't clear how far you trust the answers.", "Choose 1 to 5, or skip.")
    if rating != "skip" and session and not is_private(request):
        services.events.record(
            TrustRated(answer_id=answer_id, session_id=session, rating=int(rating))
        )
    response = _thanks(request, answer_id, "trust" if rating != "skip" else "skip")
    remember_survey(response)
    return response


def _said_by(request: Request, session: str) -> str:
    """Whose words they are; nobody's where they do not want to be followed."""
    return "" if is_private(request) else session


def _thanks(request: Request, answer_id: str, said: str) -> Response:
    """The form's place says thank you: in place for htmx, on the answer's page for a plain form."""
    if said == "skip":
        return Response("") if is_htmx(request) else RedirectResponse(f"/a/{answer_id}", 303)
    if not is_htmx(request):
        return RedirectResponse(f"/a/{answer_id}?said={said}#{said}", 303)
    return page(request, "_thanks.html", {"said": said})
