"""Accounts: people, groups, sign-ins, invitations, keys, and the audit log.

Frozen: `app.records.accounts.tables` is the schema of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.tables import metadata as current

revision = "0007"
down_revision = "0006"

metadata = sa.MetaData(naming_convention=current.naming_convention)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _user(*, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        "user_id",
        sa.ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("session_key", sa.String(40), nullable=False, unique=True),
    sa.Column("active", sa.Boolean, nullable=False),
    _time("created_at"),
    _time("last_seen_at", nullable=True),
    sa.Column("oidc_issuer", sa.String(500)),
    sa.Column("oidc_subject", sa.String(255)),
    sa.UniqueConstraint("oidc_issuer", "oidc_subject"),
)

sa.Table("groups", metadata, sa.Column("name", sa.String(100), primary_key=True))

sa.Table(
    "group_members",
    metadata,
    sa.Column("group_name", sa.ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    _user(primary_key=True),
    sa.Column("from_sso", sa.Boolean, nullable=False),
    sa.Index(None, "user_id"),
)

sa.Table(
    "collection_groups",
    metadata,
    sa.Column("collection", sa.String(100), primary_key=True),
    sa.Column("group_name", sa.ForeignKey("groups.name"), primary_key=True),
    sa.Index(None, "group_name"),
)

sa.Table(
    "sign_ins",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    _user(),
    _time("created_at"),
    _time("last_seen_at"),
    _time("expires_at"),
    sa.Column("device", sa.String(200), nullable=False),
    sa.Index(None, "user_id"),
    sa.Index(None, "expires_at"),
)

sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    _time("last_at"),
    _time("blocked_until"),
    sa.Index(None, "last_at"),
)

sa.Table(
    "invitations",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("groups", sa.JSON, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    _time("created_at"),
    _time("expires_at"),
    _time("used_at", nullable=True),
    sa.Index(None, "email"),
    sa.Index(None, "expires_at"),
)

sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("prefix", sa.String(20), nullable=False),
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
    _user(),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    _time("created_at"),
    _time("last_used_at", nullable=True),
    _time("expires_at", nullable=True),
    _time("revoked_at", nullable=True),
    sa.Index(None, "user_id"),
)

sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _time("at"),
    sa.Column("actor_id", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("client", sa.String(100), nullable=False),
    sa.Index(None, "at"),
    sa.Index(None, "actor_id"),
    sa.Index(None, "action"),
)


def upgrade() -> None:
    """Add the tables; nothing that is stored changes."""
    metadata.create_all(op.get_bind())
