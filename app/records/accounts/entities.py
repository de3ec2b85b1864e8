"""People, their sign-ins, invitations, keys and groups, and lines of the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.access import Principal, Role, Scope


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in while ``active``.

    ``email`` is in lower case and unique. ``session_key`` is what their questions are kept under.
    ``sso``: the issuer that signs them in; empty where none does. ``last_seen_at``: to within five
    minutes; None before they first signed in.
    """

    id: str
    email: str
    name: str
    role: Role
    active: bool
    has_password: bool
    sso: str
    created_at: datetime
    last_seen_at: datetime | None
    groups: tuple[str, ...] = ()
    session_key: str = field(default="", repr=False)

    @property
    def principal(self) -> Principal:
        """They as whoever asks, signed in themselves."""
        return Principal(
            user_id=self.id,
            name=self.name,
            email=self.email,
            role=self.role,
            groups=frozenset(self.groups),
            session_id=self.session_key,
        )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that just began. ``token`` is said here and never again; its hash is stored."""

    token: str = field(repr=False)
    user: User
    sign_in_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser that is signed in. ``current``: the one that asks for the list."""

    id: str
    user_id: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody may make an account with this e-mail address, once, until ``expires_at``.

    ``created_by``: the name of who invited them. ``used_at``: None as long as it is open.
    """

    id: str
    email: str
    name: str
    role: Role
    groups: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that programs use as ``user_id``; ``prefix`` is how people tell keys apart."""

    id: str
    prefix: str
    user_id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def usable(self, at: datetime) -> bool:
        """Whether it opens anything at that time; its owner may still be inactive."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class Group:
    """``members``: ids of users. ``collections``: those restricted to this and maybe others."""

    name: str
    members: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()


class Action(StrEnum):
    """What the audit log tells of."""

    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    SIGN_IN_ENDED = "sign-in-ended"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  # an action's name
    USER_ADDED = "user-added"
    USER_CHANGED = "user-changed"
    USER_REMOVED = "user-removed"
    SSO_LINKED = "sso-linked"
    INVITED = "invited"
    INVITATION_ACCEPTED = "invitation-accepted"
    INVITATION_WITHDRAWN = "invitation-withdrawn"
    KEY_MADE = "key-made"
    KEY_REVOKED = "key-revoked"
    GROUP_CHANGED = "group-changed"
    GROUP_REMOVED = "group-removed"
    COLLECTION_RESTRICTED = "collection-restricted"
    DOCUMENTS_UPLOADED = "documents-uploaded"
    DOCUMENTS_REINGESTED = "documents-reingested"
    DOCUMENT_REMOVED = "document-removed"
    EXPERIMENT_STARTED = "experiment-started"
    EXPERIMENT_STOPPED = "experiment-stopped"
    SETTINGS_CHANGED = "settings-changed"
    DATA_EXPORTED = "data-exported"
    DATA_PURGED = "data-purged"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what. ``actor_id`` is empty where nobody was signed in.

    ``detail`` holds plain JSON values and never a secret; ``client`` is the network address.
    """

    id: int
    at: datetime
    actor_id: str
    actor: str
    action: str
    target: str
    detail: dict[str, Any]
    client: str
