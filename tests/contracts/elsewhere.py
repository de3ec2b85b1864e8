"""What the contract tests let another process do, and the entries that they put into an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.knowledge.chroma import embedded_chroma, server_chroma
from app.knowledge.lexical_index import TantivyIndex
from app.knowledge.ports import IndexEntry, Vector, VectorIndex

DIMENSION = 8


def unit(*values: float) -> Vector:
    """A unit vector that begins with these values."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.float32(np.linalg.norm(vector))


def day(text: str) -> datetime:
    """Noon of a day in UTC."""
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


_PLAIN = IndexEntry(
    passage_id="",
    document_id="doc",
    collection="default",
    kind="md",
    modified_at=None,
    title="",
    heading="",
    text="",
    vector=unit(1),
)


def entry(
    passage_id: str,
    text: str = "",
    vector: Vector | None = None,
    *,
    collection: str = "default",
    kind: str = "md",
    document_id: str = "doc",
    modified_at: datetime | None = None,
    title: str = "",
    heading: str = "",
) -> IndexEntry:
    """An entry of which a test names only what it is about."""
    return replace(
        _PLAIN,
        passage_id=passage_id,
        text=text,
        vector=unit(1) if vector is None else vector,
        collection=collection,
        kind=kind,
        document_id=document_id,
        modified_at=modified_at,
        title=title,
        heading=heading,
    )


@dataclass(frozen=True)
class VectorPlace:
    """Where vectors are kept; any process can open it. Exactly one of both is set."""

    folder: Path | None = None
    url: str = ""

    def open(self) -> VectorIndex:
        """A handle of the caller's own."""
        return embedded_chroma(self.folder) if self.folder else server_chroma(self.url)


def write_vectors(
    place: VectorPlace, added: Sequence[IndexEntry], deleted: Sequence[tuple[str, str]] = ()
) -> None:
    """Add, then delete (collection, passage id), and let go."""
    index = place.open()
    index.add(added)
    for collection, passage_id in deleted:
        index.delete(collection, [passage_id])
    index.close()


def rebuild_vectors(place: VectorPlace, entries: Sequence[IndexEntry]) -> None:
    """As a reindex does it: forget everything, then add."""
    index = place.open()
    index.clear()
    index.add(entries)
    index.close()


def write_words(
    path: Path, added: Sequence[IndexEntry], deleted: Sequence[str] = (), *, clear: bool = False
) -> None:
    """Add and delete passages of the lexical index in one commit, after emptying it on request."""
    index = TantivyIndex(path)
    if clear:
        index.clear()
    index.add(added)
    index.delete(deleted)
    index.commit()
    index.close()
