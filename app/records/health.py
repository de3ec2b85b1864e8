"""Is what is recorded whole? Looked up for `footnote doctor`; damage is told, not guessed at."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, func, select, update

from app.records.tables import (
    answers,
    document_texts,
    documents,
    index_state,
    ingest_jobs,
    originals,
    passage_vectors,
    passages,
)

_AT_ONCE = 200
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in the database, and what of it does not fit together.

    ``without_text``, ``damaged_originals``: ids of documents. ``without_vector``: ids of passages
    whose vector is missing or not of the index's dimension; ``miscounted``: ids of documents that
    have another number of passages than they say.
    """

    documents: int
    passages: int
    answers: int
    without_text: tuple[str, ...] = ()
    damaged_originals: tuple[str, ...] = ()
    without_vector: tuple[str, ...] = ()
    miscounted: tuple[str, ...] = ()
    queued_without_bytes: int = 0


def sqlite_file(engine_url: str) -> Path | None:
    """The file behind a ``sqlite:///`` URL; None for another database."""
    head, found, path = engine_url.partition("sqlite:///")
    return Path(path) if found and not head and path and path != ":memory:" else None


def file_problems(path: Path) -> list[str]:
    """What SQLite finds wrong with the file itself, in its own words; empty where it is whole."""
    if not path.exists():
        return []
    try:
        connection = sqlite3.connect(path, timeout=30)
        try:
            said = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_SHOWN})")]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return [str(error)]
    return [] if said == ["ok"] else said


def broken_references(path: Path) -> dict[str, int]:
    """Table → rows that point to something that is not there."""
    found: dict[str, int] = {}
    connection = sqlite3.connect(path, timeout=30)
    try:
        for table, *_ in connection.execute("PRAGMA foreign_key_check"):
            found[table] = found.get(table, 0) + 1
    finally:
        connection.close()
    return found


def schema_of(path: Path) -> str:
    """The migration that the file stands at; empty for an empty or unreadable one."""
    try:
        connection = sqlite3.connect(path, timeout=30)
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return ""
    return str(row[0]) if row else ""


def contents(engine: Engine) -> Contents:
    """Counts, and everything that does not fit. Reads every original once: their hash is checked.

    Raises:
        StorageProblem: the database can't be read.
    """
    ready = documents.c.status == "ready"
    with engine.connect() as connection:
        own = (
            select(documents.c.id)
            .outerjoin(passages, passages.c.document_id == documents.c.id)
            .where(ready)
            .group_by(documents.c.id, documents.c.passages)
            .having(func.count(passages.c.id) != documents.c.passages)
        )
        textless = (
            select(documents.c.id)
            .outerjoin(document_texts, document_texts.c.document_id == documents.c.id)
            .where(ready, document_texts.c.document_id.is_(None))
        )
        dimension = connection.scalar(
            select(index_state.c.value).where(index_state.c.key == "dimension")
        )
        size = func.length(passage_vectors.c.vector)
        bad = (passage_vectors.c.passage_id.is_(None)) | (size != 2 * int(dimension or 0))
        vectorless = (
            select(passages.c.id)
            .outerjoin(passage_vectors, passage_vectors.c.passage_id == passages.c.id)
            .where(bad)
        )
        stranded = (
            select(func.count())
            .select_from(
                ingest_jobs.outerjoin(
                    originals, originals.c.content_hash == ingest_jobs.c.original_hash
                )
            )
            .where(
                ingest_jobs.c.status.in_(["queued", "running"]),
                ingest_jobs.c.target == "",
                originals.c.content_hash.is_(None),
            )
        )
        return Contents(
            documents=_count(connection, documents),
            passages=_count(connection, passages),
            answers=_count(connection, answers),
            without_text=tuple(connection.scalars(textless)),
            damaged_originals=tuple(_damaged_originals(engine)),
            without_vector=tuple(connection.scalars(vectorless)),
            miscounted=tuple(connection.scalars(own)),
            queued_without_bytes=connection.scalar(stranded) or 0,
        )


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def read_again(engine: Engine, document_ids: tuple[str, ...]) -> None:
    """Let the next ingest read these documents again, as if their files had changed."""
    with engine.begin() as connection:
        for first in range(0, len(document_ids), _AT_ONCE):
            some = document_ids[first : first + _AT_ONCE]
            connection.execute(
                update(documents)
                .where(documents.c.id.in_(some))
                .values(recipe="", mtime_ns="", content_hash="")
            )


def _damaged_originals(engine: Engine) -> Iterator[str]:
    """Documents whose file is missing or is not the one it was."""
    names = select(documents.c.original_hash).where(documents.c.original_hash != "").distinct()
    with engine.connect() as connection:
        wanted = sorted(connection.scalars(names))
    lost = set()
    for name in wanted:
        with engine.connect() as connection:
            row = connection.execute(
                select(originals).where(originals.c.content_hash == name)
            ).one_or_none()
        if row is None or _hash(row.data, row.compressed) != name:
            lost.add(name)
    with engine.connect() as connection:
        for one in connection.execute(select(documents.c.id, documents.c.original_hash)):
            if one.original_hash in lost:
                yield one.id


def _hash(data: bytes, compressed: bool) -> str:
    try:
        return hashlib.sha256(zlib.decompress(data) if compressed else data).hexdigest()
    except zlib.error:
        return ""
