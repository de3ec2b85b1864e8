"""Who may come in, what they may see, and what they did: people, groups, keys, the audit log."""

from __future__ import annotations

from app.records.accounts.entities import (
    Action,
    ApiKey,
    AuditEntry,
    Group,
    Invitation,
    SignedIn,
    SignIn,
    User,
)
from app.records.accounts.store import AccountStore

__all__ = [
    "AccountStore",
    "Action",
    "ApiKey",
    "AuditEntry",
    "Group",
    "Invitation",
    "SignIn",
    "SignedIn",
    "User",
]
