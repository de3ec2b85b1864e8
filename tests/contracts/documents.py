"""Documents made for a test without parsing or embedding: what a store is given to keep."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from app.domain import Block, BlockKind, Cell, Document, ParsedDocument, Passage
from app.records.versions import NewVersion, content_hash

CHANGED = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
INGESTED = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)


def document(name: str, *, collection: str = "default", **fields: object) -> Document:
    """A document that is ready, of no content yet."""
    values: dict[str, object] = {
        "id": f"doc_{name}",
        "collection": collection,
        "source": f"/docs/{name}.md",
        "title": name.title(),
        "kind": "md",
        "size": 100,
        "content_hash": content_hash(name.encode()),
        "passages": 0,
        "characters": 0,
        "pages": None,
        "page_kind": "",
        "modified_at": CHANGED,
        "ingested_at": INGESTED,
        "status": "ready",
        "error": None,
    }
    return Document(**(values | fields))  # type: ignore[arg-type]  # named by the tests


def version(
    name: str,
    *paragraphs: str,
    original: bytes | None = None,
    collection: str = "default",
    edition: str = "1",
    **fields: object,
) -> NewVersion:
    """A version of a document with one passage for each paragraph, of one sentence each."""
    data = "\n".join(paragraphs).encode() if original is None else original
    text = "\n".join(paragraphs)
    passages: list[Passage] = []
    blocks: list[Block] = []
    start = 0
    for number, paragraph in enumerate(paragraphs):
        end = start + len(paragraph)
        blocks.append(Block(BlockKind.PARAGRAPH, start, end))
        passages.append(
            Passage(
                id=f"doc_{name}-{edition}-{number:04d}",
                document_id=f"doc_{name}",
                ordinal=number,
                start=start,
                end=end,
                text=paragraph,
                heading=("Rules", "Über alles"),
                page=number + 1,
                sentences=((start, end),),
            )
        )
        start = end + 1
    values: dict[str, object] = {
        "passages": len(passages),
        "characters": len(text),
        "size": len(data),
        "content_hash": content_hash(data),
    }
    stored = document(name, collection=collection, **(values | fields))
    return NewVersion(
        document=stored,
        root="/docs",
        mtime_ns="1742",
        recipe="p1-s1",
        original=data,
        parsed=ParsedDocument(
            title=stored.title, text=text, blocks=tuple(blocks), kind=stored.kind
        ),
        passages=tuple(passages),
        vectors=vectors(len(passages)),
        sentence_vectors=tuple(vectors(1) for _ in passages),
    )


def vectors(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Unit vectors that float16 holds exactly."""
    made = np.zeros((count, 4), dtype=np.float32)
    made[np.arange(count), np.arange(count) % 4] = 1
    return made


TABLE = (
    Block(BlockKind.HEADING, 0, 5, level=2, page=1),
    Block(BlockKind.ROW, 6, 20, page=1, table=1, cells=(Cell("Office", 6, 9), Cell("Day", 12, 20))),
)
REVIEW = date(2027, 1, 31)
