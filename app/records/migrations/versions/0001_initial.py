"""The first schema: collections, documents, passages, vectors, jobs, answers, feedback."""

from __future__ import annotations

from alembic import op

from app.records.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table of the first release.

    Nothing is released yet, so the tables module is the definition; the next migration freezes it.
    """
    metadata.create_all(op.get_bind())
