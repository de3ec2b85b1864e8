"""Reading documents, texts and passages. Writing is `document_writer`.

Every read is limited to what the reader may see (`app.records.visibility`), but for what only
upkeep asks: `DocumentStore.passage_ids`, `state`, `generation`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Engine, Select, and_, bindparam, func, or_, select

from app.access import reach
from app.domain import Block, Document, Filters, Passage
from app.errors import NotFound
from app.records.rows import document_from_row, passage_from_row, unpack_blocks
from app.records.tables import (
    collections,
    document_texts,
    documents,
    index_state,
    originals,
    passage_vectors,
    passages,
    roots,
)
from app.records.visibility import homes, in_reach

SortKey = Literal["title", "collection", "kind", "passages", "modified", "ingested", "size"]
_SORTS: dict[SortKey, Any] = {
    "title": func.lower(documents.c.title),
    "collection": documents.c.collection,
    "kind": documents.c.kind,
    "passages": documents.c.passages,
    "modified": documents.c.modified_at,
    "ingested": documents.c.ingested_at,
    "size": documents.c.size,
}
_STATES = select(index_state.c.key, index_state.c.value)
_STATE = select(index_state.c.value).where(index_state.c.key == bindparam("key"))
_PASSAGES = (
    select(
        documents,
        *(column for column in passages.c if column.name not in ("id", "passages")),
        passages.c.id.label("passage_id"),
    )
    .join(passages, passages.c.document_id == documents.c.id)
    .where(passages.c.id.in_(bindparam("ids", expanding=True)))
)
_VECTORS = select(passage_vectors).where(
    passage_vectors.c.passage_id.in_(bindparam("ids", expanding=True))
)
"""Made once: every question reads with them."""
_IN_LIMIT = 500
"""Ids per IN list: SQLite allows 32,766 parameters, but planning gets slow long before."""


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """One collection and how much is in it."""

    name: str
    documents: int
    passages: int
    failed: int
    last_ingested_at: datetime | None


@dataclass(frozen=True, slots=True)
class Root:
    """A folder, file or address that was ingested, so that it can be ingested again."""

    collection: str
    uri: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    hidden: bool
    last_ingested_at: datetime
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """A passage's vector, shape (dimension,), and its sentences', shape (sentences, dimension)."""

    passage: NDArray[np.float32]
    sentences: NDArray[np.float32]


class DocumentStore:
    """The read side of documents and passages; safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collections(self) -> list[CollectionSummary]:
        """Every collection, by name, also empty ones."""
        ready = documents.c.status == "ready"
        query = (
            select(
                collections.c.name,
                func.count(documents.c.id).filter(ready).label("documents"),
                func.coalesce(func.sum(documents.c.passages), 0).label("passages"),
                func.count(documents.c.id).filter(documents.c.error.is_not(None)).label("failed"),
                func.max(documents.c.ingested_at, type_=documents.c.ingested_at.type).label("last"),
            )
            .select_from(collections.outerjoin(documents))
            .where(*in_reach(collections.c.name))
            .group_by(collections.c.name)
            .order_by(collections.c.name)
        )
        with self._engine.connect() as connection:
            return [
                CollectionSummary(row.name, row.documents, int(row.passages), row.failed, row.last)
                for row in connection.execute(query)
            ]

    def get(self, document_id: str) -> Document:
        """One document.

        Raises:
            NotFound: there is none with this id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(
                select(documents).where(documents.c.id == document_id, *in_reach())
            ).one_or_none()
        if row is None:
            raise NotFound(
                "There is no such document.", "It may have been removed; look in the list."
            )
        return document_from_row(row)

    def find(
        self,
        *,
        collection: str | None = None,
        kind: str | None = None,
        failed: bool | None = None,
        text: str = "",
        sort: SortKey = "title",
        descending: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[Document], int]:
        """Documents that match, one page of them, and how many match in all.

        ``failed``: True for those with an error, False for those without. ``text`` is looked for in
        title and source.
        """
        where: list[ColumnElement[bool]] = [*in_reach()]
        if collection:
            where.append(documents.c.collection == collection)
        if kind:
            where.append(documents.c.kind == kind)
        if failed is not None:
            where.append(documents.c.error.is_not(None) if failed else documents.c.error.is_(None))
        if text.strip():
            where.append(
                or_(
                    documents.c.title.icontains(text.strip(), autoescape=True),
                    documents.c.source.icontains(text.strip(), autoescape=True),
                )
            )
        order = _SORTS[sort].desc() if descending else _SORTS[sort].asc()
        order = order.nulls_last()  # databases differ in where they put unknown dates
        query = (
            select(documents)
            .where(and_(True, *where))
            .order_by(order, documents.c.id)
            .limit(limit)
            .offset(offset)
        )
        with self._engine.connect() as connection:
            total = connection.execute(
                select(func.count()).select_from(documents).where(and_(True, *where))
            ).scalar_one()
            return [document_from_row(row) for row in connection.execute(query)], total

    def kinds(self) -> list[str]:
        """Formats that occur, by name."""
        with self._engine.connect() as connection:
            ready = documents.c.status == "ready"
            query = select(documents.c.kind).where(ready, *in_reach()).distinct()
            return sorted(connection.scalars(query))

    def text(self, document_id: str) -> tuple[str, tuple[Block, ...]]:
        """The extracted text and its blocks.

        Raises:
            NotFound: no such document, or none of its versions could be read.
        """
        query = (
            select(document_texts)
            .join(documents, documents.c.id == document_texts.c.document_id)
            .where(documents.c.id == document_id, *in_reach())
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("This document has no readable text.", "See the reason in the list.")
        return row.text, unpack_blocks(row.blocks)

    def original(self, document_id: str) -> bytes:
        """The file as it was ingested: the bytes of the version that is shown.

        Raises:
            NotFound: no such document.
        """
        query = (
            select(originals)
            .join(documents, documents.c.original_hash == originals.c.content_hash)
            .where(documents.c.id == document_id, *in_reach())
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("The original file isn't kept.", "Ingest the document again.")
        data: bytes = row.data
        return zlib.decompress(data) if row.compressed else data

    def passages(self, ids: Collection[str]) -> dict[str, tuple[Passage, Document]]:
        """Passages with their documents, by passage id; ids no longer in the store are absent.

        This is what makes versions atomic: an index may still name old passages, SQL decides.
        """
        found: dict[str, tuple[Passage, Document]] = {}
        with self._engine.connect() as connection:
            for chunk in _chunks(ids):
                query = _PASSAGES.where(*in_reach()) if reach().limited else _PASSAGES
                for row in connection.execute(query, {"ids": chunk}):
                    found[row.passage_id] = (passage_from_row(row), document_from_row(row))
        return found

    def passage_ids(self) -> dict[str, list[str]]:
        """Every passage id by collection: what the indexes must hold, no more and no less.

        For upkeep: of all collections, whoever asks.
        """
        query = (
            select(documents.c.collection, passages.c.id)
            .join(passages, passages.c.document_id == documents.c.id)
            .order_by(passages.c.document_id, passages.c.ordinal)
        )
        stored: dict[str, list[str]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                stored.setdefault(row.collection, []).append(row.id)
        return stored

    def of_document(self, document_id: str) -> list[Passage]:
        """A document's passages in reading order."""
        query = (
            select(passages, passages.c.id.label("passage_id"))
            .join(documents, documents.c.id == passages.c.document_id)
            .where(documents.c.id == document_id, *in_reach())
            .order_by(passages.c.ordinal)
        )
        with self._engine.connect() as connection:
            return [passage_from_row(row) for row in connection.execute(query)]

    def vectors(self, ids: Collection[str]) -> dict[str, StoredVectors]:
        """Unit vectors by passage id."""
        found: dict[str, StoredVectors] = {}
        with self._engine.connect() as connection:
            for chunk in _chunks(ids):
                query = _VECTORS
                if reach().limited:  # else no join: this is read for every question
                    query = (
                        query.join(passages, passages.c.id == passage_vectors.c.passage_id)
                        .join(documents, documents.c.id == passages.c.document_id)
                        .where(*in_reach())
                    )
                for row in connection.execute(query, {"ids": chunk}):
                    vector = np.frombuffer(row.vector, np.float16)
                    flat = np.frombuffer(row.sentence_vectors or b"", np.float16)
                    found[row.passage_id] = StoredVectors(
                        vector.astype(np.float32),
                        flat.astype(np.float32).reshape(-1, len(vector)),
                    )
        return found

    def counts(self, filters: Filters) -> tuple[int, int]:
        """How many documents and passages a search with ``filters`` looks through."""
        query: Select[Any] = select(
            func.count(), func.coalesce(func.sum(documents.c.passages), 0)
        ).where(documents.c.status == "ready", *in_reach(), *filter_clauses(filters))
        with self._engine.connect() as connection:
            row = connection.execute(query).one()
        return int(row[0]), int(row[1])

    def roots(self) -> list[Root]:
        """Everything that was ingested from a path or address, newest first."""
        with self._engine.connect() as connection:
            query = select(roots).where(*in_reach(roots.c.collection))
            rows = connection.execute(query.order_by(roots.c.last_ingested_at.desc()))
            return [
                Root(
                    collection=row.collection,
                    uri=row.uri,
                    include=tuple(row.include),
                    exclude=tuple(row.exclude),
                    hidden=row.hidden,
                    last_ingested_at=row.last_ingested_at,
                    report=row.report,
                )
                for row in rows
            ]

    def out_of_reach(self, document_ids: Collection[str]) -> set[str]:
        """Those of these documents that exist and may not be seen.

        For pages about what others asked, which say that something is withheld; where a document
        is asked for by its id, it is simply not there.
        """
        if not reach().limited:
            return set()
        with self._engine.connect() as connection:
            known = homes(connection, document_ids)
        return {key for key, home in known.items() if not reach().sees(home)}

    def state(self, key: str) -> str | None:
        """A value of `index_state`: generation, model, dimension, dirty."""
        with self._engine.connect() as connection:
            value: str | None = connection.execute(_STATE, {"key": key}).scalar()
        return value

    def states(self) -> dict[str, str]:
        """All of `index_state`, as it was at one moment."""
        with self._engine.connect() as connection:
            return {row.key: row.value for row in connection.execute(_STATES)}

    def generation(self) -> int:
        """Grows whenever documents change; a reader that holds an older one refreshes."""
        return int(self.state("generation") or 0)


def filter_clauses(filters: Filters) -> Sequence[ColumnElement[bool]]:
    """The conditions on `documents` that ``filters`` stand for."""
    clauses: list[ColumnElement[bool]] = []
    if filters.collections:
        clauses.append(documents.c.collection.in_(filters.collections))
    if filters.kinds:
        clauses.append(documents.c.kind.in_(filters.kinds))
    if filters.document_ids:
        clauses.append(documents.c.id.in_(filters.document_ids))
    if filters.changed_after:
        clauses.append(
            documents.c.modified_at >= datetime.combine(filters.changed_after, time.min, UTC)
        )
    if filters.changed_before:
        # Not "before the next day": the last day there is has none.
        clauses.append(
            documents.c.modified_at <= datetime.combine(filters.changed_before, time.max, UTC)
        )
    return clauses


def _chunks(ids: Collection[str]) -> list[list[str]]:
    ordered = list(dict.fromkeys(ids))
    return [ordered[i : i + _IN_LIMIT] for i in range(0, len(ordered), _IN_LIMIT)]
