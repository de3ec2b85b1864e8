"""The tables of accounts. Of passwords, tokens and keys they hold hashes alone."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.records.tables import UtcDateTime, metadata


def _of_a_user() -> ForeignKey:
    return ForeignKey("users.id", ondelete="CASCADE")


users = Table(
    "users",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", Text),
    Column("session_key", String(40), nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime),
    Column("oidc_issuer", String(500)),
    Column("oidc_subject", String(255)),
    UniqueConstraint("oidc_issuer", "oidc_subject"),
    comment="password_hash: argon2id; empty for those whom only single sign-on lets in.",
)

groups = Table("groups", metadata, Column("name", String(100), primary_key=True))

group_members = Table(
    "group_members",
    metadata,
    Column("group_name", ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    Column("user_id", _of_a_user(), primary_key=True),
    Column("from_sso", Boolean, nullable=False),
    Index(None, "user_id"),
    comment="from_sso: the identity provider said so, and may take it back.",
)

collection_groups = Table(
    "collection_groups",
    metadata,
    Column("collection", String(100), primary_key=True),
    Column("group_name", ForeignKey("groups.name"), primary_key=True),
    Index(None, "group_name"),
    comment="No row: everybody sees the collection, which may not exist yet. A group that guards "
    "one can't vanish by itself: nobody left to see it must never become everybody.",
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("user_id", _of_a_user(), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("device", String(200), nullable=False),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("blocked_until", UtcDateTime, nullable=False),
    Index(None, "last_at"),
    comment="key: a hash of an e-mail address or a network address; people type passwords anywhere",
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("groups", JSON, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "email"),
    Index(None, "expires_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("prefix", String(20), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("user_id", _of_a_user(), nullable=False),
    Column("name", String(200), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index(None, "user_id"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", String(40), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("client", String(100), nullable=False),
    Index(None, "at"),
    Index(None, "actor_id"),
    Index(None, "action"),
    comment="Outlives whoever it tells of: no foreign key.",
)
