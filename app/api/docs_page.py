"""``/docs``: the API's interactive documentation, from files of our own, under a strict policy."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from app.api.access_docs import describe_access
from app.api.problems import Problem

STATIC = Path(__file__).parent / "static"
PATH = "/docs"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} API</title>
<link rel="icon" href="data:,">
<script src="{assets}/docs-theme.js"></script>
<link rel="stylesheet" href="{assets}/vendor/swagger-ui.css">
<link rel="stylesheet" href="{assets}/docs.css">
</head>
<body>
<noscript>This page needs JavaScript. The same description, for programs:
<a href="{openapi}">{openapi}</a>.</noscript>
<div id="swagger-ui" data-openapi="{openapi}"></div>
<script src="{assets}/vendor/swagger-ui-bundle.js"></script>
<script src="{assets}/docs.js"></script>
</body>
</html>
"""


def mount(app: FastAPI) -> None:
    """Add the page, its files, and to ``/openapi.json`` the schema of errors and who may what."""

    @app.get(PATH, include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        """The page; it reads ``/openapi.json``."""
        root = request.scope.get("root_path", "").rstrip("/")
        page = _PAGE.format(
            title=escape(app.title),
            openapi=escape(root + (app.openapi_url or "")),
            assets=escape(f"{root}{PATH}/assets"),
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    app.mount(f"{PATH}/assets", StaticFiles(directory=STATIC), name="docs-assets")

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes
            )
            schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
            describe_access(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it
