"""Content requests and problem reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two tables; nothing that is stored changes."""
    op.create_table(
        "content_requests",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("answer_id", sa.String(40)),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False, server_default=""),
        sa.Column("comment", sa.Text, nullable=False, server_default=""),
        sa.Column("owners", sa.JSON, nullable=False),
        sa.Column("documents", sa.JSON, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_content_requests"),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["answers.id"],
            name="fk_content_requests_answer_id",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("answer_id", name="uq_content_requests_answer_id"),
    )
    op.create_index("ix_content_requests_session_id", "content_requests", ["session_id"])
    op.create_index(
        "ix_content_requests_status_created_at", "content_requests", ["status", "created_at"]
    )
    op.create_table(
        "problem_reports",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("answer_id", sa.String(40), nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False, server_default=""),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("comment", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_problem_reports"),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["answers.id"],
            name="fk_problem_reports_answer_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_problem_reports_answer_id", "problem_reports", ["answer_id"])
    op.create_index("ix_problem_reports_created_at", "problem_reports", ["created_at"])
