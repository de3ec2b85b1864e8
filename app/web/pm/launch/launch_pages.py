"""``/launch``: ship or hold, with the evidence for each criterion and what would change it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.insights.launch.now import launch_readiness
from app.web.dependencies import ServicesDep
from app.web.pm.launch.prd_text import inline
from app.web.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/launch")
def launch(request: Request, services: ServicesDep) -> Response:
    """Whether this release may ship. The page tells; nothing on it decides."""
    ready = launch_readiness(services.insights, services.settings)
    held = [reason for reason in ready.reasons if reason.status == "fail"]
    unknown = [reason for reason in ready.reasons if reason.status == "unknown"]
    context = {"ready": ready, "held": held, "unknown": unknown, "inline": inline}
    return page(request, "pm/launch.html", context)
