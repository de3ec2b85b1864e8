"""``/prd``: the PRD with live figures beside its targets, its decisions and its experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.requests import Request
from starlette.responses import Response

from app import moment
from app.bootstrap import Services
from app.errors import BadRequest, NotFound
from app.insights.evals.run_file import RunFile, read_run_file
from app.insights.launch.criteria import FILE
from app.insights.overview import Asked
from app.web.dependencies import ServicesDep
from app.web.pm.launch import prd_view
from app.web.pm.launch.prd_text import rendered
from app.web.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/prd")
def prd(request: Request, services: ServicesDep) -> Response:
    """What the product is held to, and how it stands."""
    folder = services.settings.prd_dir
    look = services.insights.look(Asked(), moment.now())
    run = _baseline(services)
    path = folder / FILE
    text = None
    if path.is_file():
        text = rendered(path.read_text(encoding="utf-8"), FILE, _runs(services))
    context = {
        "text": text,
        "look": look,
        "run": run,
        "behavior": prd_view.behavior(look),
        "quality": prd_view.quality(look, run),
        "decisions": prd_view.papers(folder, "decisions"),
        "experiments": prd_view.papers(folder, "experiments"),
    }
    return page(request, "pm/prd.html", context)


@router.get("/prd/{folder}/{name}")
def prd_paper(
    request: Request,
    folder: prd_view.Folder,
    name: Annotated[str, InPath(max_length=100)],
    services: ServicesDep,
) -> Response:
    """One decision or experiment."""
    source, markdown = prd_view.paper(services.settings.prd_dir, folder, name)
    text = rendered(source, f"{folder}/{name}.md", _runs(services)) if markdown else None
    context = {"text": text, "source": source, "name": name, "folder": folder}
    return page(request, "pm/prd_paper.html", context)


def _runs(services: Services) -> list[str]:
    """Reports that have a page."""
    reports = services.settings.eval_report.parent.parent
    return sorted(path.parent.name for path in reports.glob("*/report.json"))


def _baseline(services: Services) -> RunFile | None:
    try:
        return read_run_file(Path(services.settings.eval_report))
    except (NotFound, BadRequest):
        return None
