"""The one question that is asked of a person: how far they trust the answers here, from 1 to 5.

Under an answer, small, to be skipped; from a browser's third answer on, and then not again for a
month. A cookie remembers that it was shown, whatever became of it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.bootstrap import Services
from app.domain import Answer, AnswerState
from app.requests import is_private

SURVEY_COOKIE = "footnote_survey"
SURVEY_DAYS = 30
FROM_ANSWER = 3
"""Whoever has had fewer answers knows little of them."""


def survey_due(request: Request, services: Services, answer: Answer, session: str) -> bool:
    """Whether to ask under this answer; ``session``: of the browser, which must have asked it."""
    if not session or SURVEY_COOKIE in request.cookies or is_private(request):
        return False
    if answer.state is AnswerState.NOT_FOUND:
        return False
    return services.answers.is_one_of_many(answer.answer_id, session, FROM_ANSWER)


def remember_survey(response: Response) -> None:
    """It was shown or answered. `events.js` does the same where an answer comes by stream."""
    response.set_cookie(
        SURVEY_COOKIE, "shown", max_age=SURVEY_DAYS * 24 * 3600, samesite="lax", path="/"
    )
