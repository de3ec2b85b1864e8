"""``/``, ``/ask`` and ``/a/{id}``: asking, and what was answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.bootstrap import Services
from app.errors import BadRequest
from app.records.answers import Feedback
from app.web import answer_view
from app.web.answer_view import answer_context, permalink
from app.web.ask_stream import Asked, ask_events, wait_until_ready
from app.web.dependencies import HtmxRoute, NarrowedForm, NarrowedQuery, ServicesDep, SessionDep
from app.web.form_view import AskForm
from app.web.state import WebStateDep
from app.web.templating import THEMES, is_htmx, page

router = APIRouter(include_in_schema=False)
stream_router = APIRouter(include_in_schema=False, route_class=HtmxRoute)
"""The same address as the plain form: htmx gets a stream, everybody else a redirect."""

_MAX_COMMENT = 2000


@router.get("/")
def home(
    request: Request,
    services: ServicesDep,
    state: WebStateDep,
    narrowed: NarrowedQuery,
    q: Annotated[str, Query(max_length=5000)] = "",
    mode: str = "auto",
) -> Response:
    """The field, what it searches, and a few questions that have an answer."""
    if mode == "search":
        return RedirectResponse(f"/search?{request.url.query}", 303)
    form = AskForm.of(services, narrowed.filters(services), question=q)
    return page(
        request,
        "home.html",
        {
            "form": form,
            "readiness": services.readiness(),
            "suggestions": () if q else state.suggestions.questions(services.documents),
        },
    )


@stream_router.post("/ask", response_class=EventSourceResponse)
async def ask_stream(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    narrowed: NarrowedForm,
    q: Annotated[str, Form()] = "",
    mode: Annotated[str, Form()] = "auto",
) -> AsyncIterator[ServerSentEvent]:
    """Every step of one question as an event that changes the page."""
    async for event in ask_events(request, services, session, Asked(q, mode, narrowed)):
        yield event


@router.post("/ask")
async def ask(
    services: ServicesDep,
    session: SessionDep,
    narrowed: NarrowedForm,
    q: Annotated[str, Form()] = "",
    mode: Annotated[str, Form()] = "auto",
) -> Response:
    """Without JavaScript: answer, then go to where the answer stands."""
    if mode == "search":
        return RedirectResponse(f"/search?{urlencode({'q': q})}", 303)
    return await _answer_and_go(services, session, Asked(q, mode, narrowed))


@router.get("/ask")
async def ask_by_link(
    services: ServicesDep,
    session: SessionDep,
    narrowed: NarrowedQuery,
    q: str = "",
    mode: str = "auto",
) -> Response:
    """A link that asks: ``/ask?q=…``."""
    if not q.strip():
        return RedirectResponse("/", 303)
    if mode == "search":
        return RedirectResponse(f"/search?{urlencode({'q': q})}", 303)
    return await _answer_and_go(services, session, Asked(q, mode, narrowed))


@router.get("/a/{answer_id}.md")
def answer_markdown(request: Request, answer_id: str, services: ServicesDep) -> Response:
    """The answer with its footnotes as Markdown."""
    answer = services.answers.get(answer_id)
    return PlainTextResponse(
        answer_view.as_markdown(answer, permalink(request, answer)),
        media_type="text/markdown; charset=utf-8",
    )


@router.get("/a/{answer_id}")
def answer_page(
    request: Request, answer_id: str, services: ServicesDep, thanks: bool = False
) -> Response:
    """A stored answer, as it was shown then."""
    answer = services.answers.get(answer_id)
    context = answer_context(services, answer, permalink(request, answer))
    return page(
        request,
        "answer.html",
        {**context, "thanks": thanks, "readiness": services.readiness()},
    )


@router.post("/a/{answer_id}/feedback")
def give_feedback(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    helpful: Annotated[str, Form()] = "",
    reason: Annotated[list[str] | None, Form()] = None,
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Keep what somebody says about an answer."""
    if helpful not in ("yes", "no"):
        raise BadRequest("It isn't clear whether the answer helped.", "Choose Yes or No.")
    services.answers.add_feedback(
        Feedback(
            answer_id=answer_id,
            helpful=helpful == "yes",
            reasons=tuple(r for r in reason or () if r in answer_view.REASONS),
            comment=comment.strip()[:_MAX_COMMENT],
        )
    )
    if not is_htmx(request):
        return RedirectResponse(f"/a/{answer_id}?thanks=1#feedback", 303)
    return page(request, "_thanks.html", {"helpful": helpful == "yes"})


@router.get("/readiness")
def readiness(request: Request, services: ServicesDep) -> Response:
    """The "warming up" notice, which goes away by itself."""
    return page(request, "_notice.html", {"readiness": services.readiness()})


@router.post("/theme")
def choose_theme(request: Request, theme: Annotated[str, Form()] = "") -> Response:
    """Light or dark, remembered in a cookie so that the page arrives right."""
    back = request.headers.get("referer", "/")
    response = RedirectResponse(back if back.startswith(str(request.base_url)) else "/", 303)
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=365 * 24 * 3600, samesite="lax", path="/")
    return response


@router.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for it at this address whatever the page says."""
    return RedirectResponse("/static/favicon.svg", 301)


async def _answer_and_go(services: Services, session: str, asked: Asked) -> Response:
    question = await run_in_threadpool(asked.question, services)
    await wait_until_ready(services)
    answer = await services.asker.answer(question, session)
    return RedirectResponse(f"/a/{answer.answer_id}", 303)
