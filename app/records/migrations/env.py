"""Alembic's entry point: runs migrations on the connection that `database.py` hands over."""

from __future__ import annotations

from alembic import context

import app.records.accounts.tables
import app.records.behavior.tables
import app.records.tracing.tables  # noqa: F401  # they add themselves to the metadata
from app.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
