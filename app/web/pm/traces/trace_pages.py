"""``/traces``: every question and ingest step by step, with time, cost and passages."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app import moment
from app.bootstrap import Services
from app.errors import NotFound
from app.insights.traces.query import trace_filters, trace_sort
from app.records.behavior.events import Event
from app.records.rows import storable
from app.records.tracing.records import (
    Choices,
    Totals,
    TraceFilters,
    TracePage,
    TraceSummary,
    Workflow,
)
from app.records.visibility import WITHHELD
from app.telemetry import captures_content
from app.web.dependencies import ServicesDep
from app.web.pm.traces import trace_csv, trace_list
from app.web.pm.traces.passages_view import document_ids, passage_ids
from app.web.pm.traces.trace_compare import comparison
from app.web.pm.traces.trace_list import Listing, Other, key
from app.web.pm.traces.trace_view import Around, flow_view, trace_view
from app.web.templating import is_htmx, page, query

router = APIRouter(include_in_schema=False)
PER_PAGE = 50
NOTHING_OFFERED = Choices((), (), ())
"""For what shows no form."""
OFFERED = 20
"""Other traces to choose from on a trace's page, to compare it with."""


@router.get("/traces")
def traces(
    request: Request,
    services: ServicesDep,
    after: str = "",
    back: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """The list, one page of it; htmx gets only the list."""
    offered = NOTHING_OFFERED if is_htmx(request) else services.traces.choices()
    listing = Listing.of(request.query_params, offered)
    now = moment.now()
    filters = trace_filters(listing.values, now)
    sort = trace_sort(listing.get("sort"))
    found = services.traces.page(filters, sort, after or None, PER_PAGE)
    trail = (back or [])[-trace_list.PAGES_BACK :]
    before = trace_list.back(trail, after)
    following = {"after": found.after, "back": [*trail, after] if after else trail}
    return page(
        request,
        "pm/traces.html",
        {
            "listing": listing,
            "rows": trace_list.list_rows(found.rows, now),
            "summary": trace_list.counted(
                _totals(services, filters, found, after), len(found.rows), listing.order
            ),
            "paging": bool(after),
            "previous": None if before is None else f"/traces{query(listing.values, **before)}",
            "following": f"/traces{query(listing.values, **following)}" if found.after else None,
        },
        block="list",
        headers={"HX-Replace-Url": f"/traces{listing.query}"} if is_htmx(request) else {},
    )


@router.get("/traces.csv")
def traces_csv(request: Request, services: ServicesDep) -> Response:
    """The list with its filters, as a file that is sent while it is read."""
    listing = Listing.of(request.query_params, NOTHING_OFFERED)
    filters = trace_filters(listing.values, moment.now())
    sort = trace_sort(listing.get("sort"))
    services.traces.page(filters, sort, None, 1)  # what is wrong is said before a file begins
    return StreamingResponse(
        trace_csv.lines(services.traces, filters, sort),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="traces.csv"',
            "Cache-Control": "private, no-store",
        },
    )


@router.get("/traces/compare")
def compare(
    request: Request,
    services: ServicesDep,
    a: str = "",
    b: str = "",
    t: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Two traces side by side. ``t``: those ticked in the list, which become ``a`` and ``b``."""
    if t:
        if len(t) == 2:
            return RedirectResponse(f"/traces/compare{query({'a': t[0], 'b': t[1]})}", 303)
        problem = f"{len(t)} are chosen" if len(t) > 1 else "One is chosen, and it takes two"
        return page(request, "pm/trace_compare.html", {"both": None, "problem": problem})
    if not (a and b):
        context = {"both": None, "problem": "Choose two traces to compare"}
        return page(request, "pm/trace_compare.html", context)
    flows = [
        flow_view(one, _around(services, one)) for one in (_find(services, a), _find(services, b))
    ]
    return page(request, "pm/trace_compare.html", {"both": comparison(*flows), "problem": ""})


@router.get("/traces/of/{answer_id}")
def of_answer(answer_id: str, services: ServicesDep) -> Response:
    """From an answer to its trace."""
    found = services.traces.of_answer(storable(answer_id))
    if found is None:
        raise NotFound(
            "How this was answered is not recorded any more.",
            "Traces are kept for a while; ask again to get a new one.",
        )
    return RedirectResponse(f"/traces/{found.trace_id}", 303)


@router.get("/traces/{trace_id}")
def trace(
    request: Request,
    trace_id: str,
    services: ServicesDep,
    span: str = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """One trace; htmx, when a step is chosen, gets only the steps of its workflow."""
    found = services.traces.trace(storable(trace_id))
    if found is None:
        raise NotFound(
            "There is no such trace.", "It may have been purged; look in the list of traces."
        )
    around = {one.summary.root_id: _around(services, one) for one in found.workflows}
    view = trace_view(found, around, selected=span, page=page_number)
    content = {"content_note": _content_note(services)}
    if is_htmx(request) and span:
        for flow in view.flows:
            if flow.selected is not None and flow.selected.span_id == span:
                return page(request, "pm/_trace_steps.html", {"flow": flow, **content})
    others = _others(services, found.workflows[0].summary)
    return page(request, "pm/trace.html", {"view": view, "others": others, **content})


def _totals(
    services: Services, filters: TraceFilters, found: TracePage, after: str
) -> Totals | None:
    """How many match; None where counting would cost more than it tells.

    A first page that is the last holds them all: what hardly anything matches is looked for in all
    traces, once and not twice. Words are looked for in every question, which a page of 50 need not.
    """
    if not after and found.after is None:
        return Totals(len(found.rows), capped=False)
    return None if filters.text else services.traces.totals(filters)


def _find(services: Services, key: str) -> Workflow:
    """A workflow by ``trace.root``, by its trace's id alone, or by its answer's.

    Raises:
        NotFound: there is none.
    """
    trace_id, _, root_id = storable(key).partition(".")
    if trace_id.startswith(("ans_", "sea_")):
        summary = services.traces.of_answer(trace_id)
        trace_id, root_id = (summary.trace_id, summary.root_id) if summary else ("", "")
    found = services.traces.trace(trace_id) if trace_id else None
    for one in found.workflows if found is not None else ():
        if root_id in ("", one.summary.root_id):
            return one
    raise NotFound(
        "One of the two traces is not there.", "It may have been purged; choose from the list."
    )


def _around(services: Services, workflow: Workflow) -> Around:
    """What else is known of it. A thing that is gone by now is left out."""
    summary = workflow.summary
    if summary.kind == "ingest":
        return Around(titled=partial(_title, services))
    answer, hidden = None, False
    if summary.kind == "ask" and summary.answer_id:
        with suppress(NotFound):
            answer = services.answers.get(summary.answer_id)
        hidden = answer is None and services.answers.withheld(summary.answer_id)
    return Around(
        answer=answer,
        passages=services.documents.passages(passage_ids(workflow.spans)),
        events=_events(services, summary.answer_id),
        withheld=frozenset(services.documents.out_of_reach(document_ids(workflow.spans))),
        answer_withheld=hidden,
    )


def _events(services: Services, answer_id: str) -> list[Event]:
    found = services.events.of_answer(answer_id) if answer_id else []
    return [one.event for one in found]


def _title(services: Services, document_id: str) -> str:
    try:
        return services.documents.get(document_id).title
    except NotFound:
        if services.documents.out_of_reach([document_id]):
            return WITHHELD
        return f"{document_id}, not among the documents"


def _others(services: Services, summary: TraceSummary) -> list[Other]:
    """Traces to compare with: the same question first, then the newest."""
    same = TraceFilters(kind=summary.kind, text=summary.question or "")
    alike = services.traces.page(same, "started", None, OFFERED).rows if summary.question else ()
    newest = services.traces.page(TraceFilters(kind=summary.kind), "started", None, OFFERED).rows
    found = {key(one): one for one in (*alike, *newest) if key(one) != key(summary)}
    return [Other.of(one) for one in list(found.values())[:OFFERED]]


def _content_note(services: Services) -> str:
    """Why a model's prompt and answer are not here, and what to do about it."""
    if captures_content():
        kept = services.settings.keep_content_days
        after = f" after {kept} days" if kept else ""
        return f"Prompt and completion were not captured then, or have been purged{after}."
    return (
        "Prompt and completion are not kept: content is off. Set "
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true and start Footnote again to keep "
        "them from then on."
    )
