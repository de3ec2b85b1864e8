"""Domain objects to rows and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row

from app.domain import Block, BlockKind, Cell, Document, Passage


def document_from_row(row: Row[Any]) -> Document:
    """A `documents` row as a `Document`."""
    return Document(
        id=row.id,
        collection=row.collection,
        source=row.source,
        title=row.title,
        kind=row.kind,
        size=row.size,
        content_hash=row.content_hash,
        passages=row.passages,
        characters=row.characters,
        pages=row.pages,
        page_kind=row.page_kind,
        modified_at=row.modified_at,
        ingested_at=row.ingested_at,
        status=row.status,
        error=row.error,
        warnings=tuple(row.warnings),
        owner=row.owner,
        review_by=date.fromisoformat(row.review_by) if row.review_by else None,
        superseded_by=row.superseded_by,
    )


def document_to_row(document: Document) -> dict[str, Any]:
    """The columns of `documents` that a `Document` knows."""
    return {
        "id": document.id,
        "collection": document.collection,
        "source": document.source,
        "title": document.title,
        "kind": document.kind,
        "size": document.size,
        "content_hash": document.content_hash,
        "passages": document.passages,
        "characters": document.characters,
        "pages": document.pages,
        "page_kind": document.page_kind,
        "modified_at": document.modified_at,
        "ingested_at": document.ingested_at,
        "status": document.status,
        "error": document.error,
        "warnings": list(document.warnings),
        "owner": document.owner,
        "review_by": document.review_by.isoformat() if document.review_by else None,
        "superseded_by": document.superseded_by,
    }


def passage_from_row(row: Row[Any]) -> Passage:
    """A `passages` row as a `Passage`."""
    return Passage(
        id=row.passage_id,
        document_id=row.document_id,
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        text=row.text,
        heading=tuple(row.heading),
        page=row.page,
        sentences=tuple((start, end) for start, end in row.sentences),
    )


def passage_to_row(passage: Passage) -> dict[str, Any]:
    """A `Passage` as a `passages` row."""
    return {
        "id": passage.id,
        "document_id": passage.document_id,
        "ordinal": passage.ordinal,
        "start": passage.start,
        "end": passage.end,
        "page": passage.page,
        "heading": list(passage.heading),
        "sentences": [list(span) for span in passage.sentences],
        "text": passage.text,
    }


def pack_blocks(blocks: Iterable[Block]) -> bytes:
    """Blocks as compressed JSON arrays."""
    rows = [
        [
            block.kind.value,
            block.start,
            block.end,
            block.level,
            block.page,
            block.table,
            [[cell.column, cell.start, cell.end] for cell in block.cells],
        ]
        for block in blocks
    ]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), level=1)


def unpack_blocks(data: bytes) -> tuple[Block, ...]:
    """What `pack_blocks` packed."""
    rows: Sequence[Sequence[Any]] = json.loads(zlib.decompress(data))
    return tuple(
        Block(
            kind=BlockKind(kind),
            start=start,
            end=end,
            level=level,
            page=page,
            table=table,
            cells=tuple(Cell(*cell) for cell in cells),
        )
        for kind, start, end, level, page, table, cells in rows
    )


def storable(text: str) -> str:
    """Without NUL and lone surrogates: PostgreSQL refuses the one, every encoder the other."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
