"""Any error as a page for a browser, a fragment for htmx, a card inside a stream."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.errors import FootnoteError
from app.telemetry import current_trace_id
from app.web.templating import page

logger = logging.getLogger(__name__)
RETRY_S = 2
"""Seconds after which a page that met "warming up" looks again."""
_FOR_PROGRAMS = (" The API is described at /docs.", " The fields are described at /docs.")


class Problem(Protocol):
    """What an error page shows; the API's problem has the same fields."""

    @property
    def type(self) -> str:
        """A stable name."""

    @property
    def title(self) -> str:
        """The kind of problem, in a few words."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def detail(self) -> str:
        """What happened and what to do."""


@dataclass(frozen=True, slots=True)
class PageProblem:
    """A problem made by the pages themselves."""

    type: str
    title: str
    status: int
    detail: str


def page_problem(error: Exception) -> PageProblem:
    """An exception as a problem; an unexpected one is logged, and only its trace id is shown."""
    if isinstance(error, FootnoteError):
        return PageProblem(type(error).__name__, error.title, error.status, error.message)
    trace_id = current_trace_id()
    logger.error("unexpected error, trace %s", trace_id, exc_info=error)
    return PageProblem(
        "Unexpected",
        FootnoteError.title,
        500,
        "Something went wrong here, and it has been logged. Try again; if it stays, tell whoever "
        f"runs Footnote this trace id: {trace_id}.",
    )


def words_for_people(problem: Problem) -> str:
    """The detail without sentences that only help programs."""
    detail = problem.detail
    for sentence in _FOR_PROGRAMS:
        detail = detail.removesuffix(sentence)
    return detail


def render_error(request: Request, problem: Problem, question: str = "") -> Response:
    """The error as a page, or as a fragment with the same words for htmx.

    ``question``: what was asked, so that it can be asked again; else it is taken from the address.
    """
    warming = problem.type.lower().replace("-", "").endswith("notready")
    return page(
        request,
        "error.html",
        {
            "title": problem.title,
            "detail": words_for_people(problem),
            "status": problem.status,
            "question": (question or request.query_params.get("q", ""))[:2000],
            "retry": RETRY_S if warming and request.method == "GET" else None,
            "retry_url": str(request.url.path)
            + (f"?{request.url.query}" if request.url.query else ""),
        },
        block="error",
        status_code=problem.status,
        headers={"Retry-After": str(RETRY_S)} if warming else {},
    )


def render_json(_request: Request, problem: Problem) -> Response:
    """The same as problem+json."""
    return JSONResponse(
        {
            "type": problem.type,
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
        },
        status_code=problem.status,
        media_type="application/problem+json",
    )
