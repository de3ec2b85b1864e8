"""``/privacy``: what is kept, what leaves the machine, and how to delete it."""

from __future__ import annotations

import os

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.web.dependencies import PrivateDep, ServicesDep
from app.web.privacy import privacy
from app.web.security import SESSION_DAYS
from app.web.survey import SURVEY_DAYS
from app.web.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/privacy")
def privacy_page(request: Request, services: ServicesDep, private: PrivateDep) -> Response:
    """The page."""
    return page(
        request,
        "privacy.html",
        {
            "facts": privacy(services.settings, os.environ, followed=not private),
            "session_days": SESSION_DAYS,
            "survey_days": SURVEY_DAYS,
        },
    )
