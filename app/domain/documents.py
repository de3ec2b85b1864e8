"""What a document is once it was read: its blocks, its places, its passages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

Span = tuple[int, int]
"""``(start, end)``, half-open character offsets."""

DEFAULT_COLLECTION = "documents"
"""Where documents go when nobody names a collection."""

PageKind = Literal["page", "slide", "sheet", ""]
"""What a document's page number counts; empty when it has no pages."""


class BlockKind(StrEnum):
    """What a stretch of extracted text was in the source."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a table row: the column's name, and where the value stands."""

    column: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of extracted text with a role; blocks are ordered and do not overlap.

    ``level`` is 1–6 for headings and the depth, from 1, for list items; else 0.
    ``table`` numbers the table a ROW belongs to, from 1 within its document.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    table: int | None = None
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser gives: the text, its structure, and what the file says about itself.

    Blocks are separated by newlines in ``text``; everything worth quoting lies inside a block.
    A ROW reads ``Column: value | Column: value``, so that it makes sense alone.
    """

    title: str
    text: str
    blocks: tuple[Block, ...]
    kind: str
    """Short format name: md, txt, rst, html, pdf, docx, pptx, xlsx, csv, epub, eml, ipynb."""
    page_kind: PageKind = ""
    pages: int | None = None
    modified_at: datetime | None = None
    """From the content (front matter, file properties, mail header); None: use the file's."""
    review_by: date | None = None
    superseded_by: str | None = None
    owner: str | None = None
    warnings: tuple[str, ...] = ()
    """Things a person should know though the file was read, e.g. "3 of 20 pages have no text"."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as stored: one version at a time."""

    id: str
    collection: str
    source: str
    """Absolute path, URL, or ``upload:name``."""
    title: str
    kind: str
    size: int
    content_hash: str
    passages: int
    characters: int
    pages: int | None
    page_kind: PageKind
    modified_at: datetime | None
    ingested_at: datetime
    status: Literal["ready", "failed"]
    error: str | None
    """Why the newest version could not be read; a ready document then shows its last good one."""
    warnings: tuple[str, ...] = ()
    owner: str | None = None
    review_by: date | None = None
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """About 200 tokens of one document, never cutting a sentence.

    ``text == document_text[start:end]``; ``sentences`` are spans into the document's text.
    """

    id: str
    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    page: int | None
    sentences: tuple[Span, ...]
