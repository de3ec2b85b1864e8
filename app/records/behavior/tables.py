"""The tables of behavior: a row for each question, the events about it, and what was decided."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from app.records.tables import UtcDateTime, metadata

questions = Table(
    "questions",
    metadata,
    Column("answer_id", String(40), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("session_id", String(64), nullable=False, server_default=""),
    Column("conversation_id", String(40), nullable=False, server_default=""),
    Column("trace_id", String(32), nullable=False, server_default=""),
    Column("text", Text, nullable=False),
    Column("typed", Text),
    Column("followup", Boolean, nullable=False),
    Column("regenerate", Boolean, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("content_words", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    # --- how it ended
    Column("status", String(10), nullable=False),
    Column("error_type", String(60)),
    Column("first_content_ms", Float),
    Column("total_ms", Float),
    Column("completed_at", UtcDateTime),
    Column("state", String(20)),
    Column("mode", String(10)),
    Column("model", String(120)),
    Column("level", String(10)),
    Column("probability", Float),
    Column("citations", Integer, nullable=False),
    Column("collection", String(100), nullable=False, server_default=""),
    # --- what it cost
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("cost_usd", Float),
    Column("price_version", String(60), nullable=False, server_default=""),
    # --- under what it ran
    Column("release", String(60), nullable=False),
    Column("experiment", String(60), nullable=False, server_default=""),
    Column("arm", String(40), nullable=False, server_default=""),
    # --- concluded from events and from later questions; written by `derive` alone
    Column("thread_id", String(40), nullable=False, server_default=""),
    Column("rephrase_of", String(40)),
    Column("retried_at", UtcDateTime),
    Column("helpful", Boolean),
    Column("accepted_at", UtcDateTime),
    Column("rejected_at", UtcDateTime),
    Column("corrected_at", UtcDateTime),
    Column("reported_at", UtcDateTime),
    Column("copied_at", UtcDateTime),
    Column("shared_at", UtcDateTime),
    Column("opened_at", UtcDateTime),
    Column("interacted_at", UtcDateTime),
    Column("revision", BigInteger, nullable=False),
    Index(None, "asked_at"),
    Index(None, "session_id", "asked_at"),
    Index(None, "conversation_id"),
    Index(None, "thread_id"),
    Index(None, "trace_id"),
    Index(None, "revision"),
    comment="Facts, one row per question or search; the answer itself stands in answers.",
)

question_vectors = Table(
    "question_vectors",
    metadata,
    Column("answer_id", ForeignKey("questions.answer_id", ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    comment="float16, normalized: which questions mean the same.",
)

revisions = Table(
    "revisions",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
    comment="questions: the newest revision of a row; deletions: how often rows were deleted.",
)

events = Table(
    "events",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("answer_id", String(40), nullable=False, server_default=""),
    Column("session_id", String(64), nullable=False, server_default=""),
    Column("trace_id", String(32), nullable=False, server_default=""),
    Column("release", String(60), nullable=False, server_default=""),
    Column("experiment", String(60), nullable=False, server_default=""),
    Column("arm", String(40), nullable=False, server_default=""),
    Column("at", UtcDateTime, nullable=False),
    Column("properties", JSON, nullable=False),
    Index(None, "answer_id"),
    Index(None, "session_id", "at"),
    Index(None, "kind", "at"),
    Index(None, "at"),
    comment="No foreign key to questions: an event may come before what it is about is recorded.",
)

# --- reviews ------------------------------------------------------------------------------------

question_reviews = Table(
    "question_reviews",
    metadata,
    Column("answer_id", ForeignKey("questions.answer_id", ondelete="CASCADE"), primary_key=True),
    Column("status", String(10), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("failure_mode", String(60), nullable=False, server_default=""),
    Column("eval_case", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    comment="What a PM decided about one question; eval_case: `footnote eval cases` writes it.",
)

eval_labels = Table(
    "eval_labels",
    metadata,
    Column("case_id", String(200), primary_key=True),
    Column("answer", String(16), primary_key=True),
    Column("criterion", String(80), primary_key=True),
    Column("labeler", String(80), primary_key=True),
    Column("run", String(200), nullable=False),
    Column("value", Float, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "run"),
    comment="What a person says of one answer of an eval; answer: a fingerprint of what was shown.",
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("label", Text, nullable=False),
    Column("centroid", LargeBinary, nullable=False),
    Column("status", String(10), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("failure_mode", String(60), nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    comment="Clusters of failures seen before, so that a decision stays with its cluster.",
)

# --- feedback from elsewhere ----------------------------------------------------------------------

feedback_imports = Table(
    "feedback_imports",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("mapping", JSON, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("bad_rows", JSON, nullable=False),
    Column("status", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

feedback_items = Table(
    "feedback_items",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("import_id", ForeignKey("feedback_imports.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("external_id", Text, nullable=False, server_default=""),
    Column("at", UtcDateTime, nullable=False),
    Column("text", Text, nullable=False),
    Column("rating", Float),
    Column("sentiment", Float),
    Column("theme_id", String(40), nullable=False, server_default=""),
    Column("document_id", String(40), nullable=False, server_default=""),
    Column("gap_id", String(40), nullable=False, server_default=""),
    Column("vector", LargeBinary),
    Index(None, "import_id"),
    Index(None, "at"),
    Index(None, "theme_id"),
    comment="Reviews and support tickets; kind: review or ticket.",
)

feedback_themes = Table(
    "feedback_themes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("label", Text, nullable=False),
    Column("summary", Text, nullable=False, server_default=""),
    Column("model", String(120), nullable=False, server_default=""),
    Column("centroid", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# --- experiments, alerts, cost -------------------------------------------------------------------

experiments = Table(
    "experiments",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("spec", JSON, nullable=False),
    Column("status", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
    Column("decision", String(60), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    comment="spec: hypothesis, arms with their settings, share of sessions, guardrails.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", String(80), nullable=False),
    Column("metric", String(60), nullable=False),
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("fired_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("resolution_sent_at", UtcDateTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("tried_at", UtcDateTime),
    Column("error", Text, nullable=False, server_default=""),
    Column("acknowledged_at", UtcDateTime),
    Column("snoozed_until", UtcDateTime),
    Index(
        "uq_alerts_open_rule",
        "rule",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
    Index(None, "fired_at"),
    comment="One row each time a rule's threshold was crossed; a rule has one open row at most.",
)

daily_costs = Table(
    "daily_costs",
    metadata,
    Column("day", Date, primary_key=True),
    Column("model", String(120), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("unknown_calls", Integer, nullable=False),
    Column("refused_calls", Integer, nullable=False),
    comment="Sums that outlive deleted answers: a bill is paid all the same. unknown_calls: of "
    "calls, those whose price nobody knows; refused_calls: not made, to keep within the budget.",
)
