"""JSON for programs: the API of the contract, the OpenAI-compatible door, MCP, and the docs."""

from __future__ import annotations

from fastapi import FastAPI

from app.api import (
    answer_routes,
    ask_routes,
    docs_page,
    document_routes,
    eval_routes,
    health_routes,
    insight_routes,
    launch_routes,
    mcp_server,
    openai_compat,
    trace_routes,
)


def mount(app: FastAPI) -> None:
    """Add the routes, ``/mcp`` and ``/docs``."""
    app.include_router(ask_routes.router)
    app.include_router(answer_routes.router)
    app.include_router(document_routes.router)
    app.include_router(trace_routes.router)
    app.include_router(health_routes.router)
    app.include_router(insight_routes.router)
    app.include_router(launch_routes.router)
    app.include_router(eval_routes.router)
    app.include_router(openai_compat.router)
    mcp_server.mount(app)
    docs_page.mount(app)
