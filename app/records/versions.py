"""A version of a document, and the statements that put one into the tables or take it out."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
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
)


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


def put_version(connection: Connection, version: NewVersion) -> None:
    """Put one version in place of what its source had."""
    document = version.document
    create_collection(connection, document.collection)
    # A failed first try under the same source has a row of its own id: it is replaced.
    older = select(documents.c.id, documents.c.original_hash).where(
        documents.c.collection == document.collection, documents.c.source == document.source
    )
    replaced = []
    for old_id, original_hash in connection.execute(older).all():
        remove_content(connection, old_id)
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
    drop_unused_originals(connection, replaced)
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
            vector_row(passage.id, vector, sentences)
            for passage, vector, sentences in zip(
                version.passages, version.vectors, kept, strict=True
            )
        ],
    )


def vector_row(
    passage_id: str, vector: NDArray[np.float32], sentences: NDArray[np.float32] | None
) -> dict[str, Any]:
    """A row of `passage_vectors`: float16, as bytes."""
    return {
        "passage_id": passage_id,
        "vector": vector.astype(np.float16).tobytes(),
        "sentence_vectors": None if sentences is None else sentences.astype(np.float16).tobytes(),
    }


def remove_content(connection: Connection, document_id: str) -> None:
    """Take a document's text, passages and vectors out; its own row stays."""
    mine = select(passages.c.id).where(passages.c.document_id == document_id)
    connection.execute(delete(passage_vectors).where(passage_vectors.c.passage_id.in_(mine)))
    connection.execute(delete(passages).where(passages.c.document_id == document_id))
    connection.execute(delete(document_texts).where(document_texts.c.document_id == document_id))


def drop_unused_originals(connection: Connection, among: Sequence[str] | None = None) -> None:
    """Forget files that nothing refers to; only those ``among`` these hashes, where given.

    A look at all of them takes longer.
    """
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


def create_collection(connection: Connection, name: str) -> None:
    """Create a collection unless it exists."""
    found = select(collections.c.name).where(collections.c.name == name)
    if connection.execute(found).first() is None:
        connection.execute(insert(collections).values(name=name, created_at=datetime.now(UTC)))


def write_state(connection: Connection, key: str, value: str) -> None:
    """Write one value of `index_state`."""
    changed = connection.execute(
        update(index_state).where(index_state.c.key == key).values(value=value)
    )
    if changed.rowcount == 0:
        connection.execute(insert(index_state).values(key=key, value=value))


def bump_generation(connection: Connection) -> None:
    """Tell readers that the indexes changed."""
    # Counted by the database: two processes that read and then wrote would count as one.
    more = cast(cast(index_state.c.value, Integer) + 1, Text)
    changed = connection.execute(
        update(index_state).where(index_state.c.key == "generation").values(value=more)
    )
    if changed.rowcount == 0:
        connection.execute(insert(index_state).values(key="generation", value="1"))
