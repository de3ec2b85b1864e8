"""Is it alive, and can it answer?"""

from __future__ import annotations

from fastapi import APIRouter

from app.api.dependencies import ServicesDep, require_ready
from app.api.health_schemas import Health, Ready
from app.api.problems import documented
from app.errors import IndexProblem, NotReady

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Alive")
async def healthz() -> Health:
    """The process answers. Says nothing about the model or the index."""
    return Health()


@router.get("/readyz", summary="Ready to answer", responses=documented(NotReady, IndexProblem))
def readyz(services: ServicesDep) -> Ready:
    """The model is loaded and the indexes are open."""
    return Ready(detail=require_ready(services))
