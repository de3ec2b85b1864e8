"""Who may do what: one table, from an address and its methods to what somebody needs for it.

Read from top to bottom; the first line that fits decides. Addresses are written as routes are, and
compiled by the same code. What no line names is for operators alone, and nothing is served by it
that was not meant to be: a test lists every route of the application and demands its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.routing import compile_path

from app.access import Principal, Role, Scope


@dataclass(frozen=True, slots=True)
class Needs:
    """What an address takes. ``person``: somebody who signed in themselves; no key does."""

    role: Role
    scope: Scope
    person: bool = False

    def met_by(self, who: Principal) -> bool:
        """Whether ``who`` may."""
        if self.person and who.scopes is not None:
            return False
        return who.may(self.role, self.scope)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; ``needs`` None: anybody, also without signing in."""

    methods: frozenset[str]
    path: str
    needs: Needs | None
    pattern: re.Pattern[str]


ASK = Needs(Role.SEARCHER, Scope.ASK)
OWN = Needs(Role.SEARCHER, Scope.ASK, person=True)
PM = Needs(Role.PM, Scope.INSIGHTS)
DOCUMENTS = Needs(Role.OPERATOR, Scope.DOCUMENTS)
MANAGE = Needs(Role.OPERATOR, Scope.MANAGE)

_TABLE: tuple[tuple[str, str, Needs | None], ...] = (
    # --- anybody ---
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("GET", "/static/{rest:path}", None),
    ("GET", "/docs/assets/{rest:path}", None),
    ("GET", "/favicon.ico", None),
    ("GET", "/privacy", None),
    ("POST", "/theme", None),
    ("GET POST", "/signin", None),
    ("POST", "/signout", None),
    ("GET POST", "/invite/{token}", None),
    ("GET POST", "/sso/{rest:path}", None),
    # --- everybody who is signed in: their own account ---
    ("GET", "/account", OWN),
    ("POST", "/account/{rest:path}", OWN),
    # --- ask, search, read ---
    ("GET", "/", ASK),
    ("GET", "/readiness", ASK),
    ("POST", "/welcome", ASK),
    ("GET POST", "/ask", ASK),
    ("GET", "/search", ASK),
    ("GET", "/a/{answer_id}", ASK),
    ("POST", "/a/{answer_id}/{said}", ASK),
    ("POST", "/events", ASK),
    ("GET", "/history", OWN),
    ("GET POST", "/history/delete", OWN),
    ("GET POST", "/history/{answer_id}/delete", OWN),
    # --- documents ---
    ("GET", "/documents/{document_id}/delete", DOCUMENTS),
    ("GET", "/documents/uploads/{batch_id}", DOCUMENTS),
    ("GET", "/documents", ASK),
    ("GET", "/documents/{document_id}", ASK),
    ("GET", "/documents/{document_id}/original", ASK),
    ("GET", "/documents/{document_id}/pages/{number}.png", ASK),
    ("POST", "/documents", DOCUMENTS),
    ("POST", "/documents/roots", DOCUMENTS),
    ("POST", "/documents/{document_id}/{what}", DOCUMENTS),
    # --- whoever runs the product ---
    ("GET POST", "/insights", PM),
    ("GET POST", "/insights/{rest:path}", PM),
    ("GET", "/traces", PM),
    ("GET", "/traces.csv", PM),
    ("GET", "/traces/{rest:path}", PM),
    ("GET", "/evals", PM),
    ("GET POST", "/evals/{rest:path}", PM),
    ("GET", "/launch", PM),
    ("GET", "/prd", PM),
    ("GET", "/prd/{rest:path}", PM),
    ("GET", "/patterns", PM),
    # --- people ---
    ("GET", "/people", MANAGE),
    ("GET POST", "/people/{rest:path}", MANAGE),
    ("GET", "/audit", MANAGE),
    ("GET", "/audit.csv", MANAGE),
    # --- programs ---
    ("POST", "/api/v1/ask", ASK),
    ("GET", "/api/v1/search", ASK),
    ("GET DELETE", "/api/v1/answers/{answer_id}", ASK),
    ("POST", "/api/v1/answers/{answer_id}/{said}", ASK),
    ("GET DELETE", "/api/v1/conversations/{conversation_id}", ASK),
    ("GET", "/api/v1/collections", ASK),
    ("GET", "/api/v1/documents", ASK),
    ("GET", "/api/v1/documents/{document_id}", ASK),
    ("POST", "/api/v1/documents", DOCUMENTS),
    ("DELETE", "/api/v1/documents/{document_id}", DOCUMENTS),
    ("GET", "/api/v1/uploads/{batch_id}", DOCUMENTS),
    ("GET", "/api/v1/insights", PM),
    ("GET", "/api/v1/insights/{table}.csv", PM),
    ("GET", "/api/v1/traces", PM),
    ("GET", "/api/v1/traces/{trace_id}", PM),
    ("GET", "/api/v1/evals", PM),
    ("GET", "/api/v1/evals/{rest:path}", PM),
    ("GET", "/api/v1/launch", PM),
    ("POST", "/v1/chat/completions", ASK),
    ("GET", "/v1/models", ASK),
    ("GET", "/v1/models/{model}", ASK),
    ("POST", "/mcp", ASK),
    ("GET", "/docs", ASK),
    ("GET", "/openapi.json", ASK),
)

TABLE = tuple(
    Line(frozenset(methods.split()), path, needs, compile_path(path)[0])
    for methods, path, needs in _TABLE
)


def line_for(method: str, path: str) -> Line | None:
    """The line that decides; None where no line names this address. HEAD is a GET without a body.

    ``path`` is decoded, as the application matches it.
    """
    asked = "GET" if method == "HEAD" else method
    return next(
        (line for line in TABLE if asked in line.methods and line.pattern.match(path)), None
    )


def needs_of(method: str, path: str) -> Needs | None:
    """What somebody needs for this; None: nothing. Unlisted addresses are the operators'."""
    line = line_for(method, path)
    return MANAGE if line is None else line.needs
