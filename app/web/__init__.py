"""Pages for people."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app.web import (
    ask_pages,
    document_pages,
    event_pages,
    feedback_pages,
    history_pages,
    pattern_page,
    privacy_page,
    search_pages,
    viewer_pages,
)
from app.web.pm import routers as pm_routers
from app.web.security import Security
from app.web.signing import routers as signing_routers
from app.web.state import WebState
from app.web.templating import STATIC, HashedFiles


def mount(app: FastAPI) -> None:
    """Add all pages, their files, and what protects them."""
    app.state.web = WebState()
    for router in (
        ask_pages.stream_router,
        ask_pages.router,
        event_pages.router,
        feedback_pages.router,
        history_pages.router,
        privacy_page.router,
        search_pages.router,
        document_pages.router,
        viewer_pages.router,
        pattern_page.router,
        *pm_routers,
        *signing_routers,
    ):
        app.include_router(router)
    app.mount("/static", HashedFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    app.add_middleware(Security)
