"""``/search``: ranked passages, the simpler tool that is always one key away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.errors import QuestionTooLong
from app.requests import recorded_search
from app.web import highlight
from app.web.dependencies import NarrowedQuery, PrivateDep, ServicesDep
from app.web.form_view import AskForm
from app.web.security import session_id
from app.web.templating import is_htmx, page

router = APIRouter(include_in_schema=False)


@router.get("/search")
def search(
    request: Request,
    services: ServicesDep,
    private: PrivateDep,
    narrowed: NarrowedQuery,
    q: Annotated[str, Query()] = "",
) -> Response:
    """Passages for ``q``, best first; htmx gets only the list."""
    if len(q) > services.settings.max_question_chars:
        raise QuestionTooLong(
            f"The search has {len(q):,} characters; "
            f"at most {services.settings.max_question_chars:,} are read.",
            "A few words find more.",
        )
    filters = narrowed.filters(services)
    form = AskForm.of(services, filters, question=q)
    retrieval, search_id = None, ""
    if q.strip() and not form.empty:
        # A search belongs to this browser as a question does: the response sets its cookie.
        retrieval, search_id = recorded_search(
            services,
            q,
            services.settings.search_results,
            filters,
            channel="web",
            session="" if private else session_id(request),
            private=private,
            typing=is_htmx(request),
        )
    return page(
        request,
        "search.html",
        {
            "form": form,
            "retrieval": retrieval,
            "search_id": search_id,
            "results": highlight.results(retrieval) if retrieval else [],
            "readiness": services.readiness(),
        },
        block="results",
    )
