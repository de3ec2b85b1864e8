"""``/insights/feedback``: reviews and support tickets from elsewhere, by theme."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import from_thread
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app.bootstrap import Services
from app.insights.csv_lines import csv_lines
from app.insights.feedback.export import (
    ITEM_COLUMNS,
    SAMPLE,
    THEME_COLUMNS,
    item_rows,
    theme_rows,
)
from app.insights.feedback.numbers import by_theme
from app.insights.feedback.theme_summary import TEXTS
from app.records.product.feedback_reads import Order
from app.web.dependencies import ServicesDep
from app.web.pm.feedback import import_pages
from app.web.pm.feedback.theme_view import (
    FEELING_WORDS,
    KIND_WORDS,
    Narrowed,
    item_view,
    mean_words,
    one_theme,
    overview,
)
from app.web.templating import page

router = APIRouter(include_in_schema=False)
router.include_router(import_pages.router)
PER_PAGE = 50
_ORDERS: tuple[Order, ...] = ("newest", "oldest", "most negative", "most positive")


@router.get("/insights/feedback")
def themes(request: Request, services: ServicesDep) -> Response:
    """All themes with size, mood and trend; what to upload where there is nothing yet."""
    narrowed = Narrowed.of(request.query_params)
    known = services.feedback.reads.count()
    context: dict[str, Any] = {
        **_choices(services, narrowed),
        "known": known,
        "view": overview(services, narrowed) if known else None,
        "mean_words": mean_words,
        "example": SAMPLE.splitlines()[:3],
    }
    # Without feedback there is no list: also who asks for one is shown what to upload.
    return page(request, "pm/feedback.html", context, block="list" if known else None)


@router.get("/insights/feedback/themes/{theme_id}")
def theme(request: Request, theme_id: str, services: ServicesDep) -> Response:
    """One theme: numbers, examples, and what documents and gaps have to do with it."""
    found = services.feedback.reads.theme(theme_id)
    context = one_theme(services, found, Narrowed.of(request.query_params))
    return page(
        request,
        "pm/feedback_theme.html",
        {
            **context,
            "mean_words": mean_words,
            "kinds": KIND_WORDS,
            "feelings_said": FEELING_WORDS,
            "model": services.feedback.summarizer.model,
            "most_texts": TEXTS,
        },
    )


@router.post("/insights/feedback/themes/{theme_id}/summary")
def summarize(theme_id: str, services: ServicesDep) -> Response:
    """Let the chat model write about a theme; its texts go there on this click alone."""
    desk = services.feedback
    found = desk.reads.theme(theme_id)
    texts = [text for _, text in desk.analysis.typical(found, TEXTS)]
    written = from_thread.run(desk.summarizer.summary, found.label, texts)
    desk.store.keep_summary(theme_id, written.text, written.model)
    return RedirectResponse(f"/insights/feedback/themes/{theme_id}#summary", 303)


@router.post("/insights/feedback/links")
def link(services: ServicesDep) -> Response:
    """Look again which documents talk about the themes, after documents changed."""
    services.feedback.analysis.link()
    return RedirectResponse("/insights/feedback", 303)


@router.get("/insights/feedback/items")
def items(
    request: Request,
    services: ServicesDep,
    order: str = "newest",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """The items themselves, a page of them."""
    narrowed = Narrowed.of(request.query_params)
    reads = services.feedback.reads
    chosen: Order = next((one for one in _ORDERS if one == order), "newest")
    total = reads.count(narrowed.filter())
    found = reads.find(
        narrowed.filter(), order=chosen, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    labels = {one.id: one.label for one in reads.themes()}
    return page(
        request,
        "pm/feedback_items.html",
        {
            **_choices(services, narrowed),
            "labels": labels,
            "items": [item_view(one, labels) for one in found],
            "order": chosen,
            "orders": _ORDERS,
            "total": total,
            "number": number,
            "pages": max(1, -(-total // PER_PAGE)),
            "first": (number - 1) * PER_PAGE + 1,
        },
        block="list",
    )


@router.get("/insights/feedback/items/{item_id}")
def item(request: Request, item_id: str, services: ServicesDep) -> Response:
    """One item in full."""
    found = services.feedback.reads.item(item_id)
    labels = {one.id: one.label for one in services.feedback.reads.themes()}
    return page(
        request,
        "pm/feedback_item.html",
        {
            "view": item_view(found, labels),
            "source": services.feedback.store.get_import(found.import_id),
            "kinds": KIND_WORDS,
            "feelings_said": FEELING_WORDS,
        },
    )


@router.get("/insights/feedback/items.csv")
def items_csv(request: Request, services: ServicesDep) -> Response:
    """All items under the filters as a file."""
    reads = services.feedback.reads
    labels = {one.id: one.label for one in reads.themes()}
    rows = item_rows(reads.stream(Narrowed.of(request.query_params).filter()), labels)
    return csv_file(csv_lines(ITEM_COLUMNS, rows), "feedback-items.csv")


@router.get("/insights/feedback/themes.csv")
def themes_csv(request: Request, services: ServicesDep) -> Response:
    """All themes under the filters as a file."""
    reads = services.feedback.reads
    numbers = by_theme(reads.daily(Narrowed.of(request.query_params).filter()))
    links = reads.links()
    hidden = services.documents.out_of_reach({document for document, _ in links.values()})
    links = {
        theme: ("" if document in hidden else document, gap)
        for theme, (document, gap) in links.items()
    }
    rows = theme_rows(reads.themes(), numbers, links)
    return csv_file(csv_lines(THEME_COLUMNS, rows), "feedback-themes.csv")


@router.get("/insights/feedback/sample.csv")
def sample() -> Response:
    """A tiny file to try the import with."""
    return csv_file(iter([SAMPLE]), "feedback-sample.csv")


def csv_file(lines: Any, name: str) -> Response:
    """A file to download."""
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _choices(services: Services, narrowed: Narrowed) -> dict[str, Any]:
    return {
        "narrowed": narrowed,
        "kinds": KIND_WORDS,
        "feelings_said": FEELING_WORDS,
        "imports": [one for one in services.feedback.store.imports() if one.rows],
        "max_mb": services.settings.max_file_mb,
    }
