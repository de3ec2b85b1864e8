"""What people say of answers of evals.

Frozen: `app.records.behavior.tables` is the schema of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.tables import metadata as current

revision = "0006"
down_revision = "0005"

metadata = sa.MetaData(naming_convention=current.naming_convention)

sa.Table(
    "eval_labels",
    metadata,
    sa.Column("case_id", sa.String(200), primary_key=True),
    sa.Column("answer", sa.String(16), primary_key=True),
    sa.Column("criterion", sa.String(80), primary_key=True),
    sa.Column("labeler", sa.String(80), primary_key=True),
    sa.Column("run", sa.String(200), nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Index(None, "run"),
)


def upgrade() -> None:
    """Add the table; nothing that is stored changes."""
    metadata.create_all(op.get_bind())
