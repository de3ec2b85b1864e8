"""Writing documents: whole versions in one transaction, so that a reader never sees half of one."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    Text,
    cast,
    delete,
    exists,
    insert,
    select,
    update,
)

from app.domain import Document, ParsedDocument, Passage
from app.records.rows import document_to_row, pack_blocks, passage_to_row
from app.records.tables import (
    collections,
    document_texts,
    documents,
    index_state,
    ingest_jobs,
    originals,
    passage_vectors,
    passages,
    roots,
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


@dataclass(frozen=True, slots=True)
class NewVersion:
    """One document, parsed, split and embedded, ready to replace what is stored.

    ``vectors``: unit length, shape (passages, dimension). ``sentence_vectors``: one array of shape
    (sentences, dimension) per passage, or empty when they are not kept.
    """

    document: Document
    root: str
    mtime_ns: str
    recipe: str
    original: bytes
    parsed: ParsedDocument
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]
    sentence_vectors: tuple[NDArray[np.float32], ...] = ()


def content_hash(data: bytes) -> str:
    """SHA-256 in hex: names originals and tells changed files from unchanged ones."""
    return hashlib.sha256(data).hexdigest()


def new_document_id(collection: str, source: str, content: str) -> str:
    """A stable id: the same file ingested into an empty store gets the same id again."""
    digest = hashlib.blake2b(f"{collection}\0{source}\0{content}".encode(), digest_size=10)
    return f"doc_{digest.hexdigest()}"


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
            _ensure_collection(connection, name)

    def put(self, versions: Sequence[NewVersion]) -> None:
        """Store these versions in place of older ones, all of them or none."""
        with self._engine.begin() as connection:
            for version in versions:
                _put(connection, version)
            _bump(connection)

    def rename(self, document_id: str, source: str, mtime_ns: str, root: str) -> None:
        """The same content under another name: nothing is embedded again."""
        with self._engine.begin() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(source=source, mtime_ns=mtime_ns, root=root)
            )
            _bump(connection)

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
            _ensure_collection(connection, document.collection)
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
                _remove_content(connection, document_id)
                connection.execute(delete(documents).where(documents.c.id == document_id))
            _drop_unused_originals(connection)
            _bump(connection)

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
            _ensure_collection(connection, collection)
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
                _set_state(connection, key, value)

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
                    [_vector_row(key, *pair) for key, pair in vectors.items()],
                )

    def bump(self) -> None:
        """Tell readers that the indexes changed."""
        with self._engine.begin() as connection:
            _bump(connection)


def store_original(connection: Connection, data: bytes) -> str:
    """Keep a file's bytes under their hash, compressed when that helps; gives the hash."""
    name = content_hash(data)
    known = select(originals.c.content_hash).where(originals.c.content_hash == name)
    if connection.execute(known).first() is None:
        packed = zlib.compress(data, level=1)
        smaller = len(packed) < 0.9 * len(data)
        connection.execute(
            insert(originals).values(
                content_hash=name, data=packed if smaller else data, compressed=smaller
            )
        )
    return name


def _put(connection: Connection, version: NewVersion) -> None:
    document = version.document
    _ensure_collection(connection, document.collection)
    # A failed first try under the same source has a row of its own id: it is replaced.
    older = select(documents.c.id, documents.c.original_hash).where(
        documents.c.collection == document.collection, documents.c.source == document.source
    )
    replaced = []
    for old_id, original_hash in connection.execute(older).all():
        _remove_content(connection, old_id)
        connection.execute(delete(documents).where(documents.c.id == old_id))
        replaced.append(original_hash)
    connection.execute(
        insert(documents).values(
            document_to_row(document)
            | {
                "root": version.root,
                "mtime_ns": version.mtime_ns,
                "recipe": version.recipe,
                "original_hash": store_original(connection, version.original),
            }
        )
    )
    _drop_unused_originals(connection, replaced)
    connection.execute(
        insert(document_texts).values(
            document_id=document.id,
            text=version.parsed.text,
            blocks=pack_blocks(version.parsed.blocks),
        )
    )
    if not version.passages:
        return
    connection.execute(insert(passages), [passage_to_row(passage) for passage in version.passages])
    kept = version.sentence_vectors or (None,) * len(version.passages)
    connection.execute(
        insert(passage_vectors),
        [
            _vector_row(passage.id, vector, sentences)
            for passage, vector, sentences in zip(
                version.passages, version.vectors, kept, strict=True
            )
        ],
    )


def _vector_row(
    passage_id: str, vector: NDArray[np.float32], sentences: NDArray[np.float32] | None
) -> dict[str, Any]:
    return {
        "passage_id": passage_id,
        "vector": vector.astype(np.float16).tobytes(),
        "sentence_vectors": None if sentences is None else sentences.astype(np.float16).tobytes(),
    }


def _remove_content(connection: Connection, document_id: str) -> None:
    mine = select(passages.c.id).where(passages.c.document_id == document_id)
    connection.execute(delete(passage_vectors).where(passage_vectors.c.passage_id.in_(mine)))
    connection.execute(delete(passages).where(passages.c.document_id == document_id))
    connection.execute(delete(document_texts).where(document_texts.c.document_id == document_id))


def _drop_unused_originals(connection: Connection, among: Sequence[str] | None = None) -> None:
    """Only those ``among`` these hashes, where given: a look at all of them takes longer."""
    if among is not None and not any(among):
        return
    used = exists().where(documents.c.original_hash == originals.c.content_hash)
    queued = exists().where(
        ingest_jobs.c.original_hash == originals.c.content_hash,
        ingest_jobs.c.status.in_(["queued", "running"]),
    )
    unused = delete(originals).where(~used, ~queued)
    if among is not None:
        unused = unused.where(originals.c.content_hash.in_(among))
    connection.execute(unused)


def _ensure_collection(connection: Connection, name: str) -> None:
    found = select(collections.c.name).where(collections.c.name == name)
    if connection.execute(found).first() is None:
        connection.execute(insert(collections).values(name=name, created_at=datetime.now(UTC)))


def _set_state(connection: Connection, key: str, value: str) -> None:
    changed = connection.execute(
        update(index_state).where(index_state.c.key == key).values(value=value)
    )
    if changed.rowcount == 0:
        connection.execute(insert(index_state).values(key=key, value=value))


def _bump(connection: Connection) -> None:
    # Counted by the database: two processes that read and then wrote would count as one.
    more = cast(cast(index_state.c.value, Integer) + 1, Text)
    changed = connection.execute(
        update(index_state).where(index_state.c.key == "generation").values(value=more)
    )
    if changed.rowcount == 0:
        connection.execute(insert(index_state).values(key="generation", value="1"))
