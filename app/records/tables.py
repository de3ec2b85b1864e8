"""The tables. SQL is the truth; Chroma and the lexical index are derived from it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in every database; SQLite itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: object) -> datetime | None:
        """Store as UTC; refuse naive times, which would silently shift."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: object) -> datetime | None:
        """Read as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


collections = Table(
    "collections",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
)

roots = Table(
    "roots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection", ForeignKey("collections.name"), nullable=False),
    Column("uri", Text, nullable=False),
    Column("include", JSON, nullable=False),
    Column("exclude", JSON, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("last_ingested_at", UtcDateTime, nullable=False),
    Column("report", JSON, nullable=False),
    UniqueConstraint("collection", "uri"),
    comment="Folders, files and addresses that were ingested; a page offers to ingest them again.",
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("collection", ForeignKey("collections.name"), nullable=False),
    Column("source", Text, nullable=False),
    Column("root", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", String(24), nullable=False, server_default=""),
    Column("content_hash", String(64), nullable=False),
    Column("original_hash", String(64), nullable=False),
    Column("recipe", String(80), nullable=False),
    Column("passages", Integer, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("pages", Integer),
    Column("page_kind", String(10), nullable=False, server_default=""),
    Column("modified_at", UtcDateTime),
    Column("ingested_at", UtcDateTime, nullable=False),
    Column("status", String(10), nullable=False),
    Column("error", Text),
    Column("warnings", JSON, nullable=False),
    Column("owner", Text),
    Column("review_by", String(10)),
    Column("superseded_by", Text),
    UniqueConstraint("collection", "source"),
    Index(None, "collection", "status"),
    Index(None, "content_hash"),
    comment="content_hash: newest bytes seen; original_hash: bytes of the version that is shown.",
)

document_texts = Table(
    "document_texts",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("blocks", LargeBinary, nullable=False),
)

originals = Table(
    "originals",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("compressed", Boolean, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("heading", JSON, nullable=False),
    Column("sentences", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "document_id"),
)

passage_vectors = Table(
    "passage_vectors",
    metadata,
    Column("passage_id", ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("sentence_vectors", LargeBinary),
    comment="float16, normalized; kept so that an index is rebuilt without embedding again.",
)

index_state = Table(
    "index_state",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

ingest_jobs = Table(
    "ingest_jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("batch_id", String(40), nullable=False),
    Column("collection", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("original_hash", String(64)),
    Column("target", Text, nullable=False, server_default=""),
    Column("status", String(10), nullable=False),
    Column("message", Text, nullable=False, server_default=""),
    Column("document_id", String(40)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index(None, "status", "created_at"),
    Index(None, "batch_id"),
    comment="Uploads and re-ingests, acknowledged when they stand here; the worker takes them.",
)

answers = Table(
    "answers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("trace_id", String(32), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("session_id", String(64), nullable=False, server_default=""),
    Column("question", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("mode", String(10), nullable=False),
    Column("level", String(10), nullable=False),
    Column("total_ms", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("payload", JSON, nullable=False),
    Index(None, "created_at"),
    Index(None, "conversation_id"),
    Index(None, "session_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("correction", Text, nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "answer_id"),
)

content_requests = Table(
    "content_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("answer_id", ForeignKey("answers.id", ondelete="SET NULL"), unique=True),
    Column("question", Text, nullable=False),
    Column("session_id", String(64), nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("owners", JSON, nullable=False),
    Column("documents", JSON, nullable=False),
    Column("status", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "session_id"),
    Index(None, "status", "created_at"),
    comment="What is missing from the documents; outlives the answer, without saying who asked.",
)

problem_reports = Table(
    "problem_reports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), nullable=False),
    Column("session_id", String(64), nullable=False, server_default=""),
    Column("kind", String(20), nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "answer_id"),
    Index(None, "created_at"),
)
