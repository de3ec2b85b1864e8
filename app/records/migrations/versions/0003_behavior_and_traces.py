"""Behavior and traces: questions, events, reviews, imported feedback, experiments, alerts, spans.

Frozen: `app.records.behavior.tables` and `app.records.tracing.tables` are the schema of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.tables import metadata as current

revision = "0003"
down_revision = "0002"

metadata = sa.MetaData(naming_convention=current.naming_convention)

sa.Table(
    "questions",
    metadata,
    sa.Column("answer_id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("channel", sa.String(10), nullable=False),
    sa.Column("session_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("conversation_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("trace_id", sa.String(32), nullable=False, server_default=""),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("typed", sa.Text),
    sa.Column("followup", sa.Boolean, nullable=False),
    sa.Column("regenerate", sa.Boolean, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("content_words", sa.Integer, nullable=False),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("error_type", sa.String(60)),
    sa.Column("first_content_ms", sa.Float),
    sa.Column("total_ms", sa.Float),
    sa.Column("completed_at", sa.DateTime(timezone=True)),
    sa.Column("state", sa.String(20)),
    sa.Column("mode", sa.String(10)),
    sa.Column("model", sa.String(120)),
    sa.Column("level", sa.String(10)),
    sa.Column("probability", sa.Float),
    sa.Column("citations", sa.Integer, nullable=False),
    sa.Column("collection", sa.String(100), nullable=False, server_default=""),
    sa.Column("input_tokens", sa.Integer, nullable=False),
    sa.Column("output_tokens", sa.Integer, nullable=False),
    sa.Column("cached_tokens", sa.Integer, nullable=False),
    sa.Column("cost_usd", sa.Float),
    sa.Column("price_version", sa.String(60), nullable=False, server_default=""),
    sa.Column("release", sa.String(60), nullable=False),
    sa.Column("experiment", sa.String(60), nullable=False, server_default=""),
    sa.Column("arm", sa.String(40), nullable=False, server_default=""),
    sa.Column("thread_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("rephrase_of", sa.String(40)),
    sa.Column("retried_at", sa.DateTime(timezone=True)),
    sa.Column("helpful", sa.Boolean),
    sa.Column("accepted_at", sa.DateTime(timezone=True)),
    sa.Column("rejected_at", sa.DateTime(timezone=True)),
    sa.Column("corrected_at", sa.DateTime(timezone=True)),
    sa.Column("reported_at", sa.DateTime(timezone=True)),
    sa.Column("copied_at", sa.DateTime(timezone=True)),
    sa.Column("shared_at", sa.DateTime(timezone=True)),
    sa.Column("opened_at", sa.DateTime(timezone=True)),
    sa.Column("interacted_at", sa.DateTime(timezone=True)),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Index(None, "asked_at"),
    sa.Index(None, "session_id", "asked_at"),
    sa.Index(None, "conversation_id"),
    sa.Index(None, "thread_id"),
    sa.Index(None, "trace_id"),
    sa.Index(None, "revision"),
)

sa.Table(
    "question_vectors",
    metadata,
    sa.Column(
        "answer_id", sa.ForeignKey("questions.answer_id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)

sa.Table(
    "revisions",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(30), nullable=False),
    sa.Column("answer_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("session_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("trace_id", sa.String(32), nullable=False, server_default=""),
    sa.Column("release", sa.String(60), nullable=False, server_default=""),
    sa.Column("experiment", sa.String(60), nullable=False, server_default=""),
    sa.Column("arm", sa.String(40), nullable=False, server_default=""),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Index(None, "answer_id"),
    sa.Index(None, "session_id", "at"),
    sa.Index(None, "kind", "at"),
    sa.Index(None, "at"),
)

sa.Table(
    "question_reviews",
    metadata,
    sa.Column(
        "answer_id", sa.ForeignKey("questions.answer_id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("failure_mode", sa.String(60), nullable=False, server_default=""),
    sa.Column("eval_case", sa.Boolean, nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
)

sa.Table(
    "gaps",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("centroid", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("failure_mode", sa.String(60), nullable=False, server_default=""),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
)

sa.Table(
    "feedback_imports",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("mapping", sa.JSON, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("bad_rows", sa.JSON, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
)

sa.Table(
    "feedback_items",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column(
        "import_id", sa.ForeignKey("feedback_imports.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("external_id", sa.Text, nullable=False, server_default=""),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("rating", sa.Float),
    sa.Column("sentiment", sa.Float),
    sa.Column("theme_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("document_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("gap_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("vector", sa.LargeBinary),
    sa.Index(None, "import_id"),
    sa.Index(None, "at"),
    sa.Index(None, "theme_id"),
)

sa.Table(
    "feedback_themes",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False, server_default=""),
    sa.Column("model", sa.String(120), nullable=False, server_default=""),
    sa.Column("centroid", sa.LargeBinary, nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
)

sa.Table(
    "experiments",
    metadata,
    sa.Column("id", sa.String(60), primary_key=True),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("stopped_at", sa.DateTime(timezone=True)),
    sa.Column("decision", sa.String(60), nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
)

sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("rule", sa.String(80), nullable=False),
    sa.Column("metric", sa.String(60), nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("threshold", sa.Float, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("resolved_at", sa.DateTime(timezone=True)),
    sa.Column("sent_at", sa.DateTime(timezone=True)),
    sa.Column("resolution_sent_at", sa.DateTime(timezone=True)),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tried_at", sa.DateTime(timezone=True)),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
    sa.Column("snoozed_until", sa.DateTime(timezone=True)),
    sa.Index(
        "uq_alerts_open_rule",
        "rule",
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    ),
    sa.Index(None, "fired_at"),
)

sa.Table(
    "daily_costs",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("model", sa.String(120), primary_key=True),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cached_tokens", sa.BigInteger, nullable=False),
    sa.Column("cost_usd", sa.Float, nullable=False),
    sa.Column("unknown_calls", sa.Integer, nullable=False),
    sa.Column("refused_calls", sa.Integer, nullable=False),
)

sa.Table(
    "traces",
    metadata,
    sa.Column("trace_id", sa.String(32), primary_key=True),
    sa.Column("root_id", sa.String(16), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("answer_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("duration_ms", sa.Float, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("error_type", sa.String(120), nullable=False, server_default=""),
    sa.Column("state", sa.String(20), nullable=False, server_default=""),
    sa.Column("level", sa.String(10), nullable=False, server_default=""),
    sa.Column("mode", sa.String(10), nullable=False, server_default=""),
    sa.Column("model", sa.String(120), nullable=False, server_default=""),
    sa.Column("channel", sa.String(10), nullable=False, server_default=""),
    sa.Column("conversation_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("release", sa.String(60), nullable=False, server_default=""),
    sa.Column("experiment", sa.String(60), nullable=False, server_default=""),
    sa.Column("arm", sa.String(40), nullable=False, server_default=""),
    sa.Column("first_token_ms", sa.Float),
    sa.Column("input_tokens", sa.Integer, nullable=False, server_default="0"),
    sa.Column("output_tokens", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cost_usd", sa.Float),
    sa.Column("span_count", sa.Integer, nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Index(None, "started_at", "root_id"),
    sa.Index(None, "answer_id"),
    sa.Index(None, "duration_ms", "root_id"),
    sa.Index(None, "cost_usd", "root_id"),
)

sa.Table(
    "spans",
    metadata,
    sa.Column("trace_id", sa.String(32), primary_key=True),
    sa.Column("span_id", sa.String(16), primary_key=True),
    sa.Column("root_id", sa.String(16), nullable=False),
    sa.Column("parent_id", sa.String(16), nullable=False, server_default=""),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("started_ns", sa.BigInteger, nullable=False),
    sa.Column("ended_ns", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("attributes", sa.JSON, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.ForeignKeyConstraint(
        ["trace_id", "root_id"], ["traces.trace_id", "traces.root_id"], ondelete="CASCADE"
    ),
    sa.Index(None, "trace_id", "root_id"),
)

sa.Table(
    "span_content",
    metadata,
    sa.Column("trace_id", sa.String(32), primary_key=True),
    sa.Column("span_id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Index(None, "at"),
)


def upgrade() -> None:
    """Add tables; nothing that is stored changes."""
    metadata.create_all(op.get_bind())
    counters = [{"name": "questions", "value": 0}, {"name": "deletions", "value": 0}]
    op.bulk_insert(metadata.tables["revisions"], counters)
