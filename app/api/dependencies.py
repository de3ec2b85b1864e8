"""What routes ask for, named as types."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.bootstrap import Services
from app.errors import IndexProblem, NotReady
from app.requests import get_services

ServicesDep = Annotated[Services, Depends(get_services)]


def require_ready(services: Services) -> str:
    """What the product says when it is ready; for streams, whose status is sent before they fail.

    Raises:
        NotReady: the model is still loading.
        IndexProblem: the model or the index cannot be used.
    """
    readiness = services.readiness()
    if readiness.state == "warming":
        raise NotReady(readiness.message, "Try again in a few seconds.")
    if readiness.state == "failed":
        raise IndexProblem(readiness.message)
    return readiness.message
