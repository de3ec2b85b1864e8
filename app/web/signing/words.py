"""Roles, scopes and what the audit log tells of, in the words of pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.access import Role, Scope
from app.records.accounts import Action, ApiKey, AuditEntry


@dataclass(frozen=True, slots=True)
class RoleWords:
    """A role's name, and what it may do."""

    name: str
    may: str


ROLES = {
    Role.SEARCHER: RoleWords("Searcher", "asks and reads"),
    Role.PM: RoleWords("Product manager", "also sees questions, metrics and evals"),
    Role.OPERATOR: RoleWords("Operator", "also keeps documents and people"),
}
SCOPES = {
    Scope.ASK: "Ask, search and read",
    Scope.INSIGHTS: "See metrics, traces and evals",
    Scope.DOCUMENTS: "Add and remove documents",
    Scope.MANAGE: "Look after people and groups",
}
ACTIONS = {
    Action.SIGNED_IN: "signed in",
    Action.SIGN_IN_FAILED: "failed to sign in",
    Action.SIGNED_OUT: "signed out",
    Action.SIGN_IN_ENDED: "ended sign-ins",
    Action.PASSWORD_CHANGED: "changed a password",
    Action.USER_ADDED: "added somebody",
    Action.USER_CHANGED: "changed somebody",
    Action.USER_REMOVED: "removed somebody",
    Action.SSO_LINKED: "linked single sign-on",
    Action.INVITED: "invited",
    Action.INVITATION_ACCEPTED: "accepted an invitation",
    Action.INVITATION_WITHDRAWN: "withdrew an invitation",
    Action.KEY_MADE: "made a key",
    Action.KEY_REVOKED: "revoked a key",
    Action.GROUP_CHANGED: "changed a group",
    Action.GROUP_REMOVED: "removed a group",
    Action.COLLECTION_RESTRICTED: "changed who sees a collection",
    Action.DOCUMENTS_UPLOADED: "uploaded documents",
    Action.DOCUMENTS_REINGESTED: "ingested again",
    Action.DOCUMENT_REMOVED: "removed a document",
    Action.EXPERIMENT_STARTED: "started an experiment",
    Action.EXPERIMENT_STOPPED: "stopped an experiment",
    Action.SETTINGS_CHANGED: "changed settings",
    Action.DATA_EXPORTED: "exported data",
    Action.DATA_PURGED: "deleted old data",
}


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+")


def scope_names(key: ApiKey) -> str:
    """What a key allows: ``ask, insights``."""
    return ", ".join(key.scopes)


def detail_words(entry: AuditEntry) -> str:
    """A line's detail as people read it: ``role: searcher → pm; groups: Legal``."""
    return "; ".join(
        f"{name.replace('_', ' ')}: {_value(value, changed=entry.action == Action.USER_CHANGED)}"
        for name, value in entry.detail.items()
        if value not in ("", [], None)
    )


def _value(value: object, *, changed: bool) -> str:
    if changed and isinstance(value, list) and len(value) == 2:
        return " → ".join(_value(one, changed=False) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return value[:10]
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return str(value)
