"""Writing documents: whole versions in one transaction, so that a reader never sees half of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Engine,
    delete,
    insert,
    select,
    update,
)

from app.domain import Document
from app.records.rows import document_to_row
from app.records.tables import (
    documents,
    passage_vectors,
    passages,
    roots,
)
from app.records.versions import (
    NewVersion,
    bump_generation,
    create_collection,
    drop_unused_originals,
    put_version,
    remove_content,
    vector_row,
    write_state,
)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is remembered of a file, to tell whether it changed."""

    document_id: str
    source: str
    size: int
    mtime_ns: str
    content_hash: str
    recipe: str
    status: str
    error: str | None


class DocumentWriter:
    """The write side. One process at a time uses it; `ingest.lock` sees to that."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self, collection: str) -> dict[str, KnownFile]:
        """Every document of a collection by source."""
        columns = (
            documents.c.id,
            documents.c.source,
            documents.c.size,
            documents.c.mtime_ns,
            documents.c.content_hash,
            documents.c.recipe,
            documents.c.status,
            documents.c.error,
        )
        query = select(*columns).where(documents.c.collection == collection)
        with self._engine.connect() as connection:
            return {row.source: KnownFile(*row) for row in connection.execute(query)}

    def ids_at(self, places: Iterable[tuple[str, str]]) -> list[str]:
        """Ids of the documents that stand at these (collection, source) places."""
        by_collection: dict[str, list[str]] = {}
        for collection, source in places:
            by_collection.setdefault(collection, []).append(source)
        with self._engine.connect() as connection:
            return [
                document_id
                for collection, sources in by_collection.items()
                for document_id in connection.scalars(
                    select(documents.c.id)
                    .where(documents.c.collection == collection)
                    .where(documents.c.source.in_(sources))
                )
            ]

    def passage_ids(self, document_ids: Collection[str]) -> dict[str, str]:
        """Passage id → collection, of these documents."""
        query = (
            select(passages.c.id, documents.c.collection)
            .join(documents, documents.c.id == passages.c.document_id)
            .where(documents.c.id.in_(list(document_ids)))
        )
        with self._engine.connect() as connection:
            return {row.id: row.collection for row in connection.execute(query)}

    def ensure_collection(self, name: str) -> None:
        """Create a collection unless it exists."""
        with self._engine.begin() as connection:
            create_collection(connection, name)

    def put(self, versions: Sequence[NewVersion]) -> None:
        """Store these versions in place of older ones, all of them or none."""
        with self._engine.begin() as connection:
            for version in versions:
                put_version(connection, version)
            bump_generation(connection)

    def rename(self, document_id: str, source: str, mtime_ns: str, root: str) -> None:
        """The same content under another name: nothing is embedded again."""
        with self._engine.begin() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(source=source, mtime_ns=mtime_ns, root=root)
            )
            bump_generation(connection)

    def touch(self, document_id: str, mtime_ns: str, root: str) -> None:
        """Same bytes, new time stamp or root: remember it, so that the next run needs no hash."""
        with self._engine.begin() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(mtime_ns=mtime_ns, root=root)
            )

    def fail(self, document: Document, root: str, mtime_ns: str, recipe: str) -> None:
        """Remember that a file could not be read, and why; an older good version stays."""
        with self._engine.begin() as connection:
            create_collection(connection, document.collection)
            known = {
                "mtime_ns": mtime_ns,
                "root": root,
                "content_hash": document.content_hash,
                "size": document.size,
                "error": document.error,
                "recipe": recipe,
            }
            changed = connection.execute(
                update(documents)
                .where(documents.c.collection == document.collection)
                .where(documents.c.source == document.source)
                .values(known)
            )
            if changed.rowcount == 0:
                row = document_to_row(document) | known | {"original_hash": ""}
                connection.execute(insert(documents).values(row))

    def remove(self, document_ids: Collection[str]) -> None:
        """Forget documents, their passages, and originals that nothing refers to."""
        with self._engine.begin() as connection:
            for document_id in document_ids:
                remove_content(connection, document_id)
                connection.execute(delete(documents).where(documents.c.id == document_id))
            drop_unused_originals(connection)
            bump_generation(connection)

    def record_root(
        self,
        collection: str,
        uri: str,
        *,
        include: Iterable[str],
        exclude: Iterable[str],
        hidden: bool,
        report: dict[str, Any],
    ) -> None:
        """Remember what was ingested and how it went."""
        values = {
            "include": list(include),
            "exclude": list(exclude),
            "hidden": hidden,
            "report": report,
            "last_ingested_at": datetime.now(UTC),
        }
        with self._engine.begin() as connection:
            create_collection(connection, collection)
            changed = connection.execute(
                update(roots)
                .where(roots.c.collection == collection, roots.c.uri == uri)
                .values(values)
            )
            if changed.rowcount == 0:
                connection.execute(insert(roots).values(collection=collection, uri=uri, **values))

    def set_state(self, **values: str) -> None:
        """Write values of `index_state`."""
        with self._engine.begin() as connection:
            for key, value in values.items():
                write_state(connection, key, value)

    def replace_vectors(
        self, vectors: dict[str, tuple[NDArray[np.float32], NDArray[np.float32] | None]]
    ) -> None:
        """Store other vectors for existing passages: after a change of the embedding model."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(passage_vectors).where(passage_vectors.c.passage_id.in_(list(vectors)))
            )
            if vectors:
                connection.execute(
                    insert(passage_vectors),
                    [vector_row(key, *pair) for key, pair in vectors.items()],
                )

    def bump(self) -> None:
        """Tell readers that the indexes changed."""
        with self._engine.begin() as connection:
            bump_generation(connection)
