"""Launch readiness for programs: CI asks before it ships."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.dependencies import ServicesDep
from app.api.launch_schemas import LaunchOut
from app.api.problems import documented
from app.errors import BadRequest
from app.insights.launch.now import launch_readiness

router = APIRouter(prefix="/api/v1", tags=["insights"])


@router.get(
    "/launch",
    summary="Whether this release may ship, with its evidence",
    responses=documented(BadRequest),
)
def read_launch(services: ServicesDep) -> LaunchOut:
    """Every acceptance criterion with its evidence, quality's gates and behavior's guardrails.

    `verdict` is `ship` only where nothing speaks against it.
    """
    return LaunchOut.of(launch_readiness(services.insights, services.settings))
