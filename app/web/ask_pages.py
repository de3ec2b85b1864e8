"""``/``, ``/ask`` and ``/a/{id}``: asking, and what was answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.bootstrap import Services
from app.errors import FootnoteError
from app.requests import wants_html
from app.web.answer_view import answer_context, permalink
from app.web.ask_stream import ask_events, wait_until_ready
from app.web.asked import Asked, AskedForm, AskedQuery, continuing
from app.web.dependencies import (
    HtmxRoute,
    KnownSessionDep,
    LeftOpenDep,
    NarrowedQuery,
    ServicesDep,
    SessionDep,
)
from app.web.error_pages import page_problem, render_error
from app.web.form_view import AskForm
from app.web.markdown import as_markdown
from app.web.observing import note_chosen, note_copied
from app.web.state import WebStateDep
from app.web.survey import remember_survey, survey_due
from app.web.templating import THEMES, is_htmx, page

router = APIRouter(include_in_schema=False)
stream_router = APIRouter(include_in_schema=False, route_class=HtmxRoute)
"""The same address as the plain form: htmx gets a stream, everybody else a redirect."""

WELCOME_COOKIE = "footnote_welcome"
_YEAR_S = 365 * 24 * 3600


@router.get("/")
def home(
    request: Request,
    services: ServicesDep,
    state: WebStateDep,
    narrowed: NarrowedQuery,
    q: Annotated[str, Query(max_length=5000)] = "",
    mode: str = "auto",
    conversation_id: str = "",
    rewrite: str = "",
) -> Response:
    """The field, what it searches, and a few questions that have an answer."""
    if mode == "search":
        return RedirectResponse(f"/search?{request.url.query}", 303)
    form = AskForm.of(
        services,
        narrowed.filters(services),
        question=q,
        continuing=continuing(conversation_id, rewrite),
    )
    return page(
        request,
        "home.html",
        {
            "form": form,
            "readiness": services.readiness(),
            "welcome": WELCOME_COOKIE not in request.cookies,
            "writes": services.chat_model_name,
            "suggestions": () if q else state.suggestions.questions(services.documents),
        },
    )


@stream_router.post("/ask", response_class=EventSourceResponse)
async def ask_stream(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    asked: AskedForm,
    left_open: LeftOpenDep,
) -> AsyncIterator[ServerSentEvent]:
    """Every step of one question as an event that changes the page."""
    events = ask_events(request, services, session, asked)
    await left_open.enter_async_context(aclosing(events))
    async for event in events:
        yield event


@router.post("/ask")
async def ask(
    request: Request, services: ServicesDep, session: SessionDep, asked: AskedForm
) -> Response:
    """Without JavaScript: answer, then go to where the answer stands."""
    if asked.mode == "search":
        return RedirectResponse(f"/search?{urlencode({'q': asked.text})}", 303)
    return await _answer_and_go(request, services, session, asked)


@router.get("/ask")
async def ask_by_link(
    request: Request, services: ServicesDep, session: SessionDep, asked: AskedQuery
) -> Response:
    """A link that asks: ``/ask?q=…``."""
    if not asked.text.strip():
        return RedirectResponse("/", 303)
    if asked.mode == "search":
        return RedirectResponse(f"/search?{urlencode({'q': asked.text})}", 303)
    return await _answer_and_go(request, services, session, asked)


@router.get("/a/{answer_id}.md")
def answer_markdown(request: Request, answer_id: str, services: ServicesDep) -> Response:
    """The answer with its footnotes as Markdown."""
    answer = services.answers.get(answer_id)
    note_copied(request, services, answer_id)
    return PlainTextResponse(
        as_markdown(answer, permalink(request, answer)),
        media_type="text/markdown; charset=utf-8",
    )


@router.get("/a/{answer_id}")
def answer_page(
    request: Request,
    answer_id: str,
    services: ServicesDep,
    session: KnownSessionDep,
    said: str = "",
) -> Response:
    """A stored answer, as it was shown then."""
    answer = services.answers.get(answer_id)
    told = {said} | ({"request"} if services.requests.request_of(answer_id) else set())
    survey = survey_due(request, services, answer, session)
    context = answer_context(
        services, answer, permalink(request, answer), session, told, survey=survey
    )
    response = page(request, "answer.html", {**context, "readiness": services.readiness()})
    if survey:
        remember_survey(response)
    return response


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
        response.set_cookie("theme", theme, max_age=_YEAR_S, samesite="lax", path="/")
    return response


@router.post("/welcome")
def welcomed(request: Request) -> Response:
    """The first-run note was read: a cookie remembers it, so that it stays away."""
    response: Response = RedirectResponse("/", 303)
    if is_htmx(request):
        response = Response("")
    response.set_cookie(WELCOME_COOKIE, "read", max_age=_YEAR_S, samesite="lax", path="/")
    return response


@router.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for it at this address whatever the page says."""
    return RedirectResponse("/static/favicon.svg", 301)


async def _answer_and_go(
    request: Request, services: Services, session: str, asked: Asked
) -> Response:
    try:
        question = await run_in_threadpool(asked.question, services)
        await run_in_threadpool(note_chosen, services, asked, session)
        await wait_until_ready(services)
        answer = await services.asker.answer(replace(question, suggest="all"), session)
    except FootnoteError as error:
        if not wants_html(request):
            raise
        # Not left to the application's handler, which doesn't know what was typed.
        return render_error(request, page_problem(error), asked.text)
    return RedirectResponse(f"/a/{answer.answer_id}", 303)
