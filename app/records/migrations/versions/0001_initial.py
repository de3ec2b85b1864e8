"""The first schema: collections, documents, passages, vectors, jobs, answers, feedback.

Frozen: `app.records.tables` is the schema of today, this is the one that the first release made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.tables import metadata as current

revision = "0001"
down_revision = None

metadata = sa.MetaData(naming_convention=current.naming_convention)

sa.Table(
    "collections",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
)

sa.Table(
    "roots",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("collection", sa.ForeignKey("collections.name"), nullable=False),
    sa.Column("uri", sa.Text, nullable=False),
    sa.Column("include", sa.JSON, nullable=False),
    sa.Column("exclude", sa.JSON, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("last_ingested_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("report", sa.JSON, nullable=False),
    sa.UniqueConstraint("collection", "uri"),
)

sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("collection", sa.ForeignKey("collections.name"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False, server_default=""),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("mtime_ns", sa.String(24), nullable=False, server_default=""),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("original_hash", sa.String(64), nullable=False),
    sa.Column("recipe", sa.String(80), nullable=False),
    sa.Column("passages", sa.Integer, nullable=False),
    sa.Column("characters", sa.Integer, nullable=False),
    sa.Column("pages", sa.Integer),
    sa.Column("page_kind", sa.String(10), nullable=False, server_default=""),
    sa.Column("modified_at", sa.DateTime(timezone=True)),
    sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("review_by", sa.String(10)),
    sa.Column("superseded_by", sa.Text),
    sa.UniqueConstraint("collection", "source"),
    sa.Index(None, "collection", "status"),
    sa.Index(None, "content_hash"),
)

sa.Table(
    "document_texts",
    metadata,
    sa.Column("document_id", sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("blocks", sa.LargeBinary, nullable=False),
)

sa.Table(
    "originals",
    metadata,
    sa.Column("content_hash", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("compressed", sa.Boolean, nullable=False),
)

sa.Table(
    "passages",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("document_id", sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("heading", sa.JSON, nullable=False),
    sa.Column("sentences", sa.JSON, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index(None, "document_id"),
)

sa.Table(
    "passage_vectors",
    metadata,
    sa.Column("passage_id", sa.ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Column("sentence_vectors", sa.LargeBinary),
)

sa.Table(
    "index_state",
    metadata,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

sa.Table(
    "ingest_jobs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("batch_id", sa.String(40), nullable=False),
    sa.Column("collection", sa.String(100), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("original_hash", sa.String(64)),
    sa.Column("target", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("message", sa.Text, nullable=False, server_default=""),
    sa.Column("document_id", sa.String(40)),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Index(None, "status", "created_at"),
    sa.Index(None, "batch_id"),
)

sa.Table(
    "answers",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("trace_id", sa.String(32), nullable=False),
    sa.Column("conversation_id", sa.String(40), nullable=False),
    sa.Column("session_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("mode", sa.String(10), nullable=False),
    sa.Column("level", sa.String(10), nullable=False),
    sa.Column("total_ms", sa.Float, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index(None, "created_at"),
    sa.Index(None, "conversation_id"),
    sa.Index(None, "session_id"),
)

sa.Table(
    "feedback",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("answer_id", sa.ForeignKey("answers.id", ondelete="CASCADE"), nullable=False),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False, server_default=""),
    sa.Column("correction", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index(None, "answer_id"),
)


def upgrade() -> None:
    """Create every table of the first release."""
    metadata.create_all(op.get_bind())
