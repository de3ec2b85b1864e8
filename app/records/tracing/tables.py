"""The tables of traces: a roll-up per workflow, its spans, and content apart with shorter life."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from app.records.tables import UtcDateTime, metadata

traces = Table(
    "traces",
    metadata,
    Column("trace_id", String(32), primary_key=True),
    Column("root_id", String(16), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(120), nullable=False),
    Column("answer_id", String(40), nullable=False, server_default=""),
    Column("started_at", UtcDateTime, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("status", String(10), nullable=False),
    Column("error_type", String(120), nullable=False, server_default=""),
    Column("state", String(20), nullable=False, server_default=""),
    Column("level", String(10), nullable=False, server_default=""),
    Column("mode", String(10), nullable=False, server_default=""),
    Column("model", String(120), nullable=False, server_default=""),
    Column("channel", String(10), nullable=False, server_default=""),
    Column("conversation_id", String(40), nullable=False, server_default=""),
    Column("release", String(60), nullable=False, server_default=""),
    Column("experiment", String(60), nullable=False, server_default=""),
    Column("arm", String(40), nullable=False, server_default=""),
    Column("first_token_ms", Float),
    Column("input_tokens", Integer, nullable=False, server_default="0"),
    Column("output_tokens", Integer, nullable=False, server_default="0"),
    Column("cost_usd", Float),
    Column("span_count", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Index(None, "started_at", "root_id"),
    Index(None, "answer_id"),
    Index(None, "duration_ms", "root_id"),
    Index(None, "cost_usd", "root_id"),
    comment="One row per workflow (a question, a search, an ingest); a caller's trace may hold "
    "several. kind: ask, search or ingest. cost_usd: NULL when a price is unknown.",
)

spans = Table(
    "spans",
    metadata,
    Column("trace_id", String(32), primary_key=True),
    Column("span_id", String(16), primary_key=True),
    Column("root_id", String(16), nullable=False),
    Column("parent_id", String(16), nullable=False, server_default=""),
    Column("name", String(120), nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("events", JSON, nullable=False),
    ForeignKeyConstraint(
        ["trace_id", "root_id"], ["traces.trace_id", "traces.root_id"], ondelete="CASCADE"
    ),
    Index(None, "trace_id", "root_id"),
    comment="Times in nanoseconds since 1970. No content: that is in span_content.",
)

span_content = Table(
    "span_content",
    metadata,
    Column("trace_id", String(32), primary_key=True),
    Column("span_id", String(16), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "at"),
    comment="Questions, prompts, passages and answers as spans had them, only where opted in.",
)
