"""Pages about who comes in: signing in, invitations, one's own account, people, the audit log."""

from __future__ import annotations

from app.web.signing import (
    account_pages,
    audit_pages,
    group_pages,
    invitation_pages,
    people_pages,
    sign_in_pages,
    sso_pages,
)

routers = (
    sign_in_pages.router,
    sso_pages.router,
    invitation_pages.router,
    account_pages.router,
    group_pages.router,  # before one person: its address would be a person's
    people_pages.router,
    audit_pages.router,
)
"""All of them; `app.web.mount` adds them."""
