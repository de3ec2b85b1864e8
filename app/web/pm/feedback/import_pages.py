"""``/insights/feedback/imports``: a file comes, a person says how it is read, it is imported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app.insights.csv_lines import csv_lines
from app.insights.feedback.columns import FIELDS, KINDS
from app.records.product.feedback_items import Import
from app.uploads import read_upload
from app.web.dependencies import ServicesDep
from app.web.pm.feedback.import_view import mapping_view, run_view
from app.web.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/insights/feedback/imports")
def imports(request: Request, services: ServicesDep) -> Response:
    """Upload a file, and what was imported before."""
    return page(
        request,
        "pm/feedback_imports.html",
        {
            "imports": services.feedback.store.imports(),
            "max_mb": services.settings.max_file_mb,
        },
    )


@router.post("/insights/feedback/imports")
async def upload(request: Request, services: ServicesDep) -> Response:
    """Keep a file and go to the page on which its columns are chosen."""
    form = await read_upload(request, services.settings)
    try:
        form.require_files()
        one = await run_in_threadpool(_received, services, form.files)
    finally:
        form.close()
    return _to(one.id)


@router.get("/insights/feedback/imports/{import_id}")
def one_import(request: Request, import_id: str, services: ServicesDep) -> Response:
    """How its columns are read, how far it is, or what came of it."""
    one = services.feedback.store.get_import(import_id)
    if one.status == "waiting" and services.feedback.importer.progress(import_id) is None:
        return page(request, "pm/feedback_mapping.html", mapping_view(services, one))
    context = run_view(services, one)
    return page(request, "pm/feedback_run.html", context, block="state")


@router.post("/insights/feedback/imports/{import_id}")
def choose(
    import_id: str,
    services: ServicesDep,
    text: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    date: Annotated[str, Form()] = "",
    rating: Annotated[str, Form()] = "",
    id: Annotated[str, Form()] = "",  # noqa: A002  # the name of the field
    kind: Annotated[str, Form()] = "",
    default_kind: Annotated[str, Form()] = "",
    order: Annotated[str, Form()] = "",
    then: Annotated[str, Form()] = "",
) -> Response:
    """Change how a file is read; with ``then=import`` begin."""
    one = services.feedback.store.get_import(import_id)
    if one.status == "waiting":
        given = (text, title, date, rating, id, kind)
        services.feedback.uploads.choose(
            one,
            dict(zip(FIELDS, given, strict=True)),
            kind=next((known for known in KINDS if known == default_kind), None),
            day_first={"day": True, "month": False}.get(order),
        )
    if then == "import":
        services.feedback.importer.start(import_id)
    return _to(import_id)


@router.get("/insights/feedback/imports/{import_id}/bad.csv")
def bad_rows(import_id: str, services: ServicesDep) -> Response:
    """Rows that were not imported, with their lines and reasons."""
    one = services.feedback.store.get_import(import_id)
    lines = csv_lines(("line", "reason", "row"), one.report.get("listed", []))
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="bad-rows.csv"'},
    )


@router.get("/insights/feedback/imports/{import_id}/delete")
def confirm_delete(request: Request, import_id: str, services: ServicesDep) -> Response:
    """Ask before anything is removed."""
    one = services.feedback.store.get_import(import_id)
    return page(request, "pm/feedback_delete.html", {"one": one}, block="confirm")


@router.post("/insights/feedback/imports/{import_id}/delete")
def delete(import_id: str, services: ServicesDep) -> Response:
    """Forget an import and everything that came with it."""
    services.feedback.importer.delete(import_id)
    return RedirectResponse("/insights/feedback/imports", 303)


def _received(services: ServicesDep, files: object) -> Import:
    name, data = files[0]  # type: ignore[index]  # checked by `require_files`
    return services.feedback.uploads.receive(name, data)


def _to(import_id: str) -> Response:
    return RedirectResponse(f"/insights/feedback/imports/{import_id}", 303)
