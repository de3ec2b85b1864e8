"""Templates: one file serves the page in full and, through one of its blocks, its htmx fragment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import StrictUndefined
from jinja2_fragments.starlette import Jinja2Blocks
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.domain import Usage
from app.web import places, segments
from app.web.visitor import keeps_documents, sees_insights, visitor

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEMES = ("light", "dark")
_YEAR_S = 365 * 24 * 3600
_KINDS = {
    "md": "Markdown",
    "txt": "Text",
    "rst": "reStructuredText",
    "html": "HTML",
    "pdf": "PDF",
    "docx": "Word",
    "pptx": "PowerPoint",
    "xlsx": "Excel",
    "csv": "CSV",
    "epub": "EPUB",
    "eml": "E-mail",
    "ipynb": "Notebook",
}


def is_htmx(request: Request) -> bool:
    """True when htmx asks for a fragment."""
    return request.headers.get("hx-request") == "true"


def page(
    request: Request,
    name: str,
    context: Mapping[str, Any] | None = None,
    *,
    block: str | None = None,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page ``name``, or only its ``block`` when htmx asks.

    ``Vary`` keeps a browser from showing a cached fragment where it wants the page.
    """
    return templates().TemplateResponse(
        request,
        name,
        dict(context or {}),
        status_code=status_code,
        headers={"Cache-Control": "private, no-cache", "Vary": "HX-Request"} | dict(headers or {}),
        block_name=block if block and is_htmx(request) else None,
    )


def fragment(name: str, block: str, context: Mapping[str, Any]) -> str:
    """One block of a template as text, for events of a stream."""
    template = templates().env.get_template(name)
    local = template.new_context(dict(context))
    return "".join(template.blocks[block](local)).strip()


@lru_cache(maxsize=1)
def templates() -> Jinja2Blocks:
    """The environment of all pages; an undefined name is an error, not an empty string."""
    found = Jinja2Blocks(directory=HERE / "templates", context_processors=[_common])
    found.env.undefined = StrictUndefined
    found.env.trim_blocks = True
    found.env.lstrip_blocks = True
    found.env.filters |= {
        "number": number,
        "day": day,
        "moment": moment,
        "seconds": seconds,
        "filesize": filesize,
        "kind": kind_label,
        "plural": plural,
        "usage": usage,
        "rich": segments.rich,
        "squash": segments.squash,
    }
    found.env.globals["static"] = static_url
    found.env.globals["query"] = query
    tools = (places.passage_url, places.hit_url, places.place, places.file_name, places.lost_upload)
    for tool in (*tools, keeps_documents, sees_insights):
        found.env.globals[tool.__name__] = tool
    found.env.globals |= {"lead": places.lead, "tail": places.tail}
    found.env.globals["ui"] = found.env.get_template("_macros.html").module
    return found


def _common(request: Request) -> dict[str, Any]:
    theme = request.cookies.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "path": request.url.path,
        "visitor": visitor(request),
    }


class HashedFiles(StaticFiles):
    """Static files that a browser keeps for a year when their address carries their hash."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; its `Cache-Control` depends on whether ``?v=`` was asked for."""
        response = await super().get_response(path, scope)
        hashed = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = (
            f"public, max-age={_YEAR_S}, immutable" if hashed else "no-cache"
        )
        return response


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """The address of a static file, with a hash of its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def query(values: Mapping[str, Any], **changes: Any) -> str:
    """``?a=1&b=2`` from ``values`` with ``changes``; empty values are left out."""
    merged = {**values, **changes}
    kept = {
        key: value for key, value in merged.items() if value or (value == 0 and value is not False)
    }
    return f"?{urlencode(kept, doseq=True)}" if kept else ""


def number(value: int) -> str:
    """``12345`` as ``12,345``."""
    return f"{value:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 document``, ``2 documents``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(value: date | datetime | None) -> str:
    """``12 Mar 2026``; an em dash for None."""
    return f"{value.day} {value:%b %Y}" if value else "—"


def moment(value: datetime) -> str:
    """``12 Mar 2026, 14:05 UTC``."""
    return f"{day(value)}, {value:%H:%M} UTC"


def seconds(milliseconds: float) -> str:
    """``0.21 s``; below a hundredth of a second as ``under 0.01 s``."""
    if milliseconds < 10:
        return "under 0.01 s"
    return (
        f"{milliseconds / 1000:.2f} s" if milliseconds < 10_000 else f"{milliseconds / 1000:.0f} s"
    )


def usage(used: Usage) -> str:
    """``1,204 tokens read, 96 written, $0.0031``; empty when no model was asked.

    A price that is unknown is called that, never zero.
    """
    if not used.input_tokens and not used.output_tokens:
        return ""
    if used.cost_usd is None:
        price = "price unknown"
    elif used.cost_usd >= 0.01 or used.cost_usd == 0:
        price = f"${used.cost_usd:.2f}"
    else:
        price = f"${used.cost_usd:.4f}" if used.cost_usd >= 0.0001 else "under $0.0001"
    return f"{used.input_tokens:,} tokens read, {used.output_tokens:,} written, {price}"


def filesize(size: int) -> str:
    """``840 bytes``, ``12 kB``, ``3.4 MB``."""
    if size < 1000:
        return plural(size, "byte")
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"


def kind_label(kind: str) -> str:
    """The name of a format as people say it."""
    return _KINDS.get(kind, kind.upper())
