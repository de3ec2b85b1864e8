"""``/documents/{id}``: a document to read, opened at the passage that a citation names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote as url_quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.domain import Block, BlockKind, Document, Span
from app.errors import NotFound
from app.web import reading
from app.web.dependencies import ServicesDep
from app.web.observing import note_opened
from app.web.places import file_name
from app.web.state import WebStateDep
from app.web.templating import page

router = APIRouter(include_in_schema=False)
PAGE_SCALE = 2.0
"""144 dots per inch: sharp at the viewer's width on a dense screen, 100–400 kB a page."""
_YEAR_S = 365 * 24 * 3600
_SAFE_TYPES = {
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "epub": "application/epub+zip",
}
"""Types a browser can't run; all others go out as plain bytes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The range to highlight, cut to the text."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        """As offsets."""
        return self.start, self.end


@router.get("/documents/{document_id}")
def view(
    request: Request,
    document_id: str,
    services: ServicesDep,
    state: WebStateDep,
    start: Annotated[int | None, Query(ge=0)] = None,
    end: Annotated[int | None, Query(ge=0)] = None,
    part: Annotated[int | None, Query(ge=1)] = None,
    page_number: Annotated[int | None, Query(alias="page", ge=1)] = None,
    as_: Annotated[str, Query(alias="view")] = "",
    came_from: Annotated[str, Query(alias="from")] = "",
) -> Response:
    """The page image of a PDF, or the text of everything else.

    ``from``: the answer and the number of the citation that was followed. Links within the document
    do not carry it on, so that turning pages opens nothing again.
    """
    document = services.documents.get(document_id)
    note_opened(request, services, came_from)
    if not document.characters:
        return page(request, "unreadable.html", _about(document))
    text, blocks = state.texts.text(services.documents, document)
    mark = _mark(text, start, end)
    if document.kind == "pdf" and as_ != "text":
        return _pdf_view(request, document, text, blocks, mark, page_number, services)
    if part is None and page_number is not None:
        mark_from = next((b.start for b in blocks if b.page == page_number), 0)
    else:
        mark_from = mark.start if mark else 0
    spans = reading.parts(blocks)
    number = min(part, len(spans)) if part else reading.part_of(blocks, spans, mark_from)
    first, stop = spans[number - 1]
    if mark and part is None:
        # A quote that runs past the end of its part is shown whole.
        last = reading.part_of(blocks, spans, max(mark.end - 1, 0))
        stop = max(stop, spans[last - 1][1])
    shown = _without_title(text, blocks[first:stop], document, mark)
    return page(
        request,
        "view_text.html",
        {
            **_about(document),
            "nodes": reading.nodes(text, shown, mark.span if mark else None, document.page_kind),
            "outline": reading.outline(text, blocks, spans, document.title),
            "part": number,
            "parts": len(spans),
            "mark": mark,
            "keep": _kept(mark, as_),
            "page_number": page_number or _page_at(blocks, mark_from),
        },
    )


@router.get("/documents/{document_id}/pages/{number}.png")
def page_image(document_id: str, number: int, services: ServicesDep) -> Response:
    """A PDF's page as an image. The address carries the version, so it is kept for a year."""
    document = services.documents.get(document_id)
    _check_page(document, number)
    data = services.documents.original(document_id)
    from app.knowledge import pdf_pages  # noqa: PLC0415  # PDFium loads with the first PDF

    return Response(
        pdf_pages.page_image(data, number, PAGE_SCALE),
        media_type="image/png",
        headers={"Cache-Control": f"private, max-age={_YEAR_S}, immutable"},
    )


@router.get("/documents/{document_id}/original")
def original(document_id: str, services: ServicesDep) -> Response:
    """The file as it was ingested: always a download, never shown in our pages' origin."""
    document = services.documents.get(document_id)
    data = services.documents.original(document_id)
    name = file_name(document.source)
    return Response(
        data,
        media_type=_SAFE_TYPES.get(document.kind, "application/octet-stream"),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{url_quote(name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-cache",
        },
    )


def _pdf_view(
    request: Request,
    document: Document,
    text: str,
    blocks: Sequence[Block],
    mark: Mark | None,
    asked: int | None,
    services: ServicesDep,
) -> Response:
    from app.knowledge import pdf_pages  # noqa: PLC0415  # PDFium loads with the first PDF

    number = asked or (_page_at(blocks, mark.start) if mark else 1) or 1
    _check_page(document, number)
    data = services.documents.original(document.id)
    width, height = pdf_pages.page_size(data, number)
    quote = _quote_on_page(text, blocks, mark, number)
    return page(
        request,
        "view_pdf.html",
        {
            **_about(document),
            "outline": _pdf_outline(text, blocks, document.title),
            "number": number,
            "pages": document.pages or 1,
            "width": round(width * PAGE_SCALE),
            "height": round(height * PAGE_SCALE),
            "boxes": pdf_pages.page_words(data, number, quote) if quote else [],
            "mark": mark,
            "keep": _kept(mark, ""),
            "mark_page": _page_at(blocks, mark.start) if mark else None,
            "version": document.content_hash[:12],
            "page_text": _page_text(text, blocks, number),
        },
    )


def _about(document: Document) -> dict[str, Any]:
    return {"document": document, "file": file_name(document.source)}


def _kept(mark: Mark | None, view_as: str) -> dict[str, Any]:
    """Query parameters that links within the document carry on."""
    span = {"start": mark.start, "end": mark.end} if mark else {}
    return {**span, "view": view_as}


def _mark(text: str, start: int | None, end: int | None) -> Mark | None:
    if start is None or end is None:
        return None
    low, high = min(start, len(text)), min(end, len(text))
    return Mark(low, high) if low < high else None


def _without_title(
    text: str, blocks: Sequence[Block], document: Document, mark: Mark | None
) -> Sequence[Block]:
    """The page shows the title already; a first heading that repeats it is left out."""
    first = blocks[0]
    repeats = first.kind is BlockKind.HEADING and text[first.start : first.end] == document.title
    return blocks if not repeats or (mark and mark.start < first.end) else blocks[1:]


def _check_page(document: Document, number: int) -> None:
    pages = document.pages or 1
    if document.kind != "pdf":
        raise NotFound("Only PDF files have page images.", "Read the text instead.")
    if not 1 <= number <= pages:
        raise NotFound(f"There is no page {number}; the document has {pages}.", "Go back to it.")


def _page_at(blocks: Sequence[Block], offset: int) -> int | None:
    return next((block.page for block in blocks if block.end > offset), None)


def _quote_on_page(text: str, blocks: Sequence[Block], mark: Mark | None, number: int) -> str:
    """The part of the marked text that stands on this page."""
    if mark is None:
        return ""
    found = (
        text[max(block.start, mark.start) : min(block.end, mark.end)]
        for block in blocks
        if block.page == number and block.start < mark.end and block.end > mark.start
    )
    return "\n".join(found)


def _page_text(text: str, blocks: Sequence[Block], number: int) -> str:
    """The page's text for those who can't see the image."""
    return "\n\n".join(text[block.start : block.end] for block in blocks if block.page == number)


def _pdf_outline(text: str, blocks: Sequence[Block], title: str) -> list[reading.OutlineEntry]:
    """Headings with their page in place of a part."""
    entries = reading.outline(text, blocks, [(0, len(blocks))], title)
    pages = {reading.anchor(block): block.page for block in blocks}
    return [
        reading.OutlineEntry(entry.text, entry.depth, entry.anchor, pages.get(entry.anchor) or 1)
        for entry in entries
    ]
