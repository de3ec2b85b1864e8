"""``/history``: what this browser asked, newest first, and how to delete it."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import BadRequest, NotFound
from app.web.dependencies import KnownSessionDep, ServicesDep
from app.web.security import SESSION_COOKIE
from app.web.templating import page

router = APIRouter(include_in_schema=False)
SHOWN = 50
"""Questions on one page."""


@router.get("/history")
def history(
    request: Request,
    services: ServicesDep,
    session: KnownSessionDep,
    before: str = "",
    deleted: str = "",
) -> Response:
    """This browser's questions, newest first, one page of them."""
    found = services.answers.recent(session, SHOWN + 1, _moment(before))
    answers, more = found[:SHOWN], len(found) > SHOWN
    return page(
        request,
        "history.html",
        {
            "answers": answers,
            "older": answers[-1].created_at.isoformat() if more else "",
            "before": before,
            "deleted": deleted,
        },
    )


@router.get("/history/delete")
def confirm_delete_all(request: Request) -> Response:
    """Ask before everything this browser asked is deleted."""
    return page(request, "forget.html", {"answer": None}, block="confirm")


@router.post("/history/delete")
def delete_all(services: ServicesDep, session: KnownSessionDep) -> Response:
    """Delete everything that this browser asked, searched and did, and the number it had here.

    What the page's script still had to send finds no session to belong to.
    """
    services.answers.delete_session(session)
    response = RedirectResponse("/history?deleted=all", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/history/{answer_id}/delete")
def confirm_delete(request: Request, answer_id: str, services: ServicesDep) -> Response:
    """Ask before one question and its answer are deleted."""
    context = {"answer": services.answers.get(answer_id)}
    return page(request, "forget.html", context, block="confirm")


@router.post("/history/{answer_id}/delete")
def delete(answer_id: str, services: ServicesDep, session: KnownSessionDep) -> Response:
    """Delete one question of this browser, its answer and what was said about it."""
    if not session:  # an empty one would be that of every program
        raise NotFound("This browser asked no such question.", "It may be deleted already.")
    services.answers.delete(answer_id, session)
    return RedirectResponse("/history?deleted=one", 303)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("That is not a page of the history.", "Go back to its start.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
